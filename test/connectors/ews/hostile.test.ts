/** Replies that are broken, huge or hostile end in a clear error for that call, in bounded memory and without a stall. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { soapDialect } from '../../../src/connectors/ews/soap/soap-dialect.ts'
import { readXml } from '../../../src/connectors/net/xml-reader.ts'
import { RemoteError } from '../../../src/errors.ts'
import t from '../../group/tap.ts'
import { longTests } from '../../support/long-tests.ts'
import {
  availabilityReply,
  calendarView,
  fault,
  item,
  mailbox,
  pieces,
  readAvailability,
  readCalendarView,
  refusedMailbox,
  soapReply
} from './replies.ts'

const MUTANTS = longTests ? 100_000 : 15_000

/** A subject that no error may hold. */
const secret = 'Uppsägning av Kalle'
const event = { subject: secret, start: '2026-11-23T11:00:00', end: '2026-11-23T12:00:00' }
const reply = availabilityReply(mailbox('Detailed', [event, event]), refusedMailbox('ErrorNoFreeBusyAccess'))
const view = calendarView([
  item(
    'A',
    `<t:Subject>${secret}</t:Subject><t:Categories><t:String>X</t:String></t:Categories><t:Start>2026-11-23T11:00:00Z</t:Start><t:End>2026-11-23T12:00:00Z</t:End>`
  )
])

async function refusal(read: Promise<unknown>): Promise<RemoteError> {
  const error = await read.then(
    () => null,
    (error: unknown) => error
  )
  if (!(error instanceof RemoteError)) throw error ?? new Error('it was read')
  return error
}

t.test('a reply that breaks off anywhere is an error, and may be tried again', async (t) => {
  const bytes = Buffer.from(reply)
  for (let end = 1; end < bytes.length - 1; end += 13) {
    const error = await refusal(readAvailability(pieces(bytes.subarray(0, end), 997)))
    t.equal(error.code, 'unreachable', `after ${end} bytes`)
    t.notMatch(`${error.message} ${error.stack} ${error.cause}`, /Kalle|Upps/)
  }
})

t.test('what is no reply of Exchange says what to look at', async (t) => {
  const page = '<!DOCTYPE html>\n<html><head><title>Outlook</title></head><body><p>Sign in<br></body></html>'
  for (const [what, bytes, hint] of [
    ['nothing', '', /empty/],
    ['a page', page, /web page/],
    ['a page without its type', '<HTML><body>x', /web page/],
    ['text', 'Service Unavailable', /well-formed/],
    ['JSON', '{"error":1}', /well-formed/],
    ['another XML', '<feed xmlns="http://www.w3.org/2005/Atom"/>', /SOAP/],
    ['two replies', reply + reply.replace(/^<\?xml.*?\?>/, ''), /well-formed/],
    ['two answers', soapReply(bodyOf(reply).repeat(2)), /several/],
    ['no answer', soapReply(''), /no answer/],
    ['another answer', view, /another question/],
    ['an unclosed tag', reply.replace('</BusyType>', ''), /well-formed/],
    [
      'a name twice',
      reply.replace('ResponseClass="Success"', 'ResponseClass="a" ResponseClass="b"'),
      /well-formed/
    ],
    ['an entity', reply.replace(secret, '&nbsp;'), /well-formed/],
    ['an instruction', reply.replace(secret, '<?php x ?>'), /instruction/]
  ] as const) {
    const error = await refusal(readAvailability(bytes))
    t.match(error, { code: 'protocol_error', hint }, what)
    t.notMatch(`${error.message} ${error.stack} ${error.cause}`, /Kalle|Upps/, what)
  }
})

function bodyOf(reply: string): string {
  return /<s:Body>(.*)<\/s:Body>/s.exec(reply)?.[1] ?? ''
}

t.test('no document type, so no entities and nothing from elsewhere', async (t) => {
  const lol = Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('')
  for (const type of [
    '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    `<!DOCTYPE x [<!ENTITY l0 "lol">${lol}]>`,
    '<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">'
  ]) {
    const error = await refusal(readAvailability(reply.replace('?>', `?>${type}`).replace(secret, '&l9;')))
    t.match(error, { code: 'protocol_error', hint: /document type/ })
  }
})

t.test(
  'a control character in a subject, which Exchange writes against the rules, breaks nothing',
  async (t) => {
    const { found } = await readAvailability(reply.replace(secret, 'LUN: &#x1F; pizza'))
    t.match(found[0]?.events, [{ subject: 'LUN: &#x1F; pizza' }, { subject: secret }])
  }
)

