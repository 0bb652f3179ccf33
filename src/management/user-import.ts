/** Users from a sheet: every row is checked before any is saved, then they are saved in batches. */
import { type FieldFault, RequestError } from '../errors.ts'
import { forEachInSlices } from '../lib/time-slices.ts'
import type { ImportProgress } from '../storage/import-progress.ts'
import type { User } from '../storage/store.ts'
import { type CsvRow, readAllCsvRows } from './csv.ts'
import { buildUser } from './diff-user.ts'
import { ImportFaults } from './import-faults.ts'
import { type ImportProgressResponse, toProgressResponse } from './import-progress.ts'
import { type ImportedRow, ImportRun, type PlannedRow } from './import-run.ts'
import type { ManagementDeps } from './management-deps.ts'
import { requireRules } from './rules.ts'
import { splitNumbers } from './spreadsheet-cell.ts'
import { requireTenant } from './tenants.ts'
import { type CsvColumn, userSheet } from './user-columns.ts'
import { shownMailbox, type UserFields } from './user-fields.ts'
import { eachUser } from './users.ts'
import { validateUser } from './validate-user.ts'

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
      const rows = await readAllCsvRows(csv, userSheet)
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

/** What becomes of each row. Throws a RequestError with every bad row. */
async function planImport(
  { store, packs, masterKeys, clock }: ManagementDeps,
  tenant: string,
  rows: readonly CsvRow<CsvColumn>[],
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
function toUserMembers(cells: CsvRow<CsvColumn>['cells'], stored: User | null): Record<string, unknown> {
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
    officeHours: stored?.officeHours ?? null,
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
