/** Users from a sheet: every row is checked before any is saved, then they are saved in batches. */
import { type FieldFault, RequestError } from '../errors.ts'
import { forEachInSlices } from '../lib/time-slices.ts'
import type { ImportProgress, User } from '../storage/store.ts'
import { type CsvRow, readCsvRows } from './csv.ts'
import { buildUser } from './diff-user.ts'
import { type ImportProgressResponse, toProgressResponse } from './import-progress.ts'
import { type ImportedRow, ImportRun, type PlannedRow } from './import-run.ts'
import type { ManagementDeps } from './management-deps.ts'
import { requireRules } from './rules.ts'
import { splitNumbers } from './spreadsheet-cell.ts'
import { requireTenant } from './tenants.ts'
import { shownMailbox, type UserFields } from './user-fields.ts'
import { eachUser } from './users.ts'
import { validateUser } from './validate-user.ts'

/** An answer lists at most so many faults and counts the rest. */
const MAX_ERRORS = 10_000
const MAX_ROWS = 50_000

export const importModes = ['merge', 'replace'] as const satisfies readonly ImportProgress['mode'][]

export interface ImportOptions {
  /** `merge`: users that the file lacks stay. `replace`: they are removed. */
  readonly mode: (typeof importModes)[number]
  /** Nothing is saved; the answer says what would be. */
  readonly dryRun: boolean
}

export interface ImportResponse extends ImportOptions {
  readonly created: number
  readonly updated: number
  readonly unchanged: number
  readonly removed: number
  /** In the order of the file, then those who are removed. */
  readonly rows: readonly ImportedRow[]
}

/** What is wrong with the shape of a user's members, as a schema has it. */
export type CheckShape = (body: unknown) => FieldFault[]

export interface UserImport {
  /** `csv`: the file as it was sent. */
  run(tenant: string, csv: Buffer, options: ImportOptions, checkShape: CheckShape): Promise<ImportResponse>
  /** How far the tenant's newest import is. */
  progress(tenant: string): Promise<ImportProgressResponse>
}

export function createUserImport(deps: ManagementDeps): UserImport {
  const { store } = deps
  return {
    async run(tenant, csv, options, checkShape) {
      await requireTenant(store, tenant)
      const rows = await readAllRows(csv)
      if (options.mode === 'replace' && rows.length === 0) {
        const message = 'holds no user, so that "replace" would remove everybody: remove the tenant instead'
        throw new RequestError('invalid_request', '', [{ field: 'file', message }])
      }
      const planned = await planImport(deps, tenant, rows, options, checkShape)
      const counts = { created: 0, updated: 0, unchanged: 0, removed: 0 }
      const imported: ImportedRow[] = []
      await forEachInSlices(planned, ({ row, user, action }) => {
        counts[action] += 1
        imported.push({ row, user, action })
      })
      if (!options.dryRun) await new ImportRun(deps, tenant, options.mode, counts).run(planned)
      return { ...options, ...counts, rows: imported }
    },

    async progress(tenant) {
      await requireTenant(store, tenant)
      const progress = await store.importProgress(tenant)
      if (progress === null) {
        throw new RequestError('not_found', `No users were imported into the tenant "${tenant}" so far.`)
      }
      return toProgressResponse(progress, deps.clock())
    }
  }
}

async function readAllRows(csv: Buffer): Promise<CsvRow[]> {
  const rows: CsvRow[] = []
  for await (const row of readCsvRows(csv)) {
    if (rows.push(row) > MAX_ROWS) {
      throw new RequestError('too_large', `The file has more than ${MAX_ROWS} users: send it in parts.`)
    }
  }
  return rows
}

