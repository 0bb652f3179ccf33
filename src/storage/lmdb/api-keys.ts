/** API keys in lmdb, and the log of their changes. */
import { nextSlice } from '../../lib/time-slices.ts'
import type { ApiKeyRecord, ApiKeyStore, ListedApiKey } from '../api-keys.ts'
import { TenantGone } from '../store.ts'
import type { Tables } from './tables.ts'

/** Stands for the provider where a tenant's id is expected; no tenant's id looks so. */
const PROVIDER = '*'
const CHANGES_PER_SLICE = 500
/** A few milliseconds. */
const KEYS_PER_SLICE = 500

/** What is done to keys within a write. */
export class ApiKeyTable {
  readonly #tables: Tables
  readonly #logLength: number

  /** `logLength`: how many changes are kept. Whoever is further behind reads everything anew. */
  constructor(tables: Tables, logLength: number) {
    this.#tables = tables
    this.#logLength = logLength
  }

  put(key: ApiKeyRecord): void {
    const owner = ownerOf(key.tenant)
    this.#tables.apiKeys.put(owner, key.id, key)
    this.#tables.apiKeysOfUsers.put(owner, `${key.user ?? ''} ${key.id}`, key.id)
    this.#log(owner, key.id)
  }

  /** Whether it was there. */
  remove(owner: string, id: string): boolean {
    const { apiKeys, apiKeysOfUsers, apiKeyUses } = this.#tables
    const key = apiKeys.get(owner, id)
    if (key === null) return false
    apiKeys.remove(owner, id)
    apiKeysOfUsers.remove(owner, `${key.user ?? ''} ${id}`)
    apiKeyUses.remove(owner, id)
    this.#log(owner, id)
    return true
  }

  /** At most `limit` of a tenant's; how many that were. */
  removeSome(tenant: string, limit: number): number {
    const keys = this.#tables.apiKeys.page(tenant, { limit })
    for (const { id } of keys) this.remove(tenant, id)
    return keys.length
  }

  removeOfUser(tenant: string, user: string): void {
    for (const id of this.idsOfUser(tenant, user, Number.MAX_SAFE_INTEGER)) this.remove(tenant, id)
  }

  /** The keys of the user, or (null) of no user: the first `limit`. */
  idsOfUser(owner: string, user: string | null, limit: number): string[] {
    const begin = `${user ?? ''} `
    const before = `${user ?? ''}!`
    const found: string[] = []
    // Few are asked for at a time: the users' keys lie behind one another.
    for (let after = begin; found.length < limit; ) {
      const own = this.#tables.apiKeysOfUsers.entries(owner, { after, before, limit: 64 })
      found.push(...own.map(([, id]) => id))
      if (own.length < 64) break
      after = own.at(-1)![0]
    }
    return found.slice(0, limit)
  }

  #log(owner: string, id: string): void {
    const { apiKeyLog, apiKeyHeads } = this.#tables
    const head = apiKeyHeads.get(PROVIDER) ?? { position: 0, first: 1 }
    const position = head.position + 1
    apiKeyLog.put(PROVIDER, position, { owner, id })
    let { first } = head
    for (; first <= position - this.#logLength; first++) apiKeyLog.remove(PROVIDER, first)
    apiKeyHeads.put(PROVIDER, { position, first })
  }
}

interface LmdbAccess {
  read<T>(action: () => T | Promise<T>): Promise<T>
  write<T>(tenant: string, step: () => T): Promise<T>
}

export function lmdbApiKeys(tables: Tables, table: ApiKeyTable, { read, write }: LmdbAccess): ApiKeyStore {
  const { apiKeys, apiKeyUses, apiKeyLog, apiKeyHeads, heads } = tables

  const isGone = (tenant: string | null) => tenant !== null && heads.get(tenant) === null
  const toListed = (owner: string, key: ApiKeyRecord): ListedApiKey => ({
    ...key,
    lastUsedDay: apiKeyUses.get(owner, key.id)
  })

  async function* readAll() {
    for (let after: [string, string] | null = null; ; ) {
      const some = await read(() => apiKeys.slice(after, KEYS_PER_SLICE))
      yield some.map(({ value }) => value)
      after = some.at(-1)?.key ?? null
      if (some.length < KEYS_PER_SLICE) return
      await nextSlice()
    }
  }

  return {
    list: (tenant, page) =>
      read(() => {
        const owner = ownerOf(tenant)
        return isGone(tenant) ? [] : apiKeys.page(owner, page).map((key) => toListed(owner, key))
      }),
    find: (tenant, id) =>
      read(() => {
        const owner = ownerOf(tenant)
        const key = isGone(tenant) ? null : apiKeys.get(owner, id)
        return key && toListed(owner, key)
      }),
    listOfUser: (tenant, user) =>
      read(() => {
        const ids =
          isGone(tenant) || user === '' ? [] : table.idsOfUser(tenant, user, Number.MAX_SAFE_INTEGER)
        return ids
          .map((id) => apiKeys.get(tenant, id))
          .filter((key) => key !== null)
          .map((key) => toListed(tenant, key))
      }),
    add: (key, max) =>
      write(ownerOf(key.tenant), () => {
        if (isGone(key.tenant)) throw new TenantGone(`There is no tenant "${key.tenant}".`)
        if (table.idsOfUser(ownerOf(key.tenant), key.user, max).length >= max) return false
        table.put(key)
        return true
      }),
    replace: (key, digest) =>
      write(ownerOf(key.tenant), () => {
        if (isGone(key.tenant) || apiKeys.get(ownerOf(key.tenant), key.id)?.digest !== digest) return false
        table.put(key)
        return true
      }),
    remove: (tenant, id) => write(ownerOf(tenant), () => table.remove(ownerOf(tenant), id)),

    position: () => read(() => `${apiKeyHeads.get(PROVIDER)?.position ?? 0}`),
    all: readAll,
    changesAfter: (from) =>
      read(() => {
        const { position, first } = apiKeyHeads.get(PROVIDER) ?? { position: 0, first: 1 }
        const after = Number(from)
        if (!(after >= first - 1 && after <= position)) return null
        const entries = apiKeyLog.page(PROVIDER, { after, limit: CHANGES_PER_SLICE })
        return {
          position: `${after + entries.length}`,
          changes: entries.map(({ owner, id }) => ({ id, key: apiKeys.get(owner, id) }))
        }
      }),

    saveUses: async (uses) => {
      for (let from = 0; from < uses.length; from += KEYS_PER_SLICE) {
        await write(PROVIDER, () => {
          for (const { tenant, id, day } of uses.slice(from, from + KEYS_PER_SLICE)) {
            const owner = ownerOf(tenant)
            const isLater = day > (apiKeyUses.get(owner, id) ?? '')
            if (isLater && apiKeys.get(owner, id) !== null) apiKeyUses.put(owner, id, day)
          }
        })
      }
    }
  }
}

/** '' names nobody. */
function ownerOf(tenant: string | null): string {
  return tenant === PROVIDER ? '' : (tenant ?? PROVIDER)
}
