/** What goes wrong with streams concerns whom it concerns: dead subscriptions, spent budgets, rights, sign-ins. */
import t from '../../group/tap.ts'
import { until } from '../../support/until.ts'
import { account } from './server.ts'
import {
  allActive,
  closed,
  edited,
  type FakeStreamingCall,
  fault,
  lostSubscriptions,
  nthSubscriptionId,
  ok,
  replied,
  streamingExchange
} from './streaming-exchange.ts'

const abc = ['a@example.se', 'b@example.se', 'c@example.se']
const operations = (calls: readonly FakeStreamingCall[], operation: string) =>
  calls.filter((call) => call.operation === operation).map(({ mailbox }) => mailbox)

t.test('lost subscriptions are created again, and no others', async (t) => {
  const exchange = await streamingExchange(t)
  const recorded = exchange.watch(exchange.connector(), ...abc)
  const [a, b, c] = recorded
  await until(() => allActive(recorded))
  exchange.timers.pass(40_000)
  exchange.streams[0]?.say(lostSubscriptions([nthSubscriptionId('b@example.se')]))
  await until(() => b?.isActive === false)
  t.match(b?.hint, /ended the subscription to b@example.se.*by itself/)
  exchange.timers.pass(1_000)
  await until(() => operations(exchange.calls, 'Subscribe').length === 4)
  exchange.streams[0]?.say(edited(nthSubscriptionId('a@example.se')))
  await until(() => a?.changes === 1)
  await until(() => exchange.timers.waits(1_000))
  exchange.timers.pass(1_000)
  await until(() => b?.isActive === true)
  t.same(exchange.streams[1]?.ids, [
    nthSubscriptionId('a@example.se'),
    nthSubscriptionId('b@example.se', 2),
    nthSubscriptionId('c@example.se')
  ])
  t.same(a?.events, ['active', 'changed'])
  t.same(b?.events, ['active', 'inactive unreachable', 'active', 'changed'])
  t.same(c?.events, ['active'])
})

t.test(
  'where all are lost, as after a restart, all are created again on whatever server that is',
  async (t) => {
    const exchange = await streamingExchange(t)
    let cookie = 'one'
    exchange.cookies = ({ operation }) =>
      operation === 'Subscribe' ? [`X-BackEndOverrideCookie=${cookie}`] : []
    const recorded = exchange.watch(exchange.connector(), ...abc)
    await until(() => allActive(recorded))
    exchange.timers.pass(40_000)
    cookie = 'two'
    exchange.streams[0]?.end(closed('ErrorInvalidSubscription'))
    await until(() => recorded.every(({ isActive: isLive }) => !isLive))
    await until(() => exchange.open.length === 0)
    exchange.timers.pass(1_000)
    await until(() => operations(exchange.calls, 'Subscribe').length === 6)
    await until(() => {
      if (exchange.timers.waits(5_000) && exchange.streams.length === 1) exchange.timers.pass(1_000)
      return allActive(recorded)
    })
    t.same(
      recorded.map(({ changes }) => changes),
      [1, 1, 1]
    )
    t.equal(exchange.streams.at(-1)?.headers.cookie, 'X-BackEndOverrideCookie=two')
    t.same(
      exchange.streams.at(-1)?.ids,
      abc.map((mailbox) => nthSubscriptionId(mailbox, 2))
    )
  }
)

t.test(
  'a mailbox on another server, where its subscriptions do not exist, gets a group of its own',
  async (t) => {
    const exchange = await streamingExchange(t)
    exchange.greet = (stream) => {
      const strangers = stream.ids.filter((id) => id.startsWith('b@'))
      const alone = stream.ids.length === strangers.length
      if (!alone && strangers.length > 0) stream.say(lostSubscriptions(strangers))
      stream.say(ok())
    }
    const recorded = exchange.watch(exchange.connector(), ...abc)
    await until(() => {
      if (recorded[1]?.isActive === false && exchange.timers.waits(5_000)) exchange.timers.pass(1_000)
      return allActive(recorded)
    })
    t.same(exchange.streams.at(-1)?.ids.length, 1)
    t.equal(exchange.streams.at(-1)?.headers['x-anchormailbox'], 'b@example.se')
    t.same(recorded[0]?.events, ['active'], 'the others are not affected')
    t.ok(operations(exchange.calls, 'Subscribe').length <= 7)
  }
)

