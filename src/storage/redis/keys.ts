/** Every key and channel that Hanvisa's store has in Redis. What is in braces decides the slot in a cluster. */

/** A hash: which data this is (installation.ts). */
export const STORE_KEY = 'hanvisa:store'
/** A sorted set of tenant ids, all with the score 0. The truth is each tenant's own `head`. */
export const TENANTS_KEY = 'hanvisa:tenants'

/** Those of API keys, in the order of KEYS in scripts/api-keys.lua. No tenant's id begins with a colon. */
export const API_KEY_KEYS = {
  /** A hash by id. */
  records: 'hanvisa:{:api-keys}:records',
  /** A sorted set of `owner id`, all with the score 0. */
  byOwner: 'hanvisa:{:api-keys}:by-owner',
  /** A sorted set of `owner user id`, all with the score 0. */
  byUser: 'hanvisa:{:api-keys}:by-user',
  /** A hash by id: the day of the last use. */
  uses: 'hanvisa:{:api-keys}:uses',
  /** A stream whose ids are `position-0`: the key's id, and the mark of the write, which no other write has. */
  log: 'hanvisa:{:api-keys}:log',
  /** A hash: the log's position and the mark of the entry there. */
  head: 'hanvisa:{:api-keys}:head'
} as const

/** A hash: the provider's alarms. No tenant's id begins with a colon. */
export const ALARMS_KEY = 'hanvisa:{:alarms}'

/** A hash: the session and its end. */
export function sessionKey(digest: string): string {
  return `hanvisa:session:${digest}`
}

/** A set: the digests of an identity's sessions, by the identity's own digest. */
export function sessionsOfKey(identityDigest: string): string {
  return `hanvisa:sessions-of:${identityDigest}`
}

/** A sorted set of the processes that use this Redis, each with the instant at which it is forgotten. */
export const REPLICAS_KEY = 'hanvisa:replicas'

/** A tenant's keys, in the order of KEYS in scripts/prelude.lua. */
export interface TenantKeys {
  /** A hash: the tenant, its connection, its newest rules, and where its log stands. */
  readonly head: string
  /** A sorted set of user ids, all with the score 0. */
  readonly ids: string
  /** Hashes by user id. */
  readonly users: string
  readonly syncs: string
  readonly timelines: string
  readonly overrides: string
  readonly absences: string
  /** A hash by version. */
  readonly rules: string
  /** A stream whose ids are `position-0`. */
  readonly log: string
  /** The token of who holds the tenant's lock. */
  readonly lock: string
  /** A stream whose ids are `position-0`. */
  readonly audit: string
  /** A hash: where the audit stands. */
  readonly auditHead: string
  /** A hash by `position/index`: what an entry has about a user. */
  readonly auditParts: string
  /** A sorted set of `user position/index`, all with the score 0. */
  readonly auditPartsOfUsers: string
  /** A hash by id: the version, a line feed, the record. */
  readonly consumers: string
  /** A hash by the consumer's id. */
  readonly consumerProgress: string
  /** A set: the lists of contacts that hold anything. */
  readonly contactLists: string
}

/** What a consumer acknowledged: a hash by user id. The name is made in scripts/prelude.lua too. */
export function deliveriesKey(tenant: string, consumer: string): string {
  return `hanvisa:{${tenant}}:deliveries:${consumer}`
}

/** The contacts of a list: a hash by contact, of its numbers, a line feed, the record. The name is made in scripts/prelude.lua too. */
export function contactsKey(tenant: string, list: string): string {
  return `hanvisa:{${tenant}}:contacts:${list}`
}

/** Which contacts of a list have a number: a hash by its keyed digest. The name is made in scripts/prelude.lua too. */
export function contactNumbersKey(tenant: string, list: string): string {
  return `hanvisa:{${tenant}}:contact-numbers:${list}`
}

/** Those of the index of consumers, in the order of KEYS in scripts/record-consumer-change.lua. */
export const CONSUMER_INDEX_KEYS = {
  /** Counts the changes. */
  position: 'hanvisa:{:consumers}:position',
  /** A sorted set of the tenants that have or had consumers, by their last change. */
  changed: 'hanvisa:{:consumers}:changed'
} as const

/** Stands where a tenant's id is expected, for the provider's audit. No tenant's id looks so. */
const PROVIDER = ':provider'

/** Null: the provider's, of which only those of the audit are used. */
export function auditKeys(tenant: string | null): TenantKeys {
  return tenantKeys(tenant ?? PROVIDER)
}

export function tenantKeys(tenant: string): TenantKeys {
  const key = (what: string) => `hanvisa:{${tenant}}:${what}`
  return {
    head: key('head'),
    ids: key('ids'),
    users: key('users'),
    syncs: key('syncs'),
    timelines: key('timelines'),
    overrides: key('overrides'),
    absences: key('absences'),
    rules: key('rules'),
    log: key('log'),
    lock: key('lock'),
    audit: key('audit'),
    auditHead: key('audit-head'),
    auditParts: key('audit-parts'),
    auditPartsOfUsers: key('audit-parts-of-users'),
    consumers: key('consumers'),
    consumerProgress: key('consumer-progress'),
    contactLists: key('contact-lists')
  }
}

const CHANNEL = 'hanvisa:changes:'

export function channelOf(tenant: string): string {
  return `${CHANNEL}${tenant}`
}

export function tenantOf(channel: string): string {
  return channel.slice(CHANNEL.length)
}

/** Design section 5. Anything else names no tenant: with braces in it a key would land in another slot. */
export function isTenantId(id: string): boolean {
  return /^[A-Za-z0-9._@+-]{1,500}$/.test(id)
}
