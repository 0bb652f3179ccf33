/**
 * The port to what caller names are found by, a part of the store: whether a tenant has them on, and lists of contacts. No number is kept
 * in clear, only a keyed digest of it; names are sealed. Every write is atomic and durable once its promise resolves. Nothing of a tenant
 * is kept here while it has them off.
 */
import type { Instant } from '../domain/calendar-event.ts'

/** What a tenant that has caller names on has set. */
export interface CallerNamesRecord {
  /** What is dialled for an outside line, taken away where the number cannot be read with it. */
  readonly strip: readonly string[]
  /** Null: none was imported. */
  readonly shared: SharedListRecord | null
  readonly changedAt: Instant
}

/** The list of a user's own contacts, which goes with the user. No id of a user holds a slash. */
export function personalList(user: string): string {
  return `user/${user}`
}

/** The list of contacts that everybody in the tenant sees. */
export interface SharedListRecord {
  /** Each import has a list of its own, so that it takes the place of the one before all at once. */
  readonly list: string
  readonly contacts: number
  readonly numbers: number
  readonly importedAt: Instant
}

export interface ContactRecord {
  /** Within the list. */
  readonly contact: string
  /** A keyed digest of each number. */
  readonly numbers: readonly string[]
  /** The names, and of a shared contact the numbers: opaque here. */
  readonly sealed: string
  readonly changedAt: Instant
}

export interface ContactStore {
  /** Null: caller names are off. */
  settings(tenant: string): Promise<CallerNamesRecord | null>
  /** Null turns them off, and every list of the tenant goes. Resolves to whether they were on. */
  saveSettings(tenant: string, settings: CallerNamesRecord | null): Promise<boolean>

  /** The lists that hold anything, in no order. */
  lists(tenant: string): Promise<readonly string[]>
  /** The contacts of the list that have the number, in no order. */
  find(tenant: string, list: string, number: string): Promise<readonly ContactRecord[]>
  /** All contacts of a list, in slices, in no order. Those that are saved meanwhile may be among them. */
  eachSlice(tenant: string, list: string): AsyncIterable<readonly ContactRecord[]>
  /** Each takes the place of the one of its name. Resolves to false, and saves nothing, where caller names are off. */
  save(tenant: string, list: string, contacts: readonly ContactRecord[]): Promise<boolean>
  /**
   * Saves what holds the same names sealed under another master key, each where it still is as `before`: what was saved or removed
   * meanwhile stays so.
   */
  saveResealed(
    tenant: string,
    list: string,
    contacts: readonly { readonly before: ContactRecord; readonly sealed: string }[]
  ): Promise<void>
  removeContacts(tenant: string, list: string, contacts: readonly string[]): Promise<void>
  removeList(tenant: string, list: string): Promise<void>
}
