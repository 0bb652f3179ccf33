/** Seals everything that is kept under the key of a rotation, tenant by tenant, while the service runs. */
import type { BackoffOptions } from '../../lib/backoff.ts'
import { nextSlice } from '../../lib/time-slices.ts'
import { type AlarmRecipientRecord, type AlarmStore, alarmLockOf } from '../alarms.ts'
import type { ConsumerRecord } from '../consumers.ts'
import type { ContactRecord } from '../contacts.ts'
import { eachPage } from '../page.ts'
import { retryWhileUnavailable } from '../retry-while-unavailable.ts'
import { type Store, type StoredConnection, TenantGone, type User } from '../store.ts'
import { joinConnections, listConnections } from '../tenant-connections.ts'
import { alarmPurpose } from './alarm-secrets.ts'
import { consumerPurpose, mailboxPurpose, memberPurpose } from './connection-secrets.ts'
import { contactPurpose } from './contact-secrets.ts'
import type { MasterKeys } from './master-keys.ts'
import { type Sealer, sealingKeyId } from './seal.ts'

/** What a run did. A run that goes on after a crash counts only what was left to it. */
export interface ResealReport {
  /** Secrets that were sealed anew. */
  readonly resealed: number
  /** Secrets that no key opens: they stay as they are, and must be put again. */
  readonly unreadable: number
}

const TENANTS_PER_PAGE = 100
/** Users whose records are read and saved under one hold of the tenant's lock. */
const USERS_PER_LOCK = 250
const retryBackoff: BackoffOptions = { firstMs: 100, maxMs: 5_000 }

type Keys = Pick<MasterKeys, 'open' | 'sealer'>

interface Tally {
  resealed: number
  unreadable: number
}

/**
 * Call this once a rotation has begun, so that whoever takes a tenant's lock from now on seals under the new key. May be run again at
 * any time, by several processes too.
 */
export async function resealAll(store: Store, keys: Keys): Promise<ResealReport> {
  const tally: Tally = { resealed: 0, unreadable: 0 }
  for await (const tenants of eachPage(TENANTS_PER_PAGE, (page) => store.tenants(page))) {
    for (const { id } of tenants) {
      await resealTenant(store, keys, id, tally)
      await resealContacts(store, keys, id, tally)
      await resealAlarms(store, keys, id, tally)
      await nextSlice()
    }
  }
  await resealAlarms(store, keys, null, tally)
  return tally
}

/** After the tenant's lock was taken once: whoever saves contacts since then seals them under the new key. */
async function resealContacts({ contacts }: Store, keys: Keys, tenant: string, tally: Tally): Promise<void> {
  await retryWhileUnavailable(retryBackoff, async () => {
    const resealer = new Resealer(await keys.sealer(), tally)
    for (const list of await contacts.lists(tenant)) {
      for await (const some of contacts.eachSlice(tenant, list)) {
        const resealed = some.flatMap((before) => {
          const sealed = resealer.contact(tenant, list, before)
          return sealed === null ? [] : [{ before, sealed }]
        })
        if (resealed.length > 0) await contacts.saveResealed(tenant, list, resealed)
      }
    }
  })
}

/** Of the provider (null) or of a tenant. */
async function resealAlarms(store: Store, keys: Keys, tenant: string | null, tally: Tally): Promise<void> {
  try {
    await retryWhileUnavailable(retryBackoff, () =>
      store.withTenantLock(alarmLockOf(tenant), async ({ alarms }) => {
        for (let isDone = false; !isDone; ) isDone = await resealList(alarms, keys, tenant, tally)
      })
    )
  } catch (error) {
    if (!(error instanceof TenantGone)) throw error
  }
}

/** False: what came of a message was saved meanwhile. */
async function resealList(
  { lists }: AlarmStore,
  keys: Keys,
  tenant: string | null,
  tally: Tally
): Promise<boolean> {
  const list = await lists.read(tenant)
  if (list === null) return true
  const count: Tally = { resealed: 0, unreadable: 0 }
  const resealer = new Resealer(await keys.sealer(), count)
  const recipients = list.recipients.map((one) => resealer.recipient(tenant, one))
  const next = { ...list, version: list.version + 1, recipients }
  if (count.resealed > 0 && !(await lists.save(tenant, next))) return false
  tally.resealed += count.resealed
  tally.unreadable += count.unreadable
  return true
}

