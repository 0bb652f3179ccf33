/** How a tenant's calendars are reached: secrets go in sealed, never come out, and stay only where they were meant for. */
import { isDeepStrictEqual } from 'node:util'
import type { Connection } from '../connectors/connection.ts'
import type { ConnectionResponse, PutConnectionBody } from '../connectors/connection-body.ts'
import type { Check, OnPassed } from '../connectors/connector.ts'
import { connectorKinds, kindOf } from '../connectors/kinds.ts'
import { type FieldFault, RequestError } from '../errors.ts'
import {
  mergeSecrets,
  type Secrets,
  sealConnection,
  splitSecrets,
  storedSecrets
} from '../storage/secrets/connection-secrets.ts'
import type { Store, StoredConnection, UserRecord } from '../storage/store.ts'
import { calendarTarget } from './calendar-target.ts'
import { checkRefusal, probeUseless } from './check-refusal.ts'
import type { ManagementDeps } from './management-deps.ts'
import { requireTenant } from './tenants.ts'

/** Milliseconds that a test may take as a whole. */
const TEST_TIMEOUT_MS = 45_000

export interface ConnectionManagement {
  put(tenant: string, body: PutConnectionBody): Promise<{ connection: ConnectionResponse; created: boolean }>
  get(tenant: string): Promise<ConnectionResponse>
  remove(tenant: string): Promise<void>
  /** Tries the calls of a read. `signal` is aborted when the caller has disconnected; `onPassed` is told of steps as they pass. */
  test(
    tenant: string,
    options: ConnectionTestOptions,
    signal: AbortSignal,
    onPassed?: OnPassed
  ): Promise<ConnectionTestResult>
}

export interface ConnectionTestOptions {
  readonly user?: string
  /** A mailbox that the connection must be refused: it is outside the list that the customer limited it to. */
  readonly probe?: string
}

export interface ConnectionTestResult {
  ok: boolean
  checks: Check[]
}

export function createConnectionManagement(deps: ManagementDeps): ConnectionManagement {
  const { store, sync, masterKeys, clock, audit } = deps

  return {
    put: (tenant, body) =>
      store.withTenantLock(tenant, async (store) => {
        await requireTenant(store, tenant)
        const held = await store.connection(tenant)
        const secretsHeld = held === null ? {} : storedSecrets(tenant, held, masterKeys)
        const faults = [
          ...validateSecretsMember(body, secretsHeld),
          ...kindOf(body).validate(body),
          ...validateConsented(body, held)
        ]
        if (faults.length > 0) throw new RequestError('invalid_request', '', faults)

        const connection = completeConnection(body, held, secretsHeld)
        const sealer = await masterKeys.sealer()
        const kept = sealConnection(tenant, connection, kindOf(connection).secretMembers, sealer, clock())
        const created = await replaceConnection(deps, store, tenant, kept)
        return {
          connection: toResponse(kept, splitSecrets(connection, kindOf(connection).secretMembers).secrets),
          created
        }
      }),

    async get(tenant) {
      await requireTenant(store, tenant)
      const kept = await store.connection(tenant)
      if (kept === null) throw connectionNotFound(tenant)
      return toResponse(kept, storedSecrets(tenant, kept, masterKeys))
    },

    remove: (tenant) =>
      store.withTenantLock(tenant, async (store) => {
        await requireTenant(store, tenant)
        if ((await store.connection(tenant)) === null) throw connectionNotFound(tenant)
        await store.saveConnection(tenant, null, true, clock())
        sync.invalidateTenant(tenant)
      }),

    async test(tenant, { user, probe }, signal, onPassed) {
      const known = await requireTenant(store, tenant)
      const connector = await sync.connector(tenant)
      if (connector === null) {
        return explainNoConnector(deps, tenant)
      }
      const record =
        user === undefined ? await pickTestUser(deps, tenant) : await requireTestUser(deps, tenant, user)
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
        const connection = await store.connection(tenant)
        const isLimitable = connection?.kind === 'graph' || connection?.open.access === 'impersonation'
        checks.push(
          isLimitable
            ? await checkRefusal(connector, { mailbox: probe, timeZone: known.timeZone }, clock(), deadline)
            : probeUseless
        )
      }
      const ok = checks.every((check) => check.ok)
      if (ok) sync.onConnectionTested(tenant)
      return { ok, checks }
    }
  }
}

