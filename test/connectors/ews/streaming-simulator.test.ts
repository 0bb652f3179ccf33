/** Streams and digests over the simulator's Exchange: several servers, odd chunk boundaries, breaks amid edits. */
import t from '../../group/tap.ts'
import { hangSignal, until } from '../../support/until.ts'
import { exchangeMeeting, isCall, openExchange } from './exchange.ts'
import { type RecordedSubscription, subscribeRecorded } from './streaming-exchange.ts'

const addresses = (many: number) => Array.from({ length: many }, (_, index) => `u${index}@example.se`)

for (const version of ['2010_SP3', 'SE'] as const) {
  t.test(`${version}: a group stays on the server that has its subscriptions`, async (t) => {
    const { simulator, directory, put, install, connector } = await openExchange(t, 'impersonation')
    install({ version, servers: 3, ...(version === 'SE' ? { anchored: true } : {}) })
    const mailboxes = addresses(30)
    for (const mailbox of mailboxes) put(mailbox, {})
    const one = connector()
    const recorded = mailboxes.map((mailbox) => subscribeRecorded(one, mailbox))
    await until(() => recorded.every(({ isActive: isLive }) => isLive))
    const streams = simulator.ewsSubscriptions.streams.count
    t.equal(streams, version === 'SE' ? 3 : 1, 'from 2013 on Autodiscover says who shares a server')
    for (const mailbox of mailboxes) simulator.mailboxes.putEvent(directory, mailbox, exchangeMeeting('MÖT'))
    await until(() => recorded.every(({ changes }) => changes > 0))
    t.notOk(recorded.some(({ events }) => events.some((word) => word.startsWith('inactive'))))
    if (version === 'SE') {
      const routes = simulator.requests.list().map(({ route }) => route)
      t.equal(routes.filter((route) => route === 'subscribe').length, 30, 'each subscribes once')
    }
  })
}

t.test('wherever chunks are split, every edit is notified, and nobody else', async (t) => {
  const { simulator, directory, put, connector } = await openExchange(t, 'impersonation')
  const mailboxes = addresses(20)
  for (const mailbox of mailboxes) put(mailbox, {})
  const one = connector()
  const recorded = mailboxes.map((mailbox) => subscribeRecorded(one, mailbox))
  await until(() => recorded.every(({ isActive: isLive }) => isLive))
  for (const [nth, chunks] of (['documents', 'joined', 'split', 'mixed'] as const).entries()) {
    simulator.ewsSubscriptions.streams.configure({ chunks, seed: nth + 1 })
    const edited = recorded.filter((_, index) => index % 2 === nth % 2)
    const others = recorded.filter((each) => !edited.includes(each))
    const before = new Map(recorded.map((each) => [each, each.changes]))
    for (const { mailbox } of edited)
      simulator.mailboxes.putEvent(directory, mailbox, exchangeMeeting(chunks))
    await until(() => edited.every((each) => each.changes > (before.get(each) ?? 0)))
    t.ok(
      others.every((each) => each.changes === before.get(each)),
      chunks
    )
  }
})

t.test('streams break in every way amid edits, and no edit is missed', async (t) => {
  const { simulator, directory, put, connector } = await openExchange(t, 'impersonation')
  const mailboxes = addresses(30)
  for (const mailbox of mailboxes) put(mailbox, {})
  const edit = ({ mailbox }: RecordedSubscription) =>
    void simulator.mailboxes.putEvent(directory, mailbox, exchangeMeeting('MÖT'))
  const breaks = [
    () => simulator.ewsSubscriptions.streams.end('cut'),
    () => simulator.ewsSubscriptions.streams.end('close'),
    () => {
      simulator.ewsSubscriptions.streams.configure({ hangsUp: false })
      simulator.ewsSubscriptions.streams.end('close')
    },
    () => simulator.ewsSubscriptions.streams.end('reset'),
    () => simulator.ewsSubscriptions.dropSubscriptions({ probability: 0.3, seed: 7 }),
    () => simulator.ewsSubscriptions.dropSubscriptions({ probability: 0.3, seed: 8, silently: true }),
    () => simulator.ewsSubscriptions.dropAll(directory)
  ]
  for (const [nth, breakIt] of breaks.entries()) {
    // Each has a connector of its own, because breaks in a row are waited out longer and longer.
    const one = connector()
    const recorded = mailboxes.map((mailbox) => subscribeRecorded(one, mailbox))
    await until(() => recorded.every(({ isActive: isLive }) => isLive))
    for (const each of recorded) each.events.length = 0
    for (const each of recorded.slice(0, 15)) edit(each)
    breakIt()
    for (const each of recorded.slice(15)) edit(each)
    // A subscription that died without a word is found out by the next stream.
    if (nth === 5) simulator.ewsSubscriptions.streams.end('reset')
    await until(() => recorded.every(({ events, isActive }) => isActive && events.includes('changed')))
    for (const { watch } of recorded) watch.stop()
    await one.close()
    await until(() => simulator.ewsSubscriptions.streams.count === 0)
    t.pass(`break ${nth}`)
  }
})

