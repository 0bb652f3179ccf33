/** Exchange from end to end: the service as it runs, over the simulator's EWS, and what a customer reads of it. */
import type { Test } from 'tap'
import { Temporal } from 'temporal-polyfill'
import type { EventInput } from '../../simulator/calendar-item.ts'
import { startSimulator } from '../../simulator/simulator.ts'
import t from '../group/tap.ts'
import { startTestService } from '../support/service.ts'
import { until } from '../support/until.ts'

const directory = '3f1b2a3c-0000-4000-8000-00000000000b'
const account = { user: 'svc', password: 'right', address: 'svc@acme.example' }
const root = '/v1/tenants/acme'
/** Seconds: no poll makes up for a notification, nor for a failed read. */
const seldom = 3600

interface TestUser {
  readonly mailbox: string
  readonly timeZone?: string
}

async function openInstallation(
  t: Test,
  access: 'delegate' | 'impersonation',
  calendars: Readonly<Record<string, readonly EventInput[]>>,
  users: Readonly<Record<string, TestUser>>,
  pollSeconds = seldom
) {
  const simulator = await startSimulator()
  t.teardown(() => simulator.close())
  simulator.directories.put({ id: directory, apps: [] })
  simulator.installations.put(directory, {
    schemes: ['basic'],
    accounts: [{ ...account, impersonates: access === 'impersonation' ? 'everybody' : [] }]
  })
  for (const [address, events] of Object.entries(calendars)) {
    const rights = { [account.address]: 'reviewer' } as const
    simulator.mailboxes.put(directory, { address, timeZone: 'Europe/Stockholm', rights, events })
  }
  const service = await startTestService(t)
  const put = async (path: string, body: object) => {
    const { status, text } = await service.call('PUT', path, body)
    if (status >= 300) throw new Error(`${path}: ${text}`)
  }
  const get = async (path: string) => (await service.call('GET', `${root}${path}`)).body
  await service.tenant('acme')
  await put(`${root}/rules`, {
    pack: 'infracom',
    availability: { free: null, tentative: null, busy: 'busy', oof: 'out-of-office', workingElsewhere: null }
  })
  for (const [user, { mailbox, timeZone }] of Object.entries(users)) {
    const body = { displayName: user, extension: user, mailbox, syncEnabled: true }
    await put(`${root}/users/${user}`, { ...body, ...(timeZone !== undefined && { timeZone }) })
  }
  await put(`${root}/connection`, {
    kind: 'ews',
    url: `${simulator.origin}/${directory}/EWS/Exchange.asmx`,
    auth: { kind: 'basic', user: account.user, password: account.password },
    access,
    ca: simulator.ca,
    pollSeconds
  })
  return {
    simulator,
    service,
    get,
    edit: (address: string, event: EventInput) =>
      void simulator.mailboxes.putEvent(directory, address, event),
    untilState: (user: string, state: string) =>
      until(`${user} is ${state}`, async () => (await get(`/users/${user}/status`)).sync.state === state),
    untilLive: (count: number) =>
      until('all are notified of', async () => {
        const { notifications } = (await get('/sync')).connection
        return notifications.state === 'live' && notifications.live === count
      })
  }
}

const today = Temporal.Now.plainDateISO('UTC')

function wholeDay(days: number, showAs: 'oof' | 'busy' = 'oof'): EventInput {
  const date = today.add({ days })
  const end = date.add({ days: 1 })
  return { id: 'leave', subject: 'Ledig', start: `${date}`, end: `${end}`, allDay: true, showAs }
}

/** The day's midnights in the zone, as the API writes them. */
function midnights(days: number, timeZone: string) {
  const instantOf = (date: Temporal.PlainDate) =>
    new Date(date.toZonedDateTime(timeZone).epochMilliseconds).toISOString().replace('.000', '')
  const date = today.add({ days })
  return { start: instantOf(date), end: instantOf(date.add({ days: 1 })) }
}

