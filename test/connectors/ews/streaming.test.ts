/** Edits are notified as they happen: over streams that are grouped, watched for heartbeats, and opened again. */
import fc from 'fast-check'
import type { Test } from 'tap'
import { retryDelayMs } from '../../../src/connectors/ews/streaming/retry-delay.ts'
import { RemoteError } from '../../../src/errors.ts'
import t from '../../group/tap.ts'
import { until } from '../../support/until.ts'
import { sendBody, startServer, transportTo } from './server.ts'
import {
  allActive,
  closed,
  edited,
  heartbeat,
  message,
  nthSubscriptionId,
  ok,
  streamingExchange
} from './streaming-exchange.ts'

const abc = ['a@example.se', 'b@example.se', 'c@example.se']

t.test('an edit notifies whom it concerns, and nobody before the stream is open', async (t) => {
  const exchange = await streamingExchange(t)
  exchange.greet = () => {}
  const recorded = exchange.watch(exchange.connector(), ...abc)
  const [a, b, c] = recorded
  await until(() => exchange.streams.length === 1)
  t.same(
    recorded.map(({ events }) => events),
    [[], [], []]
  )
  const [stream] = exchange.streams
  stream?.say(ok())
  await until(() => allActive(recorded))
  stream?.say(
    edited(nthSubscriptionId('b@example.se'), 'CreatedEvent'),
    heartbeat(nthSubscriptionId('a@example.se'))
  )
  stream?.say(edited(nthSubscriptionId('c@example.se'), 'FreeBusyChangedEvent'), edited('of nobody'))
  await until(() => c?.changes === 1)
  t.same([a?.events, b?.events, c?.events], [['active'], ['active', 'changed'], ['active', 'changed']])
  t.same(
    exchange.calls.map(({ operation, mailbox }) => `${operation} ${mailbox}`),
    [
      'FindItem a@example.se',
      ...abc.map((mailbox) => `Subscribe ${mailbox}`),
      'GetStreamingEvents a@example.se'
    ],
    'the version is found out, and the stream is charged to the first'
  )
  t.same(
    stream?.ids,
    abc.map((mailbox) => nthSubscriptionId(mailbox))
  )
})

t.test(
  'two hundred mailboxes to a stream, each group held to one server, each charged to its first',
  async (t) => {
    const exchange = await streamingExchange(t)
    exchange.cookies = ({ operation, mailbox }) =>
      operation === 'Subscribe'
        ? ['exchangecookie=no; path=/', `X-BackEndOverrideCookie=ex-of-${mailbox}; path=/; secure; HttpOnly`]
        : []
    const mailboxes = Array.from({ length: 201 }, (_, index) => `u${index}@example.se`)
    const recorded = exchange.watch(exchange.connector(), ...mailboxes)
    await until(() => allActive(recorded))
    t.same(exchange.streams.map(({ ids, mailbox }) => [mailbox, ids.length]).sort(), [
      ['u0@example.se', 200],
      ['u200@example.se', 1]
    ])
    for (const { operation, mailbox, headers } of exchange.calls) {
      if (operation === 'FindItem') continue
      const anchor = mailbox === 'u200@example.se' ? mailbox : 'u0@example.se'
      const first = operation === 'Subscribe' && mailbox === anchor
      const cookie = first ? undefined : `X-BackEndOverrideCookie=ex-of-${anchor}`
      t.same(
        [headers['x-anchormailbox'], headers['x-preferserveraffinity'], headers.cookie],
        [anchor, 'true', cookie],
        `${operation} ${mailbox}`
      )
    }
    await until(
      'four connections for calls, and one for each stream',
      () => exchange.server.sockets.size <= 6
    )
    t.equal(exchange.server.accounts.length, exchange.server.sockets.size, 'NTLM signs each in once')
  }
)

t.test('2010 keeps a group together by a cookie of its own', async (t) => {
  const exchange = await streamingExchange(t)
  exchange.cookies = () => ['exchangecookie=cas1; path=/']
  const recorded = exchange.watch(exchange.connector({ version: 'Exchange2010_SP2' }), ...abc)
  await until(() => allActive(recorded))
  t.same(
    exchange.calls.map(({ headers }) => headers.cookie),
    [undefined, 'exchangecookie=cas1', 'exchangecookie=cas1', 'exchangecookie=cas1']
  )
})

t.test('streams use no connection of other calls', async (t) => {
  const server = await startServer(t, {
    answer(_, response, body) {
      if (body === 'stream') response.write('<first/>')
      else response.end(body)
    }
  })
  const transport = transportTo(t, server, { connections: 1 })
  const ending = new AbortController()
  for (let nth = 0; nth < 5; nth += 1) {
    await transport.call({ headers: {}, body: 'stream', signal: ending.signal, isHanging: true })
  }
  t.equal(await sendBody(transport, 'x'), '200 x')
  t.equal(server.accounts.length, 6, 'each connection is signed in by itself')
  ending.abort()
})

