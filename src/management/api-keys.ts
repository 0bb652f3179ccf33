/** API keys: made, listed, rotated and removed. A key itself is shown once, in the answer that made it. */
import type { Instant } from '../domain/calendar-event.ts'
import { type FieldFault, RequestError } from '../errors.ts'
import { formatInstant, parseInstant } from '../lib/rfc3339.ts'
import type { ApiKeyRecord, ListedApiKey } from '../storage/api-keys.ts'
import type { Store } from '../storage/store.ts'
import { makeApiKey, randomBase62 } from './api-key-format.ts'
import type { KeyRegistry } from './key-registry.ts'
import { type PagedList, type PageRequest, paginate } from './pagination.ts'
import type { Principal, Role } from './principal.ts'
import { requireTenant, surrogateErrors } from './tenants.ts'

export interface PostKeyBody {
  readonly name: string
  readonly role: Role
  /** Of `softphone` alone, which needs it. */
  readonly user?: string
  /** Of `softphone` alone. */
  readonly colleagues?: boolean
  /** Of `switch` alone. */
  readonly sensitive?: boolean
  /** RFC 3339, in the future; null, or left out: never. */
  readonly expiresAt?: string | null
}

export interface KeyResponse {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly user: string | null
  readonly colleagues: boolean
  readonly sensitive: boolean
  readonly prefix: string
  readonly createdAt: string
  readonly createdBy: string
  readonly expiresAt: string | null
  /** Whole days until then; 0 also once it has ended. */
  readonly daysLeft: number | null
  readonly lastUsedDay: string | null
  /** Until when the key before the last rotation is good; null when it no longer is. */
  readonly previousUntil: string | null
}

export interface NewKeyResponse extends KeyResponse {
  readonly key: string
}

/** `tenant` is null for the provider's keys. */
export interface KeyManagement {
  create(tenant: string | null, body: PostKeyBody, by: Principal): Promise<NewKeyResponse>
  get(tenant: string | null, id: string): Promise<KeyResponse>
  list(tenant: string | null, page: PageRequest): Promise<PagedList<KeyResponse>>
  rotate(tenant: string | null, id: string, overlapHours: number, by: Principal): Promise<NewKeyResponse>
  remove(tenant: string | null, id: string, by: Principal): Promise<void>
}

export interface KeyManagementDeps {
  readonly store: Store
  /** Learns of every change before its call is answered. Null where no service runs. */
  readonly registry: Pick<KeyRegistry, 'confirm'> | null
  readonly clock: () => Instant
}

/** The roles of keys that a tenant has; and of those the ones that its operators make and remove. */
const TENANT_ROLES: readonly Role[] = ['operator', 'switch', 'softphone', 'business']
const BELOW_OPERATOR: readonly Role[] = ['switch', 'softphone', 'business']
const PROVIDER_ROLES: readonly Role[] = ['provider', 'monitor']
const UNMASKED_ROLES: readonly Role[] = ['provider', 'operator']

