/** Mailboxes that move between two connections of a tenant: what makes sync look elsewhere, what does not, and that nothing is lost. */
import type { Test } from 'tap'
import { statusAt } from '../../src/domain/status.ts'
import t from '../group/tap.ts'
import { calendarEvent } from '../support/fake-calendar-server.ts'
import { openHybridTenant, type SideAnswer } from '../support/hybrid-tenant.ts'
import { longTests } from '../support/long-tests.ts'
import { hourMs, minuteMs } from '../support/sync-harness.ts'

const eight = Date.UTC(2026, 10, 23, 8)
const address = (user: string) => `${user}@acme.example`

/** Anna's mailbox, read on premises. */
async function annaOnPremises(t: Test) {
  const events = [calendarEvent('MÖT', eight + hourMs, eight + 2 * hourMs)]
  const all = await openHybridTenant(t, () => events)
  all.exchange.answers.set(address('anna'), 'here')
  // Of a colleague everything shows all the while.
  all.exchange.answers.set(address('bo'), 'here')
  await all.people('acme', { anna: {}, bo: {} })
  await all.open()
  for (const user of ['anna', 'bo'])
    await all.passUntil(async () => (await all.state('acme', user)) === 'fresh')
  all.exchange.endSubscription(address('bo'))
  return { ...all, events }
}

t.test('each side’s answer in the table of the sheet moves the mailbox, or does not', async (t) => {
  // What Exchange says after the mailbox was read there, what the cloud says, and where it is read then.
  const rows: readonly (readonly [SideAnswer, SideAnswer, 'exchange' | 'cloud', string])[] = [
    ['here', 'absent', 'exchange', 'on premises'],
    ['here', 'here', 'exchange', 'two mailboxes: a success elsewhere moves nobody'],
    ['stale', 'here', 'exchange', 'being moved, or its store unavailable'],
    ['unknown4xx', 'here', 'exchange', 'a code that nobody knows is no answer'],
    ['unreachable', 'here', 'exchange', 'a server that is away'],
    ['refused', 'here', 'exchange', 'a wrong password'],
    ['denied', 'here', 'exchange', 'there, but not allowed'],
    ['times', 'here', 'cloud', 'moved, and still answered across with times alone'],
    ['times', 'absent', 'exchange', 'a right that was taken back'],
    ['absent', 'here', 'cloud', 'moved'],
    ['absent', 'denied', 'cloud', 'moved, and the application is not allowed there'],
    ['absent', 'stale', 'exchange', 'just moved, the directory of the cloud is stale'],
    ['absent', 'unreachable', 'exchange', 'moved, while the cloud is away'],
    ['absent', 'absent', 'exchange', 'removed']
  ]
  for (const [exchange, cloud, home, what] of rows) {
    await t.test(what, async (t) => {
      const all = await annaOnPremises(t)
      all.exchange.answers.set(address('anna'), exchange)
      all.cloud.answers.set(address('anna'), cloud)
      if (exchange !== 'here') all.exchange.endSubscription(address('anna'))
      await all.time.run(10 * minuteMs)
      t.equal((await all.home('anna'))?.connection, home)
      t.strictSame(
        await all.timeline('acme', 'anna'),
        what === 'a right that was taken back' ? ['busy 1–2'] : ['meeting 1–2'],
        'what was read holds'
      )
      const isUnknown = (await all.record('acme', 'anna')).sync.fault?.code === 'mailbox_unknown'
      t.equal(isUnknown, exchange === 'absent' && home === 'exchange', 'and the operator sees it')
      if (exchange !== 'absent' && exchange !== 'times')
        t.equal(all.cloud.reads.get(address('anna')) ?? 0, 1, 'asked once, to place her')
    })
  }
})

