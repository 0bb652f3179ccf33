/** `hanvisa audit verify`: whether an audit that was read as JSON Lines is as it was written. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { SetupError } from '../errors.ts'
import { parseAuditLine } from '../management/audit/audit-reader.ts'
import type { AuditHead, AuditRecord } from '../storage/audit.ts'
import { type ChainBreak, ChainCheck } from '../storage/audit-chain.ts'

export interface AuditDeps {
  readonly stdin: NodeJS.ReadableStream
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}

const usage = `usage: hanvisa audit verify [FILE] [--expect POSITION:HASH]
       of what GET …/audit gives with "Accept: application/x-ndjson", from a file or the standard input; --expect: an entry that was
       noted before, as the log or GET …/audit/verification says it
`

/** The exit code: 0 when the chain holds, 1 when it does not, 2 for a wrong call. Throws SetupError. */
export async function runAudit(
  args: readonly string[],
  { stdin, stdout, stderr }: AuditDeps
): Promise<number> {
  const call = parseCall(args)
  if (call === null) {
    stderr.write(usage)
    return 2
  }
  const { file, expected } = call
  const found = await checkLines(file === null ? stdin : createReadStream(file), expected)
  if (found.break !== null) {
    stderr.write(`The audit breaks at entry ${found.break.position}: ${found.break.reason}.\n`)
    return 1
  }
  const { checked, head } = found
  if (checked === null) {
    stdout.write('No entry is in it.\n')
    return 0
  }
  stdout.write(
    `${found.entries} entries hold, up to ${checked.position}:${checked.hash}.\n` +
      (head === null
        ? 'It has no last line {"head": …}: whether entries are missing at its end cannot be said.\n'
        : '')
  )
  if (expected === null || found.isExpectedMet) return 0
  stderr.write(`Entry ${expected.position} is not there: it cannot be compared.\n`)
  return 1
}

interface ExpectedEntry {
  readonly position: number
  readonly hash: string
}

function parseCall(args: readonly string[]): { file: string | null; expected: ExpectedEntry | null } | null {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { expect: { type: 'string' } }
    })
    const [command, file = null, ...more] = positionals
    const expected = /^(\d+):([\w-]{43})$/.exec(values.expect ?? '')
    if (command !== 'verify' || more.length > 0 || (values.expect !== undefined && expected === null))
      return null
    return { file, expected: expected && { position: Number(expected[1]), hash: expected[2]! } }
  } catch {
    return null
  }
}

interface CheckedLines {
  readonly break: ChainBreak | null
  readonly entries: number
  readonly checked: ChainCheck['checked']
  readonly head: AuditHead | null
  readonly isExpectedMet: boolean
}

async function checkLines(
  input: NodeJS.ReadableStream,
  expected: ExpectedEntry | null
): Promise<CheckedLines> {
  const check = new ChainCheck(null)
  let first: AuditRecord | null = null
  let entries = 0
  let head: AuditHead | null = null
  let isExpectedMet = false
  const result = (found: ChainBreak | null): CheckedLines => ({
    break: found,
    entries,
    checked: check.checked,
    head,
    isExpectedMet
  })
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line === '') continue
    const record = parsed(line, entries + 1)
    // What was fetched in several parts has one after each.
    if ('head' in record) {
      head = record.head
      continue
    }
    first ??= record
    const found = check.next(record)
    if (found !== null) return result(found)
    entries += 1
    if (check.checked?.position === expected?.position) {
      if (check.checked?.hash !== expected?.hash)
        return result({ position: expected!.position, reason: 'edited' })
      isExpectedMet = true
    }
  }
  if (head === null) return result(null)
  // What begins with the first kept entry must follow upon the last that ended.
  if (first?.entry.position === head.trimmed + 1 && first.entry.previous !== head.trimmedHash) {
    return result({ position: first.entry.position, reason: 'edited' })
  }
  return result(check.end(head))
}

function parsed(line: string, number: number): AuditRecord | { readonly head: AuditHead } {
  try {
    return parseAuditLine(line)
  } catch {
    throw new SetupError(
      `Line ${number} is no entry of an audit: give what GET …/audit answers with "Accept: application/x-ndjson".`
    )
  }
}
