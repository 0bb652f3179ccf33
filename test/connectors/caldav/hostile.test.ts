/** A CalDAV server that is broken, huge, slow or hostile: a clear error for its own users, in bounded memory, and nothing revealed. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import t from '../../group/tap.ts'
import { startFakeCaldavServer } from '../../support/fake-caldav-server.ts'
import { openConnector, outcomeOf, readMailbox, veventText } from './open-connector.ts'

const planted = 'Uppsägning av Kalle'
const userUrl = '/dav/calendars/{mailbox}/personal/'
const head = '<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">'

t.test('replies that are no multistatus, or a malicious one', async (t) => {
  const server = await startFakeCaldavServer(t)
  const connector = openConnector(t, { url: server.origin, userUrl })
  const entities = Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join(
    ''
  )
  for (const [what, body, hint] of [
    ['entities that grow', `<!DOCTYPE x [<!ENTITY l0 "${planted}">${entities}]><x>&l9;</x>`, /document type/],
    [
      'entities from elsewhere',
      '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
      /document type/
    ],
    ['an instruction', `${head}<?xml-stylesheet href="${planted}"?></d:multistatus>`, /instruction/],
    ['depth', `${head}${'<a>'.repeat(100)}`, /nested/],
    ['an unclosed tag', `${head}<d:response>${planted}</d:multistatus>`, /well-formed/],
    ['an unknown entity', `${head}<d:response>&nbsp;${planted}</d:response></d:multistatus>`, /well-formed/],
    ['another document', `<x>${planted}</x>`, /no multistatus/],
    ['a web page', `<!DOCTYPE html><html><p>${planted}</p></html>`, /web page/],
    ['a web page without a type', `<html><p>${planted}</p></html>`, /web page/],
    ['nothing', '', /empty/],
    ['JSON', `{"x": "${planted}"}`, /well-formed/],
    ['another charset', Buffer.from(`${head}\xe5`, 'latin1'), /charset/]
  ] as const) {
    server.put('anna', [], { body })
    const result = await readMailbox(connector, 'anna')
    t.match(result, { error: { code: 'protocol_error', scope: 'mailbox', hint } }, what)
    t.notMatch(shown(result), /Kalle|Upps/, what)
  }
  server.put('anna', [veventText('x')])
  t.same(outcomeOf(await readMailbox(connector, 'anna')), ['x'], 'and is read once it answers well')
})

t.test('statuses become what an operator can act on', async (t) => {
  const server = await startFakeCaldavServer(t)
  const connector = openConnector(t, { url: server.origin, userUrl })
  for (const [status, code, scope] of [
    [403, 'access_denied', 'mailbox'],
    [404, 'mailbox_unknown', 'mailbox'],
    [410, 'mailbox_unknown', 'mailbox'],
    [429, 'throttled', 'connection'],
    [503, 'throttled', 'connection'],
    [500, 'unreachable', 'mailbox'],
    [502, 'unreachable', 'mailbox'],
    [501, 'protocol_error', 'mailbox'],
    [405, 'protocol_error', 'mailbox'],
    [415, 'protocol_error', 'mailbox'],
    [400, 'protocol_error', 'mailbox']
  ] as const) {
    server.put('anna', [], { status, headers: { 'retry-after': '7' }, body: planted })
    const result = await readMailbox(connector, 'anna')
    t.match(result, { error: { code, scope, hint: /HTTP|may not read/ } }, String(status))
    t.notMatch(shown(result), /Kalle/)
    if (code === 'throttled') t.match(result, { error: { retryAfter: 7000 } })
  }
  server.put('anna', [], { status: 302, headers: { location: '/dav/calendars/anna/personal/' } })
  t.match(await readMailbox(connector, 'anna'), { error: { code: 'protocol_error', hint: /circle/ } })
})

t.test('gigabytes are given up in bounded memory, whatever they are made of', async (t) => {
  const open = async (t: Test, start: string, part: string) => {
    const server = createServer((_, reply) => flood(reply, start, part))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    })
    return openConnector(t, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, userUrl })
  }
  for (const [what, start, part, hint] of [
    ['of one text', `${head}<d:response><d:propstat><d:prop><c:calendar-data>`, 'x', /longer/],
    [
      'of responses',
      head,
      '<d:response><d:href>/</d:href></d:response>',
      /more than 50000 resources|larger than 50 MB/
    ],
    ['of elements', `${head}<d:response>`, '<x>y</x>', /larger than 50 MB/],
    ['of comments', head, '<!-- x -->', /longer/]
  ] as const) {
    const connector = await open(t, start, part)
    const before = process.memoryUsage().rss
    const result = await readMailbox(connector, 'anna')
    const grownMb = (process.memoryUsage().rss - before) / 1024 / 1024
    t.match(result, { error: { code: 'protocol_error', hint } }, what)
    t.ok(grownMb < 400, `${what}: ${grownMb.toFixed(0)} MB more`)
  }
})

/** Four gigabytes, if they are taken. */
function flood(reply: ServerResponse, start: string, part: string): void {
  const chunk = Buffer.from(part.repeat(Math.ceil(65_536 / part.length)))
  let left = 4 * 1024 * 1024 * 1024
  reply.on('error', () => {})
  reply.writeHead(207, { 'content-type': 'application/xml' }).write(start)
  const more = () => {
    while (left > 0 && !reply.destroyed) {
      left -= chunk.length
      if (!reply.write(chunk)) return void reply.once('drain', more)
    }
    reply.end()
  }
  more()
}

