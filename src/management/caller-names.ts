/** Whether a tenant has caller names on, and its list of shared contacts. */
import { isDeepStrictEqual } from 'node:util'
import { callerNamesOff } from '../caller-names/caller-names.ts'
import { type FieldFault, RequestError } from '../errors.ts'
import { formatInstant } from '../lib/rfc3339.ts'
import type { CallerNamesRecord } from '../storage/contacts.ts'
import type { ManagementDeps } from './management-deps.ts'
import { requireTenant } from './tenants.ts'

export interface PutCallerNamesBody {
  /** What is dialled for an outside line. */
  readonly strip?: readonly string[]
}

export interface SharedContactsResponse {
  readonly contacts: number
  readonly numbers: number
  readonly importedAt: string
}

export interface CallerNamesResponse {
  readonly strip: readonly string[]
  /** Null: none were imported. */
  readonly shared: SharedContactsResponse | null
}

export interface CallerNamesManagement {
  /** Turns them on. */
  put(
    tenant: string,
    body: PutCallerNamesBody
  ): Promise<{ readonly callerNames: CallerNamesResponse; readonly created: boolean }>
  get(tenant: string): Promise<CallerNamesResponse>
  /** Turns them off: all that was kept for them is gone. */
  remove(tenant: string): Promise<void>
  removeShared(tenant: string): Promise<void>
}

export function createCallerNamesManagement({ store, clock }: ManagementDeps): CallerNamesManagement {
  return {
    put: (tenant, { strip = [] }) =>
      store.withTenantLock(tenant, async (store) => {
        const { contacts } = store
        const { country } = await requireTenant(store, tenant)
        if (country === undefined) throw new RequestError('invalid_request', '', [countryFault(tenant)])
        const before = await contacts.settings(tenant)
        const settings = { strip: [...new Set(strip)], shared: before?.shared ?? null }
        if (before !== null && isDeepStrictEqual(settings.strip, before.strip)) {
          return { callerNames: toResponse(before), created: false }
        }
        const saved = { ...settings, changedAt: clock() }
        await contacts.saveSettings(tenant, saved)
        return { callerNames: toResponse(saved), created: before === null }
      }),

    async get(tenant) {
      await requireTenant(store, tenant)
      const settings = await store.contacts.settings(tenant)
      if (settings === null) throw callerNamesOff(tenant)
      return toResponse(settings)
    },

    remove: (tenant) =>
      store.withTenantLock(tenant, async (store) => {
        await requireTenant(store, tenant)
        // Also where they are off: a process that died while it turned them off may have left something.
        if (!(await store.contacts.saveSettings(tenant, null))) throw callerNamesOff(tenant)
      }),

    removeShared: (tenant) =>
      store.withTenantLock(tenant, async (store) => {
        await requireTenant(store, tenant)
        const settings = await store.contacts.settings(tenant)
        if (settings === null) throw callerNamesOff(tenant)
        if (settings.shared === null) {
          throw new RequestError('not_found', `The tenant "${tenant}" has no shared contacts.`)
        }
        await store.contacts.saveSettings(tenant, { ...settings, shared: null, changedAt: clock() })
        await store.contacts.removeList(tenant, settings.shared.list)
      })
  }
}

function countryFault(tenant: string): FieldFault {
  return {
    field: 'country',
    message: `is not stated, so that numbers without + cannot be read: PUT /v1/tenants/${tenant} with "country", such as "SE"`
  }
}

function toResponse({ strip, shared }: CallerNamesRecord): CallerNamesResponse {
  return {
    strip,
    shared: shared && {
      contacts: shared.contacts,
      numbers: shared.numbers,
      importedAt: formatInstant(shared.importedAt)
    }
  }
}
