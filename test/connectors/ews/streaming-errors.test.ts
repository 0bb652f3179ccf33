/** What goes wrong with streams concerns whom it concerns: dead subscriptions, spent budgets, rights, sign-ins. */
import t from 'tap'
import { until } from '../../support/until.ts'
import { account } from './server.ts'
import {
  allActive,
  closed,
  edited,
  type FakeStreamingCall,
  fault,
  idOf,
  lostSubscriptions,
  ok,
  replied,
  streamingExchange
} from './streaming-exchange.ts'

const abc = ['a@example.se', 'b@example.se', 'c@example.se']
const operations = (calls: readonly FakeStreamingCall[], operation: string) =>
  calls.filter((call) => call.operation === operation).map(({ mailbox }) => mailbox)

t.test('dead subscriptions are made anew, and no others', async (t) => {
  const far = await streamingExchange(t)
  const heard = far.watch(far.connector(), ...abc)
  const [a, b, c] = heard
  await until(() => allActive(heard))
  far.timers.pass(40_000)
  far.streams[0]?.say(lostSubscriptions([idOf('b@example.se')]))
  await until(() => b?.isActive === false)
  t.match(b?.hint, /ended the subscription to b@example.se.*by itself/)
  far.timers.pass(1_000)
  await until(() => operations(far.calls, 'Subscribe').length === 4)
  far.streams[0]?.say(edited(idOf('a@example.se')))
  await until(() => a?.changes === 1)
  await until(() => far.timers.waits(1_000))
  far.timers.pass(1_000)
  await until(() => b?.isActive === true)
  t.same(far.streams[1]?.ids, [idOf('a@example.se'), idOf('b@example.se', 2), idOf('c@example.se')])
  t.same(a?.events, ['live', 'changed'])
  t.same(b?.events, ['live', 'deaf unreachable', 'live', 'changed'])
  t.same(c?.events, ['live'])
})

t.test('where all are dead, as after a restart, all are made anew on whatever server that is', async (t) => {
  const far = await streamingExchange(t)
  let cookie = 'one'
  far.cookies = ({ operation }) => (operation === 'Subscribe' ? [`X-BackEndOverrideCookie=${cookie}`] : [])
  const heard = far.watch(far.connector(), ...abc)
  await until(() => allActive(heard))
  far.timers.pass(40_000)
  cookie = 'two'
  far.streams[0]?.end(closed('ErrorInvalidSubscription'))
  await until(() => heard.every(({ isActive: isLive }) => !isLive))
  await until(() => far.open.length === 0)
  far.timers.pass(1_000)
  await until(() => operations(far.calls, 'Subscribe').length === 6)
  await until(() => {
    if (far.timers.waits(5_000) && far.streams.length === 1) far.timers.pass(1_000)
    return allActive(heard)
  })
  t.same(
    heard.map(({ changes }) => changes),
    [1, 1, 1]
  )
  t.equal(far.streams.at(-1)?.headers.cookie, 'X-BackEndOverrideCookie=two')
  t.same(
    far.streams.at(-1)?.ids,
    abc.map((mailbox) => idOf(mailbox, 2))
  )
})

t.test(
  'a mailbox on another server, where its subscriptions do not live, gets a group of its own',
  async (t) => {
    const far = await streamingExchange(t)
    far.greet = (stream) => {
      const strangers = stream.ids.filter((id) => id.startsWith('b@'))
      const alone = stream.ids.length === strangers.length
      if (!alone && strangers.length > 0) stream.say(lostSubscriptions(strangers))
      stream.say(ok())
    }
    const heard = far.watch(far.connector(), ...abc)
    await until(() => {
      if (heard[1]?.isActive === false && far.timers.waits(5_000)) far.timers.pass(1_000)
      return allActive(heard)
    })
    t.same(far.streams.at(-1)?.ids.length, 1)
    t.equal(far.streams.at(-1)?.headers['x-anchormailbox'], 'b@example.se')
    t.same(heard[0]?.events, ['live'], 'the others never notice')
    t.ok(operations(far.calls, 'Subscribe').length <= 7)
  }
)