t.test(
  'a mailbox that may not be impersonated is the only inactive one, and is tried again later',
  async (t) => {
    const exchange = await streamingExchange(t)
    let denied = true
    exchange.refuse = ({ mailbox }) =>
      denied && mailbox === 'a@example.se' ? fault('ErrorImpersonateUserDenied') : null
    const recorded = exchange.watch(exchange.connector(), ...abc)
    const [a, b, c] = recorded
    await until(() => allActive([b!, c!]) && a?.events.length === 1)
    t.same(a?.events, ['inactive access_denied'])
    t.match(a?.hint, /may not impersonate a@example.se.*ApplicationImpersonation/)
    t.equal(exchange.streams[0]?.mailbox, 'b@example.se', 'the first who may is charged')
    denied = false
    await until(() => exchange.timers.waits(60_000))
    exchange.timers.pass(60_000)
    await until(() => operations(exchange.calls, 'Subscribe').length === 4)
    await until(() => {
      if (exchange.timers.waits(1_000)) exchange.timers.pass(1_000)
      return a?.isActive === true
    })
    t.ok(allActive(recorded))
  }
)

t.test('the anchor loses its rights: the stream is charged to another', async (t) => {
  const exchange = await streamingExchange(t)
  const recorded = exchange.watch(exchange.connector(), ...abc)
  await until(() => allActive(recorded))
  exchange.timers.pass(40_000)
  exchange.refuse = ({ mailbox }) => (mailbox === 'a@example.se' ? fault('ErrorImpersonateUserDenied') : null)
  exchange.streams[0]?.end(closed())
  await until(() => recorded.every(({ isActive: isLive }) => !isLive))
  exchange.timers.pass(1_000)
  await until(() => allActive(recorded.slice(1)))
  t.equal(exchange.streams[1]?.mailbox, 'b@example.se')
  t.match(recorded[0]?.hint, /may not impersonate a@/)
  t.notOk(
    recorded.slice(1).some(({ hint }) => hint.includes('a@')),
    'the others are not notified'
  )
})

t.test(
  'exhausted budgets leave inactive those that find no place, with what to raise, and the others active',
  async (t) => {
    const exchange = await streamingExchange(t)
    exchange.refuse = ({ operation, mailbox }) => {
      if (operation === 'Subscribe' && mailbox === 'c@example.se')
        return replied('Subscribe', '', 'ErrorExceededSubscriptionCount')
      if (operation === 'GetStreamingEvents' && mailbox === 'a@example.se')
        return fault('ErrorExceededConnectionCount')
      return null
    }
    const recorded = exchange.watch(exchange.connector(), ...abc)
    const [a, b, c] = recorded
    await until(() => a?.events.length === 1)
    t.match(a?.hint, /no further stream for a@example.se: raise HangingConnectionLimit/)
    exchange.timers.pass(1_000)
    await until(() => allActive([a!, b!]))
    t.same(exchange.streams[0]?.mailbox, 'b@example.se', 'the budget of another is not spent')
    t.same(c?.events, ['inactive throttled'])
    t.match(c?.hint, /subscriptions to c@example.se.*raise EWSMaxSubscriptions.*found by polling/)
  }
)

t.test('before 2010 SP2 the account is charged, and its exhausted budget is asked for once', async (t) => {
  const exchange = await streamingExchange(t)
  exchange.refuse = ({ operation }) =>
    operation === 'Subscribe' && operations(exchange.calls, 'Subscribe').length > 20
      ? replied('Subscribe', '', 'ErrorExceededSubscriptionCount')
      : null
  const mailboxes = Array.from({ length: 40 }, (_, index) => `u${index}@example.se`)
  const recorded = exchange.watch(exchange.connector({ version: 'Exchange2010_SP1' }), ...mailboxes)
  await until(() => recorded.filter(({ isActive: isLive }) => isLive).length === 20)
  await until(() => recorded.every(({ events }) => events.length === 1))
  t.match(recorded.at(-1)?.hint, /New-ThrottlingPolicy .*EWSMaxSubscriptions.*'HANVISA\\svc-hanvisa'/)
  t.ok(operations(exchange.calls, 'Subscribe').length <= 22, 'those behind it are not sent to be refused')

  const many = Array.from({ length: 1_801 }, (_, index) => `v${index}@example.se`)
  const other = await streamingExchange(t)
  const all = other.watch(other.connector({ version: 'Exchange2010_SP1' }), ...many)
  await until(() => all.filter(({ isActive: isLive }) => isLive).length === 1_800)
  t.equal(other.open.length, 9, 'one of ten is spared')
  t.match(all.at(-1)?.hint, /beyond 1800 are polled/)
  all[0]?.watch.stop()
  await until(() => other.timers.waits(1_000))
  other.timers.pass(1_000)
  await until(() => all.at(-1)?.isActive === true)
})