t.test('a hundred megabytes are given up in bounded memory and leave the event loop free', async (t) => {
  const head = reply.slice(0, reply.indexOf('<StartTime>'))
  const one = `<StartTime>${event.start}</StartTime><EndTime>${event.end}</EndTime></CalendarEvent><CalendarEvent>`
  for (const [what, start, part, hint] of [
    ['of events', head, one, /more than 10,000 events/],
    ['of elements', head, '<x>y</x>', /larger than 32 MB/],
    ['of one text', head, 'x', /longer than/],
    ['of one tag', `${head}<a `, 'x', /longer than/],
    ['of attributes', `${head}<a `, ' x="1"', /well-formed|longer than/],
    ['of a comment', `${head}<!--`, 'x', /longer than/],
    ['of comments', head, '<!-- x -->', /longer than/],
    ['of white space before', '', ' ', /longer than/],
    ['of CDATA', `${head}<![CDATA[`, 'x', /longer than/],
    ['of texts and CDATA', head, 'xxxxxxxxxxxxxx<![CDATA[yyyyyyyyyyyyyyy]]>', /longer than/],
    ['of a document type', '<!DOCTYPE x [', ' ', /longer than/],
    ['of depth', head, '<a>', /nested/],
    ['of references', head, '&amp;', /longer than/],
    ['of zeros', '', '\0', /well-formed/]
  ] as const) {
    const stalls = monitorEventLoopDelay({ resolution: 1 })
    stalls.enable()
    const before = process.memoryUsage().rss
    const error = await refusal(readAvailability(flood(start, part, 100 * 1024 * 1024)))
    stalls.disable()
    const grown = (process.memoryUsage().rss - before) / 1024 / 1024
    t.match(error, { code: 'protocol_error', hint }, what)
    t.ok(grown < 300, `${what}: ${grown.toFixed(0)} MB more`)
    t.comment(`${what}: longest stall ${(stalls.max / 1e6).toFixed(1)} ms`)
  }
})

t.test('a flood of data yields the event loop again and again', async (t) => {
  let turns = 0
  let over = false
  const turn = () => {
    turns += 1
    if (!over) setImmediate(turn)
  }
  setImmediate(turn)
  const flooded = readXml(flood('<a>', '<b>x</b>', 8 * 1024 * 1024), { open() {}, close() {} }, soapDialect)
  t.match(await refusal(flooded), { code: 'unreachable' }, 'it breaks off')
  over = true
  t.ok(turns >= 5, `${turns} turns, one every few milliseconds`)
})

/** In chunks as large as any that a socket gives. */
function* flood(start: string, part: string, size: number): Generator<Buffer> {
  yield Buffer.from(start)
  const chunk = Buffer.from(part.repeat(Math.ceil(65_536 / part.length)))
  for (let sent = 0; sent < size; sent += chunk.length) yield chunk
}

t.test(`${MUTANTS} replies with faults in them: read, or refused in words`, async (t) => {
  const seed = Date.now() % 1_000_000
  t.comment(`seed ${seed}`)
  const next = random(seed)
  const samples = [
    { bytes: Buffer.from(availabilityReply(mailbox('Detailed', [event]))), read: readAvailability },
    { bytes: Buffer.from(view), read: readCalendarView },
    { bytes: Buffer.from(fault('ErrorServerBusy', 100)), read: readAvailability }
  ]
  const tally = { read: 0, refused: 0 }
  for (let round = 0; round < MUTANTS; round += 1) {
    const { bytes, read } = samples[round % samples.length]!
    const mutant = mutated(bytes, next)
    try {
      const found = await read([mutant])
      const events = 'found' in found ? found.found.flatMap(({ events }) => events) : found.reader.events
      const sound = events.every(({ start, end, subject }) => start <= end && typeof subject === 'string')
      if (!sound) t.fail(`an event that is none: ${mutant.toString('base64')}`)
      tally.read += 1
    } catch (error) {
      if (!(error instanceof RemoteError) || /Kalle/.test(`${error.message} ${error.stack} ${error.cause}`)) {
        t.fail(`${error}: ${mutant.toString('base64')}`)
      }
      tally.refused += 1
    }
  }
  t.ok(tally.read > MUTANTS / 100 && tally.refused > MUTANTS / 100, JSON.stringify(tally))
})

const tokens = [
  '<',
  '>',
  '&',
  '"',
  '</',
  '/>',
  '<![CDATA[',
  ']]>',
  '<!--',
  '-->',
  '&#0;',
  '&#x110000;',
  '\0',
  '\ud83c'
]

function mutated(bytes: Buffer, next: () => number): Buffer {
  let mutant = bytes
  for (let times = 1 + Math.floor(next() * 3); times > 0; times -= 1) {
    const at = Math.floor(next() * mutant.length)
    const length = 1 + Math.floor(next() ** 3 * 200)
    const [before, after] = [mutant.subarray(0, at), mutant.subarray(at)]
    const kind = Math.floor(next() * 6)
    if (kind === 0) mutant = Buffer.concat([before, after.subarray(length)])
    else if (kind === 1) mutant = Buffer.concat([before, after.subarray(0, length), after])
    else if (kind === 2) mutant = before
    else if (kind === 3) {
      mutant = Buffer.concat([before, Buffer.from(tokens[Math.floor(next() * tokens.length)]!), after])
    } else if (kind === 4) {
      const other = Math.floor(next() * mutant.length)
      mutant = Buffer.concat([before, mutant.subarray(other, other + length), after.subarray(length)])
    } else {
      mutant = Buffer.from(mutant)
      mutant[at] = Math.floor(next() * 256)
    }
    if (mutant.length === 0) return Buffer.from(' ')
  }
  return mutant
}

/** Mulberry32: the same faults for the same seed. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
