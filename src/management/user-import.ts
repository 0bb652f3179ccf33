/** Users from a sheet: all of them, or none and every bad row by number and reason. */
import { setImmediate } from 'node:timers/promises'
import type { Static } from 'typebox'
import { ruleSchemas } from '../api/schemas/rules.ts'
import { type ImportResult, UserPut } from '../api/schemas/users.ts'
import { checker } from '../api/validation.ts'
import { type FieldFault, RequestError } from '../errors.ts'
import type { UserRecord } from '../storage/store.ts'
import { type SheetRow, sheetRows } from './csv.ts'
import type { DirectoryNeeds } from './management.ts'
import { knownRules } from './rules.ts'
import { knownTenant } from './tenants.ts'
import { changeOf, heldMailbox, type UserBody, type UserChange, userFaults } from './users.ts'

/** More faults than anybody reads in one go; what is over is counted. */
const MOST_FAULTS = 10_000
const MOST_ROWS = 50_000
/** Then others have their turn. */
const ROWS_IN_ONE_GO = 500

export interface UserImport {
  /** `csv`: the file as it was sent. */
  run(tenant: string, csv: Buffer): Promise<Static<typeof ImportResult>>
}

export function userImport({ store, packs, sealer, clock }: DirectoryNeeds): UserImport {
  const shapeFaults = checker(UserPut, ruleSchemas)

  return {
    run: (tenant, csv) =>
      store.inTurn(tenant, async (store) => {
        await knownTenant(store, tenant)
        const rows = await all(csv)
        const ids = rows.map(({ cells }) => cells.user ?? '')
        const held = await heldBy(tenant, ids)
        const { effective: rules } = await knownRules(store, packs, tenant)

        const faults: FieldFault[] = repeatedIds(rows)
        const bodies = new Map<string, UserBody>()
        for (const [index, { row, cells, fault }] of rows.entries()) {
          if (index % ROWS_IN_ONE_GO === 0) await setImmediate()
          const { user: id = '' } = cells
          const record = held.get(id) ?? null
          const { user: _id, ...body } = bodyOf(cells, record)
          const wrong = fault === null ? shapeFaults({ user: id, ...body }) : [fault]
          // The zone of a body of the wrong shape is no zone to look at.
          if (wrong.length === 0) wrong.push(...userFaults(body as UserBody, heldMailbox(record), rules))
          faults.push(...wrong.map(({ field, message }) => ({ field, message, row })))
          bodies.set(id, body as UserBody)
        }
        if (faults.length > 0) throw refused(faults, rows.length)

        const at = clock()
        const changes: UserChange[] = []
        for (const [id, body] of bodies) {
          const change = changeOf({ tenant, id, body, record: held.get(id) ?? null, sealer, at })
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

  async function heldBy(tenant: string, ids: readonly string[]): Promise<ReadonlyMap<string, UserRecord>> {
    // An empty id is a fault that is told later; a store need not be asked for it.
    const asked = [...new Set(ids)].filter((id) => shapeOfId.test(id))
    const records = await store.records(tenant, asked)
    return new Map(records.flatMap((record) => (record === null ? [] : [[record.user.id, record]])))
  }
}

const shapeOfId = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$/

async function all(csv: Buffer): Promise<SheetRow[]> {
  const rows: SheetRow[] = []
  for await (const row of sheetRows(csv)) {
    if (rows.push(row) > MOST_ROWS) {
      throw new RequestError('too_large', `The file has more than ${MOST_ROWS} users: send it in parts.`)
    }
  }
  return rows
}

/** A column that is not there leaves what is held; an empty cell takes it away. */
function bodyOf(cells: SheetRow['cells'], record: UserRecord | null): Record<string, unknown> {
  const held = record?.user
  return {
    user: cells.user,
    displayName: cells.displayName,
    extension: cells.extension,
    numbers: cells.numbers === undefined ? (held?.numbers ?? []) : listIn(cells.numbers),
    mailbox: cells.mailbox === undefined ? heldMailbox(record) : cells.mailbox === '' ? null : cells.mailbox,
    syncEnabled: truthIn(cells.syncEnabled ?? ''),
    timeZone:
      cells.timeZone === undefined ? (held?.timeZone ?? null) : cells.timeZone === '' ? null : cells.timeZone,
    triggers: held?.triggers ?? []
  }
}

function listIn(cell: string): string[] {
  return cell.split(/[\s|]+/).filter((entry) => entry !== '')
}

/** Spreadsheet programs write the truth in their own language. Anything else stays, to be refused. */
function truthIn(cell: string): boolean | string {
  const word = cell.toLowerCase()
  if (['true', '1', 'yes', 'ja', 'sant', 'sand', 'sann', 'tosi', 'kyllä'].includes(word)) return true
  if (['false', '0', 'no', 'nej', 'nei', 'falskt', 'falsk', 'usann', 'epätosi', 'ei'].includes(word))
    return false
  return cell
}

function repeatedIds(rows: readonly SheetRow[]): FieldFault[] {
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

function refused(faults: FieldFault[], rows: number): RequestError {
  const sorted = faults.sort((a, b) => (a.row ?? 0) - (b.row ?? 0))
  const bad = new Set(sorted.map(({ row }) => row)).size
  const told = sorted.slice(0, MOST_FAULTS)
  const more = sorted.length - told.length
  if (more > 0) told.push({ field: 'file', message: `has ${more} more faults in the rows below` })
  return new RequestError(
    'invalid_request',
    `Of ${rows} rows ${bad} cannot be taken, so nothing was changed: correct them and send the file again.`,
    told
  )
}
