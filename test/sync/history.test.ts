/** Intervals that ended are dropped once their time is over, though the calendar never differs in what still counts. */
import t from '../group/tap.ts'
import { calendarEvent } from '../support/fake-calendar-server.ts'
import { hourMs, openSyncHarness } from '../support/sync-harness.ts'

const eight = Date.UTC(2026, 10, 23, 8)
const at = (hours: number) => eight + hours * hourMs

t.test(
  'two days after its end an interval is not in the store, and the Status no longer says since when it is over',
  async (t) => {
    const { side, tenant, people, open, until, state, store, time } = await openSyncHarness(t, {
      startAt: eight
    })
    side.calendars.set('anna@acme.example', [
      calendarEvent('MÖT', at(-20), at(-19)),
      calendarEvent('MÖT', at(60), at(61))
    ])
    // Thirty hours of readings, few of them.
    await tenant('acme', 'right', 900)
    await people('acme', { anna: {} })
    await open()
    await until(async () => (await state('acme', 'anna')) === 'fresh')
    const kept = async () => (await store.record('acme', 'anna'))?.timeline?.causes.length
    t.equal(await kept(), 2)
    await time.run(28 * hourMs)
    t.equal(await kept(), 2, 'not two days ago')
    const { position } = (await store.snapshot('acme'))!
    await time.run(2 * hourMs)
    await until(async () => (await kept()) === 1)
    const entries = await store.log('acme', position)
    t.match(entries, [{ users: ['anna'] }])
    t.equal(entries?.length, 1)
  }
)
