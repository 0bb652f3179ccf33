/** What spreadsheet programs make of cells: undone where it can be, else refused with what was damaged. */
export interface CellReading {
  readonly value: string
  /** What is wrong with the cell and what to do, or null. */
  readonly fault: string | null
}

/** Columns whose digits are names, not numbers: `01076` and `1076` are two extensions. */
const DIGIT_COLUMNS: ReadonlySet<string> = new Set([
  'user',
  'absence',
  'extension',
  'numbers',
  'companyNumbers'
])
/** Of these, those that hold several. */
const LIST_COLUMNS: ReadonlySet<string> = new Set(['numbers', 'companyNumbers'])

/** What Excel, LibreOffice and Google Sheets show in place of a formula that fails, as English versions write them. */
const FORMULA_ERRORS: ReadonlySet<string> = new Set([
  '#DIV/0!',
  '#N/A',
  '#NAME?',
  '#NULL!',
  '#NUM!',
  '#REF!',
  '#SPILL!',
  '#VALUE!',
  '#ERROR!'
])

/** Programs take a cell that begins so for a formula (OWASP, "CSV Injection"). */
const FORMULA_START = /^'*[=+\-@\t\r]/

const asText = 'format the column as text and write it again'

export function readCell(column: string, cell: string): CellReading {
  const value = unquote(column, cell)
  if (FORMULA_ERRORS.has(value)) {
    return { value, fault: `is ${value}, which a spreadsheet shows in place of a formula: ${asText}` }
  }
  if (!DIGIT_COLUMNS.has(column)) return { value, fault: null }
  for (const part of LIST_COLUMNS.has(column) ? splitNumbers(value) : [value]) {
    if (/^\d+[.,]0+$/.test(part)) {
      return { value, fault: `is "${part}", a whole number that a spreadsheet wrote as a decimal: ${asText}` }
    }
    if (/^\d+([.,]\d+)?E[+-]\d+$/i.test(part)) {
      return {
        value,
        fault: `is "${part}", a number that a spreadsheet shortened, so that digits are lost: ${asText}`
      }
    }
  }
  return { value, fault: null }
}

/** Numbers in one cell, separated by white space or `|`. */
export function splitNumbers(cell: string): string[] {
  return cell.split(/[\s|]+/).flatMap((part) => (part === '' ? [] : [unquote('numbers', part)]))
}

/** `="01076"` and `'01076` are how digits are kept from being taken for a number; `'=x` how text is kept from being a formula. */
function unquote(column: string, cell: string): string {
  const formula = /^="([^"]*)"$/.exec(cell)
  if (formula !== null) return formula[1] ?? ''
  if (!cell.startsWith("'")) return cell
  return DIGIT_COLUMNS.has(column) || FORMULA_START.test(cell) ? cell.slice(1) : cell
}

/** A cell as it is written: what a program would take for a formula begins with an apostrophe, which `readCell` takes away. */
export function writeCell(column: string, value: string): string {
  const text = column !== 'numbers' && FORMULA_START.test(value) ? `'${value}` : value
  return /[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
