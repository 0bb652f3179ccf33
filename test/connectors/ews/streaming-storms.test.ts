/** Streams when much happens at once: accounts that are locked, servers that restart, subscriptions that end as they begin. */
import t from '../../group/tap.ts'
import { hangSignal, until } from '../../support/until.ts'
import {
  allActive,
  closed,
  type FakeStreamingCall,
  nthSubscriptionId,
  type StreamingExchange,
  streamingExchange
} from './streaming-exchange.ts'

const minute = 60_000
const people = (count: number) => Array.from({ length: count }, (_, index) => `u${index}@example.se`)
const operations = (calls: readonly FakeStreamingCall[], operation: string) =>
  calls.filter((call) => call.operation === operation)

t.test('a watch that stops while it is being subscribed leaves nothing behind', async (t) => {
  const exchange = await streamingExchange(t)
  const connector = exchange.connector()
  let closing: Promise<void> | null = null
  exchange.refuse = ({ operation, mailbox }) => {
    if (operation === 'Subscribe' && mailbox === 'u1@example.se') {
      for (const { watch } of all) watch.stop()
      closing = connector.close()
    }
    return null
  }
  const all = exchange.watch(connector, ...people(5))
  await until(() => closing !== null)
  await closing
  const made = operations(exchange.calls, 'Subscribe').map(({ mailbox }) => mailbox)
  t.ok(made.includes('u1@example.se'))
  t.same(
    operations(exchange.calls, 'Unsubscribe')
      .map(({ mailbox }) => mailbox)
      .sort(),
    made.sort(),
    'and subscribes nobody any more'
  )
})

t.test('a locked account: streams and reads together try it a handful of times in an hour', async (t) => {
  const exchange = await streamingExchange(t)
  const connector = exchange.connector()
  const recorded = exchange.watch(connector, ...people(201))
  await until(() => allActive(recorded))
  const read = (mailbox: string) =>
    connector.read({
      targets: [{ mailbox, timeZone: 'UTC' }],
      window: { start: 0, end: 86_400_000 },
      subjects: true,
      signal: hangSignal()
    })
  exchange.timers.pass(80_000)
  exchange.server.password = 'another'
  const before = exchange.server.attempts
  for (const socket of exchange.server.sockets) socket.destroy()
  await until(() => exchange.open.length === 0)
  let codes = new Set<string>()
  for (let passed = 0; passed < 60; passed += 1) {
    exchange.timers.pass(minute)
    const readings = await Promise.all(people(3).map(read))
    codes = new Set(readings.flat().map((one) => (one.outcome === 'failed' ? one.error.code : 'read')))
  }
  t.same([...codes], ['secret_invalid'])
  t.ok(recorded.every(({ events }) => events.at(-1) === 'inactive secret_invalid'))
  const attempts = exchange.server.attempts - before
  t.ok(attempts >= 3 && attempts <= 6, `${attempts} attempts`)
})

t.test('a server that restarts: two subscribe at a time, over the connections that there are', async (t) => {
  const exchange = await streamingExchange(t)
  const recorded = exchange.watch(exchange.connector(), ...people(201))
  await until(() => allActive(recorded))
  exchange.timers.pass(40_000)
  const subscribed = () => operations(exchange.calls, 'Subscribe').length
  t.equal(subscribed(), 201)
  for (const stream of exchange.open) stream.end(closed('ErrorInvalidSubscription'))
  await until(() => recorded.every(({ isActive: isLive }) => !isLive))
  await passUntilActive(exchange, () => allActive(recorded))
  t.equal(subscribed(), 402)
  t.same(new Set(recorded.map(({ changes }) => changes)), new Set([1]), 'each is read once')
  await until('at most eight connections stay open', () => {
    exchange.timers.pass(100)
    return exchange.server.sockets.size <= 8
  })
  t.ok(
    exchange.streams
      .slice(2)
      .every(({ ids }) => ids.every((id) => id === nthSubscriptionId(id.split('#')[0]!, 2)))
  )
})

async function passUntilActive(exchange: StreamingExchange, isSo: () => boolean): Promise<void> {
  let calls = -1
  await until(() => {
    // While calls come and go time stands still.
    if (calls === exchange.calls.length) exchange.timers.pass(1_000)
    calls = exchange.calls.length
    return isSo()
  })
}