t.test('a mailbox moves: the old timeline holds, the new side is watched, the old one no more', async (t) => {
  const all = await annaOnPremises(t)
  t.ok(all.exchange.watched.has(address('anna')))
  all.exchange.answers.set(address('anna'), 'absent')
  all.cloud.answers.set(address('anna'), 'here')
  all.exchange.endSubscription(address('anna'))
  await all.time.run(40_000)
  t.equal((await all.home('anna'))?.connection, 'exchange', 'one answer is not enough')
  const seen = new Set<string>()
  for (let second = 0; second < 180; second += 5) {
    await all.time.run(5_000)
    seen.add((await all.timeline('acme', 'anna')).join())
  }
  t.strictSame([...seen], ['meeting 1–2'], 'at no moment the move itself changes anything')
  const home = await all.home('anna')
  t.match(home, { connection: 'cloud', proof: 'moved' })
  t.ok(home!.since - eight >= minuteMs, 'the second answer came a minute later, or more')
  t.strictSame([all.exchange.watched.has(address('anna')), all.cloud.watched.size], [false, 1])
  t.equal(all.counted('moves'), 1)
  t.equal((await all.record('acme', 'anna')).sync.subscribed, true)

  all.events.push(calendarEvent('MÖT', eight + 4 * hourMs, eight + 5 * hourMs))
  all.cloud.watched.get(address('anna'))!.onChange()
  await all.time.run(5_000)
  t.strictSame(await all.timeline('acme', 'anna'), ['meeting 1–2', 'meeting 4–5'], 'edits there are seen')

  all.cloud.answers.set(address('anna'), 'absent')
  all.exchange.answers.set(address('anna'), 'here')
  all.cloud.endSubscription(address('anna'))
  await all.time.run(5 * minuteMs)
  t.equal((await all.home('anna'))?.connection, 'exchange', 'and back again')
})

t.test(
  'a new mailbox is placed where it is; of two, where it was used; of none, an hour later',
  async (t) => {
    const used = [calendarEvent('LUN', eight - 20 * 24 * hourMs, eight - 20 * 24 * hourMs + hourMs)]
    const all = await openHybridTenant(t, (mailbox, side) =>
      mailbox === address('both') && side === 'cloud' ? used : []
    )
    const { exchange, cloud } = all
    for (const user of ['premises', 'both', 'empty']) exchange.answers.set(address(user), 'here')
    for (const user of ['cloudy', 'both', 'empty']) cloud.answers.set(address(user), 'here')
    cloud.answers.set(address('locked'), 'denied')
    await all.people('acme', { premises: {}, cloudy: {}, both: {}, empty: {}, locked: {}, nobody: {} })
    await all.open()
    const found = async (user: string) => {
      const home = await all.home(user)
      return home && `${home.connection} ${home.proof}`
    }
    for (const user of ['premises', 'cloudy', 'both', 'empty', 'locked']) {
      await all.passUntil(async () => (await found(user)) !== null)
    }
    for (const user of ['nobody', 'locked']) {
      await all.passUntil(async () => (await all.record('acme', user)).sync.fault !== null)
    }
    t.equal(await found('premises'), 'exchange answered')
    t.equal(await found('cloudy'), 'cloud answered')
    t.equal(await found('both'), 'cloud events')
    t.equal(await found('empty'), 'exchange order')
    t.equal(await found('locked'), 'cloud answered')
    t.equal(await found('nobody'), null)
    t.match((await all.record('acme', 'nobody')).sync.fault, { code: 'mailbox_unknown' })
    t.equal((await all.record('acme', 'locked')).sync.fault?.code, 'access_denied')

    cloud.answers.set(address('nobody'), 'here')
    await all.time.run(30 * minuteMs)
    t.equal(await found('nobody'), null)
    await all.time.run(40 * minuteMs)
    t.equal(await found('nobody'), 'cloud answered')
    t.equal(await all.state('acme', 'nobody'), 'fresh')
  }
)

t.test('what befalls one connection does not touch the mailboxes of the other', async (t) => {
  const all = await openHybridTenant(t, () => [])
  const { exchange, cloud } = all
  exchange.answers.set(address('anna'), 'here')
  cloud.answers.set(address('bo'), 'here')
  await all.people('acme', { anna: {}, bo: {} })
  const sync = await all.open()
  for (const user of ['anna', 'bo']) {
    await all.passUntil(async () => (await all.state('acme', user)) === 'fresh')
  }
  exchange.outage = 'refused'
  for (const user of ['anna', 'bo']) exchange.endSubscription(address(user))
  cloud.endSubscription(address('bo'))
  await all.time.run(5 * minuteMs)
  t.match(await sync.connection('acme', 'exchange'), { state: 'failing', fault: { code: 'secret_invalid' } })
  t.equal((await sync.connection('acme', 'cloud')).state, 'working')
  t.equal((await all.record('acme', 'anna')).sync.fault?.code, 'secret_invalid')
  t.equal((await all.record('acme', 'bo')).sync.fault, null)
  t.equal(await all.state('acme', 'bo'), 'fresh')
  const before = exchange.reads.get(address('anna'))
  await sync.readNow('acme', ['bo'])
  await all.time.run(5_000)
  t.equal(exchange.reads.get(address('anna')), before, 'its pause is not ended by who reads over the other')

  await all.store.saveConnection('acme', all.connections(['cloud']), false, all.time.clock())
  exchange.answers.clear()
  cloud.answers.set(address('anna'), 'here')
  await all.time.run(10_000)
  t.equal(await all.state('acme', 'anna'), 'fresh', 'the only one that is left is asked')
})

