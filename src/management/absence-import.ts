/** Absences from a sheet: every row is checked before any is saved, then they are saved in batches of users. */
import { isDeepStrictEqual } from 'node:util'
import { type Absence, isAhead, MAX_ABSENCES_AHEAD } from '../domain/absence.ts'
import type { Instant } from '../domain/calendar-event.ts'
import { type Phone, phones } from '../domain/diversion.ts'
import type { RuleSet } from '../domain/rule-set.ts'
import type { FieldFault } from '../errors.ts'
import { parseInstant } from '../lib/rfc3339.ts'
import { forEachInSlices, nextSlice } from '../lib/time-slices.ts'
import { localInstant, startOfDay } from '../lib/time-zone.ts'
import type { Store, UserRecord } from '../storage/store.ts'
import { countAhead, replaceAbsences, validateAbsence } from './absences.ts'
import { type CsvRow, readAllCsvRows } from './csv.ts'
import { ImportFaults } from './import-faults.ts'
import type { ManagementDeps } from './management-deps.ts'
import { requireRules } from './rules.ts'
import { requireTenant } from './tenants.ts'

export const absenceColumns = ['user', 'absence', 'diversion', 'from', 'until', 'phone'] as const
type AbsenceColumn = (typeof absenceColumns)[number]

const sheet = {
  columns: absenceColumns,
  required: ['user', 'absence', 'diversion', 'from', 'until'] as const,
  holds: 'absence'
}

/** As of users and tenants (api/schemas/params.ts). */
const ID = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$/
/** Users in one write: a few milliseconds. */
const USERS_PER_BATCH = 200

export interface ImportedAbsence {
  /** The header is row 1. */
  readonly row: number
  readonly user: string
  readonly absence: string
  readonly action: 'created' | 'updated' | 'unchanged'
}

export interface AbsenceImportResponse {
  readonly dryRun: boolean
  readonly created: number
  readonly updated: number
  readonly unchanged: number
  readonly rows: readonly ImportedAbsence[]
}

export interface AbsenceImport {
  /** `csv`: the file as it was sent. */
  run(tenant: string, csv: Buffer, options: { readonly dryRun: boolean }): Promise<AbsenceImportResponse>
}

interface PlannedAbsence {
  readonly row: number
  readonly user: string
  readonly absence: Absence
}

export function createAbsenceImport({ store, packs, clock }: ManagementDeps): AbsenceImport {
  return {
    async run(tenant, csv, { dryRun }) {
      const { timeZone } = await requireTenant(store, tenant)
      const rows = await readAllCsvRows<AbsenceColumn>(csv, sheet)
      const { effective } = await requireRules(store, packs, tenant)
      const records = await readRecords(store, tenant, rows)
      const at = clock()
      const planned = await planRows(rows, { records, rules: effective, timeZone, at })
      const counts = { created: 0, updated: 0, unchanged: 0 }
      const imported: ImportedAbsence[] = []
      await forEachInSlices(planned, ({ row, user, absence }) => {
        const before = records
          .get(user)
          ?.absences.find((other) => other.id === absence.id && isAhead(other, at))
        const action =
          before === undefined ? 'created' : isDeepStrictEqual(before, absence) ? 'unchanged' : 'updated'
        counts[action] += 1
        imported.push({ row, user, absence: absence.id, action })
      })
      if (!dryRun) await saveAll(tenant, planned)
      return { dryRun, ...counts, rows: imported }
    }
  }

  async function saveAll(tenant: string, planned: readonly PlannedAbsence[]): Promise<void> {
    const byUser = new Map<string, Absence[]>()
    for (const { user, absence } of planned) {
      const given = byUser.get(user)
      if (given === undefined) byUser.set(user, [absence])
      else given.push(absence)
    }
    const users = [...byUser.keys()]
    for (let from = 0; from < users.length; from += USERS_PER_BATCH) {
      await nextSlice()
      const batch = users.slice(from, from + USERS_PER_BATCH)
      await store.withTenantLock(tenant, async (store) => {
        const at = clock()
        const records = await store.records(tenant, batch)
        const changed = records.flatMap((record) => {
          if (record === null) return []
          const absences = replaceAbsences(record.absences, byUser.get(record.user.id) ?? [], at)
          return isDeepStrictEqual(absences, record.absences) ? [] : [{ user: record.user.id, absences }]
        })
        if (changed.length > 0) await store.saveAbsences(tenant, changed, at)
      })
    }
  }
}

type Row = CsvRow<AbsenceColumn>

