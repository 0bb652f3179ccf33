/** Busy times of many users by the scheduling outbox: what is asked, and what becomes of each kind of answer. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import type { Test } from 'tap'
import { parseFreeBusy } from '../../../src/connectors/caldav/read/schedule-response.ts'
import t from '../../group/tap.ts'
import { hangSignal } from '../../support/until.ts'
import { mailboxZone, openConnector, outcomeOf, readMailbox, window } from './open-connector.ts'

const namespaces = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"'

/** An answer as sabre 4.7.1 and SOGo 5.8.0 write it (reference/caldav.md, section 3). */
function answerFor(address: string, status: string, lines: readonly string[]): string {
  const text = [
    'BEGIN:VCALENDAR',
    'METHOD:REPLY',
    'BEGIN:VFREEBUSY',
    ...lines,
    'END:VFREEBUSY',
    'END:VCALENDAR',
    ''
  ].join('\r\n')
  return `<c:response><c:recipient><d:href>mailto:${address}</d:href></c:recipient><c:request-status>${status}</c:request-status><c:calendar-data>${text}</c:calendar-data></c:response>`
}

async function open(
  t: Test,
  answers: string,
  outbox = '<c:schedule-outbox-URL><d:href>/svc/outbox/</d:href></c:schedule-outbox-URL>'
) {
  const posted: { headers: NodeJS.Dict<string | string[]>; body: string }[] = []
  const server = createServer(async (request, reply) => {
    const body = await readText(request)
    if (request.method === 'POST') {
      posted.push({ headers: request.headers, body })
      reply
        .writeHead(200, { 'content-type': 'application/xml' })
        .end(`<c:schedule-response ${namespaces}>${answers}</c:schedule-response>`)
      return
    }
    const properties = `<d:current-user-principal><d:href>/svc/</d:href></d:current-user-principal><c:calendar-user-address-set><d:href>mailto:svc@example.se</d:href></c:calendar-user-address-set>${outbox}`
    reply
      .writeHead(207)
      .end(
        `<d:multistatus ${namespaces}><d:response><d:href>/svc/</d:href><d:propstat><d:prop>${properties}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>`
      )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return { connector: openConnector(t, { url, freeBusyOnly: true }), posted }
}

t.test('one request for all; each user is read, unknown or refused alone', async (t) => {
  const { connector, posted } = await open(
    t,
    answerFor('anna@example.se', '2.0;Success', [
      'FREEBUSY;FBTYPE=BUSY:20261201T090000Z/20261201T100000Z,20261201T',
      ' 130000Z/PT30M',
      'FREEBUSY;FBTYPE=BUSY-TENTATIVE:20261202T090000Z/20261202T100000Z',
      'FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20261202T230000Z/20261203T230000Z',
      'FREEBUSY;FBTYPE=FREE:20261204T090000Z/20261204T100000Z'
    ]) +
      answerFor('bo@example.se', '2.0;Success', []) +
      answerFor('nobody@example.se', '3.7;Could not find principal', []) +
      answerFor('eva@example.se', '3.8;No authority', []) +
      answerFor('ulf@example.se', '5.1;Service unavailable', [])
  )
  t.equal(connector.batchSize, 50)
  const mailboxes = [
    'Anna@example.se',
    'bo@example.se',
    'nobody@example.se',
    'eva@example.se',
    'ulf@example.se',
    'silent@example.se',
    'bo',
    'x\r\nATTENDEE:mailto:y@example.se'
  ]
  const targets = mailboxes.map((mailbox) => ({ mailbox, timeZone: mailboxZone }))
  const results = await connector.read({ targets, window, subjects: false, signal: hangSignal() })
  t.same(results.slice(1).map(outcomeOf), [
    ...[
      [],
      'mailbox_unknown',
      'access_denied',
      'unreachable',
      'mailbox_unknown',
      'mailbox_unknown',
      'mailbox_unknown'
    ]
  ])
  const [anna] = results
  t.match(anna, { outcome: 'read', detail: 'availability', partialRead: null })
  const events = anna?.outcome === 'read' ? anna.events : []
  t.same(
    events.map(({ start, end, busy, allDay }) => [
      new Date(start).toISOString(),
      (end - start) / 60_000,
      busy,
      allDay
    ]),
    [
      ['2026-12-01T09:00:00.000Z', 60, 'busy', false],
      ['2026-12-01T13:00:00.000Z', 30, 'busy', false],
      ['2026-12-02T09:00:00.000Z', 60, 'tentative', false],
      // Midnight to midnight in the user's zone.
      ['2026-12-02T23:00:00.000Z', 1440, 'busy', true]
    ]
  )
  t.equal(posted.length, 1)
  const [{ headers, body } = { headers: {}, body: '' }] = posted
  t.match(headers['content-type'], /^text\/calendar.*METHOD=REQUEST/i)
  t.match(body, /\r\nORGANIZER:mailto:svc@example\.se\r\n/)
  t.equal(body.match(/^ATTENDEE:mailto:/gm)?.length, 6, 'no mailbox writes lines of its own')
  t.ok(body.split('\r\n').every((line) => line.length <= 75))
})

t.test(
  'the same answer is unchanged; rules that look at subjects are told that there are none',
  async (t) => {
    const { connector } = await open(
      t,
      answerFor('anna@example.se', '2.0', ['FREEBUSY:20261201T090000Z/PT1H'])
    )
    const first = await readMailbox(connector, 'anna@example.se')
    t.match(first, { outcome: 'read', partialRead: { code: 'subject_not_readable', hint: /freeBusyOnly/ } })
    const { etag } = first as { etag: string }
    t.equal(outcomeOf(await readMailbox(connector, 'anna@example.se', { etag })), 'unchanged')
  }
)

t.test('a server without an outbox says so once for all (Radicale, Xandikos)', async (t) => {
  const { connector } = await open(t, '', '')
  t.match(await readMailbox(connector, 'anna@example.se'), {
    error: { code: 'protocol_error', scope: 'connection', hint: /outbox.*freeBusyOnly/ }
  })
})

t.test('times that cannot be read are no free time', async (t) => {
  t.same(parseFreeBusy('FREEBUSY:\r\n'), [])
  t.match(
    parseFreeBusy('FREEBUSY;FBTYPE=X-NEW;X=1:20261201T090000Z/PT1H\r\n'),
    [{ busy: 'busy' }],
    'an unknown kind is busy'
  )
  for (const text of [
    'x',
    '20261201/20261202',
    '20261201T090000/20261201T100000',
    '20261201T090000Z/PT1',
    '20261201T100000Z/20261201T090000Z'
  ])
    t.throws(() => parseFreeBusy(`FREEBUSY:${text}`), { code: 'protocol_error' }, text)
  const many = Array.from({ length: 5_001 }, () => '20261201T090000Z/PT1H').join(',')
  t.throws(() => parseFreeBusy(`FREEBUSY:${many}`), { code: 'protocol_error', hint: /more than 5000/ })
})