t.test('digests: a hundred mailboxes a call, equal until something moves', async (t) => {
  const { simulator, directory, put, connector } = await openExchange(t, 'impersonation')
  const mailboxes = addresses(150)
  for (const mailbox of mailboxes)
    put(mailbox, { right: 'freeBusy' }, exchangeMeeting('MÖT'), exchangeMeeting('LUN'))
  const one = connector()
  const ask = (asked: readonly string[], days = 14) =>
    one.fingerprints({
      targets: asked.map((mailbox) => ({ mailbox, timeZone: 'Europe/Stockholm' })),
      window: {
        start: Date.parse('2026-11-16T00:00:00Z'),
        end: Date.parse('2026-11-16T00:00:00Z') + days * 86_400_000
      },
      subjects: true,
      signal: hangSignal()
    })
  const first = await ask(mailboxes)
  t.ok(first.every((digest) => typeof digest === 'string' && digest.length < 64))
  t.equal(new Set(first).size, 1, 'the same hours')
  const calls = () => simulator.requests.list().filter(isCall)
  t.same(
    calls()
      .map(({ route, items }) => [route, items])
      .sort()
      .slice(-2),
    [
      ['getUserAvailability', 100],
      ['getUserAvailability', 50]
    ]
  )
  put('u1@example.se', { right: 'freeBusy' }, exchangeMeeting('LUN'), exchangeMeeting('Något annat'))
  put('u2@example.se', { right: 'freeBusy' }, exchangeMeeting('MÖT'))
  put(
    'u3@example.se',
    { right: 'freeBusy' },
    exchangeMeeting('MÖT'),
    exchangeMeeting('LUN', { showAs: 'oof' })
  )
  put('u4@example.se', { right: 'none' }, exchangeMeeting('MÖT'))
  const asked = ['U0@example.se', 'u0@example.se', 'u1@example.se', 'u2@example.se', 'u3@example.se']
  const [a, same, b, c, d, e, f, g] = await ask([...asked, 'u4@example.se', 'nobody@example.se', 'Kalle'])
  t.same(
    [a, same, b],
    [first[0], first[0], first[0]],
    'subjects that the account may not see are no part of it'
  )
  t.ok(new Set([a, c, d]).size === 3)
  t.same([e, f, g], [null, null, null], 'who cannot be seen is read instead')
  t.same(await ask(asked, 63), Array(5).fill(null), 'a window that Exchange does not show')
  const fault = simulator.faults.add({ kind: 'garbage', garbage: 'html', route: 'getUserAvailability' })
  t.same(await ask(asked), Array(5).fill(null))
  simulator.faults.remove(fault)
  t.equal((await ask(asked))[0], first[0])
  t.ok(simulator.mailboxes.find(directory, 'u0@example.se'))
})

t.test(
  'digests: a change of a subject alone shows where the account may read details, at no further call',
  async (t) => {
    const { simulator, put, connector } = await openExchange(t, 'impersonation')
    const levels = ['freeBusy', 'limitedDetails', 'reviewer'] as const
    const fill = (subject: string) => {
      for (const right of levels) put(`${right}@example.se`, { right }, exchangeMeeting(subject))
    }
    const one = connector()
    const ask = () =>
      one.fingerprints({
        targets: levels.map((right) => ({ mailbox: `${right}@example.se`, timeZone: 'Europe/Stockholm' })),
        window: { start: Date.parse('2026-11-16T00:00:00Z'), end: Date.parse('2026-11-23T00:00:00Z') },
        subjects: true,
        signal: hangSignal()
      })
    fill('MÖT')
    const before = await ask()
    t.same(await ask(), before)
    fill('VAB')
    simulator.requests.clear()
    const after = await ask()
    t.same(
      after.map((digest, index) => digest !== before[index]),
      [false, true, true]
    )
    t.equal(simulator.requests.list().filter(isCall).length, 1)
    t.notOk(
      after.some((digest) => digest?.includes('VAB')),
      'and no subject is in it'
    )
  }
)

t.test('digests: delegates read by the very same call; applications must impersonate somebody', async (t) => {
  const window = { start: Date.parse('2026-11-16T00:00:00Z'), end: Date.parse('2026-11-23T00:00:00Z') }
  const signal = hangSignal()
  const targets = ['a@example.se', 'b@example.se'].map((mailbox) => ({ mailbox, timeZone: 'UTC' }))
  const delegate = await openExchange(t, 'delegate')
  delegate.put('a@example.se', {}, exchangeMeeting('MÖT'))
  t.same(await delegate.connector().fingerprints({ targets, window, subjects: true, signal }), [null, null])
  t.equal(delegate.simulator.requests.list().length, 0)
  const oauth = await openExchange(t, 'impersonation', 'oauth')
  for (const { mailbox } of targets) oauth.put(mailbox, {}, exchangeMeeting('MÖT'))
  const [a, b] = await oauth.connector().fingerprints({ targets, window, subjects: true, signal })
  t.ok(a !== null && a === b)
})
