/** API keys in Redis: all of them in one slot, so that one log tells every change. */
import { randomUUID } from 'node:crypto'
import type { ApiKeyRecord, ApiKeyStore, ApiKeyUse, ListedApiKey } from '../api-keys.ts'
import { apiKeyRecord, UnreadableRecord } from '../codec.ts'
import type { Page } from '../page.ts'
import { StoreUnavailable, TenantGone } from '../store.ts'
import type { RedisConnection } from './connection.ts'
import { API_KEY_KEYS, isTenantId, tenantKeys } from './keys.ts'

/** Stands for the provider as owner, and for no user. */
const NONE = '*'
const CHANGES_PER_SLICE = 500
const KEYS_PER_SLICE = 1000
const KEYS_PER_COPY = 100
/** Keys removed in one script. */
const REMOVED_PER_STEP = 200
const LF = 0x0a

export interface RedisApiKeys {
  readonly apiKeys: ApiKeyStore
  /** Sends its first step at once. */
  removeKeysOfTenant(tenant: string): Promise<void>
  removeKeysOfUsers(tenant: string, users: readonly string[]): Promise<void>
  /** As they are, whether their tenants are there or not. Those that are there stay. */
  copyKeys(keys: readonly ListedApiKey[]): Promise<void>
}

interface RedisApiKeysDeps {
  readonly link: RedisConnection
  /** How many changes are kept. Whoever is further behind reads everything anew. */
  readonly logLength: number
  /** Does work as long as the store is not closed. */
  readonly run: <T>(work: () => Promise<T>) => Promise<T>
}

