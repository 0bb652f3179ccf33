/** The keys of a running service, with its admin key. */
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type FieldFault, RequestError, SetupError } from '../errors.ts'
import type { KeyResponse, NewKeyResponse } from '../management/api-keys.ts'
import type { KeyCommands, KeysSettings } from './key-commands.ts'

const TIMEOUT_MS = 30_000

/** Throws SetupError; so do the calls, where no service answers. */
export async function keysOverHttp(url: string, settings: KeysSettings): Promise<KeyCommands> {
  const root = rootOf(url)
  const key = settings.HANVISA_ADMIN_KEY ?? (await keyInFolder(resolve(settings.HANVISA_DATA_DIR ?? '')))
  const call = async <T>(method: string, path: string, body?: object): Promise<T> =>
    (await send(`${root}/v1/${path}`, key, method, body)) as T
  return {
    create: (tenant, body) => call<NewKeyResponse>('POST', collection(tenant), body),
    async list(tenant, { limit, after }) {
      const query = new URLSearchParams({ limit: `${limit}`, ...(after !== undefined && { after }) })
      const page = await call<{ keys: KeyResponse[]; after?: string }>(
        'GET',
        `${collection(tenant)}?${query}`
      )
      return { items: page.keys, ...(page.after !== undefined && { after: page.after }) }
    },
    remove: (tenant, id) => call('DELETE', `${collection(tenant)}/${encodeURIComponent(id)}`),
    close: async () => {}
  }
}

function rootOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new SetupError('--url must be the address of the service, as in --url http://127.0.0.1:8080.')
  }
  return url.href.replace(/\/+$/, '')
}

async function keyInFolder(folder: string): Promise<string> {
  const path = join(folder, 'admin-key')
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new SetupError(
      `The admin key is not known: set HANVISA_ADMIN_KEY, or HANVISA_ADMIN_KEY_FILE (${path}: ${code}).`
    )
  }
}

function collection(tenant: string | null): string {
  return tenant === null ? 'keys' : `tenants/${encodeURIComponent(tenant)}/keys`
}

/** Throws RequestError with what the service said. */
async function send(url: string, key: string, method: string, body?: object): Promise<unknown> {
  const { origin } = new URL(url)
  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      method,
      // The key must not follow to another address.
      redirect: 'error',
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'content-type': 'application/json' })
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS)
    })
    text = await response.text()
  } catch (error) {
    const { cause, name } = error as Error
    const why = (cause as NodeJS.ErrnoException | undefined)?.code ?? name
    throw new SetupError(`No Hanvisa answers at ${origin} (${why}): check --url, and whether it runs.`)
  }
  if (response.status === 204) return undefined
  const answer = jsonIn(text)
  if (response.ok && answer !== null) return answer
  if (response.status === 401) {
    throw new SetupError(`${origin} does not take the admin key: set HANVISA_ADMIN_KEY to the one it has.`)
  }
  const { detail, errors } = (answer ?? {}) as { detail?: string; errors?: FieldFault[] }
  if (detail === undefined) {
    throw new SetupError(`What answers at ${origin} is no Hanvisa (HTTP ${response.status}): check --url.`)
  }
  throw new RequestError('invalid_request', detail, errors ?? [])
}

function jsonIn(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}
