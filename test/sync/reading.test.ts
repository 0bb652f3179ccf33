/** Calendars are read, evaluated and stored: what consumers see of it, what they do not, and what is never stored. */
import t from '../group/tap.ts'
import { calendarEvent, startFakeCalendarServer } from '../support/fake-calendar-server.ts'
import { harnessRules, hourMs, minuteMs, openSyncHarness, polling } from '../support/sync-harness.ts'

const eight = Date.UTC(2026, 10, 23, 8)
const at = (hours: number) => eight + hours * hourMs

t.test('after a start everybody is read at once, and the store holds their diversions', async (t) => {
  const { side, tenant, people, open, until, state, timeline } = await openSyncHarness(t)
  side.calendars.set('anna@acme.example', [
    calendarEvent('MÖT: kund', at(1), at(2)),
    calendarEvent('paus', at(3), at(4))
  ])
  side.calendars.set('bo@acme.example', [])
  await tenant('acme')
  await people('acme', { anna: {}, bo: {}, off: { syncEnabled: false }, none: { mailbox: null } })
  await open()
  await until(
    async () => (await state('acme', 'anna')) === 'fresh' && (await state('acme', 'bo')) === 'fresh'
  )
  t.same(await timeline('acme', 'anna'), ['meeting 1–2', 'busy 3–4'])
  t.same(await timeline('acme', 'bo'), [])
  t.equal(await state('acme', 'off'), 'off')
  t.equal(side.requests.length, 2)
})

t.test('no subject, location or calendar URL lies in the store or in the log', async (t) => {
  const { side, tenant, people, open, until, state, bytes, said } = await openSyncHarness(t)
  const secret = 'https://outlook.example/owa/calendar/s3cr3t/calendar.ics'
  const subject = 'MÖT: uppsägning av Karl-Bertil'
  side.calendars.set(secret, [
    calendarEvent(subject, at(1), at(2)),
    calendarEvent('xyzzy-hemlig', at(3), at(4))
  ])
  await tenant('acme')
  await people('acme', { anna: { mailbox: secret }, bo: { mailbox: 'https://outlook.example/n0body' } })
  await open()
  await until(
    async () => (await state('acme', 'anna')) === 'fresh' && (await state('acme', 'bo')) === 'failed'
  )
  const stored = await bytes()
  const log = JSON.stringify(said)
  for (const word of ['uppsägning', 'Karl-Bertil', 'xyzzy', 's3cr3t']) {
    for (const encoding of ['utf8', 'utf16le', 'latin1'] as const) {
      t.notOk(stored.includes(Buffer.from(word, encoding)), `${word} in the store as ${encoding}`)
    }
    t.notOk(log.includes(word), `${word} in the log`)
  }
  t.ok(stored.includes('meeting'), 'the folder was read as it is')
})

t.test('a shared mailbox is read once and decided for each user by triggers of their own', async (t) => {
  const { side, tenant, people, open, until, state, timeline } = await openSyncHarness(t)
  side.calendars.set('desk@acme.example', [calendarEvent('Fika', at(1), at(2))])
  await tenant('acme')
  await people('acme', {
    anna: { mailbox: 'desk@acme.example', triggers: [{ match: 'word', text: 'fika', diversion: 'lunch' }] },
    bo: { mailbox: 'desk@acme.example' }
  })
  await open()
  await until(
    async () => (await state('acme', 'anna')) === 'fresh' && (await state('acme', 'bo')) === 'fresh'
  )
  t.same(await timeline('acme', 'anna'), ['lunch 1–2'])
  t.same(await timeline('acme', 'bo'), ['busy 1–2'])
  t.equal(side.requests.length, 1)
})

t.test(
  'polls that find nothing new confirm without a log entry; an edit is seen within the interval',
  async (t) => {
    const { side, tenant, people, open, until, state, logged, record, timeline, time, reads } =
      await openSyncHarness(t)
    side.calendars.set('anna@acme.example', [
      calendarEvent('MÖT', at(1), at(2)),
      calendarEvent('MÖT', at(300), at(301))
    ])
    await tenant('acme')
    await people('acme', { anna: {} })
    await open()
    await until(async () => (await state('acme', 'anna')) === 'fresh')
    const entries = (await logged('acme')).length
    const { freshSince } = (await record('acme', 'anna')).sync

    for (let poll = 1; poll <= 3; poll++) {
      await time.run(polling * 1000)
      await until(
        async () => (await record('acme', 'anna')).sync.confirmedAt! > time.clock() - polling * 1000
      )
    }
    t.equal((await logged('acme')).length, entries)
    t.equal((await record('acme', 'anna')).sync.freshSince, freshSince)
    t.equal(side.requests.length, 4, 'once in each interval')
    t.same(reads, ['read', 'unchanged', 'unchanged', 'unchanged'])

    const near = [calendarEvent('MÖT', at(1), at(2)), calendarEvent('MÖT', at(3), at(4))]
    side.calendars.set('anna@acme.example', [...near, calendarEvent('MÖT', at(300), at(301))])
    await time.run(polling * 1000)
    await until(async () => (await timeline('acme', 'anna')).length === 3)
    t.equal(
      (await logged('acme')).length,
      entries,
      'an edit that no Status shows yet is stored without a log entry'
    )
    side.calendars.set('anna@acme.example', [calendarEvent('MÖT', at(1), at(2.5)), ...near.slice(1)])
    await time.run(polling * 1000)
    await until(async () => (await timeline('acme', 'anna'))[0] === 'meeting 1–2.5')
    t.equal((await logged('acme')).length, entries + 1, 'the next run is in the Status')
  }
)