t.test('a server that is busy is left alone for as long as it says', async (t) => {
  const exchange = await streamingExchange(t)
  const recorded = exchange.watch(exchange.connector(), ...abc)
  await until(() => allActive(recorded))
  exchange.timers.pass(40_000)
  exchange.refuse = ({ operation }) =>
    operation === 'GetStreamingEvents' ? fault('ErrorServerBusy', 20_000) : null
  const before = exchange.calls.length
  exchange.streams[0]?.end(closed())
  await until(() => recorded.every(({ isActive: isLive }) => !isLive))
  t.match(recorded[0]?.events.at(-1), 'inactive throttled')
  exchange.timers.pass(1_000)
  await until(() => exchange.calls.length === before + 2)
  t.equal(exchange.calls.at(-1)?.mailbox, 'b@example.se', 'the budget of another is not spent')
})

t.test(
  'a server that accepts no second stream: the first is closed before, and all are read again',
  async (t) => {
    const exchange = await streamingExchange(t)
    exchange.refuse = ({ operation }) =>
      operation === 'GetStreamingEvents' && exchange.open.length > 0
        ? fault('ErrorExceededConnectionCount')
        : null
    const connector = exchange.connector()
    const early = exchange.watch(connector, ...abc)
    await until(() => allActive(early))
    const tries = () => operations(exchange.calls, 'GetStreamingEvents').length
    const [late] = exchange.watch(connector, 'd@example.se')
    await until(() => operations(exchange.calls, 'Subscribe').length === 4)
    for (let nth = 2; nth <= 4; nth += 1) {
      await until(() => exchange.timers.waits(2_500))
      exchange.timers.pass(2_500)
      await until(() => tries() === nth)
    }
    await until(() => late?.isActive === true && early.every(({ changes }) => changes === 1))
    t.same(late?.events, ['inactive throttled', 'inactive throttled', 'active', 'changed'])
    t.same(
      early.map(({ events }) => events),
      Array(3).fill(['active', 'changed'])
    )
    t.equal(exchange.open.length, 1)
  }
)

t.test('a server that is gone for good with its subscriptions is given up after three tries', async (t) => {
  const exchange = await streamingExchange(t)
  const recorded = exchange.watch(exchange.connector(), ...abc)
  await until(() => allActive(recorded))
  exchange.timers.pass(40_000)
  exchange.refuse = ({ operation }) =>
    operation === 'GetStreamingEvents' ? fault('ErrorMailboxFailover') : null
  const tries = () => operations(exchange.calls, 'GetStreamingEvents').length
  exchange.streams[0]?.response.destroy()
  for (let nth = 2; nth <= 3; nth += 1) {
    await until(() => exchange.timers.waits(4_000) && exchange.open.length === 0)
    exchange.timers.pass(4_000)
    await until(() => tries() === nth)
  }
  await until(() => operations(exchange.calls, 'Subscribe').length === 6)
  exchange.refuse = () => null
  await until(() => {
    if (exchange.timers.waits(5_000)) exchange.timers.pass(1_000)
    return allActive(recorded)
  })
  t.same(
    exchange.streams.at(-1)?.ids.toSorted(),
    abc.map((mailbox) => nthSubscriptionId(mailbox, 2))
  )
  t.equal(exchange.streams.at(-1)?.mailbox, 'b@example.se', 'who was charged is the last to be')
  t.same(
    recorded.map(({ changes }) => changes),
    [1, 1, 1]
  )
})

t.test(
  'a 401 in the middle: one more sign-in, and a refused password is not tried over and over',
  async (t) => {
    const exchange = await streamingExchange(t)
    const recorded = exchange.watch(exchange.connector(), ...abc)
    await until(() => allActive(recorded))
    exchange.timers.pass(40_000)
    const attempts = exchange.server.attempts
    exchange.streams[0]?.response.destroy()
    await until(() => !allActive(recorded))
    exchange.timers.pass(1_000)
    await until(() => allActive(recorded))
    t.equal(exchange.server.attempts, attempts + 1, 'a new connection signs in once')
    exchange.server.password = 'another'
    exchange.timers.pass(40_000)
    exchange.streams.at(-1)?.response.destroy()
    await until(() => !allActive(recorded))
    exchange.timers.pass(1_000)
    await until(() => recorded[0]?.events.at(-1) === 'inactive secret_invalid')
    t.ok(exchange.server.attempts <= attempts + 3, 'the directory is asked twice')
    t.match(recorded[0]?.hint, /auth.password/)
    exchange.server.password = account.password
  }
)