/** Of a tenant beside the keys of its users, and of the provider. */
export const MAX_KEYS = 50
export const MAX_KEYS_PER_USER = 5
const ID_LENGTH = 16
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export function createKeyManagement({ store, registry, clock }: KeyManagementDeps): KeyManagement {
  const { apiKeys } = store

  async function create(
    {
      tenant,
      body,
      by
    }: { readonly tenant: string | null; readonly body: PostKeyBody; readonly by: Principal },
    { record }: Pick<Store, 'record'>
  ): Promise<NewKeyResponse> {
    const at = clock()
    const faults = validateKey(tenant, body, at)
    if (faults.length > 0) throw new RequestError('invalid_request', '', faults)
    requireRank(by, body.role)
    const user = body.user ?? null
    if (tenant !== null && user !== null && (await record(tenant, user)) === null) {
      const message = `There is no user "${user}" in this tenant: PUT the user first.`
      throw new RequestError('invalid_request', '', [{ field: 'user', message }])
    }
    const { key, ...made } = makeApiKey()
    const stored: ApiKeyRecord = {
      id: randomBase62(ID_LENGTH),
      name: body.name,
      tenant,
      role: body.role,
      user,
      colleagues: body.colleagues ?? false,
      sensitive: UNMASKED_ROLES.includes(body.role) || (body.sensitive ?? false),
      createdAt: at,
      createdBy: by.id,
      expiresAt: body.expiresAt == null ? null : parseInstant(body.expiresAt),
      previous: null,
      ...made
    }
    const max = user === null ? MAX_KEYS : MAX_KEYS_PER_USER
    if (!(await apiKeys.add(stored, max))) {
      const whose = user !== null ? `The user "${user}"` : tenant === null ? 'The provider' : 'The tenant'
      throw new RequestError('limit_reached', `${whose} has ${max} keys already: remove one first.`)
    }
    await registry?.confirm()
    return { ...toKeyResponse({ ...stored, lastUsedDay: null }, at), key }
  }

  async function requireKey(tenant: string | null, id: string): Promise<ListedApiKey> {
    if (tenant !== null) await requireTenant(store, tenant)
    const key = await apiKeys.find(tenant, id)
    if (key === null) throw keyNotFound(id)
    return key
  }

  return {
    async create(tenant, body, by) {
      if (tenant === null) return create({ tenant, body, by }, store)
      // The user must be there as long as the key is made.
      return store.withTenantLock(tenant, async (store) => {
        await requireTenant(store, tenant)
        return create({ tenant, body, by }, store)
      })
    },

    get: async (tenant, id) => toKeyResponse(await requireKey(tenant, id), clock()),

    async list(tenant, page) {
      if (tenant !== null) await requireTenant(store, tenant)
      const at = clock()
      return paginate(
        page,
        (asked) => apiKeys.list(tenant, asked),
        (key) => toKeyResponse(key, at),
        (key) => key.id
      )
    },

    async rotate(tenant, id, overlapHours, by) {
      const before = await requireKey(tenant, id)
      requireRank(by, before.role)
      const at = clock()
      if (before.expiresAt !== null && before.expiresAt <= at) {
        throw new RequestError('invalid_request', 'The key has expired: make a new one in its place.')
      }
      const { key, ...made } = makeApiKey()
      const previous =
        overlapHours === 0 ? null : { digest: before.digest, until: at + overlapHours * HOUR_MS }
      const rotated = { ...before, ...made, previous }
      if (!(await apiKeys.replace(rotated, before.digest))) {
        if ((await apiKeys.find(tenant, id)) === null) throw keyNotFound(id)
        throw new RequestError(
          'precondition_failed',
          'Another call rotated this key just now: read it again.'
        )
      }
      await registry?.confirm()
      return { ...toKeyResponse(rotated, at), key }
    },

    async remove(tenant, id, by) {
      requireRank(by, (await requireKey(tenant, id)).role)
      if (!(await apiKeys.remove(tenant, id))) throw keyNotFound(id)
      await registry?.confirm()
    }
  }
}

/** An operator has to do with the keys of the roles below alone. */
function requireRank(by: Principal, role: string): void {
  if (by.role === 'provider' || BELOW_OPERATOR.some((known) => known === role)) return
  throw new RequestError('insufficient_role', `Only the provider makes, rotates and removes ${role} keys.`)
}

function validateKey(tenant: string | null, body: PostKeyBody, at: Instant): FieldFault[] {
  const { role, user, colleagues, sensitive, expiresAt } = body
  const faults = surrogateErrors('name', body.name)
  const add = (field: string, message: string) => faults.push({ field, message })
  const roles = tenant === null ? PROVIDER_ROLES : TENANT_ROLES
  if (!roles.includes(role)) {
    const others = tenant === null ? 'the others at /v1/tenants/{tenant}/keys' : 'the others at /v1/keys'
    add('role', `must be one of ${roles.join(', ')} here; keys of ${others} are made there`)
  }
  if (role === 'softphone') {
    if (user === undefined) add('user', 'is needed: a softphone key is of one user')
  } else {
    if (user !== undefined) add('user', 'is for softphone keys alone: leave it out')
    if (colleagues !== undefined) add('colleagues', 'is for softphone keys alone: leave it out')
  }
  if (sensitive !== undefined && role !== 'switch') {
    add('sensitive', 'is for switch keys alone: leave it out')
  }
  if (expiresAt != null) {
    const until = parseInstant(expiresAt)
    if (until === null) add('expiresAt', 'is no RFC 3339 time: write one such as "2027-12-01T00:00:00Z"')
    else if (until <= at) add('expiresAt', 'must be in the future, or be left out')
  }
  return faults
}

export function toKeyResponse(key: ListedApiKey, at: Instant): KeyResponse {
  const { previous, expiresAt } = key
  return {
    id: key.id,
    name: key.name,
    role: key.role as Role,
    user: key.user,
    colleagues: key.colleagues,
    sensitive: key.sensitive,
    prefix: key.prefix,
    createdAt: formatInstant(key.createdAt),
    createdBy: key.createdBy,
    expiresAt: expiresAt === null ? null : formatInstant(expiresAt),
    daysLeft: expiresAt === null ? null : Math.max(0, Math.floor((expiresAt - at) / DAY_MS)),
    lastUsedDay: key.lastUsedDay,
    previousUntil: previous === null || previous.until <= at ? null : formatInstant(previous.until)
  }
}

function keyNotFound(id: string): RequestError {
  return new RequestError('not_found', `There is no key "${id}".`)
}