t.test(
  'a running meeting that is deleted, shortened, moved or turned to Free clears within the interval',
  async (t) => {
    const { side, tenant, people, open, until, state, timeline, time, logged } = await openSyncHarness(t)
    const running = calendarEvent('MÖT', at(-1), at(2))
    const edits = {
      deleted: [],
      shortened: [calendarEvent('MÖT', at(-1), at(-0.5))],
      moved: [calendarEvent('MÖT', at(5), at(8))]
    }
    const free = { ...running, subject: 'paus', busy: 'free' as const }
    const people4 = Object.keys({ ...edits, free })
    for (const id of people4) side.calendars.set(`${id}@acme.example`, [running])
    await tenant('acme')
    await people('acme', Object.fromEntries(people4.map((id) => [id, {}])))
    await open()
    for (const id of people4) await until(async () => (await state('acme', id)) === 'fresh')
    for (const [id, events] of Object.entries({ ...edits, free: [free] })) {
      side.calendars.set(`${id}@acme.example`, events)
    }
    const entries = (await logged('acme')).length
    await time.run(polling * 1000)
    for (const id of people4) await until(async () => (await timeline('acme', id))[0] !== 'meeting -1–2')
    const seen = (await logged('acme')).slice(entries).flatMap(({ users }) => users)
    t.same([...new Set(seen)].sort(), people4.sort())
  }
)

t.test('the window moves on once a day, and then calendars are read whole', async (t) => {
  const { side, tenant, people, open, until, state, logged, time } = await openSyncHarness(t, {})
  side.calendars.set('anna@acme.example', [calendarEvent('MÖT', at(1), at(2))])
  await tenant('acme', 'right', 3600)
  await people('acme', { anna: {} })
  await open()
  await until(async () => (await state('acme', 'anna')) === 'fresh')
  const entries = (await logged('acme')).length
  for (let reads = 2; reads <= 20; reads++) {
    await time.run(hourMs)
    await until(() => side.requests.length === reads && side.requests.at(-1)!.start > 0)
    await until(async () => (await state('acme', 'anna')) === 'fresh')
  }
  const starts = [...new Set(side.requests.map(({ start }) => start))]
  t.same(starts, [Date.UTC(2026, 10, 22), Date.UTC(2026, 10, 23)])
  const firstOfDay = side.requests.findIndex(({ start }) => start === starts[1])
  t.equal(side.requests[firstOfDay]!.version, null)
  t.ok(side.requests[firstOfDay - 1]!.version)
  t.equal((await logged('acme')).length, entries, 'which nobody sees, as nothing is different')
})

t.test('subjects are asked for only where a rule looks at them', async (t) => {
  const { side, tenant, people, open, until, state } = await openSyncHarness(t, {
    defaultRules: { ...harnessRules, triggers: [] }
  })
  for (const id of ['anna', 'bo']) side.calendars.set(`${id}@acme.example`, [])
  await tenant('acme')
  await people('acme', { anna: { triggers: [{ match: 'word', text: 'x', diversion: 'lunch' }] }, bo: {} })
  await open()
  await until(
    async () => (await state('acme', 'anna')) === 'fresh' && (await state('acme', 'bo')) === 'fresh'
  )
  t.same(side.requests.map(({ mailbox, subjects }) => [mailbox, subjects]).sort(), [
    ['anna@acme.example', true],
    ['bo@acme.example', false]
  ])
})

t.test('a clock that is set neither stops polls nor causes a burst of them', async (t) => {
  const { side, tenant, people, open, until, state, record, time } = await openSyncHarness(t)
  for (const id of ['anna', 'bo', 'cy', 'di']) side.calendars.set(`${id}@acme.example`, [])
  await tenant('acme')
  await people('acme', { anna: {}, bo: {}, cy: {}, di: {} })
  await open()
  await until(async () => (await state('acme', 'di')) === 'fresh' && side.requests.length === 4)
  for (const by of [5 * hourMs, -9 * hourMs, 3 * minuteMs, -3 * minuteMs]) {
    time.set(by)
    const before = side.requests.length
    await time.run(1000)
    await until(async () => {
      const { confirmedAt } = (await record('acme', 'anna')).sync
      return confirmedAt !== null && Math.abs(confirmedAt - time.clock()) < polling * 1000
    })
    for (let second = 0; second < polling; second++) await time.run(1000)
    await until(() => side.requests.length >= before + 4)
    t.ok(side.requests.length - before <= 11, 'everybody at once, and their polls')
    t.equal(await state('acme', 'anna'), 'fresh')
  }
  for (let flaps = 0, before = side.requests.length; flaps < 20; flaps++) {
    time.set(flaps % 2 === 0 ? hourMs : -hourMs)
    await time.run(1000)
    t.ok(side.requests.length - before <= 11, 'a clock that jumps to and fro')
  }
})

