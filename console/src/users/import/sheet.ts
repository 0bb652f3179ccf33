/** A sheet (CSV) as the service reads it: its rows by their numbers, to be shown before anything is sent. */

export interface SheetRow {
  /** The header is row 1. */
  readonly row: number
  readonly cells: Readonly<Record<string, string>>
}

export interface Sheet {
  /** As the header names them. */
  readonly columns: readonly string[]
  readonly rows: readonly SheetRow[]
}

const knownColumns = [
  'user',
  'displayName',
  'extension',
  'numbers',
  'mailbox',
  'owner',
  'syncEnabled',
  'timeZone'
]

/** What is wrong with a sheet the service says: here it is read as well as it goes. */
export function readSheet(bytes: ArrayBuffer): Sheet {
  const text = decode(new Uint8Array(bytes))
  const { delimiter, start } = detectDelimiter(text)
  const [header = [], ...lines] = parse(text.slice(start), delimiter)
  const columns = header.map(
    (cell) => knownColumns.find((known) => known.toLowerCase() === cell.toLowerCase()) ?? cell
  )
  const rows = lines.flatMap((cells, index) => {
    if (cells.every((cell) => cell === '')) return []
    const named = columns.map((column, at) => [column, cells[at] ?? ''] as const)
    return [{ row: index + 2, cells: Object.fromEntries(named) }]
  })
  return { columns: columns.filter((column) => column !== ''), rows }
}

/** UTF-8, comma-separated (RFC 4180). */
export function writeSheet(columns: readonly string[], rows: readonly SheetRow['cells'][]): Blob {
  const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`
  const lines = rows.map((cells) => columns.map((column) => quoted(cells[column] ?? '')).join(','))
  return new Blob([[columns.join(','), ...lines, ''].join('\r\n')], { type: 'text/csv' })
}

/** UTF-16 by its mark; else UTF-8 if it is, else Windows-1252, which Excel writes in western Europe. */
function decode(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

/** What a first line `sep=;` says, else the one of comma, semicolon and tab that the header row has most of. */
function detectDelimiter(text: string): { readonly delimiter: string; readonly start: number } {
  const stated = /^"?sep=([,;\t|])"?[,;\t|]*(\r\n|\r|\n|$)/i.exec(text)
  if (stated !== null) return { delimiter: stated[1] ?? ',', start: stated[0].length }
  const header = text.split(/[\r\n]/, 1)[0] ?? ''
  const count = (sign: string) => header.split(sign).length
  const delimiter = [',', ';', '\t'].reduce((best, sign) => (count(sign) > count(best) ? sign : best))
  return { delimiter, start: 0 }
}

/** Lines of trimmed cells; a cell that begins with a quote ends at the quote that is not doubled. */
function parse(text: string, delimiter: string): string[][] {
  const lines: string[][] = []
  let cells: string[] = []
  let at = 0
  while (at < text.length) {
    const { cell, end } = readCell(text, at, delimiter)
    cells.push(cell.trim())
    at = end
    if (text[at] === delimiter) {
      at += 1
      if (at < text.length) continue
      cells.push('')
    }
    lines.push(cells)
    cells = []
    at += text.startsWith('\r\n', at) ? 2 : 1
  }
  return lines
}

function readCell(text: string, from: number, delimiter: string): { cell: string; end: number } {
  let start = from
  while (text[start] === ' ') start++
  if (text[start] !== '"') {
    let end = start
    while (end < text.length && text[end] !== delimiter && text[end] !== '\n' && text[end] !== '\r') end++
    return { cell: text.slice(start, end), end }
  }
  let cell = ''
  let at = start + 1
  for (;;) {
    const quote = text.indexOf('"', at)
    if (quote < 0) return { cell: cell + text.slice(at), end: text.length }
    cell += text.slice(at, quote)
    if (text[quote + 1] !== '"') {
      let end = quote + 1
      while (text[end] === ' ') end++
      return { cell, end }
    }
    cell += '"'
    at = quote + 2
  }
}