t.test(
  'a stream that the server ends in good order is opened again: nobody is inactive, nothing is read',
  async (t) => {
    const exchange = await streamingExchange(t)
    const recorded = exchange.watch(exchange.connector(), ...abc)
    await until(() => allActive(recorded))
    for (let nth = 1; nth <= 3; nth += 1) {
      exchange.timers.pass(40_000)
      exchange.streams.at(-1)?.end(closed())
      await until(() => exchange.streams.length === nth + 1)
      exchange.streams.at(-1)?.say(edited(nthSubscriptionId('a@example.se')))
      await until(() => recorded[0]?.changes === nth)
    }
    t.same(
      exchange.streams.map(({ ids }) => ids),
      Array(4).fill(abc.map((mailbox) => nthSubscriptionId(mailbox)))
    )
    t.same(
      recorded.map(({ events }) => events),
      [['active', 'changed', 'changed', 'changed'], ['active'], ['active']]
    )
    await until(() => exchange.open.length === 1)
  }
)

t.test('a stream without a heartbeat for 60 s is broken: opened again, and all are read again', async (t) => {
  const exchange = await streamingExchange(t)
  const recorded = exchange.watch(exchange.connector(), ...abc)
  await until(() => allActive(recorded))
  const [stream] = exchange.streams
  exchange.timers.pass(50_000)
  stream?.say(heartbeat(nthSubscriptionId('a@example.se')), edited(nthSubscriptionId('b@example.se')))
  await until(() => recorded[1]?.changes === 1)
  exchange.timers.pass(59_999)
  t.ok(allActive(recorded))
  exchange.timers.pass(1)
  await until(() => stream?.gone === true && recorded.every(({ isActive: isLive }) => !isLive))
  t.match(recorded[0]?.hint, /nothing for 60 s.*load balancer/)
  exchange.timers.pass(1_000)
  await until(() => allActive(recorded))
  t.same(
    recorded.map(({ events }) => events.slice(-3)),
    Array(3).fill(['inactive unreachable', 'active', 'changed'])
  )
  t.same(exchange.streams[1]?.ids, stream?.ids, 'the subscriptions are the same')
})

/** A stream that was opened again, after the first sent nothing for 60 s. */
async function openAfterHang(t: Test) {
  const exchange = await streamingExchange(t)
  const recorded = exchange.watch(exchange.connector(), ...abc)
  await until(() => allActive(recorded))
  exchange.timers.pass(60_000)
  await until(() => recorded.every(({ isActive: isLive }) => !isLive))
  exchange.timers.pass(1_000)
  await until(() => allActive(recorded))
  return { exchange, recorded }
}

/** So many milliseconds later the stream sends an edit, which arrives. */
async function editAfter(
  milliseconds: number,
  exchange: Awaited<ReturnType<typeof streamingExchange>>,
  recorded: ReturnType<typeof exchange.watch>
): Promise<void> {
  exchange.timers.pass(milliseconds)
  const { changes } = recorded[0]!
  exchange.streams.at(-1)!.say(edited(nthSubscriptionId('a@example.se')))
  await until(() => recorded[0]!.changes === changes + 1)
}

t.test('heartbeats every 80 s: one stream is opened again, and no other', async (t) => {
  const { exchange, recorded } = await openAfterHang(t)
  for (let nth = 0; nth < 20; nth++) await editAfter(80_000, exchange, recorded)
  t.equal(exchange.streams.length, 2)
  exchange.timers.pass(90_000)
  await until(() => recorded.every(({ isActive: isLive }) => !isLive))
})

t.test('after a hang, heartbeats in time make 60 s the limit again', async (t) => {
  const { exchange, recorded } = await openAfterHang(t)
  for (let nth = 0; nth < 15; nth++) await editAfter(45_000, exchange, recorded)
  exchange.timers.pass(59_999)
  t.ok(allActive(recorded))
  exchange.timers.pass(1)
  await until(() => recorded.every(({ isActive: isLive }) => !isLive))
})

t.test('a stream that is cut in the middle of a document, or ends without Closed, is a gap', async (t) => {
  const exchange = await streamingExchange(t)
  const recorded = exchange.watch(exchange.connector(), ...abc)
  await until(() => allActive(recorded))
  const breaks = [
    () => {
      const { response } = exchange.streams.at(-1)!
      response.write(edited(nthSubscriptionId('a@example.se')).slice(0, 400), () => response.destroy())
    },
    () => exchange.streams.at(-1)?.end(),
    () => exchange.streams.at(-1)?.end(edited(nthSubscriptionId('a@example.se')).slice(0, 400)),
    () => exchange.streams.at(-1)?.say('<html><body>Gateway</body></html>')
  ]
  for (const [nth, breakIt] of breaks.entries()) {
    exchange.timers.pass(40_000)
    breakIt()
    await until(() => recorded.every(({ isActive: isLive }) => !isLive))
    t.equal(recorded[0]?.changes, nth, 'half a notification notifies nobody')
    exchange.timers.pass(60_000)
    await until(() => allActive(recorded))
    t.same(
      recorded.map(({ changes }) => changes),
      Array(3).fill(nth + 1)
    )
  }
  t.same(
    exchange.calls.filter(({ operation }) => operation === 'Subscribe').length,
    3,
    'nobody is subscribed again'
  )
})