/** What becomes of each row. Throws a RequestError with every bad row. */
async function planImport(
  { store, packs, masterKeys, clock }: ManagementDeps,
  tenant: string,
  rows: readonly CsvRow[],
  { mode }: ImportOptions,
  checkShape: CheckShape
): Promise<PlannedRow[]> {
  const { effective: rules } = await requireRules(store, packs, tenant)
  const stored = new Map<string, User>()
  for await (const user of eachUser(store, tenant)) stored.set(user.id, user)

  const faults = new ImportFaults()
  const rowOfUser = new Map<string, number>()
  const sealer = await masterKeys.sealer()
  const planned: PlannedRow[] = []
  await forEachInSlices(rows, ({ row, cells, faults: cellFaults }) => {
    const { user: id = '' } = cells
    const before = stored.get(id) ?? null
    const { user: _, ...members } = toUserMembers(cells, before)
    const wrong = cellFaults.length > 0 ? [...cellFaults] : checkShape({ user: id, ...members })
    const fields = members as unknown as UserFields
    // The zone of a body of the wrong shape is no zone to look at.
    if (wrong.length === 0) wrong.push(...validateUser(fields, shownMailbox(before), rules))
    wrong.push(...duplicateFaults(id, row, rowOfUser))
    faults.add(row, wrong)
    if (faults.count > 0) return
    const after = buildUser({ tenant, id, fields, sealer, at: clock() }, before)
    const action = before === null ? 'created' : after === null ? 'unchanged' : 'updated'
    planned.push({ row, user: id, action, fields })
  })
  if (faults.count > 0) throw faults.toError(rows.length)
  if (mode === 'merge') return planned
  await forEachInSlices(stored.keys(), (user) => {
    if (!rowOfUser.has(user)) planned.push({ row: null, user, action: 'removed', fields: null })
  })
  return planned
}

/** A column that is not there leaves what is stored; an empty cell takes it away. */
function toUserMembers(cells: CsvRow['cells'], stored: User | null): Record<string, unknown> {
  const orNull = (cell: string | undefined, before: string | null) =>
    cell === undefined ? before : cell === '' ? null : cell
  return {
    user: cells.user,
    displayName: cells.displayName,
    extension: cells.extension,
    numbers: cells.numbers === undefined ? (stored?.numbers ?? []) : splitNumbers(cells.numbers),
    mailbox: orNull(cells.mailbox, shownMailbox(stored)),
    owner: orNull(cells.owner, stored?.owner ?? null),
    syncEnabled: parseBoolean(cells.syncEnabled ?? ''),
    timeZone: orNull(cells.timeZone, stored?.timeZone ?? null),
    triggers: stored?.triggers ?? []
  }
}

/** Spreadsheet programs write the truth in their own language. Anything else stays, to be refused. */
function parseBoolean(cell: string): boolean | string {
  const word = cell.toLowerCase()
  if (['true', '1', 'yes', 'ja', 'sant', 'sand', 'sann', 'tosi', 'kyllä'].includes(word)) return true
  if (['false', '0', 'no', 'nej', 'nei', 'falskt', 'falsk', 'usann', 'epätosi', 'ei'].includes(word))
    return false
  return cell
}

/** Remembers where the user stands first, and refuses a second row. */
function duplicateFaults(id: string, row: number, rowOfUser: Map<string, number>): FieldFault[] {
  const first = rowOfUser.get(id)
  if (first === undefined) rowOfUser.set(id, row)
  if (first === undefined || id === '') return []
  return [{ field: 'user', message: `"${id}" stands in row ${first} already: keep one of the two` }]
}

/** The faults of all rows, in their order. */
class ImportFaults {
  #count = 0
  #badRows = 0
  readonly #reported: FieldFault[] = []

  get count(): number {
    return this.#count
  }

  add(row: number, faults: readonly FieldFault[]): void {
    if (faults.length === 0) return
    this.#count += faults.length
    this.#badRows += 1
    for (const { field, message } of faults) {
      if (this.#reported.length < MAX_ERRORS) this.#reported.push({ field, message, row })
    }
  }

  toError(rows: number): RequestError {
    const more = this.#count - this.#reported.length
    return new RequestError(
      'invalid_request',
      `Of ${rows} rows ${this.#badRows} cannot be taken, so nothing was changed: correct them and send the file again.`,
      more === 0
        ? this.#reported
        : [...this.#reported, { field: 'file', message: `has ${more} more faults in the rows below` }]
    )
  }
}
