/** A sheet as spreadsheet programs save it (CSV): decoded, split, and read row by row. The header is row 1. */
import { isUtf8 } from 'node:buffer'
import { Readable } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { type FieldFault, RequestError } from '../errors.ts'
import { nextSlice } from '../lib/time-slices.ts'
import { readCell } from './spreadsheet-cell.ts'

/** Characters of a whole row; the longest good one is far shorter. */
const MAX_ROW_LENGTH = 50_000
/** Bytes that are decoded and parsed in one turn of the event loop: about 2 ms. */
const CHUNK_LENGTH = 16 * 1024
/** Bytes that are looked at for the delimiter, and characters of them. */
const HEAD_LENGTH = 8192
const MAX_HEADER_LENGTH = 2000
/** Characters of the first line that an error quotes when the file is no CSV. */
const MAX_HEADER_ERRORS = 50

const MAX_ROWS = 50_000

/** What a sheet holds: one of it in a row. */
export interface SheetFormat<Column extends string> {
  readonly columns: readonly Column[]
  readonly required: readonly Column[]
  /** A word for it, as in "a row for each user". */
  readonly holds: string
}

export interface CsvRow<Column extends string> {
  /** The header is row 1. */
  readonly row: number
  readonly cells: Readonly<Partial<Record<Column, string>>>
  /** Why the cells cannot be taken: there are too many of them, or a program damaged them. */
  readonly faults: readonly FieldFault[]
}

/** Throws a RequestError where the sheet as a whole cannot be read. Blank rows are passed over. */
export async function readAllCsvRows<Column extends string>(
  bytes: Buffer,
  format: SheetFormat<Column>
): Promise<CsvRow<Column>[]> {
  const rows: CsvRow<Column>[] = []
  for await (const row of readCsvRows(bytes, format)) {
    if (rows.push(row) > MAX_ROWS) {
      throw new RequestError('too_large', `The file has more than ${MAX_ROWS} rows: send it in parts.`)
    }
  }
  return rows
}

async function* readCsvRows<Column extends string>(
  bytes: Buffer,
  format: SheetFormat<Column>
): AsyncGenerator<CsvRow<Column>> {
  const encoding = detectEncoding(bytes)
  const { delimiter, start } = detectDelimiter(
    new TextDecoder(encoding).decode(bytes.subarray(0, HEAD_LENGTH))
  )
  const parser = parse({
    delimiter,
    relax_column_count: true,
    max_record_size: MAX_ROW_LENGTH,
    trim: true
  })
  const text = Readable.from(decodeInSlices(bytes, encoding, start), { highWaterMark: 1 })
  text.once('error', (error) => parser.destroy(error))
  let header: readonly Column[] | null = null
  let row = 0
  try {
    for await (const cells of text.pipe(parser) as AsyncIterable<string[]>) {
      row++
      if (header === null) header = parseHeader(cells, format)
      else if (cells.some((cell) => cell !== '')) yield toCsvRow(row, header, cells)
    }
  } catch (error) {
    throw error instanceof CsvError ? toParseError(error) : error
  }
  if (header === null)
    throw validationError([
      { field: 'file', message: `is empty: send a header row and a row for each ${format.holds}` }
    ])
}

/** UTF-16 by its mark; else UTF-8 if it is, else Windows-1252, which Excel writes in western Europe. */
function detectEncoding(bytes: Buffer): string {
  if (bytes.subarray(0, 4).toString('latin1') === 'PK\x03\x04') {
    throw validationError([
      { field: 'file', message: 'is an Excel workbook: save it as CSV (UTF-8) and send that' }
    ])
  }
  const mark = bytes.subarray(0, 2).toString('hex')
  if (mark === 'fffe') return 'utf-16le'
  if (mark === 'feff') return 'utf-16be'
  return isUtf8(bytes) ? 'utf-8' : 'windows-1252'
}

/** A piece in each turn of the event loop, because the parser works on a piece at once; without the first `start` characters. */
async function* decodeInSlices(bytes: Buffer, encoding: string, start: number): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding)
  let skip = start
  for (let from = 0; from < bytes.length; from += CHUNK_LENGTH) {
    const text = decoder.decode(bytes.subarray(from, from + CHUNK_LENGTH), { stream: true })
    if (text.includes('\0')) {
      throw validationError([{ field: 'file', message: 'is no text: save it as CSV (UTF-8) and send that' }])
    }
    yield text.slice(skip)
    await nextSlice()
    skip = Math.max(0, skip - text.length)
  }
  yield decoder.decode()
}

/**
 * The delimiter, and where the header row starts. Excel reads and writes a first line `sep=;`, which it does not show; else it
 * is the one of comma, semicolon and tab that the header row has most of.
 */
function detectDelimiter(text: string): { readonly delimiter: string; readonly start: number } {
  const stated = /^"?sep=([,;\t|])"?[,;\t|]*(\r\n|\r|\n|$)/i.exec(text)
  if (stated !== null) return { delimiter: stated[1] ?? ',', start: stated[0].length }
  const header = text.slice(0, MAX_HEADER_LENGTH).split(/[\r\n]/, 1)[0] ?? ''
  const count = (sign: string) => header.split(sign).length
  const delimiter = [',', ';', '\t'].reduce((best, sign) => (count(sign) > count(best) ? sign : best))
  return { delimiter, start: 0 }
}

function parseHeader<Column extends string>(
  cells: readonly string[],
  { columns, required }: SheetFormat<Column>
): readonly Column[] {
  const byName = new Map(columns.map((column) => [column.toLowerCase(), column]))
  const found: Column[] = []
  const faults: FieldFault[] = []
  // Some programs end every line with a separator.
  const named = cells.slice(0, cells.findLastIndex((cell) => cell !== '') + 1)
  for (const cell of named) {
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
  if (faults.length > 0) throw validationError(faults.slice(0, MAX_HEADER_ERRORS))
  return found
}

function toCsvRow<Column extends string>(
  row: number,
  header: readonly Column[],
  cells: readonly string[]
): CsvRow<Column> {
  // Programs leave out, or add, empty cells at the end of a row.
  const surplus = cells.slice(header.length).some((cell) => cell !== '')
  const faults: FieldFault[] = []
  if (surplus) {
    const message = `has ${cells.length} cells, the header ${header.length}: put a cell that holds the delimiter in quotes`
    faults.push({ field: 'row', message, row })
  }
  const values: Partial<Record<Column, string>> = {}
  for (const [index, column] of header.entries()) {
    const { value, fault } = readCell(column, cells[index] ?? '')
    values[column] = value
    if (fault !== null) faults.push({ field: column, message: fault, row })
  }
  return { row, cells: values, faults }
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
