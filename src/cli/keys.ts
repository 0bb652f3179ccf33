/**
 * `hanvisa keys`: makes, lists and revokes API keys, at a running service over HTTP, or in what a stopped one keeps. The way back in
 * when the last key is lost.
 */
import { parseArgs } from 'node:util'
import { RequestError, SetupError } from '../errors.ts'
import type { KeyResponse, PostKeyBody } from '../management/api-keys.ts'
import { type Principal, ROLES } from '../management/principal.ts'
import { StoreUnavailable } from '../storage/store.ts'
import type { KeyCommands, KeysSettings } from './key-commands.ts'
import { openKeysInStore } from './keys-in-store.ts'
import { keysOverHttp } from './keys-over-http.ts'

export interface KeysDeps {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
  readonly settings: KeysSettings
  readonly clock: () => number
}

const usage = `usage: hanvisa keys make --name NAME --role ROLE [--tenant TENANT] [--user USER] [--colleagues] [--sensitive] [--expires INSTANT]
       hanvisa keys list [--tenant TENANT]
       hanvisa keys revoke ID [--tenant TENANT]
roles:  operator, switch, softphone (with --user), business with --tenant; provider, monitor without
where:  --url http://127.0.0.1:8080   a running service, with the key in HANVISA_ADMIN_KEY, else in the data folder
        else Redis at HANVISA_REDIS_URL, running or not; else the folder in HANVISA_DATA_DIR (./data), while nothing runs on it
`
const PAGE = 1000

const COMMAND_LINE: Principal = {
  kind: 'key',
  id: 'command line',
  name: 'hanvisa keys',
  role: 'provider',
  tenant: null,
  user: null,
  colleagues: false,
  sensitive: true
}

/** The exit code: 0 when it was done, 1 when it was refused, 2 for a wrong call. Throws SetupError, a sentence. */
export async function runKeys(args: readonly string[], deps: KeysDeps): Promise<number> {
  const call = parseCall(args)
  if (call === null) {
    deps.stderr.write(usage)
    return 2
  }
  const keys =
    call.url === undefined
      ? await openKeysInStore(deps.settings, deps.clock)
      : await keysOverHttp(call.url, deps.settings)
  try {
    await run(call, keys, deps)
    return 0
  } catch (error) {
    const lines = refusal(error)
    if (lines === null) throw error
    deps.stderr.write(`${lines.join('\n')}\n`)
    return 1
  } finally {
    await keys.close()
  }
}

interface KeysCall {
  readonly url: string | undefined
  readonly tenant: string | null
  readonly command:
    | { readonly does: 'list' }
    | { readonly does: 'revoke'; readonly id: string }
    | { readonly does: 'make'; readonly body: PostKeyBody }
}

function parseCall(args: readonly string[]): KeysCall | null {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        url: { type: 'string' },
        tenant: { type: 'string' },
        name: { type: 'string' },
        role: { type: 'string' },
        user: { type: 'string' },
        colleagues: { type: 'boolean' },
        sensitive: { type: 'boolean' },
        expires: { type: 'string' }
      }
    })
    const { url, tenant = null, expires: expiresAt, ...ofKey } = values
    const command = toCommand(positionals, { ...ofKey, ...(expiresAt !== undefined && { expiresAt }) })
    return command && { url, tenant, command }
  } catch {
    return null
  }
}

function toCommand(
  [does, id, ...more]: readonly string[],
  given: { readonly name?: string; readonly role?: string }
): KeysCall['command'] | null {
  if (does === 'make') {
    const { name, role: text } = given
    const role = ROLES.find((known) => known === text)
    if (name === undefined || role === undefined || id !== undefined) return null
    return { does, body: { ...given, name, role } }
  }
  if (Object.keys(given).length > 0 || more.length > 0) return null
  if (does === 'revoke') return id === undefined ? null : { does, id }
  return does === 'list' && id === undefined ? { does } : null
}

async function run({ tenant, command }: KeysCall, keys: KeyCommands, { stdout, stderr }: KeysDeps) {
  switch (command.does) {
    case 'make': {
      const { id, key } = await keys.create(tenant, command.body, COMMAND_LINE)
      // The key alone, so that a script can take it.
      stdout.write(`${key}\n`)
      stderr.write(`Made key ${id}. It is shown here once: keep it where it is used.\n`)
      return
    }
    case 'revoke':
      await keys.remove(tenant, command.id, COMMAND_LINE)
      stderr.write(`Key ${command.id} is refused from now on, by every replica within 5 seconds.\n`)
      return
    case 'list': {
      const rows = [['id', 'prefix', 'role', 'user', 'made', 'last used', 'expires', 'name']]
      for (let after: string | undefined; ; ) {
        const page = await keys.list(tenant, { limit: PAGE, ...(after !== undefined && { after }) })
        rows.push(...page.items.map(rowOf))
        if (page.after === undefined) break
        after = page.after
      }
      stdout.write(table(rows))
    }
  }
}

function rowOf({ id, prefix, role, user, createdAt, lastUsedDay, expiresAt, name }: KeyResponse): string[] {
  // A terminal would obey control characters.
  const shownName = name.replace(/\p{C}/gu, '?')
  const made = createdAt.slice(0, 10)
  return [id, prefix, role, user ?? '-', made, lastUsedDay ?? 'never', expiresAt ?? 'never', shownName]
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`
    )
    .join('')
}

/** What is said to who called; null: it is no refusal. */
function refusal(error: unknown): string[] | null {
  if (error instanceof StoreUnavailable) return [error.message]
  if (error instanceof SetupError || !(error instanceof RequestError)) return null
  const faults = error.errors.map(({ field, message }) => `${field} ${message}`)
  return [...(error.message === '' ? [] : [error.message]), ...faults]
}