t.test(
  'an edited calendar is read at once when the calendar server notifies, and soon again if edits go on',
  async (t) => {
    const { side, tenant, people, open, until, state, timeline, time } = await openSyncHarness(t)
    side.calendars.set('anna@acme.example', [])
    await tenant('acme')
    await people('acme', { anna: {} })
    await open()
    await until(async () => (await state('acme', 'anna')) === 'fresh')
    await time.run(3000)
    const edit = (hours: number) => {
      side.calendars.set('anna@acme.example', [calendarEvent('MÖT', at(hours), at(hours + 1))])
      side.edited('anna@acme.example')
    }
    edit(1)
    await until(async () => (await timeline('acme', 'anna'))[0] === 'meeting 1–2')
    const reads = side.requests.length
    edit(2)
    edit(3)
    await time.run(1900)
    t.equal(side.requests.length, reads)
    await time.run(200)
    await until(async () => (await timeline('acme', 'anna'))[0] === 'meeting 3–4')
    t.equal(side.requests.length, reads + 1)
  }
)

t.test('a read that a clock ahead of ours outdated is repeated', async (t) => {
  const { side, store, tenant, people, open, until, state, record, timeline, time } = await openSyncHarness(t)
  side.calendars.set('anna@acme.example', [])
  await tenant('acme')
  await people('acme', { anna: {} })
  const sync = await open()
  await until(async () => (await state('acme', 'anna')) === 'fresh')
  side.calendars.set('anna@acme.example', [calendarEvent('MÖT', at(1), at(2))])
  side.hanging.add('anna@acme.example')
  await sync.readNow('acme')
  await until(() => side.pending.size === 1)
  // The former owner had read it just before the edit.
  const confirmedAt = time.clock() + 500
  const { sync: held } = await record('acme', 'anna')
  const theirs = { user: 'anna', sync: { ...held, confirmedAt }, timeline: 'same', visible: false } as const
  await store.saveReadings('acme', [theirs], confirmedAt)
  await time.run(1000)
  side.release()
  await time.run(5_000)
  t.same(await timeline('acme', 'anna'), ['meeting 1–2'], 'without a poll')
})

t.test('a batch asks the store at most once, and not for what it saved itself', async (t) => {
  const side = await startFakeCalendarServer(50)
  const { tenant, people, store, until, time, state, open } = await openSyncHarness(t, { side })
  const ids = Array.from({ length: 40 }, (_, index) => `user${index}`)
  for (const id of ids) side.calendars.set(`${id}@acme.example`, [])
  await tenant('acme')
  await people('acme', Object.fromEntries(ids.map((id) => [id, {}])))
  const asked: number[] = []
  const { records } = store
  Object.assign(store, {
    records: (id: string, users: readonly string[]) => {
      asked.push(users.length)
      return records(id, users)
    }
  })
  const sync = await open()
  for (const id of ids) await until(async () => (await state('acme', id)) === 'fresh')
  await time.run(1000)
  asked.length = 0
  t.equal(await sync.readNow('acme'), 40)
  await until(() => side.requests.length === 80)
  await time.run(1000)
  t.same(asked, [], 'what this process saved last is known')

  for (const id of ['user1', 'user2']) {
    const override = { diversion: 'lunch', from: time.clock(), until: null }
    await store.saveOverride('acme', id, override, time.clock())
  }
  await time.run(1000)
  asked.length = 0
  await sync.readNow('acme')
  await until(() => side.requests.length === 120)
  await time.run(1000)
  t.same(asked, [2], 'what others changed is read')
})

t.test('nobody is polled later than the interval and a second', async (t) => {
  const { side, tenant, people, until, time, state, open } = await openSyncHarness(t)
  const ids = Array.from({ length: 10 }, (_, index) => `user${index}`)
  for (const id of ids) side.calendars.set(`${id}@acme.example`, [])
  await tenant('acme', 'right', 10)
  await people('acme', Object.fromEntries(ids.map((id) => [id, {}])))
  await open()
  for (const id of ids) await until(async () => (await state('acme', id)) === 'fresh')
  const polledAt = new Map<string, number>()
  let longestMs = 0
  let polls = 0
  let seen = side.requests.length
  for (let passed = 0; passed < 60_000; passed += 250) {
    await time.run(250)
    for (const { mailbox } of side.requests.slice(seen)) {
      const before = polledAt.get(mailbox)
      if (before !== undefined) longestMs = Math.max(longestMs, time.clock() - before)
      polledAt.set(mailbox, time.clock())
      polls += 1
    }
    seen = side.requests.length
  }
  t.equal(polledAt.size, 10)
  t.ok(polls >= 50, `${polls} polls`)
  t.ok(longestMs <= 11_000, `${longestMs} ms between two polls of one mailbox`)
})