// In its long form the 2,000 mailboxes of the customer; in the short one their first 400.
const mailboxes = longTests ? 2_000 : 400

t.test('a night in which half of all mailboxes move loses no transition', { timeout: 300_000 }, async (t) => {
  await night(t)
})

/** Everybody has a meeting at an hour of their own, and another that is entered after the move. */
async function night(t: Test): Promise<void> {
  const users = Array.from({ length: mailboxes }, (_, index) => `u${index}`)
  const first = (index: number) => eight + (10 + (index % 110)) * minuteMs
  const moving = users.slice(0, mailboxes / 2)
  const late = new Set<string>()
  const eventsOf = (mailbox: string) => {
    const index = Number(mailbox.slice(1, mailbox.indexOf('@')))
    const start = first(index)
    const known = [calendarEvent('MÖT', start, start + 30 * minuteMs)]
    if (late.has(mailbox)) known.push(calendarEvent('MÖT sent', start + 60 * minuteMs, start + 75 * minuteMs))
    return known
  }
  const all = await openHybridTenant(t, eventsOf)
  for (const user of users) all.exchange.answers.set(address(user), 'here')
  const home = { connection: 'exchange', since: eight, proof: 'answered' } as const
  await all.people('acme', Object.fromEntries(users.map((user) => [user, {}])))
  const records = await all.store.records('acme', users)
  await all.store.saveReadings(
    'acme',
    records.map((record) => ({
      user: record!.user.id,
      sync: { ...record!.sync, home },
      timeline: 'same',
      visible: false
    })),
    eight
  )
  await all.open()
  await all.time.run(20_000)
  let wrong = 0
  const check = async () => {
    const now = all.time.clock()
    for (const [index, record] of (await all.store.records('acme', users)).entries()) {
      const inMeeting = eventsOf(address(users[index]!)).some(({ start, end }) => start <= now && now < end)
      const { diversion } = statusAt(record!.timeline!, now)
      if ((diversion === 'meeting') !== inMeeting) wrong += 1
    }
  }
  // Bursts, as the batches of a migration end.
  for (let minute = 0; minute < 60; minute += 5) {
    for (const user of moving.slice((minute / 60) * moving.length, ((minute + 5) / 60) * moving.length)) {
      all.exchange.answers.set(address(user), 'absent')
      all.cloud.answers.set(address(user), 'here')
      all.exchange.endSubscription(address(user))
    }
    await all.time.run(5 * minuteMs)
    await check()
  }
  await all.time.run(20 * minuteMs)
  for (const user of moving) {
    late.add(address(user))
    all.cloud.watched.get(address(user))?.onChange()
  }
  for (let minute = 0; minute < 60; minute += 10) {
    await all.time.run(10 * minuteMs)
    await check()
  }
  const homes = (await all.store.records('acme', users)).map((record) => record!.sync.home?.connection)
  t.equal(homes.filter((home) => home === 'cloud').length, moving.length)
  t.equal(wrong, 0, 'at every moment everybody is as their calendar says')
  t.strictSame([all.exchange.watched.size, all.cloud.watched.size], [moving.length, moving.length])
  t.ok(mostIn(all.cloud.probes, 1_000) <= 2, `${mostIn(all.cloud.probes, 1_000)} probes in a second`)
}

/** The most instants within any span of so many milliseconds. */
function mostIn(instants: readonly number[], spanMs: number): number {
  return Math.max(
    0,
    ...instants.map((from, at) => instants.slice(at).filter((one) => one < from + spanMs).length)
  )
}