t.test('who may not be impersonated is deaf alone, and is tried again later', async (t) => {
  const far = await streamingExchange(t)
  let denied = true
  far.refuse = ({ mailbox }) =>
    denied && mailbox === 'a@example.se' ? fault('ErrorImpersonateUserDenied') : null
  const heard = far.watch(far.connector(), ...abc)
  const [a, b, c] = heard
  await until(() => allActive([b!, c!]) && a?.events.length === 1)
  t.same(a?.events, ['deaf access_denied'])
  t.match(a?.hint, /may not impersonate a@example.se.*ApplicationImpersonation/)
  t.equal(far.streams[0]?.mailbox, 'b@example.se', 'the first who may is charged')
  denied = false
  await until(() => far.timers.waits(60_000))
  far.timers.pass(60_000)
  await until(() => operations(far.calls, 'Subscribe').length === 4)
  await until(() => {
    if (far.timers.waits(1_000)) far.timers.pass(1_000)
    return a?.isActive === true
  })
  t.ok(allActive(heard))
})

t.test('the anchor loses its rights: the stream is charged to another', async (t) => {
  const far = await streamingExchange(t)
  const heard = far.watch(far.connector(), ...abc)
  await until(() => allActive(heard))
  far.timers.pass(40_000)
  far.refuse = ({ mailbox }) => (mailbox === 'a@example.se' ? fault('ErrorImpersonateUserDenied') : null)
  far.streams[0]?.end(closed())
  await until(() => heard.every(({ isActive: isLive }) => !isLive))
  far.timers.pass(1_000)
  await until(() => allActive(heard.slice(1)))
  t.equal(far.streams[1]?.mailbox, 'b@example.se')
  t.match(heard[0]?.hint, /may not impersonate a@/)
  t.notOk(
    heard.slice(1).some(({ hint }) => hint.includes('a@')),
    'the others hear nothing of it'
  )
})

t.test(
  'spent budgets leave those deaf who find no place, with what to raise, and the others live',
  async (t) => {
    const far = await streamingExchange(t)
    far.refuse = ({ operation, mailbox }) => {
      if (operation === 'Subscribe' && mailbox === 'c@example.se')
        return replied('Subscribe', '', 'ErrorExceededSubscriptionCount')
      if (operation === 'GetStreamingEvents' && mailbox === 'a@example.se')
        return fault('ErrorExceededConnectionCount')
      return null
    }
    const heard = far.watch(far.connector(), ...abc)
    const [a, b, c] = heard
    await until(() => a?.events.length === 1)
    t.match(a?.hint, /no further stream for a@example.se: raise HangingConnectionLimit/)
    far.timers.pass(1_000)
    await until(() => allActive([a!, b!]))
    t.same(far.streams[0]?.mailbox, 'b@example.se', 'the budget of another is not spent')
    t.same(c?.events, ['deaf throttled'])
    t.match(c?.hint, /subscriptions to c@example.se.*raise EWSMaxSubscriptions.*found by polling/)
  }
)

t.test('before 2010 SP2 the account pays, and what it has not is asked for once', async (t) => {
  const far = await streamingExchange(t)
  far.refuse = ({ operation }) =>
    operation === 'Subscribe' && operations(far.calls, 'Subscribe').length > 20
      ? replied('Subscribe', '', 'ErrorExceededSubscriptionCount')
      : null
  const mailboxes = Array.from({ length: 40 }, (_, index) => `u${index}@example.se`)
  const heard = far.watch(far.connector({ version: 'Exchange2010_SP1' }), ...mailboxes)
  await until(() => heard.filter(({ isActive: isLive }) => isLive).length === 20)
  await until(() => heard.every(({ events: told }) => told.length === 1))
  t.match(heard.at(-1)?.hint, /New-ThrottlingPolicy .*EWSMaxSubscriptions.*'HANVISA\\svc-hanvisa'/)
  t.ok(operations(far.calls, 'Subscribe').length <= 22, 'those behind it are not sent to be refused')

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
  const far = await streamingExchange(t)
  const heard = far.watch(far.connector(), ...abc)
  await until(() => allActive(heard))
  far.timers.pass(40_000)
  far.refuse = ({ operation }) =>
    operation === 'GetStreamingEvents' ? fault('ErrorServerBusy', 20_000) : null
  const before = far.calls.length
  far.streams[0]?.end(closed())
  await until(() => heard.every(({ isActive: isLive }) => !isLive))
  t.match(heard[0]?.events.at(-1), 'deaf throttled')
  far.timers.pass(1_000)
  await until(() => far.calls.length === before + 2)
  t.equal(far.calls.at(-1)?.mailbox, 'b@example.se', 'the budget of another is not spent')
})

