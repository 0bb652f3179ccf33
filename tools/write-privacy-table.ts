/** Writes into `docs/privacy.md` what is kept, as the records declare it: `npm run privacy-table`. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type AnyKeptRecord, describeMembers } from '../src/lib/kept-record.ts'
import { tableRecords } from '../src/storage/lmdb/table-records.ts'
import { keptKeys } from '../src/storage/redis/kept-keys.ts'
import { keptSyncKeys } from '../src/sync/cluster/redis/kept-keys.ts'

const file = join(process.cwd(), 'docs', 'privacy.md')
const BEGIN = '<!-- begin: written by `npm run privacy-table` -->\n'
const END = '<!-- end: written by `npm run privacy-table` -->\n'

/** The page's text with the tables as they are now. */
export async function privacyText(): Promise<string> {
  const text = await readFile(file, 'utf8')
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (begin === -1 || end === -1) throw new Error(`${file} has no place for the tables: ${BEGIN.trim()}`)
  return `${text.slice(0, begin + BEGIN.length)}\n${privacyTables()}\n${text.slice(end)}`
}

interface KeptPlace {
  readonly kept: AnyKeptRecord
  readonly lmdb: string[]
  readonly redis: string[]
}

export function privacyTables(): string {
  const places = [...findPlaces().values()].sort((a, b) => a.kept.name.localeCompare(b.kept.name, 'en'))
  const records = places.map(({ kept, lmdb, redis }) => [
    kept.name,
    kept.about.join(', '),
    kept.until,
    lmdb.map((name) => `\`${name}\``).join(', '),
    redis.map((name) => `\`${name}\``).join(', ')
  ])
  const members = places.flatMap(({ kept }) =>
    describeMembers(kept).map(([member, purpose]) => [kept.name, `\`${member}\``, purpose])
  )
  return [
    align([['Record', 'Tells of', 'Kept until', 'Table in lmdb', 'Key in Redis'], ...records]),
    align([['Record', 'Member', 'What it is, or is for'], ...members])
  ].join('\n')
}

/** By name: what both stores have under one name is one record. */
function findPlaces(): Map<string, KeptPlace> {
  const found = new Map<string, KeptPlace>()
  const placeOf = (kept: AnyKeptRecord) => {
    const place = found.get(kept.name) ?? { kept, lmdb: [], redis: [] }
    found.set(kept.name, place)
    return place
  }
  for (const [table, { kept }] of Object.entries(tableRecords)) placeOf(kept).lmdb.push(table)
  for (const [key, records] of Object.entries({ ...keptKeys, ...keptSyncKeys })) {
    for (const kept of records) placeOf(kept).redis.push(key)
  }
  return found
}

function align(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |\n`
  const [head, ...rest] = rows
  return line(head!) + line(widths.map((width) => '-'.repeat(width))) + rest.map(line).join('')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(file, await privacyText())
