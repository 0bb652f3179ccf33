/** Writes into `docs/security.md` which role may make which call, as the routes declare it: `npm run access-table`. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROLES, type Role } from '../src/management/principal.ts'
import { openapiText } from './write-openapi.ts'

interface DeclaredOperation {
  readonly security?: readonly unknown[]
  readonly 'x-roles'?: readonly Role[]
  readonly 'x-softphone'?: 'own' | 'colleagues'
}

const file = join(process.cwd(), 'docs', 'security.md')
const BEGIN = '<!-- begin: written by `npm run access-table` -->\n'
const END = '<!-- end: written by `npm run access-table` -->\n'

/** The page's text with the table as it is now. */
export async function securityText(): Promise<string> {
  const text = await readFile(file, 'utf8')
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (begin === -1 || end === -1) throw new Error(`${file} has no place for the table: ${BEGIN.trim()}`)
  return `${text.slice(0, begin + BEGIN.length)}\n${await accessTable()}\n${text.slice(end)}`
}

export async function accessTable(): Promise<string> {
  const { paths } = JSON.parse(await openapiText()) as {
    paths: Record<string, Record<string, DeclaredOperation>>
  }
  const rows = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => [
      `\`${method.toUpperCase()} ${path}\``,
      ...ROLES.map((role) => cellOf(role, path, operation))
    ])
  )
  return align([['Call', ...ROLES], ...rows])
}

function cellOf(role: Role, path: string, operation: DeclaredOperation): string {
  const roles = operation['x-roles']
  if (roles === undefined) return 'open'
  if (!roles.includes(role)) return ''
  const reach = operation['x-softphone']
  if (role !== 'softphone' || reach === undefined) return 'yes'
  if (reach === 'own') return 'own user'
  return path.includes('{user}') ? 'own user; others with `colleagues`' : 'with `colleagues`'
}

function align(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |\n`
  const [head, ...rest] = rows
  return line(head!) + line(widths.map((width) => '-'.repeat(width))) + rest.map(line).join('')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(file, await securityText())
