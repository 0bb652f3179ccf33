/** A tenant's users as a sheet (CSV) that an import takes back. */
import type { Store } from '../storage/store.ts'
import type { ManagementDeps } from './management-deps.ts'
import { writeCell } from './spreadsheet-cell.ts'
import { requireTenant } from './tenants.ts'
import { csvColumns } from './user-columns.ts'
import { toUserResponse } from './user-fields.ts'
import { eachUser } from './users.ts'

const ROWS_PER_CHUNK = 500
/** Without it Excel takes UTF-8 for Windows-1252. */
const BYTE_ORDER_MARK = '\ufeff'

export interface UserExport {
  /** Comma-separated, CRLF (RFC 4180), by user id. Users' own triggers are not in it. */
  run(tenant: string): Promise<AsyncIterable<string>>
}

export function createUserExport({ store }: ManagementDeps): UserExport {
  return {
    async run(tenant) {
      await requireTenant(store, tenant)
      return writeRows(store, tenant)
    }
  }
}

async function* writeRows(store: Store, tenant: string): AsyncGenerator<string> {
  let rows = [csvColumns.join(',')]
  let lead = BYTE_ORDER_MARK
  for await (const user of eachUser(store, tenant)) {
    const fields = toUserResponse(user)
    rows.push(csvColumns.map((column) => writeCell(column, cellText(fields[column]))).join(','))
    if (rows.length < ROWS_PER_CHUNK) continue
    yield `${lead}${rows.join('\r\n')}\r\n`
    rows = []
    lead = ''
  }
  if (rows.length > 0) yield `${lead}${rows.join('\r\n')}\r\n`
}

function cellText(value: string | boolean | readonly string[] | null | undefined): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? value.join(' ') : String(value)
}
