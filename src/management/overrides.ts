/** Overrides: set and removed by hand. What they mean is in domain/override.ts. */
import { isDeepStrictEqual } from 'node:util'
import type { Instant } from '../domain/calendar-event.ts'
import { Catalogue } from '../domain/catalogue.ts'
import { AVAILABLE, type Diversion, type Phone } from '../domain/diversion.ts'
import { layTimeline } from '../domain/effective-timeline.ts'
import { Floors } from '../domain/hours/floors.ts'
import { type Override, type OverrideRequest, resolveOverride } from '../domain/override.ts'
import { emptyTimeline } from '../domain/timeline-runs.ts'
import { type FieldFault, RequestError } from '../errors.ts'
import { parseInstant } from '../lib/rfc3339.ts'
import type { Store } from '../storage/store.ts'
import type { ManagementDeps } from './management-deps.ts'
import { requireRules } from './rules.ts'
import { requireTenant } from './tenants.ts'
import { requireUserRecord } from './users.ts'

export interface PutOverrideBody {
  readonly diversion: string
  /** RFC 3339, in the future; null: until it is removed. */
  readonly until?: string | null
  /** In place of `until`. */
  readonly minutes?: number
  readonly phone?: Phone
}

export interface OverrideManagement {
  put(tenant: string, user: string, body: PutOverrideBody): Promise<void>
  remove(tenant: string, user: string): Promise<void>
}

export function createOverrideManagement({ store, packs, clock }: ManagementDeps): OverrideManagement {
  return {
    put: (tenant, user, body) =>
      store.withTenantLock(tenant, async (store) => {
        const settings = await requireTenant(store, tenant)
        const record = await requireUserRecord(store, tenant, user)
        const { effective } = await requireRules(store, packs, tenant)
        const at = clock()
        const request = toRequest(body, effective.diversions, at)
        const { timeline, absences } = record
        const catalogue = new Catalogue(effective.diversions)
        const floor = new Floors(settings, catalogue).of(record.user)
        const sources = { calendar: timeline ?? emptyTimeline, absences, floor }
        const below = layTimeline(sources, catalogue, at)
        const zone = record.user.timeZone ?? settings.timeZone
        const override = resolveOverride(request, record.override, below, {
          at,
          timeZone: zone,
          nextOpening: floor?.opening.nextOpening(at) ?? null
        })
        await save(store, tenant, user, record.override, override)
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
    const same = isDeepStrictEqual(before, after)
    if (!same) await store.saveOverride(tenant, user, after, clock())
  }
}

/** Throws a RequestError with every fault of the body. */
function toRequest(body: PutOverrideBody, diversions: readonly Diversion[], at: Instant): OverrideRequest {
  const diversion = diversions.find(({ code }) => code === body.diversion)
  const until = body.until == null ? body.until : parseInstant(body.until)
  const faults: FieldFault[] = []
  if (diversion === undefined) {
    faults.push({
      field: 'diversion',
      message: `"${body.diversion}" is not in the catalogue: write one of ${diversions.map(({ code }) => code).join(', ')}`
    })
  }
  if (until != null && until <= at) {
    faults.push({ field: 'until', message: 'is not in the future: write a later time, or leave it out' })
  }
  if (until !== undefined && body.minutes !== undefined) {
    faults.push({ field: 'minutes', message: 'and "until" both say when it ends: leave one out' })
  }
  if (body.diversion === AVAILABLE && body.phone === 'closed') {
    faults.push({ field: 'phone', message: 'cannot be closed for "available"' })
  }
  if (diversion === undefined || faults.length > 0) throw new RequestError('invalid_request', '', faults)
  return {
    diversion,
    ...(until !== undefined && { until }),
    ...(body.minutes !== undefined && { minutes: body.minutes }),
    ...(body.phone !== undefined && { phone: body.phone })
  }
}
