/**
 * The port to the stored API keys, a part of the store. Every write is atomic and durable once its promise resolves. Of a key only
 * its SHA-256 digest is kept. A tenant's keys go with the tenant, a user's with the user: before them, so that no key is left for
 * another of that name. Writes are not bound to the tenant's lock.
 */
import type { Instant } from '../domain/calendar-event.ts'
import type { Page } from './page.ts'

export interface ApiKeyRecord {
  /** Unique over all tenants. */
  readonly id: string
  readonly name: string
  /** Null: the provider's. */
  readonly tenant: string | null
  /** A role's name. */
  readonly role: string
  readonly user: string | null
  readonly colleagues: boolean
  readonly sensitive: boolean
  readonly createdAt: Instant
  /** The id of the principal that made it. */
  readonly createdBy: string
  /** Null: never. */
  readonly expiresAt: Instant | null
  /** The key's first characters, by which its owner knows it. */
  readonly prefix: string
  /** SHA-256 of the key, base64url. */
  readonly digest: string
  /** The key before the last rotation, and until when it is good. */
  readonly previous: { readonly digest: string; readonly until: Instant } | null
}

/** A key as it is listed. */
export interface ListedApiKey extends ApiKeyRecord {
  /** The last day (UTC, `2026-12-01`) on which the key was shown; null: never. */
  readonly lastUsedDay: string | null
}

/** What became of one key; null: it was removed. */
export interface ApiKeyChange {
  readonly id: string
  readonly key: ApiKeyRecord | null
}

export interface ApiKeyUse {
  readonly tenant: string | null
  readonly id: string
  readonly day: string
}

export interface ApiKeyStore {
  /** The keys of a tenant, or (null) the provider's, by id. Empty for a tenant that is not there. */
  list(tenant: string | null, page: Page): Promise<readonly ListedApiKey[]>
  find(tenant: string | null, id: string): Promise<ListedApiKey | null>
  /** All keys of one user, by id. */
  listOfUser(tenant: string, user: string): Promise<readonly ListedApiKey[]>
  /**
   * Adds a key unless its user, or, where it has none, its tenant (or the provider) beside the users, has `max` keys already.
   * Resolves to whether it did. Throws TenantGone.
   */
  add(key: ApiKeyRecord, max: number): Promise<boolean>
  /** Replaces the key that has this id, tenant and digest; resolves to false when there is none. */
  replace(key: ApiKeyRecord, digest: string): Promise<boolean>
  /** Resolves to whether it was there. */
  remove(tenant: string | null, id: string): Promise<boolean>

  /** Where the log of key changes stands. Opaque. */
  position(): Promise<string>
  /** Every key, in parts. Of what is changed meanwhile either state may come: the changes after `position` tell. */
  all(): AsyncIterable<readonly ApiKeyRecord[]>
  /**
   * Some of the changes after the position, in order, each with what the key is now, and the position after them. Without
   * changes nothing came after. Null: the log does not reach back, or is another one; read `all` anew.
   */
  changesAfter(
    position: string
  ): Promise<{ readonly position: string; readonly changes: readonly ApiKeyChange[] } | null>

  /** Of keys that are not there nothing is kept. A day before the kept one changes nothing. */
  saveUses(uses: readonly ApiKeyUse[]): Promise<void>
}
