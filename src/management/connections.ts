/** How a tenant's calendars are reached: secrets go in sealed, never come out, and stay only where they were meant for. */
import { isDeepStrictEqual } from 'node:util'
import type { Connection } from '../connectors/connection.ts'
import type { ConnectionResponse, PutConnectionBody } from '../connectors/connection-body.ts'
import type { OnPassed } from '../connectors/connector.ts'
import { connectorKinds, kindOf } from '../connectors/kinds.ts'
import { type FieldFault, RequestError } from '../errors.ts'
import {
  mergeSecrets,
  type Secrets,
  sealConnection,
  splitSecrets,
  storedSecrets
} from '../storage/secrets/connection-secrets.ts'
import type { Store, StoredConnection } from '../storage/store.ts'
import { connectionIdOf, findConnection, listConnections } from '../storage/tenant-connections.ts'
import { type ConnectionTestOptions, type ConnectionTestResult, testConnection } from './connection-test.ts'
import { addressedConnection, connectionNotFound, keepConnection, placeOf } from './kept-connections.ts'
import type { ManagementDeps } from './management-deps.ts'
import { requireTenant } from './tenants.ts'

/** `id` null: of a tenant with one connection, whatever that is called. */
export interface ConnectionManagement {
  put(
    tenant: string,
    id: string | null,
    body: PutNamedConnectionBody
  ): Promise<{ connection: NamedConnectionResponse; created: boolean }>
  get(tenant: string, id: string | null): Promise<NamedConnectionResponse>
  /** In the order in which they are asked for a mailbox. */
  list(tenant: string): Promise<readonly NamedConnectionResponse[]>
  remove(tenant: string, id: string | null): Promise<void>
  /** Tries the calls of a read. `signal` is aborted when the caller has disconnected; `onPassed` is told of steps as they pass. */
  test(
    tenant: string,
    id: string | null,
    options: ConnectionTestOptions,
    signal: AbortSignal,
    onPassed?: OnPassed
  ): Promise<ConnectionTestResult>
}

/** A connection with its name and its place among the tenant's. */
export type PutNamedConnectionBody = PutConnectionBody & {
  readonly connection?: string
  readonly order?: number
}
export type NamedConnectionResponse = ConnectionResponse & {
  readonly connection: string
  readonly order: number
}

export function createConnectionManagement(deps: ManagementDeps): ConnectionManagement {
  const { store, sync, masterKeys, clock } = deps

  return {
    put: (tenant, id, { connection: name, order, ...body }) =>
      store.withTenantLock(tenant, async (store) => {
        await requireTenant(store, tenant)
        const kept = await store.connection(tenant)
        const held = addressedConnection(kept, tenant, id)
        const secretsHeld = held === null ? {} : storedSecrets(tenant, held, masterKeys)
        const faults = [
          ...validateName(name, id),
          ...validateSecretsMember(body, secretsHeld),
          ...kindOf(body).validate(body),
          ...validateConsented(body, held)
        ]
        if (faults.length > 0) throw new RequestError('invalid_request', '', faults)

        const connection = completeConnection(body, held, secretsHeld)
        const { secretMembers } = kindOf(connection)
        const place = placeOf(kept, held, id, order)
        const sealed = sealConnection(
          tenant,
          connection,
          secretMembers,
          await masterKeys.sealer(),
          clock(),
          place
        )
        const created = await replaceConnection(deps, store, tenant, sealed)
        return {
          connection: toResponse(sealed, splitSecrets(connection, secretMembers).secrets),
          created
        }
      }),

    async get(tenant, id) {
      await requireTenant(store, tenant)
      const held = addressedConnection(await store.connection(tenant), tenant, id)
      if (held === null) throw connectionNotFound(tenant, id)
      return toResponse(held, storedSecrets(tenant, held, masterKeys))
    },

    async list(tenant) {
      await requireTenant(store, tenant)
      const all = listConnections(await store.connection(tenant))
      return all.map((one) => toResponse(one, storedSecrets(tenant, one, masterKeys)))
    },

    remove: (tenant, id) =>
      store.withTenantLock(tenant, async (store) => {
        await requireTenant(store, tenant)
        const held = addressedConnection(await store.connection(tenant), tenant, id)
        if (held === null) throw connectionNotFound(tenant, id)
        const gone = { id: connectionIdOf(held), connection: null, reread: true }
        await keepConnection(store, tenant, gone, clock())
        sync.invalidateTenant(tenant)
      }),

    test: (tenant, id, options, signal, onPassed) =>
      testConnection(deps, { tenant, id, ...options }, signal, onPassed)
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
  const id = connectionIdOf(kept)
  const held = findConnection(await store.connection(tenant), id)
  const reread = held === null || !sameDestination(held, kept)
  const created = await keepConnection(store, tenant, { id, connection: kept, reread }, clock())
  sync.invalidateTenant(tenant)
  return created
}

function validateName(stated: string | undefined, id: string | null): FieldFault[] {
  if (stated === undefined || stated === id) return []
  return [{ field: 'connection', message: 'must be as in the address, or be left out' }]
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

function toResponse(kept: StoredConnection, secrets: Secrets): NamedConnectionResponse {
  const { kind, open, pollSeconds, order = 0 } = kept
  return {
    connection: connectionIdOf(kept),
    order,
    kind,
    ...open,
    pollSeconds,
    secrets: Object.keys(secrets).sort()
  } as NamedConnectionResponse
}
