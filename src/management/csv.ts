/** A sheet of users as spreadsheet programs save it (CSV): decoded, split and given back row by row. */
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { CsvError, parse } from 'csv-parse'
import { type FieldFault, RequestError } from '../errors.ts'

/** The members that a column can hold, as they are written. */
export const csvColumns = [
  'user',
  'displayName',
  'extension',
  'numbers',
  'mailbox',
  'syncEnabled',
  'timeZone'
] as const
export type CsvColumn = (typeof csvColumns)[number]

const requiredColumns: readonly CsvColumn[] = ['user', 'displayName', 'extension', 'syncEnabled']

/** Characters of a whole row; the longest good one is far shorter. */
const MAX_ROW_LENGTH = 50_000
const CHUNK_LENGTH = 64 * 1024
/** Then others have their turn: streams alone go on and on where nothing has to be waited for. */
const ROWS_PER_SLICE = 500
/** Of a file that is no sheet at all, its first line is told of up to here. */
const MAX_HEADER_ERRORS = 50

export interface CsvRow {
  /** The header is row 1. */
  readonly row: number
  readonly cells: Readonly<Partial<Record<CsvColumn, string>>>
  /** Set where the row has another number of cells than the header, and cannot be told apart. */
  readonly fault: FieldFault | null
}

/** Throws a RequestError where the sheet as a whole cannot be read. Blank rows are passed over. */
export async function* readCsvRows(bytes: Buffer): AsyncGenerator<CsvRow> {
  const text = decodeText(bytes)
  const parser = parse({
    delimiter: detectDelimiter(text),
    relax_column_count: true,
    max_record_size: MAX_ROW_LENGTH,
    trim: true
  })
  let header: readonly CsvColumn[] | null = null
  let row = 0
  try {
    for await (const cells of Readable.from(splitIntoChunks(text)).pipe(parser) as AsyncIterable<string[]>) {
      row++
      if (row % ROWS_PER_SLICE === 0) await setImmediate()
      if (header === null) header = parseHeader(cells)
      else if (cells.some((cell) => cell !== '')) yield toCsvRow(row, header, cells)
    }
  } catch (error) {
    throw error instanceof CsvError ? toParseError(error) : error
  }
  if (header === null)
    throw validationError([{ field: 'file', message: 'is empty: send a header row and a row for each user' }])
}

/** UTF-8 and UTF-16 by their marks; else UTF-8 if it is, else Windows-1252, which Excel writes in western Europe. */
function decodeText(bytes: Buffer): string {
  if (bytes.subarray(0, 4).toString('latin1') === 'PK\x03\x04') {
    throw validationError([
      { field: 'file', message: 'is an Excel workbook: save it as CSV (UTF-8) and send that' }
    ])
  }
  const mark = bytes.subarray(0, 2).toString('hex')
  const text =
    mark === 'fffe'
      ? new TextDecoder('utf-16le').decode(bytes)
      : mark === 'feff'
        ? new TextDecoder('utf-16be').decode(bytes)
        : utf8OrWindows1252(bytes)
  if (text.includes('\0')) {
    throw validationError([{ field: 'file', message: 'is no text: save it as CSV (UTF-8) and send that' }])
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
function detectDelimiter(text: string): string {
  const header = text.slice(0, 2000).split(/[\r\n]/, 1)[0] ?? ''
  const count = (sign: string) => header.split(sign).length
  return [',', ';', '\t'].reduce((best, sign) => (count(sign) > count(best) ? sign : best))
}

/** In pieces, so that a long sheet leaves others their turn. */
function* splitIntoChunks(text: string): Generator<string> {
  for (let start = 0; start < text.length; start += CHUNK_LENGTH)
    yield text.slice(start, start + CHUNK_LENGTH)
}

function parseHeader(cells: readonly string[]): readonly CsvColumn[] {
  const byName = new Map(csvColumns.map((column) => [column.toLowerCase(), column]))
  const found: CsvColumn[] = []
  const faults: FieldFault[] = []
  for (const cell of cells) {
    const column = byName.get(cell.toLowerCase())
    const message =
      column === undefined
        ? `is no known column: write one of ${csvColumns.join(', ')}`
        : found.includes(column)
          ? 'stands twice: keep one'
          : null
    if (message !== null)
      faults.push({ field: cell === '' ? '(no name)' : cell.slice(0, 80), message, row: 1 })
    if (column !== undefined) found.push(column)
  }
  for (const column of requiredColumns) {
    if (!found.includes(column))
      faults.push({ field: column, message: 'is missing from the header row', row: 1 })
  }
  if (faults.length > 0) throw validationError(faults.slice(0, MAX_HEADER_ERRORS))
  return found
}

function toCsvRow(row: number, header: readonly CsvColumn[], cells: readonly string[]): CsvRow {
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

function toParseError(error: CsvError): RequestError {
  // The parser reads ahead of the rows that it has given: it alone knows where it was.
  const row = Number(error.records) + 1
  const message =
    error.code === 'CSV_MAX_RECORD_SIZE'
      ? 'is too long: a quote that opens here is perhaps never closed'
      : 'has a quote in the wrong place: a cell that holds " begins and ends with " and has each " inside twice'
  return validationError([{ field: 'row', message, row }])
}

function validationError(faults: readonly FieldFault[]): RequestError {
  const [first] = faults
  const place = first?.row === undefined ? '' : `row ${first.row}, `
  return new RequestError(
    'invalid_request',
    `The file cannot be read; nothing was changed. ${place}${first?.field}: ${first?.message}`,
    faults
  )
}
