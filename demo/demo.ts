/** `npm run demo`: the service, a small Exchange and three sample tenants, and what their calendars do to the phones. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { ApiClient, DemoStatus } from './api.ts'
import { type Calendars, openCalendars } from './calendars.ts'
import { type Child, type ChildOptions, startChild } from './children.ts'
import { followChanges, type TenantStatuses } from './follow.ts'
import { type MovePhase, moveMailbox } from './move.ts'
import { type WatchedPresence, watchPresence } from './presence-server.ts'
import { openScreen } from './screen.ts'
import { type ConnectionBodies, makeSwitchKey, readLabels, setUpTenant, startDemoService } from './service.ts'
import { type DemoSimulator, startDemoSimulator } from './simulator.ts'
import { createEditStopwatch, type EditLatency } from './stopwatch.ts'
import { type SampleTenant, sampleTenants } from './tenants.ts'
import { receiveWebhooks } from './webhook.ts'

/** Between two edits in somebody's calendar. Without notifications the service polls as often. */
const EDIT_EVERY = 10_000

const dist = fileURLToPath(new URL('../', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'hanvisa-demo-'))
const screen = openScreen(process.stdout, process.env, sampleTenants)
const children: Child[] = []
const ending = new AbortController()
const now = () => performance.now()
const stopwatch = createEditStopwatch(now)

/** With null when somebody wants the demo to end, with the story when something goes wrong. */
const ended = new Promise<string | null>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // The second time somebody is in a hurry.
      if (ending.signal.aborted) for (const child of children) child.kill()
      resolve(null)
    })
  }
  // Whoever read what we write has gone.
  process.stdout.on('error', () => resolve(null))
  run(resolve).catch((error: unknown) => {
    // A child that died makes calls fail, and is the better story.
    setTimeout(() => resolve(error instanceof Error ? error.message : String(error)), 1_000)
  })
})
const fault = await ended
ending.abort()
screen.close()
await Promise.all(children.map((child) => child.stop()))
await rm(folder, { recursive: true, force: true })
if (fault !== null) process.stderr.write(`${fault}\n`)
process.exit(fault === null ? 0 : 1)

async function run(crashed: (story: string) => void): Promise<void> {
  const around = {
    folder,
    signal: ending.signal,
    start: (name: string, file: string, orders: ChildOptions) => {
      const child = startChild(name, join(dist, file), orders, crashed)
      children.push(child)
      return child
    }
  }
  screen.say('Hanvisa: starting a small Exchange and the service …')
  const simulator = await startDemoSimulator(around)
  const api = await startDemoService(around, simulator.authority)

  const calendars = openCalendars(simulator.editor, sampleTenants)
  const connections = new Map<SampleTenant, ConnectionBodies>()
  for (const tenant of sampleTenants) connections.set(tenant, await simulator.register(tenant))
  await calendars.fill()
  for (const [tenant, bodies] of connections) await setUpTenant(api, tenant, bodies)
  await Promise.all(sampleTenants.map((tenant) => calendarsRead(api, tenant)))

  screen.say('Who is away? Ask it yourself, in another terminal:')
  for (const tenant of sampleTenants) {
    const line = curlLine(api, await makeSwitchKey(api, tenant), tenant)
    screen.say(`\n# ${tenant.name}: ${tenant.manner}\n${line}`)
  }
  const [followed] = sampleTenants
  if (followed !== undefined) {
    screen.say(
      `\n# ${followed.name} also has a webhook and a SIP presence server: what is posted shows as "webhook:", what a watching telephone sees as "SIP:"`
    )
    const tell = ({ displayName, label }: DemoStatus) =>
      screen.addLine(followed, `webhook: ${displayName}, ${label}`)
    await receiveWebhooks(api, followed.id, tell, ending.signal)
    const show = ({ extension, isOpen, note }: WatchedPresence) =>
      screen.addLine(followed, `SIP: ${extension} is ${isOpen ? 'open' : 'closed'}, ${note}`)
    await watchPresence(api, followed.id, show, ending.signal)
  }
  const { address, key } = api
  screen.say(`\n# The console, in a browser: ${address}/console/\n# Key to sign in with: ${key}`)
  screen.say('')
  await Promise.all([
    editing(calendars),
    moving(api, simulator),
    ...sampleTenants.map((tenant) => watch(api, tenant))
  ])
}

async function editing(calendars: Calendars): Promise<never> {
  for (;;) {
    await pause(EDIT_EVERY, undefined, { signal: ending.signal })
    const at = now()
    const edit = await calendars.edit()
    const { tenant, person, story } = edit
    screen.addLine(tenant, `${person.name} ${story}`)
    const seen = stopwatch.editMade(edit, at)
    if (seen !== null) tellSeen(seen)
  }
}

/** Somebody of the tenant with an Exchange of its own. */
async function moving(api: ApiClient, simulator: DemoSimulator): Promise<void> {
  const tenant = sampleTenants.find(({ exchange }) => exchange === 'premises')
  const person = tenant?.users[0]
  if (tenant === undefined || person === undefined) return
  const setPhase = (phase: MovePhase) => simulator.move(tenant, person.mailbox, phase)
  const say = (story: string) => screen.addLine(tenant, story)
  await moveMailbox(api, { tenant, person, setPhase, say }, ending.signal)
}

/** Notified: the calendar system sent a notification. Polled: the service found it at its next poll. */
function tellSeen({ edit: { tenant, person, story }, milliseconds }: EditLatency): void {
  const seconds = (milliseconds / 1000).toFixed(1)
  const how = tenant.exchange === 'cloud' ? 'notified' : 'polled'
  screen.addLine(tenant, `${person.name} ${story}: ${how} after ${seconds} s`)
}

async function watch(api: ApiClient, tenant: SampleTenant): Promise<void> {
  const labels = await readLabels(api, tenant)
  await followChanges(
    api,
    tenant.id,
    ({ statuses, changed }) => {
      screen.show({ tenant, labels, statuses, fresh: new Set(changed) })
      for (const seen of stopwatch.statusesChanged(tenant, changed)) tellSeen(seen)
    },
    ending.signal
  )
}

/** Resolves when every calendar of the tenant has been read; rejects with the reason when one cannot be. */
async function calendarsRead(api: ApiClient, tenant: SampleTenant): Promise<void> {
  const done = new AbortController()
  let failed: DemoStatus | undefined
  const look = ({ statuses }: TenantStatuses) => {
    failed = statuses.find(({ sync }) => sync.state === 'failed')
    if (failed || statuses.every(({ sync }) => sync.state === 'fresh')) done.abort()
  }
  await followChanges(api, tenant.id, look, done.signal)
  if (failed === undefined) return
  const { users } = await api.get<{ users: { user: string; hint: string | null }[] }>(
    `/v1/tenants/${tenant.id}/sync`
  )
  const hint = users.find(({ user }) => user === failed?.user)?.hint
  throw new Error(`The calendar of ${failed.displayName} could not be read: ${hint}`)
}

/** Works as pasted into any shell. */
function curlLine({ address }: ApiClient, key: string, tenant: SampleTenant): string {
  // A proxy set for the reader's shell would be asked for an address that only this machine knows.
  const direct =
    process.env.http_proxy || process.env.ALL_PROXY || process.env.all_proxy ? ' --noproxy "*"' : ''
  return `curl -s${direct} -H "Authorization: Bearer ${key}" "${address}/v1/tenants/${tenant.id}/statuses?phone=closed"`
}