export function redisApiKeys({ link, logLength, run }: RedisApiKeysDeps): RedisApiKeys {
  const { records, byOwner, byUser, uses: usesKey, log, head } = API_KEY_KEYS

  async function write(
    script: Parameters<RedisConnection['writeApiKeys']>[0],
    args: readonly (string | number | Buffer)[]
  ): Promise<unknown> {
    const result = await link.writeApiKeys(script, [randomUUID(), logLength, ...args])
    if (result === 'LATE') throw new StoreUnavailable('Redis was too slow: nothing was saved, try again.')
    return result
  }

  const isThere = async (tenant: string) =>
    isTenantId(tenant) && (await link.ask((client) => client.exists(tenantKeys(tenant).head))) === 1

  async function keysById(ids: readonly string[]): Promise<(ListedApiKey | null)[]> {
    if (ids.length === 0) return []
    const [kept, days] = await link.ask((client) =>
      Promise.all([client.hmgetBuffer(records, ...ids), client.hmget(usesKey, ...ids)])
    )
    return kept.map((bytes, index) => bytes && { ...decode(bytes), lastUsedDay: days[index] ?? null })
  }

  async function* readAll(): AsyncGenerator<ApiKeyRecord[]> {
    for (let cursor = '0'; ; ) {
      const [next, flat]: [Buffer, Buffer[]] = await run(() =>
        link.askBulk((client) => client.hscanBuffer(records, cursor, 'COUNT', KEYS_PER_SLICE))
      )
      yield flat.filter((_, index) => index % 2 === 1).map(decode)
      cursor = next.toString()
      if (cursor === '0') return
    }
  }

  async function readHead(): Promise<{ mark: string; position: number }> {
    const [mark, position] = await link.ask((client) => client.hmget(head, 'mark', 'position'))
    return { mark: mark ?? '', position: Number(position ?? 0) }
  }

  async function list(tenant: string | null, { limit, after }: Page): Promise<ListedApiKey[]> {
    const owner = ownerOf(tenant)
    if (owner === null) return []
    const begin = after === undefined ? `[${owner} ` : `(${owner} ${after}`
    const members = await link.ask((client) =>
      client.zrange(byOwner, begin, `(${owner}!`, 'BYLEX', 'LIMIT', 0, limit)
    )
    const keys = await keysById(members.map((member) => member.slice(owner.length + 1)))
    return keys.filter((key) => key !== null)
  }

  async function listOfUser(tenant: string, user: string): Promise<ListedApiKey[]> {
    const owner = ownerOf(tenant)
    if (owner === null || user === NONE) return []
    const begin = `${owner} ${user}`
    const members = await link.ask((client) => client.zrange(byUser, `[${begin} `, `(${begin}!`, 'BYLEX'))
    const keys = await keysById(members.map((member) => member.slice(begin.length + 1)))
    return keys.filter((key) => key !== null)
  }

  async function add(key: ApiKeyRecord, max: number): Promise<boolean> {
    const { tenant } = key
    const gone = () => new TenantGone(`There is no tenant "${tenant}".`)
    if (tenant !== null && !(await isThere(tenant))) throw gone()
    const added = await put(key, max)
    // The tenant lies in another slot, and its removal takes along the keys that it finds before and after.
    if (added === 1 && tenant !== null && !(await isThere(tenant))) {
      await write('removeApiKey', [tenant, key.id])
      throw gone()
    }
    return added === 1
  }

  async function replace(key: ApiKeyRecord, digest: string): Promise<boolean> {
    const owner = ownerOf(key.tenant)
    return owner !== null && (await write('replaceApiKey', [owner, digest, key.id, encode(key)])) === 1
  }

  async function remove(tenant: string | null, id: string): Promise<boolean> {
    const owner = ownerOf(tenant)
    return owner !== null && (await write('removeApiKey', [owner, id])) === 1
  }

  /**
   * By its mark the entry at the position is known to be the one that was read: after a failover, or with a backup put back, the
   * log may have gone on from an earlier position.
   */
  async function changesAfter(from: string) {
    const [mark = '', after = ''] = from.split(':')
    const position = Number(after)
    const now = await readHead()
    if (now.position <= position) {
      return now.position === position && now.mark === mark ? { position: from, changes: [] } : null
    }
    const known = position === 0 ? [] : [`${position}-0 ${mark}`]
    const read = await link.ask((client) =>
      client.xrange(log, `${position}-0`, '+', 'COUNT', CHANGES_PER_SLICE + known.length)
    )
    const entries = read.map(([at, [, id = '', , mark = '']]) => ({ at, id, mark }))
    const [first] = entries.splice(0, known.length)
    if (first !== undefined && `${first.at} ${first.mark}` !== known[0]) return null
    if (entries[0]?.at !== `${position + 1}-0`) return null
    const ids = entries.map(({ id }) => id)
    const keys = await link.ask((client) => client.hmgetBuffer(records, ...ids))
    return {
      position: `${entries.at(-1)?.mark}:${position + entries.length}`,
      changes: ids.map((id, index) => ({ id, key: keys[index] ? decode(keys[index]) : null }))
    }
  }

  async function saveUses(uses: readonly ApiKeyUse[]): Promise<void> {
    for (let from = 0; from < uses.length; from += KEYS_PER_SLICE) {
      const some = uses.slice(from, from + KEYS_PER_SLICE)
      await write(
        'saveApiKeyUses',
        some.flatMap(({ id, day }) => [id, day])
      )
    }
  }

  const put = (key: ApiKeyRecord, max: number) =>
    write('addApiKey', [ownerOf(key.tenant) ?? '', key.user ?? NONE, max, key.id, encode(key)])

  async function copyKeys(keys: readonly ListedApiKey[]): Promise<void> {
    for (let from = 0; from < keys.length; from += KEYS_PER_COPY) {
      const some = keys.slice(from, from + KEYS_PER_COPY)
      await Promise.all(some.map((key) => put(key, Number.MAX_SAFE_INTEGER)))
      await saveUses(
        some.flatMap(({ tenant, id, lastUsedDay }) =>
          lastUsedDay === null ? [] : [{ tenant, id, day: lastUsedDay }]
        )
      )
    }
  }

  async function removeKeysOfTenant(tenant: string): Promise<void> {
    while (Number(await write('removeSomeApiKeys', [REMOVED_PER_STEP, tenant])) >= REMOVED_PER_STEP);
  }

  return {
    apiKeys: {
      list: (tenant, page) => run(() => list(tenant, page)),
      find: (tenant, id) =>
        run(async () => (await keysById([id])).find((key) => key?.tenant === tenant) ?? null),
      listOfUser: (tenant, user) => run(() => listOfUser(tenant, user)),
      add: (key, max) => run(() => add(key, max)),
      replace: (key, digest) => run(() => replace(key, digest)),
      remove: (tenant, id) => run(() => remove(tenant, id)),
      position: () =>
        run(async () => {
          const { mark, position } = await readHead()
          return `${mark}:${position}`
        }),
      all: readAll,
      changesAfter: (from) => run(() => changesAfter(from)),
      saveUses: (uses) => run(() => saveUses(uses))
    },
    removeKeysOfTenant,
    copyKeys,
    async removeKeysOfUsers(tenant, users) {
      const sets = users.map((user) => `${tenant} ${user}`)
      await write('removeSomeApiKeys', [Number.MAX_SAFE_INTEGER, ...sets])
    }
  }
}

/** Null: no tenant can be called so. */
function ownerOf(tenant: string | null): string | null {
  if (tenant === null) return NONE
  return isTenantId(tenant) ? tenant : null
}

function encode(key: ApiKeyRecord): Buffer {
  const { tenant, user, digest } = key
  return Buffer.concat([
    Buffer.from(`${tenant ?? NONE} ${user ?? NONE} ${digest}\n`),
    apiKeyRecord.encode(key)
  ])
}

function decode(bytes: Buffer): ApiKeyRecord {
  const end = bytes.indexOf(LF)
  if (end < 0) throw new UnreadableRecord('a kept API key cannot be read')
  return apiKeyRecord.decode(bytes.subarray(end + 1))
}