/** Of the users whom the file names. */
async function readRecords(
  store: Store,
  tenant: string,
  rows: readonly Row[]
): Promise<ReadonlyMap<string, UserRecord>> {
  const ids = [...new Set(rows.map(({ cells }) => cells.user ?? ''))].filter((id) => ID.test(id))
  const found = new Map<string, UserRecord>()
  for (let from = 0; from < ids.length; from += USERS_PER_BATCH) {
    for (const record of await store.records(tenant, ids.slice(from, from + USERS_PER_BATCH))) {
      if (record !== null) found.set(record.user.id, record)
    }
  }
  return found
}

interface PlanContext {
  readonly records: ReadonlyMap<string, UserRecord>
  readonly rules: RuleSet
  /** The tenant's. */
  readonly timeZone: string
  readonly at: Instant
}

/** Throws a RequestError with every bad row. */
async function planRows(rows: readonly Row[], context: PlanContext): Promise<PlannedAbsence[]> {
  const faults = new ImportFaults()
  const rowOfAbsence = new Map<string, number>()
  const given = new Map<string, Absence[]>()
  const planned: PlannedAbsence[] = []
  await forEachInSlices(rows, ({ row, cells, faults: cellFaults }) => {
    const wrong: FieldFault[] = [...cellFaults]
    const { user = '', absence: id = '' } = cells
    const record = context.records.get(user)
    if (record === undefined) wrong.push({ field: 'user', message: `"${user}" is no user of this tenant` })
    if (!ID.test(id)) {
      wrong.push({ field: 'absence', message: 'is no id: write 1 to 64 of letters, digits and . _ @ + -' })
    }
    const name = `${user} ${id}`
    const first = rowOfAbsence.get(name)
    if (first !== undefined) {
      wrong.push({ field: 'absence', message: `"${id}" of "${user}" stands in row ${first} already` })
    } else rowOfAbsence.set(name, row)
    const absence = toAbsence(cells, record?.user.timeZone ?? context.timeZone, wrong)
    if (absence !== null && wrong.length === 0) {
      wrong.push(...validateAbsence(absence, context.rules, context.at))
    }
    if (absence !== null && record !== undefined && wrong.length === 0) {
      const all = [...(given.get(user) ?? []), absence]
      given.set(user, all)
      if (countAhead(replaceAbsences(record.absences, all, context.at), context.at) > MAX_ABSENCES_AHEAD) {
        wrong.push({
          field: 'absence',
          message: `is one more than the ${MAX_ABSENCES_AHEAD} that a user may have ahead`
        })
      }
    }
    faults.add(row, wrong)
    if (absence !== null && faults.count === 0) planned.push({ row, user, absence })
  })
  if (faults.count > 0) throw faults.toError(rows.length)
  return planned
}

/** Null, and the faults are more, where a cell cannot be read. */
function toAbsence(cells: Row['cells'], timeZone: string, faults: FieldFault[]): Absence | null {
  const from = readTime(cells.from ?? '', timeZone, 'from')
  const until = readTime(cells.until ?? '', timeZone, 'until')
  const { phone = '' } = cells
  if (from === null) faults.push({ field: 'from', message: timeMessage })
  if (until === null) faults.push({ field: 'until', message: timeMessage })
  if (phone !== '' && !isPhone(phone)) {
    faults.push({ field: 'phone', message: `is "${phone}": write ${phones.join(' or ')}, or nothing` })
  }
  if (from === null || until === null) return null
  return {
    id: cells.absence ?? '',
    diversion: cells.diversion ?? '',
    from,
    until,
    ...(isPhone(phone) && { phone })
  }
}

function isPhone(cell: string): cell is Phone {
  return (phones as readonly string[]).includes(cell)
}

const timeMessage =
  'is no time: write a day (2026-12-22), a local time (2026-12-22 13:00) or an RFC 3339 time (2026-12-22T13:00:00+01:00)'

/** A day alone begins with its midnight and ends with that of the next day: somebody away until a day is away on that day. */
function readTime(cell: string, timeZone: string, member: 'from' | 'until'): Instant | null {
  const exact = parseInstant(cell)
  if (exact !== null) return Math.floor(exact / 1000) * 1000
  const parts = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?$/.exec(cell)
  if (parts === null) return null
  const [year = 0, month = 0, day = 0] = parts.slice(1, 4).map(Number)
  // A day that the calendar lacks is refused, as in RFC 3339 times.
  if (parseInstant(`${parts[1]}-${parts[2]}-${parts[3]}T00:00:00Z`) === null) return null
  if (parts[4] === undefined) return startOfDay(timeZone, year, month, member === 'from' ? day : day + 1)
  const [hour = 0, minute = 0, second = 0] = parts.slice(4, 7).map((part) => Number(part ?? 0))
  if (hour > 23 || minute > 59 || second > 59) return null
  return localInstant(timeZone, { year, month, day, hour, minute, second })
}
