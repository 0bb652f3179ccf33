/** The ICS connector against a real HTTP server and real files: conditional reads, refusals, limits, hostile calendars. */
import { symlink, unlink, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { ReadResult } from '../../../src/connectors/connector.ts'
import type { IcsLimits } from '../../../src/connectors/ics/calendar-reader.ts'
import { createIcsConnector } from '../../../src/connectors/ics/connector.ts'
import { anyAddress } from '../../../src/connectors/net/address-policy.ts'
import { openHttpClient } from '../../../src/connectors/net/http-client.ts'
import t from '../../group/tap.ts'
import { calendar, event, fortnight } from './calendars.ts'

const meetingEvent = event('DTSTART:20261123T090000Z', 'DTEND:20261123T100000Z', 'SUMMARY:MÖT: kund')
const meeting = calendar(meetingEvent)

async function setUp(
  t: Test,
  answer: RequestListener = (_, reply) => reply.end(meeting),
  limits: Partial<IcsLimits> = {}
) {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const outbound = openHttpClient({ addressPolicy: anyAddress })
  const folder = t.testdir({ 'anna.ics': meeting })
  const connector = createIcsConnector({ tenant: 'acme', folder, httpClient: outbound, limits })
  t.teardown(async () => {
    await connector.close()
    await outbound.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const read = async (mailbox: string, etag?: string): Promise<ReadResult> => {
    const target = { mailbox, timeZone: 'Europe/Stockholm', ...(etag === undefined ? {} : { etag }) }
    const [reading] = await connector.read({
      targets: [target],
      window: fortnight,
      subjects: true,
      signal: new AbortController().signal
    })
    return reading!
  }
  return { connector, folder, host, url: `http://${host}/secret-path/calendar.ics`, read }
}

function failure(
  t: Test,
  reading: ReadResult
): { code: string; hint: string; retryAfter: number | undefined } {
  if (reading.outcome !== 'failed') throw new Error(`expected a failure, got ${reading.outcome}`)
  t.notMatch(reading.error.message, /secret-path|MÖT/, 'neither the address nor the calendar is in the error')
  return reading.error
}

t.test('a published calendar is read, and then only when it has changed', async (t) => {
  let etag = '"one"'
  const asked: (string | undefined)[] = []
  const { read, url } = await setUp(t, (request, reply) => {
    asked.push(request.headers['if-none-match'])
    reply.setHeader('etag', etag)
    if (request.headers['if-none-match'] === etag) reply.writeHead(304).end()
    else reply.end(meeting)
  })
  const first = await read(url)
  t.match(first, {
    outcome: 'read',
    detail: 'subjects',
    partialRead: null,
    events: { length: 1 }
  })
  const readEtag = first.outcome === 'read' ? first.etag! : ''
  t.same(await read(url, readEtag), { outcome: 'unchanged' })
  etag = '"two"'
  t.match(await read(url, readEtag), { outcome: 'read' })
  t.same(asked, [undefined, '"one"', '"one"'])
})

t.test('Last-Modified serves where there is no ETag', async (t) => {
  const modified = 'Sun, 22 Nov 2026 08:00:00 GMT'
  const { read, url } = await setUp(t, (request, reply) => {
    reply.setHeader('last-modified', modified)
    if (request.headers['if-modified-since'] === modified) reply.writeHead(304).end()
    else reply.end(meeting)
  })
  const first = await read(url)
  t.same(await read(url, first.outcome === 'read' ? first.etag! : ''), { outcome: 'unchanged' })
})

t.test('what the server refuses becomes a code and a hint that names the host alone', async (t) => {
  let answer: [status: number, headers: Record<string, string>, body: string] = [200, {}, '']
  const { read, url, host } = await setUp(t, (_, reply) =>
    reply.writeHead(answer[0], answer[1]).end(answer[2])
  )
  const rows: [typeof answer, code: string, hint: RegExp, retryAfter?: number][] = [
    [[401, {}, ''], 'access_denied', /asks for a user name and password \(HTTP 401\): publish the calendar/],
    [[403, {}, ''], 'access_denied', /HTTP 403/],
    [[404, {}, ''], 'mailbox_unknown', /no calendar at this address/],
    [[410, {}, ''], 'mailbox_unknown', /HTTP 410/],
    [[429, { 'retry-after': '2.5' }, ''], 'throttled', /fewer calls/, 2500],
    [[503, { 'retry-after': '7' }, ''], 'throttled', /HTTP 503/, 7000],
    [[500, {}, ''], 'unreachable', /in trouble/],
    [[418, {}, ''], 'protocol_error', /HTTP 418/],
    [[304, {}, ''], 'protocol_error', /HTTP 304/],
    [
      [200, { 'content-type': 'text/html' }, '<!DOCTYPE html><title>Log in</title>'],
      'protocol_error',
      /web page/
    ],
    [[200, {}, '  <html>'], 'protocol_error', /web page/],
    [[200, {}, '{"error": "MÖT"}'], 'protocol_error', /JSON and not a calendar/],
    [
      [200, { 'content-type': 'application/problem+json' }, '"x"'],
      'protocol_error',
      /JSON and not a calendar/
    ],
    [[302, { location: '/secret-path/again' }, ''], 'protocol_error', /redirects in a circle/],
    [
      [200, { 'content-encoding': 'gzip' }, meeting],
      'protocol_error',
      /says that its reply is compressed, and it is not/
    ],
    [[200, {}, 'MÖT'], 'protocol_error', /no iCalendar file/],
    [[200, {}, ''], 'protocol_error', /no iCalendar file/],
    [[200, {}, meeting.slice(0, -17)], 'protocol_error', /breaks off/]
  ]
  for (const [given, code, hint, retryAfter] of rows) {
    answer = given
    const error = failure(t, await read(url))
    t.equal(error.code, code, `HTTP ${given[0]} → ${code}`)
    t.match(error.hint, hint)
    t.ok(error.hint.includes(host), 'names the host')
    t.equal(error.retryAfter, retryAfter)
  }
})

t.test('an unreachable host, and one that does not answer', async (t) => {
  const { read, connector } = await setUp(t, () => undefined, { fetchMs: 100 })
  t.equal(failure(t, await read('http://127.0.0.1:1/secret-path')).code, 'unreachable')
  const { url } = await setUp(t, () => undefined)
  t.equal(failure(t, await read(url)).code, 'unreachable', 'the limit on time')
  const stop = new AbortController()
  const reading = connector.read({
    targets: [{ mailbox: url, timeZone: 'UTC' }],
    window: fortnight,
    subjects: true,
    signal: stop.signal
  })
  stop.abort()
  t.equal(failure(t, (await reading)[0]!).code, 'unreachable', 'an abort')
})

t.test(
  'a refused password, https where there is http alone, and too much each name the remedy',
  async (t) => {
    const { read, url, host } = await setUp(t, (_, reply) => reply.writeHead(401).end())
    const withPassword = url.replace('http://', 'http://anna:wrong@')
    const refused = failure(t, await read(withPassword))
    t.equal(refused.code, 'secret_invalid')
    t.match(refused.hint, /refuses the user name and password that stand in the address/)
    t.notMatch(refused.hint, /anna|wrong/)

    const webcal = failure(t, await read(url.replace('http://', 'webcal://')))
    t.equal(webcal.code, 'unreachable')
    t.ok(webcal.hint.startsWith(`${host} does not speak TLS there`))
    t.match(webcal.hint, /A webcal:\/\/ address is read over https: .* write http:\/\/ in its place/)
    t.notMatch(failure(t, await read(url.replace('http://', 'https://'))).hint, /webcal/)
    t.match(failure(t, await read('webcal://127.0.0.1:1/x')).hint, /A webcal:\/\//)

    const large = await setUp(t, (_, reply) => reply.end(meeting), { maxBytes: 100 })
    t.match(
      failure(t, await large.read(large.url)).hint,
      /larger than 0 MB, all its years .*: move or delete past/
    )
    t.match(
      failure(t, await large.read('anna.ics')).hint,
      /The calendar file is larger .* move or delete past/
    )
  }
)

t.test("a wrong clock is reported for the calendar's own server, and what was read holds", async (t) => {
  let date = new Date()
  const { read, url, connector } = await setUp(t, (_, reply) => {
    reply.setHeader('date', date.toUTCString())
    reply.end(meeting)
  })
  t.match(await read(url), { outcome: 'read', partialRead: null })
  date = new Date(Date.now() - 3_600_000)
  t.match(await read(url), { outcome: 'read', events: { length: 1 }, partialRead: { code: 'clock_wrong' } })
  t.match(await read('anna.ics'), { outcome: 'read', partialRead: null })
  const checks = await connector.check({ mailbox: url, timeZone: 'UTC' }, new AbortController().signal)
  t.match(checks.at(-1), { name: 'clock', ok: false, code: 'clock_wrong' })
})

t.test("a test reports what is missing from a calendar, and respects the user's owner", async (t) => {
  const { connector, folder } = await setUp(t)
  const day = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10).replaceAll('-', '')
  const lines = [`DTSTART:${day}T090000Z`, 'DURATION:PT1H', 'SUMMARY:x', 'ATTENDEE:mailto:bo@example.se']
  await writeFile(join(folder, 'bo.ics'), calendar(event(...lines)))
  const test = (owner?: string) => {
    const target = { mailbox: 'bo.ics', timeZone: 'UTC', ...(owner === undefined ? {} : { owner }) }
    return connector.check(target, new AbortController().signal)
  }
  t.match((await test()).at(-1), { name: 'content', ok: false, hint: /does not say whose it is/ })
  t.match((await test('bo@example.se')).at(-1), { name: 'subjects', ok: true })
})

t.test('credentials in the address go into the header, and charsets are honoured', async (t) => {
  const { read, url } = await setUp(t, (request, reply) => {
    if (request.headers.authorization !== `Basic ${Buffer.from('anna:å b').toString('base64')}`)
      reply.writeHead(401)
    reply.setHeader('content-type', 'text/calendar; charset=iso-8859-1')
    reply.end(Buffer.from(meeting, 'latin1'))
  })
  const reading = await read(url.replace('http://', 'http://anna:%C3%A5%20b@'))
  t.equal(reading.outcome === 'read' && reading.events[0]!.subject, 'MÖT: kund')
})

t.test(
  'a file is read, unchanged until it is written, and named errors where it is not to be had',
  async (t) => {
    const { read, folder } = await setUp(t)
    const first = await read('anna.ics')
    t.match(first, { outcome: 'read', events: { length: 1 } })
    const readEtag = first.outcome === 'read' ? first.etag! : ''
    t.same(await read('anna.ics', readEtag), { outcome: 'unchanged' })
    await writeFile(join(folder, 'anna.ics'), `\uFEFF${calendar()}`)
    t.match(await read('anna.ics', readEtag), { outcome: 'read', events: [] })
    await writeFile(join(folder, 'anna.ics'), '')
    t.equal(failure(t, await read('anna.ics')).code, 'protocol_error')
    await symlink('/etc/passwd', join(folder, 'out.ics'))
    t.equal(failure(t, await read('out.ics')).code, 'access_denied')
    await symlink(join(folder, 'anna.ics'), join(folder, 'inside.ics'))
    await writeFile(join(folder, 'anna.ics'), meeting)
    t.match(await read('inside.ics'), { outcome: 'read' })
    await unlink(join(folder, 'anna.ics'))
    for (const mailbox of [
      'anna.ics',
      '../acme/anna.ics',
      '/etc/passwd',
      'a/../../b',
      '',
      '.',
      'x\0y',
      'ftp://x/y',
      'https://',
      'C:\\x',
      'a'.repeat(5000)
    ]) {
      const { code } = failure(t, await read(mailbox))
      t.equal(code, 'mailbox_unknown', JSON.stringify(mailbox.slice(0, 20)))
    }
  }
)

t.test(
  'hostile calendars end in an error for themselves, and the service stays awake meanwhile',
  async (t) => {
    const { read, folder } = await setUp(t)
    let awake = 0
    const clock = setInterval(() => {
      awake += 1
    }, 20)
    t.teardown(() => clearInterval(clock))
    const hostile: [name: string, text: string, hint: RegExp][] = [
      ['50 MB', 'X'.repeat(50_000_000), /larger than 10 MB/],
      ['nesting', calendar(...Array(10_000).fill('BEGIN:VEVENT')), /nested too deep/],
      ['NULs', '\0'.repeat(1_000_000), /no iCalendar file/]
    ]
    for (const [name, text, hint] of hostile) {
      await writeFile(join(folder, 'hostile.ics'), text)
      const error = failure(t, await read('hostile.ics'))
      t.equal(error.code, 'protocol_error', name)
      t.match(error.hint, hint)
    }
    const rules = [
      'FREQ=SECONDLY',
      'FREQ=SECONDLY;BYDAY=MO;COUNT=999999999',
      'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30'
    ]
    const events = rules.map((rule) => event('DTSTART:19700101T000000Z', 'DURATION:PT1M', `RRULE:${rule}`))
    await writeFile(join(folder, 'hostile.ics'), calendar(...events, meetingEvent))
    t.match(
      await read('hostile.ics'),
      { outcome: 'read', events: { length: 1 }, partialRead: { hint: /^3 events are left out/ } },
      'rules that give too much or nothing'
    )
    t.ok(awake > 5, 'timers went on')
    t.match(await read('anna.ics'), { outcome: 'read', events: { length: 1 } }, 'the next is read as ever')
  }
)

t.test('a calendar that takes too long is stopped, and not tried again until it is changed', async (t) => {
  const rule = 'RRULE:FREQ=SECONDLY;BYDAY=MO;COUNT=999999999'
  const slow = calendar(
    ...Array.from({ length: 10 }, () => event('DTSTART:19700101T000000Z', 'DURATION:PT1M', rule))
  )
  const { read, folder } = await setUp(t, undefined, {
    workMs: 1_000,
    maxSteps: 50_000_000,
    maxEventSteps: 5_000_000
  })
  await writeFile(join(folder, 'slow.ics'), slow)
  t.match(failure(t, await read('slow.ics')).hint, /it takes longer than 1 s/)
  const patient = await setUp(t)
  await writeFile(join(patient.folder, 'slow.ics'), slow)
  t.match(failure(t, await patient.read('slow.ics')).hint, /it takes longer than/, 'whoever asks')
  await writeFile(join(patient.folder, 'slow.ics'), slow.replaceAll(rule, 'RRULE:FREQ=DAILY'))
  t.match(await patient.read('slow.ics'), { outcome: 'read', partialRead: { code: 'subject_not_readable' } })
})

t.test('a large calendar is parsed in slices, and the event loop runs between them', async (t) => {
  const { read, folder } = await setUp(t)
  const description = `DESCRIPTION:${'x'.repeat(1_800)}`
  const events = Array.from({ length: 4_900 }, (_, index) =>
    event('DTSTART:20261123T090000Z', 'DURATION:PT1H', `SUMMARY:${index}`, description)
  )
  await writeFile(join(folder, 'large.ics'), calendar(...events))
  await read('anna.ics')
  let turns = 0
  let isReading = true
  const count = () => {
    turns += 1
    if (isReading) setImmediate(count)
  }
  const reading = read('large.ics')
  setImmediate(count)
  const result = await reading
  isReading = false
  t.match(result, { outcome: 'read', events: { length: 4_900 } })
  t.same(
    result.outcome === 'read' &&
      result.events.map(({ subject }) => subject).sort((a, b) => Number(a) - Number(b)),
    events.map((_, index) => String(index))
  )
  t.ok(turns > 9, `${turns} turns of the event loop`)
})

t.test('a stream without an end is cut off', async (t) => {
  const { read, url } = await setUp(
    t,
    (_, reply) => {
      const more = () => {
        if (!reply.destroyed) reply.write('X'.repeat(65_536), () => setImmediate(more))
      }
      more()
    },
    { maxBytes: 1_000_000 }
  )
  t.match(failure(t, await read(url)).hint, /larger than 1 MB/)
})

t.test('"test connection" walks the steps and stops at the first that fails', async (t) => {
  const { connector, url } = await setUp(t)
  const test = (mailbox: string) =>
    connector.check({ mailbox, timeZone: 'UTC' }, new AbortController().signal)
  t.same(
    await test(url),
    ['address', 'reach', 'clock', 'read', 'content', 'subjects'].map((name) => ({ name, ok: true }))
  )
  t.match(await test('gone.ics'), [
    { name: 'address', ok: true },
    { name: 'reach', ok: false, code: 'mailbox_unknown' }
  ])
  t.match(await test('../x'), [{ name: 'address', ok: false, code: 'mailbox_unknown' }])
})
