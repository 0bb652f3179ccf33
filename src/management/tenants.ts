/** Tenants: saved as given, once their zone and language are known ones. */
import { isDeepStrictEqual } from 'node:util'
import type { Static } from 'typebox'
import type { Tenant as TenantBody, TenantPut } from '../api/schemas/tenants.ts'
import { type FieldFault, RequestError } from '../errors.ts'
import { isValidZone } from '../lib/time-zone.ts'
import type { Store, Tenant } from '../storage/store.ts'
import type { DirectoryNeeds } from './management.ts'
import { onePage, type PageAsked, type Paged } from './pagination.ts'

export type ShownTenant = Static<typeof TenantBody>

export interface TenantDirectory {
  put(id: string, body: Static<typeof TenantPut>): Promise<{ tenant: ShownTenant; created: boolean }>
  get(id: string): Promise<ShownTenant>
  list(page: PageAsked): Promise<Paged<ShownTenant>>
  remove(id: string): Promise<void>
}

export function tenantDirectory({ store, sync, clock }: DirectoryNeeds): TenantDirectory {
  return {
    put: (id, body) =>
      store.inTurn(id, async (store) => {
        const faults = faultsOf(id, body)
        if (faults.length > 0) throw new RequestError('invalid_request', '', faults)
        const before = await store.tenant(id)
        const tenant: Tenant = { id, name: body.name, timeZone: body.timeZone, language: body.language }
        if (isDeepStrictEqual(tenant, before)) return { tenant: shown(tenant), created: false }
        const created = await store.saveTenant(tenant, clock())
        if (created) sync.tenantChanged(id)
        return { tenant: shown(tenant), created }
      }),

    get: async (id) => shown(await knownTenant(store, id)),

    list: (page) =>
      onePage(
        page,
        (asked) => store.tenants(asked),
        shown,
        (tenant) => tenant.tenant
      ),

    remove: (id) =>
      store.inTurn(id, async (store) => {
        if (!(await store.removeTenant(id))) throw noTenant(id)
        sync.tenantChanged(id)
      })
  }
}

/** The tenant, or a 404. */
export async function knownTenant(store: Store, id: string): Promise<Tenant> {
  const tenant = await store.tenant(id)
  if (tenant === null) throw noTenant(id)
  return tenant
}

/** The fault of a zone that is no IANA name, or none. */
export function zoneFaults(zone: string, field = 'timeZone'): FieldFault[] {
  return isValidZone(zone)
    ? []
    : [{ field, message: `"${zone}" is no IANA time zone: write one such as "Europe/Stockholm"` }]
}

/** The fault of a text that could not be stored as it was given, or none. */
export function brokenTextFaults(field: string, text: string): FieldFault[] {
  return text.isWellFormed() ? [] : [{ field, message: 'holds half a character (a lone surrogate)' }]
}

function faultsOf(id: string, body: Static<typeof TenantPut>): FieldFault[] {
  const faults = [...brokenTextFaults('name', body.name), ...zoneFaults(body.timeZone)]
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

function shown({ id, name, timeZone, language }: Tenant): ShownTenant {
  return { tenant: id, name, timeZone, language }
}

function noTenant(id: string): RequestError {
  return new RequestError('not_found', `There is no tenant "${id}": PUT /v1/tenants/${id} makes it.`)
}
