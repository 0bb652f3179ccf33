/** What alarms are told of a tenant's sync: figures and codes, never what a calendar or a calendar system said. */
import t from '../group/tap.ts'
import { calendarEvent } from '../support/fake-calendar-server.ts'
import { minuteMs, openSyncHarness } from '../support/sync-harness.ts'

const eight = Date.UTC(2026, 10, 23, 8)

t.test('a connection that fails, and one that works again', async (t) => {
  const { side, tenant, people, open, until, state, connect, time } = await openSyncHarness(t)
  side.calendars.set('anna@acme.example', [calendarEvent('MÖT kanariefågel', eight, eight + minuteMs)])
  await tenant('acme', 'wrong')
  await people('acme', { anna: {} })
  const sync = await open()
  t.equal(sync.report('nobody'), null)
  await until(async () => (await state('acme', 'anna')) === 'failed')
  const first = sync.report('acme')!
  t.match(first, {
    connection: { state: 'failing', code: 'secret_invalid' },
    users: 1,
    pollMs: minuteMs,
    unreadableUsers: new Map()
  })
  await time.run(20 * minuteMs)
  const { connection } = sync.report('acme')!
  t.equal(connection.since, first.connection.since)
  t.ok(connection.failedAt! - connection.since >= 5 * minuteMs, 'it was refused a second time')
  await connect('acme', 'right')
  await until(async () => (await state('acme', 'anna')) === 'fresh')
  t.match(sync.report('acme'), {
    connection: { state: 'working', code: null, failedAt: null },
    staleUsers: 0
  })
  t.notOk(JSON.stringify(sync.report('acme')).includes('kanarie'))
})

t.test('mailboxes that cannot be read are counted by code, and their users can be named', async (t) => {
  const { side, tenant, people, open, until, state, time } = await openSyncHarness(t)
  side.calendars.set('anna@acme.example', [])
  await tenant('acme')
  await people('acme', { anna: {}, wrong: { mailbox: 'nobody@acme.example' } })
  const sync = await open()
  await until(async () => (await state('acme', 'wrong')) === 'failed')
  await time.run(20 * minuteMs)
  const report = sync.report('acme')!
  t.strictSame([...report.unreadableUsers], [['mailbox_unknown', 1]])
  t.match(report, { connection: { state: 'working' }, users: 2, staleUsers: 1 })
  t.strictSame(sync.affectedUsers('acme', 5), ['wrong'])
  t.notOk(JSON.stringify([report, ...report.unreadableUsers]).includes('nobody@'), 'no address')
})
