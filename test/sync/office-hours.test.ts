/** Office hours that are put while a calendar is being read: what shows only because of them is not lost. */
import t from '../group/tap.ts'
import { calendarEvent } from '../support/fake-calendar-server.ts'
import { hourMs, openSyncHarness } from '../support/sync-harness.ts'

const eight = Date.UTC(2026, 10, 23, 8)
const day = 24 * hourMs
const officeHours = { week: { mon: [['08:00', '17:00']] }, outside: 'busy' } as const

t.test(
  'hours of the tenant, or of the user, that come during a read make its difference visible',
  async (t) => {
    for (const whose of ['tenant', 'user'] as const) {
      const all = await openSyncHarness(t)
      const { store, side, time, until } = all
      const mailbox = 'anna@acme.example'
      const first = calendarEvent('MÖT', eight + hourMs, eight + 2 * hourMs)
      side.calendars.set(mailbox, [first])
      await all.tenant('acme')
      await all.people('acme', { anna: {} })
      const sync = await all.open()
      await until(async () => (await all.state('acme', 'anna')) === 'fresh')
      await time.run(5_000)

      // Next week: without hours no Status shows it.
      side.calendars.set(mailbox, [first, calendarEvent('MÖT', eight + 7 * day, eight + 7 * day + hourMs)])
      side.hanging.add(mailbox)
      await sync.readNow('acme', ['anna'])
      await until(() => side.pending.size > 0)
      const { user } = await all.record('acme', 'anna')
      const tenant = (await store.tenant('acme'))!
      if (whose === 'tenant') await store.saveTenant({ ...tenant, officeHours }, time.clock())
      else await store.saveUsers('acme', [{ user: { ...user, officeHours }, sync: null }], time.clock())
      const { position } = (await all.logged('acme')).at(-1)!
      side.release()
      await until(async () => (await all.timeline('acme', 'anna')).length === 2)
      const later = (await store.log('acme', position))!
      t.match(later, [{ users: ['anna'] }], `of the ${whose}: the reading is in the change log`)
    }
  }
)
