/** Absences that go on beyond the window: their true end is known, and polls pay nothing for it. */
import t from '../group/tap.ts'
import { calendarEvent } from '../support/fake-calendar-server.ts'
import { harnessRules, openSyncHarness, polling } from '../support/sync-harness.ts'

const dayMs = 86_400_000
/** The harness' clock begins on 2026-11-23. Midnight in Stockholm. */
const midnight = (month: number, day: number) => Date.UTC(2026, month - 1, day - 1, 23)
const defaultRules = { ...harnessRules, availability: { ...harnessRules.availability, oof: 'busy' } }

const vacation = (start: number, end: number) =>
  calendarEvent('SEM', start, end, { busy: 'oof', allDay: true })

t.test('an absence in two parts ends where the second does', async (t) => {
  const all = await openSyncHarness(t, { defaultRules })
  const { side, tenant, people, open, until, record, time, state } = all
  side.calendars.set('anna@acme.example', [
    vacation(midnight(11, 20), midnight(12, 20)),
    vacation(midnight(12, 20), midnight(13, 7))
  ])
  side.calendars.set('bo@acme.example', [vacation(midnight(11, 20), midnight(11, 25))])
  await tenant('acme')
  await people('acme', { anna: {}, bo: {} })
  await open()
  await until(async () => (await state('acme', 'anna')) === 'fresh')
  await until(async () => (await state('acme', 'bo')) === 'fresh')
  const { timeline } = await record('acme', 'anna')
  t.same([...timeline!.boundaries], [midnight(11, 20), midnight(13, 7)])
  t.equal(new Date(timeline!.boundaries[1]!).toISOString(), '2027-01-06T23:00:00.000Z')
  t.equal(timeline!.truncatedAt, null, 'the end is known')
  const requests = (mailbox: string) =>
    side.requests.filter((one) => one.mailbox === `${mailbox}@acme.example`)
  t.same([requests('anna').length, requests('bo').length], [2, 1], 'one read more, for her alone')

  // Every poll reads it again: the calendar server gives no version here.
  side.calendars.set('anna@acme.example', [
    vacation(midnight(11, 20), midnight(12, 20)),
    vacation(midnight(12, 20), midnight(13, 7)),
    calendarEvent('lunch', midnight(11, 1), midnight(11, 1) + 1)
  ])
  const before = requests('anna').length
  await time.run(10 * polling * 1000)
  await until(() => requests('anna').length >= before + 10)
  t.ok(requests('anna').length <= before + 11, 'what is beyond is not read at every poll')
  t.same([...(await record('acme', 'anna')).timeline!.boundaries], [midnight(11, 20), midnight(13, 7)])
})

t.test('a Free event that outlasts an absence does not hide that it goes on', async (t) => {
  const { side, tenant, people, open, until, record, state } = await openSyncHarness(t, { defaultRules })
  side.calendars.set('anna@acme.example', [
    vacation(midnight(11, 20), midnight(12, 20)),
    vacation(midnight(12, 20), midnight(13, 7)),
    calendarEvent('projekt', midnight(11, 20), midnight(14, 20), { busy: 'free' })
  ])
  await tenant('acme')
  await people('acme', { anna: {} })
  await open()
  await until(async () => (await state('acme', 'anna')) === 'fresh')
  const { timeline } = await record('acme', 'anna')
  t.same([...timeline!.boundaries], [midnight(11, 20), midnight(13, 7)])
  t.equal(timeline!.truncatedAt, null)
})

t.test('what goes on for more than 180 days has no known end, and is read in steps', async (t) => {
  const { side, tenant, people, open, until, record, time, state } = await openSyncHarness(t, {
    defaultRules
  })
  const first = midnight(11, 20)
  side.calendars.set(
    'anna@acme.example',
    Array.from({ length: 30 }, (_, index) =>
      vacation(first + index * 20 * dayMs, first + (index + 1) * 20 * dayMs)
    )
  )
  await tenant('acme')
  await people('acme', { anna: {} })
  await open()
  await until(async () => (await state('acme', 'anna')) === 'fresh')
  const { timeline } = await record('acme', 'anna')
  const end = timeline!.boundaries.at(-1)!
  t.equal(timeline!.truncatedAt, end)
  t.ok(end > time.clock() + 170 * dayMs, new Date(end).toISOString())
  t.ok(side.requests.length <= 7, `${side.requests.length} requests`)
})

t.test('an edit beyond the window that is notified of is found at once', async (t) => {
  const { side, tenant, people, open, until, record, time, state } = await openSyncHarness(t, {
    defaultRules
  })
  side.newSubscriptions = 'active'
  const until20 = vacation(midnight(11, 20), midnight(12, 20))
  side.calendars.set('anna@acme.example', [until20, vacation(midnight(12, 20), midnight(13, 7))])
  await tenant('acme')
  await people('acme', { anna: {} })
  await open()
  await time.run(1000)
  await until(async () => (await state('acme', 'anna')) === 'fresh')
  await time.run(10_000)
  side.calendars.set('anna@acme.example', [until20, vacation(midnight(12, 20), midnight(13, 14))])
  side.edited('anna@acme.example')
  await time.run(3_000)
  await until(async () => (await record('acme', 'anna')).timeline?.boundaries.at(-1) === midnight(13, 14))
  t.pass()
})