async function resealTenant(store: Store, keys: Keys, tenant: string, tally: Tally): Promise<void> {
  let after: string | null | undefined
  try {
    // The connection goes with the first users.
    // A tenant may be busy, and Redis away for a moment. What was saved before the answer was lost counts twice at most.
    do {
      const from = after ?? undefined
      after = await retryWhileUnavailable(retryBackoff, () => resealPage(store, keys, tenant, from, tally))
    } while (after !== null)
  } catch (error) {
    if (!(error instanceof TenantGone)) throw error
  }
}

/** Resolves to the last user of the page; null: there are no more. */
function resealPage(
  store: Store,
  keys: Keys,
  tenant: string,
  after: string | undefined,
  tally: Tally
): Promise<string | null> {
  return store.withTenantLock(tenant, async (store) => {
    const count: Tally = { resealed: 0, unreadable: 0 }
    const resealer = new Resealer(await keys.sealer(), count)
    const stored = after === undefined ? await store.connection(tenant) : null
    for (const stored of after === undefined ? await store.consumers.list(tenant) : []) {
      const consumer = resealer.consumer(tenant, stored)
      if (consumer !== null) await store.consumers.save(tenant, consumer, null, false)
    }
    const users = await store.users(tenant, {
      limit: USERS_PER_LOCK,
      ...(after !== undefined && { after })
    })
    const connection = stored && resealer.connection(tenant, stored)
    const changed = users.flatMap((user) => resealer.user(tenant, user) ?? [])
    if (connection !== null || changed.length > 0) await store.saveResealed(tenant, connection, changed)
    tally.resealed += count.resealed
    tally.unreadable += count.unreadable
    return users.length < USERS_PER_LOCK ? null : users.at(-1)!.id
  })
}

/** `connection` and `user` give the record with its secrets sealed anew, or null where nothing of it is. */
class Resealer {
  readonly #sealer: Sealer
  readonly #tally: Tally
  /** What the new key's texts begin with. */
  readonly #keyId: string | null

  constructor(sealer: Sealer, tally: Tally) {
    this.#sealer = sealer
    this.#tally = tally
    this.#keyId = sealingKeyId(sealer.seal('', ''))
  }

  connection(tenant: string, connection: StoredConnection): StoredConnection | null {
    const all = listConnections(connection)
    const resealed = all.map((one) => {
      const sealed = this.#resealAll(one.sealed, (path) => memberPurpose(tenant, one, path))
      return sealed === null ? one : { ...one, sealed }
    })
    return resealed.every((one, index) => one === all[index]) ? null : joinConnections(resealed)
  }

  consumer(tenant: string, consumer: ConsumerRecord): ConsumerRecord | null {
    const { id, kind, sealed } = consumer
    const changed = this.#resealAll(sealed, (path) => consumerPurpose(tenant, id, kind, path))
    return changed === null ? null : { ...consumer, sealed: changed }
  }

  contact(tenant: string, list: string, { sealed }: ContactRecord): string | null {
    return this.#reseal(sealed, contactPurpose(tenant, list))
  }

  user(tenant: string, user: User): User | null {
    const { mailbox } = user
    if (mailbox === null || !('sealed' in mailbox)) return null
    const sealed = this.#reseal(mailbox.sealed, mailboxPurpose(tenant, user.id))
    return sealed === null ? null : { ...user, mailbox: { ...mailbox, sealed } }
  }

  /** As it is, where nothing of it is sealed anew. */
  recipient(tenant: string | null, one: AlarmRecipientRecord): AlarmRecipientRecord {
    const to = this.#reseal(one.to, alarmPurpose(tenant, one.id, 'to'))
    const secret = one.secret && this.#reseal(one.secret, alarmPurpose(tenant, one.id, 'secret'))
    return { ...one, ...(to !== null && { to }), ...(secret !== null && { secret }) }
  }

  /** Null where none of them changed. */
  #resealAll(
    sealed: Readonly<Record<string, string>>,
    purposeOf: (path: string) => string
  ): Readonly<Record<string, string>> | null {
    const changed: Record<string, string> = {}
    for (const [path, text] of Object.entries(sealed)) {
      const anew = this.#reseal(text, purposeOf(path))
      if (anew !== null) changed[path] = anew
    }
    return Object.keys(changed).length === 0 ? null : { ...sealed, ...changed }
  }

  #reseal(sealed: string, purpose: string): string | null {
    if (sealingKeyId(sealed) === this.#keyId) return null
    let plain: string
    try {
      plain = this.#sealer.open(sealed, purpose)
    } catch {
      this.#tally.unreadable++
      return null
    }
    this.#tally.resealed++
    return this.#sealer.seal(plain, purpose)
  }
}
