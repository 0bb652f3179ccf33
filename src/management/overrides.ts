/** Overrides: set and removed by hand. What they mean is in core/override.ts. */
import { type Override, resolveOverride } from '../domain/override.ts'
import { emptyTimeline } from '../domain/status.ts'
import { type FieldFault, RequestError } from '../errors.ts'
import { parseInstant } from '../lib/rfc3339.ts'
import type { Store } from '../storage/store.ts'
import type { ManagementDeps } from './management.ts'
import { requireRules } from './rules.ts'
import { requireUserRecord } from './users.ts'

export interface PutOverrideBody {
  readonly diversion: string
  /** RFC 3339, in the future. */
  readonly until?: string | null
}

export interface OverrideManagement {
  put(tenant: string, user: string, body: PutOverrideBody): Promise<void>
  remove(tenant: string, user: string): Promise<void>
}

export function createOverrideManagement({ store, packs, clock }: ManagementDeps): OverrideManagement {
  return {
    put: (tenant, user, body) =>
      store.withTenantLock(tenant, async (store) => {
        const record = await requireUserRecord(store, tenant, user)
        const { effective } = await requireRules(store, packs, tenant)
        const at = clock()
        const until = body.until == null ? null : parseInstant(body.until)
        const faults: FieldFault[] = []
        if (!effective.diversions.some(({ code }) => code === body.diversion)) {
          faults.push({
            field: 'diversion',
            message: `"${body.diversion}" is not in the catalogue: write one of ${effective.diversions.map(({ code }) => code).join(', ')}`
          })
        }
        if (until !== null && until <= at) {
          faults.push({
            field: 'until',
            message: 'is not in the future: write a later time, or leave it out'
          })
        }
        if (faults.length > 0) throw new RequestError('invalid_request', '', faults)
        const calendar = record.timeline ?? emptyTimeline
        await save(
          store,
          tenant,
          user,
          record.override,
          resolveOverride(record.override, calendar, body.diversion, until, at)
        )
      }),

    remove: (tenant, user) =>
      store.withTenantLock(tenant, async (store) => {
        const { override } = await requireUserRecord(store, tenant, user)
        await save(store, tenant, user, override, null)
      })
  }

  async function save(
    store: Store,
    tenant: string,
    user: string,
    before: Override | null,
    after: Override | null
  ) {
    const same =
      before?.diversion === after?.diversion && before?.from === after?.from && before?.until === after?.until
    if (!same) await store.saveOverride(tenant, user, after, clock())
  }
}
