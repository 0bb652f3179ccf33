/** Absences: entered, changed and removed one at a time. What they mean is in domain/absence.ts. */
import { isDeepStrictEqual } from 'node:util'
import { type Absence, isAhead, MAX_ABSENCE_DAYS, MAX_ABSENCES_AHEAD } from '../domain/absence.ts'
import type { Instant } from '../domain/calendar-event.ts'
import { AVAILABLE, type Phone } from '../domain/diversion.ts'
import { Mask } from '../domain/mask.ts'
import type { RuleSet } from '../domain/rule-set.ts'
import { ceilToSecond, floorToSecond } from '../domain/whole-seconds.ts'
import { type FieldFault, RequestError } from '../errors.ts'
import { formatInstant, parseInstant } from '../lib/rfc3339.ts'
import type { Store } from '../storage/store.ts'
import type { ManagementDeps } from './management-deps.ts'
import { type PagedList, type PageRequest, paginate } from './pagination.ts'
import { requireRules } from './rules.ts'
import { requireTenant } from './tenants.ts'
import { requireUserRecord } from './users.ts'

const DAY_MS = 86_400_000
/** Cursors are younger (status/cursor.ts): nobody is shown anything of an absence that ended so long ago. */
const FORGOTTEN_AFTER_MS = 2 * DAY_MS

export interface PutAbsenceBody {
  /** As in the address. */
  readonly absence?: string
  readonly diversion: string
  /** RFC 3339. */
  readonly from: string
  /** RFC 3339: in the future, and after `from`. */
  readonly until: string
  readonly phone?: Phone
}

export interface AbsenceResponse {
  readonly absence: string
  readonly diversion: string
  readonly from: string
  readonly until: string
  readonly phone?: Phone
}

export interface AbsencesManagement {
  put(tenant: string, user: string, id: string, body: PutAbsenceBody): Promise<SavedAbsence>
  get(tenant: string, user: string, id: string): Promise<FoundAbsence>
  /** Those that are not over, by id. */
  list(tenant: string, user: string, page: PageRequest): Promise<PagedList<Absence> & { readonly mask: Mask }>
  remove(tenant: string, user: string, id: string): Promise<void>
}

export interface FoundAbsence {
  readonly absence: Absence
  /** What masked audiences see in place of sensitive diversions. */
  readonly mask: Mask
}

export interface SavedAbsence extends FoundAbsence {
  readonly created: boolean
}

export function createAbsenceManagement({ store, packs, clock }: ManagementDeps): AbsencesManagement {
  return {
    put: (tenant, user, id, body) =>
      store.withTenantLock(tenant, async (store) => {
        const { rules, absences } = await read(store, tenant, user)
        const at = clock()
        const absence = requireAbsence(id, body, rules, at)
        const after = replaceAbsences(absences, [absence], at)
        requireRoom(after, at)
        const created = !absences.some((other) => other.id === id && isAhead(other, at))
        if (!isDeepStrictEqual(after, absences)) {
          await store.saveAbsences(tenant, [{ user, absences: after }], at)
        }
        return { absence, created, mask: new Mask(rules) }
      }),

    async get(tenant, user, id) {
      const { rules, absences } = await read(store, tenant, user)
      return { absence: findAbsence(absences, id, clock()), mask: new Mask(rules) }
    },

    async list(tenant, user, page) {
      const { rules, absences } = await read(store, tenant, user)
      const ahead = absences.filter((absence) => isAhead(absence, clock()))
      const items = await paginate(
        page,
        async ({ limit, after = '' }) => ahead.filter(({ id }) => id > after).slice(0, limit),
        (absence) => absence,
        ({ id }) => id
      )
      return { ...items, mask: new Mask(rules) }
    },

    remove: (tenant, user, id) =>
      store.withTenantLock(tenant, async (store) => {
        const { absences } = await read(store, tenant, user)
        findAbsence(absences, id, clock())
        const others = absences.filter((absence) => absence.id !== id)
        await store.saveAbsences(tenant, [{ user, absences: others }], clock())
      })
  }

  async function read(store: Store, tenant: string, user: string) {
    await requireTenant(store, tenant)
    const { absences } = await requireUserRecord(store, tenant, user)
    const { effective } = await requireRules(store, packs, tenant)
    return { rules: effective, absences }
  }
}

