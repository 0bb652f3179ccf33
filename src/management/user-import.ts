/** Users from a sheet: all of them, or none and every bad row by number and reason. */
import { setImmediate } from 'node:timers/promises'
import { type FieldFault, RequestError } from '../errors.ts'
import type { UserRecord } from '../storage/store.ts'
import { type CsvRow, readCsvRows } from './csv.ts'
import type { ManagementDeps } from './management.ts'
import { requireRules } from './rules.ts'
import { requireTenant } from './tenants.ts'
import { diffUser, storedMailbox, type UserChange, type UserFields, validateUser } from './users.ts'

/** More faults than anybody reads in one go; what is over is counted. */
const MAX_ERRORS = 10_000
const MAX_ROWS = 50_000
/** Then others have their turn. */
const ROWS_PER_SLICE = 500

export interface ImportResponse {
  readonly created: number
  readonly updated: number
  readonly unchanged: number
}

/** What is wrong with the shape of a user's members, as a schema has it. */
export type CheckShape = (body: unknown) => FieldFault[]

export interface UserImport {
  /** `csv`: the file as it was sent. */
  run(tenant: string, csv: Buffer, checkShape: CheckShape): Promise<ImportResponse>
}

export function createUserImport({ store, packs, sealer, clock }: ManagementDeps): UserImport {
  return {
    run: (tenant, csv, checkShape) =>
      store.withTenantLock(tenant, async (store) => {
        await requireTenant(store, tenant)
        const rows = await readAllRows(csv)
        const ids = rows.map(({ cells }) => cells.user ?? '')
        const held = await loadRecords(tenant, ids)
        const { effective: rules } = await requireRules(store, packs, tenant)

        const faults: FieldFault[] = findDuplicateIds(rows)
        const bodies = new Map<string, UserFields>()
        for (const [index, { row, cells, fault }] of rows.entries()) {
          if (index % ROWS_PER_SLICE === 0) await setImmediate()
          const { user: id = '' } = cells
          const record = held.get(id) ?? null
          const { user: _id, ...body } = toUserFields(cells, record)
          const wrong = fault === null ? checkShape({ user: id, ...body }) : [fault]
          // The zone of a body of the wrong shape is no zone to look at.
          if (wrong.length === 0)
            wrong.push(...validateUser(body as unknown as UserFields, storedMailbox(record), rules))
          faults.push(...wrong.map(({ field, message }) => ({ field, message, row })))
          bodies.set(id, body as unknown as UserFields)
        }
        if (faults.length > 0) throw validationError(faults, rows.length)

        const at = clock()
        const changes: UserChange[] = []
        for (const [id, body] of bodies) {
          const change = diffUser({ tenant, id, body, record: held.get(id) ?? null, sealer, at })
          if (change !== null) changes.push(change)
        }
        const created = changes.length === 0 ? [] : await store.saveUsers(tenant, changes, at)
        return {
          created: created.length,
          updated: changes.length - created.length,
          unchanged: rows.length - changes.length
        }
      })
  }

  async function loadRecords(
    tenant: string,
    ids: readonly string[]
  ): Promise<ReadonlyMap<string, UserRecord>> {
    // An empty id is a fault that is told later; a store need not be asked for it.
    const asked = [...new Set(ids)].filter((id) => ID_PATTERN.test(id))
    const records = await store.records(tenant, asked)
    return new Map(records.flatMap((record) => (record === null ? [] : [[record.user.id, record]])))
  }
}

const ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$/

async function readAllRows(csv: Buffer): Promise<CsvRow[]> {
  const rows: CsvRow[] = []
  for await (const row of readCsvRows(csv)) {
    if (rows.push(row) > MAX_ROWS) {
      throw new RequestError('too_large', `The file has more than ${MAX_ROWS} users: send it in parts.`)
    }
  }
  return rows
}

/** A column that is not there leaves what is held; an empty cell takes it away. */
function toUserFields(cells: CsvRow['cells'], record: UserRecord | null): Record<string, unknown> {
  const held = record?.user
  return {
    user: cells.user,
    displayName: cells.displayName,
    extension: cells.extension,
    numbers: cells.numbers === undefined ? (held?.numbers ?? []) : splitNumbers(cells.numbers),
    mailbox:
      cells.mailbox === undefined ? storedMailbox(record) : cells.mailbox === '' ? null : cells.mailbox,
    syncEnabled: parseBoolean(cells.syncEnabled ?? ''),
    timeZone:
      cells.timeZone === undefined ? (held?.timeZone ?? null) : cells.timeZone === '' ? null : cells.timeZone,
    triggers: held?.triggers ?? []
  }
}

function splitNumbers(cell: string): string[] {
  return cell.split(/[\s|]+/).filter((entry) => entry !== '')
}

/** Spreadsheet programs write the truth in their own language. Anything else stays, to be refused. */
function parseBoolean(cell: string): boolean | string {
  const word = cell.toLowerCase()
  if (['true', '1', 'yes', 'ja', 'sant', 'sand', 'sann', 'tosi', 'kyllä'].includes(word)) return true
  if (['false', '0', 'no', 'nej', 'nei', 'falskt', 'falsk', 'usann', 'epätosi', 'ei'].includes(word))
    return false
  return cell
}

function findDuplicateIds(rows: readonly CsvRow[]): FieldFault[] {
  const first = new Map<string, number>()
  return rows.flatMap(({ row, cells }) => {
    const id = cells.user ?? ''
    const before = first.get(id)
    if (before === undefined) first.set(id, row)
    return before === undefined || id === ''
      ? []
      : [{ field: 'user', message: `"${id}" stands in row ${before} already: keep one of the two`, row }]
  })
}

function validationError(faults: FieldFault[], rows: number): RequestError {
  const sorted = faults.sort((a, b) => (a.row ?? 0) - (b.row ?? 0))
  const bad = new Set(sorted.map(({ row }) => row)).size
  const told = sorted.slice(0, MAX_ERRORS)
  const more = sorted.length - told.length
  if (more > 0) told.push({ field: 'file', message: `has ${more} more faults in the rows below` })
  return new RequestError(
    'invalid_request',
    `Of ${rows} rows ${bad} cannot be taken, so nothing was changed: correct them and send the file again.`,
    told
  )
}