/** Under the tenant's lock. Where it leads elsewhere, all is read anew. Resolves to whether there was none before. */
export async function replaceConnection(
  {
    sync,
    clock
  }: Pick<ManagementDeps, 'clock'> & { readonly sync: Pick<ManagementDeps['sync'], 'invalidateTenant'> },
  store: Store,
  tenant: string,
  kept: StoredConnection
): Promise<boolean> {
  const held = await store.connection(tenant)
  const moved = held === null || !sameDestination(held, kept)
  const created = !(await store.saveConnection(tenant, kept, moved, clock()))
  sync.invalidateTenant(tenant)
  return created
}

/** The provider's application reads every directory that consented: only a consent says that one is this tenant's. */
function validateConsented(body: PutConnectionBody, held: StoredConnection | null): FieldFault[] {
  if (body.kind !== 'graph' || body.application === undefined) return []
  const { application, tenantId } = held?.kind === 'graph' ? held.open : {}
  if (application === body.application && tenantId === body.tenantId) return []
  return [
    { field: 'application', message: 'is set by a consent alone: POST …/connection/consent gives the link' }
  ]
}

/** The body with what it may leave out filled in: the defaults, and the stored secret. */
function completeConnection(
  body: PutConnectionBody,
  held: StoredConnection | null,
  secretsHeld: Secrets
): Connection {
  const { kind, secretMembers, complete, requiredSecret } = kindOf(body)
  const connection = complete(body)
  const { open, secrets } = splitSecrets(connection, secretMembers)
  const required = requiredSecret(body)
  if (required === null || Object.keys(secrets).length > 0) return connection
  const stored = Object.keys(secretsHeld)
  if (held === null || stored.length === 0 || held.kind !== kind) {
    const or = /clientSecret$/.test(required) ? ', or a "certificate" with its private key' : ''
    throw new RequestError('invalid_request', '', [{ field: required, message: `is missing: state it${or}` }])
  }
  if (!sameDestination(held, { kind, open })) {
    // Otherwise a person who may edit the connection could direct the secret to a server of their own.
    throw new RequestError('invalid_request', '', [
      {
        field: stored.includes(required) ? required : stored[0]!,
        message: `must be stated again, for ${changedMembers(held, open).join(', ')} changed and with it where it is sent`
      }
    ])
  }
  return { kind, pollSeconds: connection.pollSeconds, ...mergeSecrets(open, secretsHeld) } as Connection
}

/** Whether the secrets of one are sent to the same place, for the same purpose, as those of the other. */
function sameDestination(
  one: Pick<StoredConnection, 'kind' | 'open'>,
  other: Pick<StoredConnection, 'kind' | 'open'>
): boolean {
  return one.kind === other.kind && changedMembers(one, other.open).length === 0
}

function changedMembers(
  { kind, open: before }: Pick<StoredConnection, 'kind' | 'open'>,
  after: object
): string[] {
  const stated = after as Record<string, unknown>
  return destinationsOf(kind).filter((name) => !isDeepStrictEqual(stated[name], before[name]))
}

/** A stored connection of a kind that is no more has none. */
function destinationsOf(kind: string): readonly string[] {
  return Object.values(connectorKinds).find((one) => one.kind === kind)?.destinationMembers ?? []
}

/** `secrets` is what we answer; it may come back as it was read and says nothing by itself. */
function validateSecretsMember(body: PutConnectionBody, held: Secrets): FieldFault[] {
  if (body.secrets === undefined || isDeepStrictEqual([...body.secrets].sort(), Object.keys(held).sort()))
    return []
  return [
    { field: 'secrets', message: 'is not what is held: leave it out (secrets are set by their own members)' }
  ]
}

function toResponse({ kind, open, pollSeconds }: StoredConnection, secrets: Secrets): ConnectionResponse {
  return { kind, ...open, pollSeconds, secrets: Object.keys(secrets).sort() } as ConnectionResponse
}

/** Why there is nothing to test: no connection, or one that cannot be opened. */
async function explainNoConnector(
  { store, sync }: ManagementDeps,
  tenant: string
): Promise<ConnectionTestResult> {
  if ((await store.connection(tenant)) === null) {
    return failedTest(
      'connection',
      `There is no connection yet: PUT /v1/tenants/${tenant}/connection makes it.`
    )
  }
  const { fault } = await sync.connection(tenant)
  return failedTest('connection', fault?.hint ?? 'The connection cannot be used yet: try again in a moment.')
}

/** The first user that was read successfully, else the first enabled. */
async function pickTestUser({ store }: ManagementDeps, tenant: string): Promise<UserRecord | null> {
  const users = (await store.snapshot(tenant))?.users ?? []
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

function connectionNotFound(tenant: string): RequestError {
  return new RequestError(
    'not_found',
    `The tenant "${tenant}" has no connection: PUT /v1/tenants/${tenant}/connection makes it.`
  )
}