t.test(
  'one mailbox, two zones, two spellings: each user has their own midnights, and all are live',
  async (t) => {
    const users = {
      anna: { mailbox: 'team@acme.example' },
      aino: { mailbox: 'team@acme.example', timeZone: 'Europe/Helsinki' },
      kim: { mailbox: 'Team@ACME.example', timeZone: 'America/New_York' }
    }
    const zones = { anna: 'Europe/Stockholm', aino: 'Europe/Helsinki', kim: 'America/New_York' }
    const calendar = { 'team@acme.example': [wholeDay(3)] }
    const { get, edit, untilLive, simulator } = await openInstallation(t, 'impersonation', calendar, users)
    await untilLive(3)
    const untilDays = (days: number) =>
      until(`the day is ${days} days ahead`, async () => {
        for (const [user, zone] of Object.entries(zones)) {
          const [interval] = (await get(`/users/${user}/timeline`)).intervals
          const { start, end } = midnights(days, zone)
          if (interval?.start !== start || interval.end !== end || interval.diversion !== 'out-of-office')
            return false
        }
        return true
      })
    await untilDays(3)
    t.equal(simulator.ewsSubscriptions.count(directory), 1, 'they share one subscription')
    edit('team@acme.example', wholeDay(5))
    await untilDays(5)
    const report = await get('/sync')
    t.same(
      report.users.map(({ user, notifications }: Record<string, unknown>) => [user, notifications]),
      Object.keys(users)
        .sort()
        .map((user) => [user, 'live'])
    )
  }
)

t.test('a server that is busy: who has a notified edit is stale at once, nobody else', async (t) => {
  const calendars = { 'anna@acme.example': [], 'bo@acme.example': [] }
  const users = { anna: { mailbox: 'anna@acme.example' }, bo: { mailbox: 'bo@acme.example' } }
  const { get, edit, simulator, untilLive, untilState } = await openInstallation(
    t,
    'impersonation',
    calendars,
    users,
    60
  )
  await untilLive(2)
  for (const user of ['anna', 'bo']) await untilState(user, 'fresh')
  // Longer than pollSeconds: it is known already that the edit cannot be read in time.
  const fault = { kind: 'status', status: 503, retryAfter: '1200', route: 'findItem' } as const
  const id = simulator.faults.add(fault)
  const start = new Date(Date.now() - 600_000).toISOString()
  const end = new Date(Date.now() + 3_600_000).toISOString()
  edit('anna@acme.example', { id: 'x', subject: 'MÖT', start, end })
  await untilState('anna', 'stale')
  t.equal((await get('/users/bo/status')).sync.state, 'fresh')
  const { connection, users: all } = await get('/sync?state=stale')
  t.match(connection, { state: 'failing', code: 'throttled' })
  t.match(all, [{ user: 'anna', code: 'throttled' }])
  simulator.faults.remove(id)
})

t.test('a mailbox that was never readable has a count of its own, and drives no lag', async (t) => {
  const users = { anna: { mailbox: 'anna@acme.example' }, gone: { mailbox: 'gone@acme.example' } }
  for (const access of ['delegate', 'impersonation'] as const) {
    const calendars = { 'anna@acme.example': [] }
    const { get, service, untilState } = await openInstallation(t, access, calendars, users)
    await untilState('anna', 'fresh')
    await untilState('gone', 'failed')
    t.match((await get('/sync?state=failed')).users, [{ user: 'gone', code: 'mailbox_unknown' }])
    const metric = async (name: string) => {
      const { text } = await service.call('GET', '/metrics')
      return Number(new RegExp(`^${name}(?:\\{.*\\})? (.+)$`, 'm').exec(text)?.[1])
    }
    await until('three failures in a row', async () => {
      await service.call('POST', `${root}/sync?user=gone`)
      return (await metric('hanvisa_unreadable_mailboxes')) === 1
    })
    const since = Date.parse((await get('/users/anna/status')).sync.since)
    const lag = await metric('hanvisa_freshness_lag_seconds')
    t.ok(lag <= (Date.now() - since) / 1000 + 1, `${lag} s is of the mailbox that is read`)
    await service.call('POST', `${root}/sync?user=anna`)
    await until('a read of the other makes it small', async () => {
      return (await metric('hanvisa_freshness_lag_seconds')) < 5
    })
  }
})
