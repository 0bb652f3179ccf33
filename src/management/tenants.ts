/** Tenants: saved as given, once their zone and language are known ones. */
import { isDeepStrictEqual } from 'node:util'
import { type FieldFault, RequestError } from '../errors.ts'
import { isValidZone } from '../lib/time-zone.ts'
import type { Store, Tenant } from '../storage/store.ts'
import type { ManagementDeps } from './management-deps.ts'
import { type PagedList, type PageRequest, paginate } from './pagination.ts'

export interface PutTenantBody {
  /** The id, where it is stated once more. */
  readonly tenant?: string
  readonly name: string
  readonly timeZone: string
  readonly language: string
}

export interface TenantResponse extends PutTenantBody {
  readonly tenant: string
}

export interface TenantManagement {
  /** Not found where it would be made, but may not. */
  put(
    id: string,
    body: PutTenantBody,
    { mayCreate }: { readonly mayCreate: boolean }
  ): Promise<{ tenant: TenantResponse; created: boolean }>
  get(id: string): Promise<TenantResponse>
  list(page: PageRequest): Promise<PagedList<TenantResponse>>
  remove(id: string): Promise<void>
}

export function createTenantManagement({ store, sync, clock }: ManagementDeps): TenantManagement {
  return {
    put: (id, body, { mayCreate }) =>
      store.withTenantLock(id, async (store) => {
        const faults = validateTenant(id, body)
        if (faults.length > 0) throw new RequestError('invalid_request', '', faults)
        const before = await store.tenant(id)
        if (before === null && !mayCreate) throw tenantNotFound(id)
        const tenant: Tenant = { id, name: body.name, timeZone: body.timeZone, language: body.language }
        if (isDeepStrictEqual(tenant, before)) return { tenant: toResponse(tenant), created: false }
        const created = await store.saveTenant(tenant, clock())
        if (created) sync.invalidateTenant(id)
        return { tenant: toResponse(tenant), created }
      }),

    get: async (id) => toResponse(await requireTenant(store, id)),

    list: (page) =>
      paginate(
        page,
        (asked) => store.tenants(asked),
        toResponse,
        (tenant) => tenant.tenant
      ),

    remove: (id) =>
      store.withTenantLock(id, async (store) => {
        if (!(await store.removeTenant(id))) throw tenantNotFound(id)
        sync.invalidateTenant(id)
      })
  }
}

/** The tenant, or a 404. */
export async function requireTenant(store: Store, id: string): Promise<Tenant> {
  const tenant = await store.tenant(id)
  if (tenant === null) throw tenantNotFound(id)
  return tenant
}

/** The fault of a zone that is no IANA name, or none. */
export function timeZoneErrors(zone: string, field = 'timeZone'): FieldFault[] {
  return isValidZone(zone)
    ? []
    : [{ field, message: `"${zone}" is no IANA time zone: write one such as "Europe/Stockholm"` }]
}

/** The fault of a text that could not be stored as it was given, or none. */
export function surrogateErrors(field: string, text: string): FieldFault[] {
  return text.isWellFormed() ? [] : [{ field, message: 'holds half a character (a lone surrogate)' }]
}

function validateTenant(id: string, body: PutTenantBody): FieldFault[] {
  const faults = [...surrogateErrors('name', body.name), ...timeZoneErrors(body.timeZone)]
  if (body.tenant !== undefined && body.tenant !== id) {
    faults.push({ field: 'tenant', message: `must be "${id}" as in the address, or be left out` })
  }
  if (!isLanguage(body.language)) {
    faults.push({ field: 'language', message: 'is no BCP 47 language: write one such as "sv" or "en"' })
  }
  return faults
}

function isLanguage(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1
  } catch {
    return false
  }
}

function toResponse({ id, name, timeZone, language }: Tenant): TenantResponse {
  return { tenant: id, name, timeZone, language }
}

function tenantNotFound(id: string): RequestError {
  return new RequestError('not_found', `There is no tenant "${id}": PUT /v1/tenants/${id} makes it.`)
}
