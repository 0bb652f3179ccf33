/** Which mailboxes share a stream: those of one server, and none where the server serves one identity to a stream. */
import t from '../../group/tap.ts'
import { until } from '../../support/until.ts'
import {
  allActive,
  closed,
  lostSubscriptions,
  message,
  ok,
  type StreamingExchange,
  streamingExchange
} from './streaming-exchange.ts'

const mailboxesOf = (many: number) => Array.from({ length: many }, (_, index) => `m${index}@example.se`)
const count = ({ calls }: StreamingExchange, operation: string) =>
  calls.filter((call) => call.operation === operation).length

/** Lets time pass while anything is due soon, and looks until it is so. */
async function passUntil(exchange: StreamingExchange, holds: () => boolean): Promise<void> {
  await until(() => {
    if (exchange.timers.waits(5_000)) exchange.timers.pass(1_000)
    return holds()
  })
}

// connectionstatus.md: "Closed: the connection is closed". The reply itself stays open here.
t.test(
  'Closed ends a stream whose server does not hang up: the next is opened, and nothing is lost',
  async (t) => {
    const exchange = await streamingExchange(t)
    const recorded = exchange.watch(exchange.connector(), ...mailboxesOf(3))
    await until(() => allActive(recorded))
    exchange.timers.pass(40_000)
    const [first] = exchange.streams
    first?.say(closed())
    await until(() => exchange.streams.length === 2 && exchange.open.length === 1)
    t.ok(first?.gone, 'the connection is let go')
    t.same(exchange.streams[1]?.ids, first?.ids, 'the subscriptions are the same')
    t.notOk(recorded.some(({ events }) => events.some((word) => word.startsWith('inactive'))))
  }
)

t.test(
  'one id refused beside Closed: the others are streamed again at once, with the server still there',
  async (t) => {
    const exchange = await streamingExchange(t)
    let refused = false
    exchange.greet = (stream) => {
      const gone = stream.ids.filter((id) => id === 'm1@example.se#1')
      if (gone.length === 0) return stream.say(ok())
      refused = true
      stream.say(invalid(gone))
    }
    const recorded = exchange.watch(exchange.connector(), ...mailboxesOf(4))
    await passUntil(exchange, () => allActive(recorded))
    t.ok(refused)
    t.equal(count(exchange, 'Subscribe'), 5, 'the one that was refused is subscribed once more')
  }
)

/** getstreamingevents.md: ErrorSubscriptionIds lists those that are invalid; such an answer may carry ConnectionStatus. */
function invalid(ids: readonly string[]): string {
  const list = ids.map((id) => `<m:SubscriptionId>${id}</m:SubscriptionId>`).join('')
  return message(
    `<m:ErrorSubscriptionIds>${list}</m:ErrorSubscriptionIds><m:ConnectionStatus>Closed</m:ConnectionStatus>`,
    'ErrorInvalidSubscription'
  )
}

/** A server that serves the identity that GetStreamingEvents is sent with alone, and never hangs up. */
async function singleIdentity(t: Parameters<typeof streamingExchange>[0]) {
  const exchange = await streamingExchange(t)
  exchange.greet = (stream) => {
    const foreign = stream.ids.filter((id) => !id.startsWith(`${stream.mailbox}#`))
    stream.say(foreign.length === 0 ? ok() : invalid(foreign))
  }
  return exchange
}

t.test('a server that serves one identity to a stream gets a stream for each mailbox', async (t) => {
  const exchange = await singleIdentity(t)
  const recorded = exchange.watch(exchange.connector(), ...mailboxesOf(8))
  await passUntil(exchange, () => allActive(recorded))
  t.ok(exchange.timers.now() < 60_000, `all are active after ${exchange.timers.now() / 1000} s`)
  await until(() => exchange.open.length === 8)
  t.ok(exchange.open.every(({ ids, mailbox }) => ids.length === 1 && ids[0]?.startsWith(mailbox)))
  t.ok(count(exchange, 'Subscribe') <= 24, `${count(exchange, 'Subscribe')} Subscribes`)
  const before = count(exchange, 'Subscribe')
  for (let minute = 0; minute < 10; minute += 1) {
    for (const stream of exchange.open) stream.say(message('<m:ConnectionStatus>OK</m:ConnectionStatus>'))
    exchange.timers.pass(60_000)
  }
  t.equal(count(exchange, 'Subscribe'), before, 'and then there is quiet')
})

t.test('…within the budget of connections: what is beyond is polled, with a reason', async (t) => {
  const exchange = await singleIdentity(t)
  // 2010 SP1 charges streams to the account (EWSMaxConcurrency, 10).
  const recorded = exchange.watch(exchange.connector({ version: 'Exchange2010_SP1' }), ...mailboxesOf(12))
  await passUntil(exchange, () => recorded.filter(({ isActive: isLive }) => isLive).length === 9)
  await until(() => recorded.filter(({ hint }) => /one mailbox to a stream|account/.test(hint)).length === 3)
  t.ok(exchange.open.length <= 10)
})

t.test('mailboxes on different servers are grouped right from the start', async (t) => {
  const exchange = await streamingExchange(t)
  const mailboxes = mailboxesOf(9)
  const serverOf = (mailbox: string) => `EX0${1 + (Number(/\d/.exec(mailbox)?.[0]) % 3)}`
  exchange.serverOf = serverOf
  // Subscriptions exist where they were created: those of another server are not found.
  exchange.greet = (stream) => {
    const strangers = stream.ids.filter((id) => serverOf(id) !== serverOf(stream.mailbox))
    if (strangers.length > 0) stream.say(lostSubscriptions(strangers))
    stream.say(ok())
  }
  const recorded = exchange.watch(exchange.connector(), ...mailboxes)
  await passUntil(exchange, () => allActive(recorded))
  t.equal(
    exchange.discoveries > 0 && exchange.discoveries <= 2,
    true,
    `${exchange.discoveries} requests to Autodiscover`
  )
  await passUntil(exchange, () => exchange.open.length === 3)
  t.equal(count(exchange, 'Subscribe'), 9, 'no subscription is refused')
  t.ok(
    exchange.streams.every(({ ids }) => new Set(ids.map(serverOf)).size === 1),
    'no stream has mailboxes of two servers'
  )
})

t.test('without Autodiscover beside EWS all begin in one group', async (t) => {
  const exchange = await streamingExchange(t)
  const recorded = exchange.watch(exchange.connector(), ...mailboxesOf(3))
  await until(() => allActive(recorded))
  t.equal(exchange.streams.length, 1)
})

t.test('two users of one mailbox, under two spellings, are both active by one subscription', async (t) => {
  const exchange = await streamingExchange(t)
  const recorded = exchange.watch(exchange.connector(), 'anna@example.se', 'Anna@Example.se')
  await until(() => allActive(recorded))
  t.equal(count(exchange, 'Subscribe'), 1)
  recorded[0]?.watch.stop()
  t.ok(recorded[1]?.isActive, 'one may go and the other stays')
  t.equal(count(exchange, 'Unsubscribe'), 0)
})
