/** The test of a connection, step by step, with the very calls that reading uses. */
import type { Check, OnPassed } from '../connectors/connector.ts'
import { RequestError } from '../errors.ts'
import type { StoredConnection, UserRecord } from '../storage/store.ts'
import { connectionIdOf, homeOf, listConnections } from '../storage/tenant-connections.ts'
import { calendarTarget } from './calendar-target.ts'
import { checkRefusal, probeUseless } from './check-refusal.ts'
import { addressedConnection, connectionNotFound } from './kept-connections.ts'
import type { ManagementDeps } from './management-deps.ts'
import { requireTenant } from './tenants.ts'

/** Milliseconds that a test may take as a whole. */
const TEST_TIMEOUT_MS = 45_000

export interface ConnectionTestOptions {
  readonly user?: string
  /** A mailbox that the connection must be refused: it is outside the list that the customer limited it to. */
  readonly probe?: string
}

export interface ConnectionTestResult {
  ok: boolean
  checks: Check[]
}

/** As `ConnectionManagement.test`. */
export async function testConnection(
  deps: ManagementDeps,
  {
    tenant,
    id,
    user,
    probe
  }: ConnectionTestOptions & { readonly tenant: string; readonly id: string | null },
  signal: AbortSignal,
  onPassed?: OnPassed
): Promise<ConnectionTestResult> {
  const { store, sync, masterKeys, clock, audit } = deps
  const known = await requireTenant(store, tenant)
  const kept = await store.connection(tenant)
  const held = addressedConnection(kept, tenant, id)
  if (held === null && id !== null) throw connectionNotFound(tenant, id)
  const name = held === null ? undefined : connectionIdOf(held)
  const connector = await sync.connector(tenant, name)
  if (connector === null) return explainNoConnector(deps, tenant, name)
  const record =
    user === undefined
      ? await pickTestUser(deps, tenant, listConnections(kept), name)
      : await requireTestUser(deps, tenant, user)
  if (record === null) {
    return failedTest(
      'user',
      'No user is enabled: give one a mailbox and "syncEnabled": true, or name one by ?user=.'
    )
  }
  const target = calendarTarget(known, record.user, masterKeys)
  if (target === null)
    return failedTest('user', `The user "${record.user.id}" has no mailbox: give them one.`)
  await audit.record(tenant, user === undefined ? {} : { parts: [{ user }] })
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(TEST_TIMEOUT_MS)])
  const checks = [...(await connector.check(target, deadline, onPassed))]
  if (probe !== undefined && checks.every((check) => check.ok)) {
    const isLimitable = held?.kind === 'graph' || held?.open.access === 'impersonation'
    checks.push(
      isLimitable
        ? await checkRefusal(connector, { mailbox: probe, timeZone: known.timeZone }, clock(), deadline)
        : probeUseless
    )
  }
  const ok = checks.every((check) => check.ok)
  if (ok) sync.onConnectionTested(tenant, name)
  return { ok, checks }
}

/** Why there is nothing to test: no connection, or one that cannot be opened. */
async function explainNoConnector(
  { sync }: ManagementDeps,
  tenant: string,
  id: string | undefined
): Promise<ConnectionTestResult> {
  if (id === undefined) {
    return failedTest(
      'connection',
      `There is no connection yet: PUT /v1/tenants/${tenant}/connection makes it.`
    )
  }
  const { fault } = await sync.connection(tenant, id)
  return failedTest('connection', fault?.hint ?? 'The connection cannot be used yet: try again in a moment.')
}

/** The first user that was read successfully, else the first enabled; one whose mailbox is there before others. */
async function pickTestUser(
  { store }: ManagementDeps,
  tenant: string,
  connections: readonly StoredConnection[],
  id: string | undefined
): Promise<UserRecord | null> {
  const all = (await store.snapshot(tenant))?.users ?? []
  const own = all.filter(({ sync }) => homeOf(sync, connections) === id)
  const users = own.length > 0 ? own : all
  return users.find(({ sync }) => sync.confirmedAt !== null) ?? users.find(({ sync }) => sync.enabled) ?? null
}

async function requireTestUser({ store }: ManagementDeps, tenant: string, user: string): Promise<UserRecord> {
  const record = await store.record(tenant, user)
  if (record === null)
    throw new RequestError('not_found', `There is no user "${user}" in the tenant "${tenant}".`)
  return record
}

function failedTest(name: string, hint: string): ConnectionTestResult {
  return { ok: false, checks: [{ name, ok: false, hint }] }
}
