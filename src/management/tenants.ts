/** Tenants: saved as given, once their zone and language are known ones. */
import { isDeepStrictEqual } from 'node:util'
import { isKnownCountry } from '../caller-names/phone-number.ts'
import type { Diversion } from '../domain/diversion.ts'
import { type OfficeHours, validateOfficeHours } from '../domain/hours/office-hours.ts'
import type { RuleSet } from '../domain/rule-set.ts'
import { type FieldFault, RequestError } from '../errors.ts'
import { isValidZone } from '../lib/time-zone.ts'
import { eachPage } from '../storage/page.ts'
import type { Store, Tenant } from '../storage/store.ts'
import type { ManagementDeps } from './management-deps.ts'
import { type PagedList, type PageRequest, paginate } from './pagination.ts'
import { defaultRules } from './resolve-rules.ts'

export interface PutTenantBody {
  /** The id, where it is stated once more. */
  readonly tenant?: string
  readonly name: string
  readonly timeZone: string
  readonly language: string
  /** Entra's tenant id, or the issuer's address. Only the provider sets it; from others it is left as it is. */
  readonly directoryId?: string
  /** Null or absent: none. */
  readonly officeHours?: OfficeHours | null
  /** ISO 3166. Null or absent: nobody says. */
  readonly country?: string | null
}

export interface TenantResponse extends PutTenantBody {
  readonly tenant: string
  readonly officeHours?: OfficeHours
  readonly country?: string
}

export interface TenantManagement {
  /** Only the provider makes tenants, and sets their directory. */
  put(
    id: string,
    body: PutTenantBody,
    { isProvider }: { readonly isProvider: boolean }
  ): Promise<{ tenant: TenantResponse; created: boolean }>
  get(id: string): Promise<TenantResponse>
  list(page: PageRequest): Promise<PagedList<TenantResponse>>
  /** The tenants whose operators the directory has. */
  ofDirectory(directoryId: string): Promise<readonly TenantResponse[]>
  remove(id: string): Promise<void>
}

/** Tenants read at a time. */
const PAGE = 500

export function createTenantManagement({
  store,
  packs,
  sync,
  clock,
  registry
}: ManagementDeps): TenantManagement {
  return {
    put: (id, body, { isProvider }) =>
      store.withTenantLock(id, async (store) => {
        const faults = [
          ...validateTenant(id, body),
          ...(await validateHours(store, packs, id, body.officeHours))
        ]
        if (faults.length > 0) throw new RequestError('invalid_request', '', faults)
        const before = await store.tenant(id)
        if (before === null && !isProvider) throw tenantNotFound(id)
        const { name, timeZone, language, officeHours, country } = body
        const directoryId = isProvider ? body.directoryId?.toLowerCase() : before?.directoryId
        const tenant: Tenant = {
          id,
          name,
          timeZone,
          language,
          ...(directoryId !== undefined && { directoryId }),
          ...(officeHours != null && { officeHours }),
          ...(country != null && { country })
        }
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

    async ofDirectory(directoryId) {
      const found: TenantResponse[] = []
      for await (const tenants of eachPage(PAGE, (page) => store.tenants(page))) {
        found.push(...tenants.filter((tenant) => tenant.directoryId === directoryId).map(toResponse))
      }
      return found
    },

    remove: (id) =>
      store.withTenantLock(id, async (store) => {
        if (!(await store.removeTenant(id))) throw tenantNotFound(id)
        sync.invalidateTenant(id)
        // The tenant's keys are gone too.
        await registry.confirm()
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
  if (body.country != null && !isKnownCountry(body.country)) {
    faults.push({ field: 'country', message: 'is no country of ISO 3166: write one such as "SE"' })
  }
  return faults
}

/** The fault of office hours that cannot be kept, or none. */
async function validateHours(
  store: Store,
  packs: ReadonlyMap<string, RuleSet>,
  tenant: string,
  officeHours: OfficeHours | null | undefined
): Promise<FieldFault[]> {
  if (officeHours == null) return []
  const { diversions } = (await store.rules(tenant))?.effective ?? defaultRules(packs)
  return officeHoursErrors(officeHours, diversions)
}

export function officeHoursErrors(
  officeHours: OfficeHours,
  diversions: readonly Pick<Diversion, 'code'>[]
): FieldFault[] {
  return [
    ...(officeHours.zone === undefined ? [] : timeZoneErrors(officeHours.zone, 'officeHours/zone')),
    ...validateOfficeHours(officeHours, new Set(diversions.map(({ code }) => code))).map(
      ({ field, message }) => ({ field: `officeHours/${field}`, message })
    )
  ]
}

function isLanguage(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1
  } catch {
    return false
  }
}

function toResponse({ id, ...tenant }: Tenant): TenantResponse {
  return { tenant: id, ...tenant }
}

function tenantNotFound(id: string): RequestError {
  return new RequestError('not_found', `There is no tenant "${id}": PUT /v1/tenants/${id} makes it.`)
}
