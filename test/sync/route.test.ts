/** `…/sync` over HTTP, and calendars that are files: what an operator sees and asks for. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import { sendError } from '../../src/api/problem.ts'
import { syncRoutes } from '../../src/api/routes/sync.ts'
import { schemas } from '../../src/api/schemas/all.ts'
import { validatorCompiler } from '../../src/api/validation.ts'
import { createIcsConnector } from '../../src/connectors/ics/connector.ts'
import { AddressPolicy } from '../../src/connectors/net/address-policy.ts'
import { openHttpClient } from '../../src/connectors/net/http-client.ts'
import { RemoteError } from '../../src/errors.ts'
import { machineTimers } from '../../src/lib/timers.ts'
import type { Management } from '../../src/management/management.ts'
import type { Sync } from '../../src/sync/sync.ts'
import t from '../group/tap.ts'
import { calendarEvent } from '../support/fake-calendar-server.ts'
import { harnessRules, hourMs, openSyncHarness, polling, type SyncHarness } from '../support/sync-harness.ts'

const publicOnly = new AddressPolicy({ allowPrivateTargets: false, allowedNetworks: [] })

const eight = Date.UTC(2026, 10, 23, 8)

async function api({ store, time }: SyncHarness, sync: Sync) {
  const app = Fastify()
  app.setErrorHandler(sendError)
  app.setValidatorCompiler(validatorCompiler(schemas))
  for (const schema of schemas) app.addSchema(schema)
  // test/api/audit.test.ts looks at what is recorded.
  const management = { audit: { record: async () => {} } } as unknown as Management
  app.decorateRequest('management', { getter: () => management })
  await app.register(syncRoutes({ store, sync, credentialOf: () => null, clock: time.clock }), {
    prefix: '/v1'
  })
  return async (method: 'GET' | 'POST', url: string) => {
    const response = await app.inject({ method, url: `/v1/tenants/${url}` })
    return { status: response.statusCode, body: response.json() }
  }
}

t.test(
  'where only availability with subjects can be read, operators see what that leaves unknown',
  async (t) => {
    const all = await openSyncHarness(t)
    const { side, tenant, people, open, until, state } = all
    side.detail.value = 'subjects-only'
    side.calendars.set('anna@acme.example', [])
    await tenant('acme')
    await people('acme', { anna: {} })
    const call = await api(all, await open())
    await until(async () => (await state('acme', 'anna')) === 'fresh')
    const { body } = await call('GET', 'acme/sync')
    const notes: string[] = body.users[0].notes
    t.ok(notes.some((note) => /Answers.*tentative event.*own too.*no trigger/.test(note)))
    t.ok(notes.some((note) => /Categories are unknown/.test(note)))
  }
)

t.test('operators see how many numbers in subjects the rules do not allow', async (t) => {
  const defaultRules = { ...harnessRules, forwardTargets: 'listed', forwardAllowed: ['070'] } as const
  const all = await openSyncHarness(t, { defaultRules })
  const { side, tenant, people, open, until, state, record } = all
  side.calendars.set('anna@acme.example', [
    calendarEvent('MÖT >0701234567', eight, eight + hourMs),
    calendarEvent('MÖT >0900123456', eight + 2 * hourMs, eight + 3 * hourMs)
  ])
  await tenant('acme')
  await people('acme', { anna: {} })
  const call = await api(all, await open())
  await until(async () => (await state('acme', 'anna')) === 'fresh')
  const { body } = await call('GET', 'acme/sync')
  t.match(body.users[0].notes, [/^One event names a number.*forwardAllowed/])
  t.notMatch(JSON.stringify(body), /0900/)
  const { timeline } = await record('acme', 'anna')
  t.same(
    timeline!.causes.map(({ forwardTo }) => forwardTo),
    ['0701234567', null]
  )
})

t.test(
  'operators see how each calendar and the connection fare, page by page, and may have them read now',
  async (t) => {
    const all = await openSyncHarness(t)
    const { side, tenant, people, open, until, state } = all
    side.detail.value = 'availability'
    side.calendars.set('anna@acme.example', [calendarEvent('MÖT', eight + hourMs, eight + 2 * hourMs)])
    await tenant('acme')
    await people('acme', { anna: {}, bo: {}, off: { syncEnabled: false } })
    const sync = await open()
    const call = await api(all, sync)
    await until(
      async () => (await state('acme', 'anna')) === 'fresh' && (await state('acme', 'bo')) === 'failed'
    )
    await until(async () => (await sync.connection('acme')).state === 'working')

    const { status, body } = await call('GET', 'acme/sync')
    t.equal(status, 200)
    const notifications = { state: 'disabled', live: 0, polling: 2, code: null, hint: null }
    t.match(body.connection, { state: 'working', code: null, hint: null, nextReadAt: null, notifications })
    const home = { connection: 'default', since: '2026-11-23T08:00:00Z', movedAt: null }
    t.same(body.users, [
      {
        user: 'anna',
        state: 'fresh',
        since: '2026-11-23T08:00:00Z',
        lastSuccess: '2026-11-23T08:00:00Z',
        code: null,
        hint: null,
        detail: 'availability',
        notes: [
          'Invitations that were declined cannot be told apart here: they count as accepted ones.',
          'Subjects and categories are not seen here, so triggers meet nothing.'
        ],
        notifications: 'polling',
        rulesVersion: 0,
        home
      },
      {
        user: 'bo',
        state: 'failed',
        since: '2026-11-23T08:00:00Z',
        lastSuccess: null,
        code: 'mailbox_unknown',
        hint: 'Correct the mailbox bo@acme.example.',
        detail: null,
        notes: [],
        notifications: null,
        rulesVersion: null,
        home
      },
      {
        user: 'off',
        state: 'off',
        since: '2026-11-23T08:00:00Z',
        lastSuccess: null,
        code: null,
        hint: null,
        detail: null,
        notes: [],
        notifications: null,
        rulesVersion: null,
        home
      }
    ])
    const page = await call('GET', 'acme/sync?limit=2')
    t.same([page.body.users.length, page.body.after], [2, 'bo'])
    t.same((await call('GET', 'acme/sync?limit=2&after=bo')).body.users[0].user, 'off')

    const asked = side.requests.length
    t.same(await call('POST', 'acme/sync'), { status: 202, body: { queued: 2 } })
    t.same(await call('POST', 'acme/sync?user=anna'), { status: 202, body: { queued: 1 } })
    t.same(await call('POST', 'acme/sync?user=off'), { status: 202, body: { queued: 0 } })
    await until(() => side.requests.length >= asked + 2)
    t.equal((await call('POST', 'acme/sync?user=nobody')).status, 404)
    t.equal((await call('GET', 'nowhere/sync')).status, 404)
    t.equal((await call('POST', 'nowhere/sync')).status, 404)
  }
)

t.test('operators see which calendars have an active subscription, and why others are polled', async (t) => {
  const all = await openSyncHarness(t)
  const { side, tenant, people, open, until, state, time, record } = all
  const ids = ['anna', 'bo', 'cy']
  for (const id of ids) side.calendars.set(`${id}@acme.example`, [])
  side.newSubscriptions = 'active'
  await tenant('acme')
  await people('acme', { anna: {}, bo: {}, cy: {} })
  const call = await api(all, await open())
  await time.run(1000)
  for (const id of ids) await until(async () => (await state('acme', id)) === 'fresh')
  await until(async () => (await record('acme', 'cy')).sync.subscribed)
  const answer = (await call('GET', 'acme/sync')).body
  t.same(answer.connection.notifications, { state: 'live', live: 3, polling: 0, code: null, hint: null })
  t.equal(answer.users[2].notifications, 'live')

  const quota = new RemoteError('throttled', 'Too many subscriptions: delete some.')
  for (const listener of side.watched.get('cy@acme.example')!) listener.onInactive(quota)
  const partly = (await call('GET', 'acme/sync')).body.connection.notifications
  t.match(partly, { state: 'partial', live: 2, polling: 1, code: 'throttled', hint: /polled.*delete some/ })
  await time.run(polling * 1000)
  await until(async () => !(await record('acme', 'cy')).sync.subscribed)
  t.equal((await call('GET', 'acme/sync')).body.users[2].notifications, 'polling')

  for (const those of side.watched.values()) for (const listener of those) listener.onInactive(quota)
  t.match((await call('GET', 'acme/sync')).body.connection.notifications, {
    state: 'fallbackPolling',
    live: 0,
    polling: 3
  })
  t.same(all.watches(), [['graph', { active: 0, inactive: 3 }]])
})

t.test('a calendar file that is edited is read at once, a wrong one affects nobody else', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'hanvisa-files-'))
  const outbound = openHttpClient({ addressPolicy: publicOnly })
  t.teardown(async () => {
    await outbound.close()
    await rm(folder, { recursive: true })
  })
  const { people, store, tenant, open, until, state, timeline, record } = await openSyncHarness(t, {
    clock: Date.now,
    timers: machineTimers,
    openConnector: (id) => createIcsConnector({ tenant: id, folder, httpClient: outbound })
  })
  const at = (hours: number) => Math.floor(Date.now() / hourMs + hours) * hourMs
  const calendar = (subject: string, start: number) => {
    const stamp = (instant: number) => new Date(instant).toISOString().replace(/[-:]|\.000/g, '')
    const lines = ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:test', 'BEGIN:VEVENT', 'UID:1']
    lines.push(`DTSTAMP:${stamp(start)}`, `DTSTART:${stamp(start)}`, `DTEND:${stamp(start + hourMs)}`)
    lines.push(`SUMMARY:${subject}`, 'END:VEVENT', 'END:VCALENDAR', '')
    return lines.join('\r\n')
  }
  await writeFile(join(folder, 'anna.ics'), calendar('MÖT: kund', at(2)))
  await writeFile(join(folder, 'bo.ics'), 'this is no calendar')
  await tenant('acme', 'right', 3600)
  await people('acme', {
    anna: { mailbox: 'anna.ics' },
    bo: { mailbox: 'bo.ics' },
    cy: { mailbox: 'cy.ics' }
  })
  await open()
  const ids = ['anna', 'bo', 'cy']
  await until(
    async () => (await Promise.all(ids.map((id) => state('acme', id)))).join() === 'fresh,failed,failed'
  )
  t.match((await timeline('acme', 'anna'))[0], /^meeting/)
  t.equal((await record('acme', 'bo')).sync.fault?.code, 'protocol_error')
  t.equal((await record('acme', 'cy')).sync.fault?.code, 'mailbox_unknown')

  await writeFile(join(folder, 'anna.ics'), calendar('lunch', at(3)))
  await until(async () => (await timeline('acme', 'anna'))[0]?.startsWith('busy') ?? false)
  await writeFile(join(folder, 'cy.ics'), calendar('MÖT', at(3)))
  await until(async () => (await state('acme', 'cy')) === 'fresh')
  t.equal((await store.users('acme', { limit: 9 })).length, 3)
})

t.test('operators see that a read is slow, and that an edit could not be read in time', async (t) => {
  const all = await openSyncHarness(t)
  const { side, tenant, people, store, open, until, state, record, time } = all
  side.calendars.set('anna@acme.example', [])
  await tenant('acme')
  await people('acme', { anna: {} })
  const sync = await open()
  await until(async () => (await state('acme', 'anna')) === 'fresh')
  const call = await api(all, sync)
  const notes = async () => (await call('GET', 'acme/sync')).body.users[0].notes as string[]
  t.same(await notes(), [])
  const held = (await record('acme', 'anna')).sync
  const save = (sync: typeof held) =>
    store.saveReadings('acme', [{ user: 'anna', sync, timeline: 'same', visible: true }], time.clock())
  await save({ ...held, slowMs: 75_400 })
  t.match(await notes(), [/Slow: the last read took 75 s/])
  await save({ ...held, overdueSince: time.clock() })
  t.match(await notes(), [/could not be read in time/])
})
