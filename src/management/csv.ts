/** A sheet of users as spreadsheet programs save it (CSV): decoded, split and given back row by row. */
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { CsvError, parse } from 'csv-parse'
import { type FieldFault, RequestError } from '../errors.ts'

/** The members that a column can hold, as they are written. */
export const columns = [
  'user',
  'displayName',
  'extension',
  'numbers',
  'mailbox',
  'syncEnabled',
  'timeZone'
] as const
export type Column = (typeof columns)[number]

const required: readonly Column[] = ['user', 'displayName', 'extension', 'syncEnabled']

/** Characters of a whole row; the longest good one is far shorter. */
const LONGEST_ROW = 50_000
const CHUNK = 64 * 1024
/** Then others have their turn: streams alone go on and on where nothing has to be waited for. */
const ROWS_IN_ONE_GO = 500
/** Of a file that is no sheet at all, its first line is told of up to here. */
const MOST_COLUMNS_TOLD = 50

export interface SheetRow {
  /** The header is row 1. */
  readonly row: number
  readonly cells: Readonly<Partial<Record<Column, string>>>
  /** Set where the row has another number of cells than the header, and cannot be told apart. */
  readonly fault: FieldFault | null
}

/** Throws a RequestError where the sheet as a whole cannot be read. Blank rows are passed over. */
export async function* sheetRows(bytes: Buffer): AsyncGenerator<SheetRow> {
  const text = decoded(bytes)
  const parser = parse({
    delimiter: delimiterOf(text),
    relax_column_count: true,
    max_record_size: LONGEST_ROW,
    trim: true
  })
  let header: readonly Column[] | null = null
  let row = 0
  try {
    for await (const cells of Readable.from(chunks(text)).pipe(parser) as AsyncIterable<string[]>) {
      row++
      if (row % ROWS_IN_ONE_GO === 0) await setImmediate()
      if (header === null) header = headerOf(cells)
      else if (cells.some((cell) => cell !== '')) yield sheetRow(row, header, cells)
    }
  } catch (error) {
    throw error instanceof CsvError ? unreadable(error) : error
  }
  if (header === null)
    throw refused([{ field: 'file', message: 'is empty: send a header row and a row for each user' }])
}

/** UTF-8 and UTF-16 by their marks; else UTF-8 if it is, else Windows-1252, which Excel writes in western Europe. */
function decoded(bytes: Buffer): string {
  if (bytes.subarray(0, 4).toString('latin1') === 'PK\x03\x04') {
    throw refused([{ field: 'file', message: 'is an Excel workbook: save it as CSV (UTF-8) and send that' }])
  }
  const mark = bytes.subarray(0, 2).toString('hex')
  const text =
    mark === 'fffe'
      ? new TextDecoder('utf-16le').decode(bytes)
      : mark === 'feff'
        ? new TextDecoder('utf-16be').decode(bytes)
        : utf8OrWindows1252(bytes)
  if (text.includes('\0')) {
    throw refused([{ field: 'file', message: 'is no text: save it as CSV (UTF-8) and send that' }])
  }
  return text
}

function utf8OrWindows1252(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

/** The one of comma, semicolon and tab that the header row has most of. */
function delimiterOf(text: string): string {
  const header = text.slice(0, 2000).split(/[\r\n]/, 1)[0] ?? ''
  const count = (sign: string) => header.split(sign).length
  return [',', ';', '\t'].reduce((best, sign) => (count(sign) > count(best) ? sign : best))
}

/** In pieces, so that a long sheet leaves others their turn. */
function* chunks(text: string): Generator<string> {
  for (let start = 0; start < text.length; start += CHUNK) yield text.slice(start, start + CHUNK)
}

function headerOf(cells: readonly string[]): readonly Column[] {
  const byName = new Map(columns.map((column) => [column.toLowerCase(), column]))
  const found: Column[] = []
  const faults: FieldFault[] = []
  for (const cell of cells) {
    const column = byName.get(cell.toLowerCase())
    const message =
      column === undefined
        ? `is no known column: write one of ${columns.join(', ')}`
        : found.includes(column)
          ? 'stands twice: keep one'
          : null
    if (message !== null)
      faults.push({ field: cell === '' ? '(no name)' : cell.slice(0, 80), message, row: 1 })
    if (column !== undefined) found.push(column)
  }
  for (const column of required) {
    if (!found.includes(column))
      faults.push({ field: column, message: 'is missing from the header row', row: 1 })
  }
  if (faults.length > 0) throw refused(faults.slice(0, MOST_COLUMNS_TOLD))
  return found
}

function sheetRow(row: number, header: readonly Column[], cells: readonly string[]): SheetRow {
  // Programs leave out, or add, empty cells at the end of a row.
  const surplus = cells.slice(header.length).some((cell) => cell !== '')
  const fault = surplus
    ? {
        field: 'row',
        message: `has ${cells.length} cells, the header ${header.length}: put a cell that holds the delimiter in quotes`,
        row
      }
    : null
  return {
    row,
    cells: Object.fromEntries(header.map((column, index) => [column, cells[index] ?? ''])),
    fault
  }
}

function unreadable(error: CsvError): RequestError {
  // The parser reads ahead of the rows that it has given: it alone knows where it was.
  const row = Number(error.records) + 1
  const message =
    error.code === 'CSV_MAX_RECORD_SIZE'
      ? 'is too long: a quote that opens here is perhaps never closed'
      : 'has a quote in the wrong place: a cell that holds " begins and ends with " and has each " inside twice'
  return refused([{ field: 'row', message, row }])
}

function refused(faults: readonly FieldFault[]): RequestError {
  const [first] = faults
  const place = first?.row === undefined ? '' : `row ${first.row}, `
  return new RequestError(
    'invalid_request',
    `The file cannot be read; nothing was changed. ${place}${first?.field}: ${first?.message}`,
    faults
  )
}