t.test('a server that takes no second stream: the first goes before, and all are read again', async (t) => {
  const far = await streamingExchange(t)
  far.refuse = ({ operation }) =>
    operation === 'GetStreamingEvents' && far.open.length > 0 ? fault('ErrorExceededConnectionCount') : null
  const connector = far.connector()
  const early = far.watch(connector, ...abc)
  await until(() => allActive(early))
  const tries = () => operations(far.calls, 'GetStreamingEvents').length
  const [late] = far.watch(connector, 'd@example.se')
  await until(() => operations(far.calls, 'Subscribe').length === 4)
  for (let nth = 2; nth <= 4; nth += 1) {
    await until(() => far.timers.waits(2_500))
    far.timers.pass(2_500)
    await until(() => tries() === nth)
  }
  await until(() => late?.isActive === true && early.every(({ changes }) => changes === 1))
  t.same(late?.events, ['deaf throttled', 'deaf throttled', 'live', 'changed'])
  t.same(
    early.map(({ events: told }) => told),
    Array(3).fill(['live', 'changed'])
  )
  t.equal(far.open.length, 1)
})

t.test('a server that is gone for good with its subscriptions is given up after three tries', async (t) => {
  const far = await streamingExchange(t)
  const heard = far.watch(far.connector(), ...abc)
  await until(() => allActive(heard))
  far.timers.pass(40_000)
  far.refuse = ({ operation }) => (operation === 'GetStreamingEvents' ? fault('ErrorMailboxFailover') : null)
  const tries = () => operations(far.calls, 'GetStreamingEvents').length
  far.streams[0]?.response.destroy()
  for (let nth = 2; nth <= 3; nth += 1) {
    await until(() => far.timers.waits(4_000) && far.open.length === 0)
    far.timers.pass(4_000)
    await until(() => tries() === nth)
  }
  await until(() => operations(far.calls, 'Subscribe').length === 6)
  far.refuse = () => null
  await until(() => {
    if (far.timers.waits(5_000)) far.timers.pass(1_000)
    return allActive(heard)
  })
  t.same(
    far.streams.at(-1)?.ids.toSorted(),
    abc.map((mailbox) => idOf(mailbox, 2))
  )
  t.equal(far.streams.at(-1)?.mailbox, 'b@example.se', 'who was charged is the last to be')
  t.same(
    heard.map(({ changes }) => changes),
    [1, 1, 1]
  )
})

t.test(
  'a 401 in the middle: one more sign-in, and a refused password is not tried over and over',
  async (t) => {
    const far = await streamingExchange(t)
    const heard = far.watch(far.connector(), ...abc)
    await until(() => allActive(heard))
    far.timers.pass(40_000)
    const attempts = far.server.attempts
    far.streams[0]?.response.destroy()
    await until(() => !allActive(heard))
    far.timers.pass(1_000)
    await until(() => allActive(heard))
    t.equal(far.server.attempts, attempts + 1, 'a new connection signs in once')
    far.server.password = 'another'
    far.timers.pass(40_000)
    far.streams.at(-1)?.response.destroy()
    await until(() => !allActive(heard))
    far.timers.pass(1_000)
    await until(() => heard[0]?.events.at(-1) === 'deaf secret_invalid')
    t.ok(far.server.attempts <= attempts + 3, 'the directory is asked twice')
    t.match(heard[0]?.hint, /auth.password/)
    far.server.password = account.password
  }
)