t.test('an event that recurs without measure is left out, and the others are read', async (t) => {
  const server = await startFakeCaldavServer(t)
  const connector = openConnector(t, { url: server.origin, userUrl })
  const endless = veventText(planted, 'DTSTART:19700101T000000Z', 'DURATION:PT1S', 'RRULE:FREQ=SECONDLY')
  server.put('anna', [endless, veventText('x')])
  const result = await readMailbox(connector, 'anna')
  t.same(outcomeOf(result), ['x'])
  t.match(result, { partialRead: { code: 'protocol_error', hint: /1 event is left out/ } })
  t.notMatch(JSON.stringify((result as { partialRead: unknown }).partialRead), /Kalle/)
  const cut = 'BEGIN:VEVENT\r\nUID:x\r\nDTSTART:20261201T090000Z'
  server.put('anna', [cut, veventText('y')])
  const cutShort = await readMailbox(connector, 'anna')
  t.match(cutShort, { partialRead: { code: 'protocol_error', hint: /1 entry/ } })
  t.same(outcomeOf(cutShort), ['y'])
})

t.test(
  'a server that is slow with one calendar is given up after its time, and asked by four at a time',
  async (t) => {
    const server = await startFakeCaldavServer(t)
    const connector = openConnector(t, { url: server.origin, userUrl }, { requestMs: 300 })
    server.put('slow', [], { trouble: 'hangs' })
    server.put('anna', [veventText('x')])
    const result = await readMailbox(connector, 'slow')
    t.match(result, { error: { code: 'unreachable', scope: 'mailbox', hint: /not answer in time/ } })
    t.same(outcomeOf(await readMailbox(connector, 'anna')), ['x'])
  }
)

t.test('a password goes to the stated host alone, and into no error', async (t) => {
  const server = await startFakeCaldavServer(t)
  const other = await startFakeCaldavServer(t)
  const shared = openConnector(t, { url: server.origin, userUrl })
  const perUser = openConnector(t, { access: 'perUser' })
  const results = [
    await readMailbox(shared, `${other.origin}/dav/calendars/anna/personal/`),
    await readMailbox(shared, `${server.origin.replace('://', '://anna:hemligt@')}/`),
    await readMailbox(perUser, `${other.origin}/dav/`),
    await readMailbox(perUser, 'ftp://anna:hemligt@example.se/')
  ]
  t.same(
    results.map(outcomeOf),
    results.map(() => 'mailbox_unknown')
  )
  t.notMatch(results.map(shown).join(), /hemligt|secret/)
  t.same([...other.authorizations], [])
})

/** All of an error that could be written somewhere. */
function shown(result: object): string {
  const { error } = result as { error?: Error & { hint?: string } }
  return `${error?.message} ${error?.hint} ${error?.stack} ${JSON.stringify(error?.cause ?? '')}`
}