export function toAbsenceResponse({ id, diversion, from, until, phone }: Absence): AbsenceResponse {
  return {
    absence: id,
    diversion,
    from: formatInstant(from),
    until: formatInstant(until),
    ...(phone !== undefined && { phone })
  }
}

/** By id, with these in place of those of the same ids, and without those that are long over. */
export function replaceAbsences(
  absences: readonly Absence[],
  given: readonly Absence[],
  at: Instant
): Absence[] {
  const byId = new Map([...absences, ...given].map((absence) => [absence.id, absence]))
  return [...byId.values()]
    .filter(({ until }) => until > at - FORGOTTEN_AFTER_MS)
    .sort((one, other) => (one.id < other.id ? -1 : 1))
}

export function countAhead(absences: readonly Absence[], at: Instant): number {
  return absences.filter((absence) => isAhead(absence, at)).length
}

/** Everything that is wrong with an absence beyond its shape. */
export function validateAbsence(absence: Absence, { diversions }: RuleSet, at: Instant): FieldFault[] {
  const { diversion, from, until, phone } = absence
  const faults: FieldFault[] = []
  if (!diversions.some(({ code }) => code === diversion)) {
    const codes = diversions.map(({ code }) => code).join(', ')
    faults.push({
      field: 'diversion',
      message: `"${diversion}" is not in the catalogue: write one of ${codes}`
    })
  }
  if (from >= until) faults.push({ field: 'until', message: 'is not after "from": write a later time' })
  else if (until <= at) faults.push({ field: 'until', message: 'is not in the future: write a later time' })
  if (until > at + MAX_ABSENCE_DAYS * DAY_MS) {
    faults.push({
      field: 'until',
      message: `is more than ${MAX_ABSENCE_DAYS} days from now: write an earlier time`
    })
  }
  if (diversion === AVAILABLE && phone === 'closed') {
    faults.push({ field: 'phone', message: 'cannot be closed for "available"' })
  }
  return faults
}

function requireAbsence(id: string, body: PutAbsenceBody, rules: RuleSet, at: Instant): Absence {
  const { diversion, phone } = body
  const from = parseInstant(body.from)
  const until = parseInstant(body.until)
  if (from === null || until === null) {
    const field = from === null ? 'from' : 'until'
    const message = 'is no RFC 3339 time: write one such as 2026-12-22T08:00:00+01:00'
    throw new RequestError('invalid_request', '', [{ field, message }])
  }
  const absence = {
    id,
    diversion,
    from: floorToSecond(from),
    until: ceilToSecond(until),
    ...(phone !== undefined && { phone })
  }
  const faults = validateAbsence(absence, rules, at)
  if (body.absence !== undefined && body.absence !== id) {
    faults.push({ field: 'absence', message: `must be "${id}" as in the address, or be left out` })
  }
  if (faults.length > 0) throw new RequestError('invalid_request', '', faults)
  return absence
}

function requireRoom(absences: readonly Absence[], at: Instant): void {
  if (countAhead(absences, at) <= MAX_ABSENCES_AHEAD) return
  throw new RequestError(
    'limit_reached',
    `The user has ${MAX_ABSENCES_AHEAD} absences ahead, and there may be no more: remove one first.`
  )
}

function findAbsence(absences: readonly Absence[], id: string, at: Instant): Absence {
  const found = absences.find((absence) => absence.id === id && isAhead(absence, at))
  if (found !== undefined) return found
  throw new RequestError('not_found', `The user has no absence "${id}" ahead.`)
}