t.test('a failure is retried within a second, then less and less often, with jitter', async (t) => {
  const passing = new RemoteError('unreachable', 'x')
  const denied = new RemoteError('access_denied', 'x')
  const named = new RemoteError('throttled', 'x', { retryAfter: 7_000 })
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 400 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      async (nth, chance) => {
        const wait = (error: RemoteError, random = chance) => retryDelayMs(nth, error, () => random)
        const most = Math.min(1_000 * 2 ** (nth - 1), 60_000)
        if (wait(passing) > most || wait(passing) < (nth > 1 ? most / 2 : 0)) return false
        if (wait(denied) < 30_000 || wait(denied) > 3_600_000) return false
        return wait(named) >= 7_000 && wait(passing, 0) < wait(passing, 0.9)
      }
    )
  )
  t.pass()
})

t.test(
  'mailboxes that are added later join the running stream together, without a gap for the others',
  async (t) => {
    const exchange = await streamingExchange(t)
    const connector = exchange.connector()
    const early = exchange.watch(connector, ...abc)
    await until(() => allActive(early))
    exchange.greet = (stream) => {
      t.equal(exchange.open.length, 2, 'the first goes on until the second is open')
      exchange.streams[0]?.say(edited(nthSubscriptionId('a@example.se')))
      stream.say(ok())
    }
    const late = exchange.watch(connector, 'd@example.se', 'e@example.se')
    await until(() => exchange.calls.filter(({ operation }) => operation === 'Subscribe').length === 5)
    await until(() => exchange.timers.waits(1_000))
    exchange.timers.pass(1_000)
    await until(() => exchange.streams.length === 2)
    await until(() => allActive(late))
    t.equal(exchange.streams[1]?.ids.length, 5)
    // What is sent before Closed is received.
    await until(() => early[0]?.changes === 1)
    exchange.takesOver = false
    t.same(
      early.map(({ events }) => events),
      [['active', 'changed'], ['active'], ['active']]
    )
    exchange.greet = (stream) => stream.say(ok())
    const latest = exchange.watch(connector, 'f@example.se')
    await until(() => exchange.timers.waits(1_000))
    exchange.timers.pass(1_000)
    await until(() => exchange.streams.length === 3)
    await until(() => allActive(latest))
    exchange.timers.pass(5_000)
    await until(() => exchange.open.length === 1)
    await until(() => [...early, ...late].every(({ changes }) => changes >= 1))
    t.ok(
      allActive([...early, ...late]),
      'a server that leaves the first open: it is closed, and read once to be safe'
    )
  }
)

t.test('what is stopped is unsubscribed; what is only closed is left', async (t) => {
  const exchange = await streamingExchange(t)
  const connector = exchange.connector()
  const [a, b, c] = exchange.watch(connector, ...abc)
  const [twin] = exchange.watch(connector, 'A@Example.se')
  await until(() => allActive([a!, b!, c!, twin!]))
  const ended = () =>
    exchange.calls.filter(({ operation }) => operation === 'Unsubscribe').map(({ mailbox }) => mailbox)
  a?.watch.stop()
  a?.watch.stop()
  b?.watch.stop()
  await until(() => ended().length === 1)
  t.same(ended(), ['b@example.se'], 'a has another listener')
  // Exchange may complain of what is gone, without saying of whom.
  exchange.streams[0]?.say(message('', 'ErrorSubscriptionNotFound'))
  await until(() => c?.isActive === false)
  exchange.timers.pass(1_000)
  await until(() => exchange.streams.length === 2)
  t.same(exchange.streams[1]?.ids, [nthSubscriptionId('a@example.se'), nthSubscriptionId('c@example.se')])
  await until(() => allActive([c!, twin!]))
  t.equal(b?.events.at(-1), 'active', 'a stopped subscription receives nothing more')
  twin?.watch.stop()
  await connector.close()
  t.same(ended(), ['b@example.se', 'a@example.se'], 'closing waits for what was stopped')
  await until(() => exchange.open.length === 0)
  t.same(c?.events.filter((each) => each.startsWith('inactive')).length, 1)
})

t.test(
  'delegates, versions without streams, and what is no address receive nothing and send nothing',
  async (t) => {
    const exchange = await streamingExchange(t)
    const delegate = exchange.watch(exchange.connector({ access: 'delegate' }), ...abc)
    const old = exchange.connector({ version: 'Exchange2010' })
    const [none] = exchange.watch(exchange.connector(), 'Kalle')
    const unsupported = exchange.watch(old, ...abc)
    exchange.timers.pass(7_200_000)
    for (const { watch, events } of [...delegate, ...unsupported, none!]) {
      watch.onNotification('missed')
      watch.stop()
      t.same(events, [])
    }
    await old.close()
    t.same(exchange.calls, [])
  }
)
