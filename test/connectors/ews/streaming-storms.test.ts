/** Streams when much happens at once: accounts that are locked, servers that start anew, watches that end as they begin. */
import t from 'tap'
import { hangSignal, until } from '../../support/until.ts'
import {
  allActive,
  closed,
  type FakeStreamingCall,
  idOf,
  type StreamingExchange,
  streamingExchange
} from './streaming-exchange.ts'

const minute = 60_000
const people = (count: number) => Array.from({ length: count }, (_, index) => `u${index}@example.se`)
const operations = (calls: readonly FakeStreamingCall[], operation: string) =>
  calls.filter((call) => call.operation === operation)

t.test('who stops while the subscription is being made, and closes, leaves nothing behind', async (t) => {
  const far = await streamingExchange(t)
  const connector = far.connector()
  let closing: Promise<void> | null = null
  far.refuse = ({ operation, mailbox }) => {
    if (operation === 'Subscribe' && mailbox === 'u1@example.se') {
      for (const { watch } of all) watch.stop()
      closing = connector.close()
    }
    return null
  }
  const all = far.watch(connector, ...people(5))
  await until(() => closing !== null)
  await closing
  const made = operations(far.calls, 'Subscribe').map(({ mailbox }) => mailbox)
  t.ok(made.includes('u1@example.se'))
  t.same(
    operations(far.calls, 'Unsubscribe')
      .map(({ mailbox }) => mailbox)
      .sort(),
    made.sort(),
    'and subscribes nobody any more'
  )
})

t.test('a locked account: streams and reads together try it a handful of times in an hour', async (t) => {
  const far = await streamingExchange(t)
  const connector = far.connector()
  const heard = far.watch(connector, ...people(201))
  await until(() => allActive(heard))
  const read = (mailbox: string) =>
    connector.read({
      targets: [{ mailbox, timeZone: 'UTC' }],
      window: { start: 0, end: 86_400_000 },
      subjects: true,
      signal: hangSignal()
    })
  far.timers.pass(80_000)
  far.server.password = 'another'
  const before = far.server.attempts
  for (const socket of far.server.sockets) socket.destroy()
  await until(() => far.open.length === 0)
  let codes = new Set<string>()
  for (let passed = 0; passed < 60; passed += 1) {
    far.timers.pass(minute)
    const readings = await Promise.all(people(3).map(read))
    codes = new Set(readings.flat().map((one) => (one.outcome === 'failed' ? one.error.code : 'read')))
  }
  t.same([...codes], ['secret_invalid'])
  t.ok(heard.every(({ events: told }) => told.at(-1) === 'deaf secret_invalid'))
  const attempts = far.server.attempts - before
  t.ok(attempts >= 3 && attempts <= 6, `${attempts} attempts`)
})

t.test(
  'a server that starts anew: two subscribe at a time, over the connections that there are',
  async (t) => {
    const far = await streamingExchange(t)
    const heard = far.watch(far.connector(), ...people(201))
    await until(() => allActive(heard))
    far.timers.pass(40_000)
    const subscribed = () => operations(far.calls, 'Subscribe').length
    t.equal(subscribed(), 201)
    for (const stream of far.open) stream.end(closed('ErrorInvalidSubscription'))
    await until(() => heard.every(({ isActive: isLive }) => !isLive))
    await liveAgain(far, () => allActive(heard))
    t.equal(subscribed(), 402)
    t.same(new Set(heard.map(({ changes }) => changes)), new Set([1]), 'each is read once')
    t.ok(far.server.sockets.size <= 8, `${far.server.sockets.size} connections`)
    t.ok(far.streams.slice(2).every(({ ids }) => ids.every((id) => id === idOf(id.split('#')[0]!, 2))))
  }
)

async function liveAgain(far: StreamingExchange, isSo: () => boolean): Promise<void> {
  let calls = -1
  await until(() => {
    // While calls come and go time stands still.
    if (calls === far.calls.length) far.timers.pass(1_000)
    calls = far.calls.length
    return isSo()
  })
}
