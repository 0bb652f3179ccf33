/** A tenant at one moment. What it shows is rendered in slices, and stays of that moment whatever changes meanwhile. */
import type { Instant } from '../domain/calendar-event.ts'
import { Slice, sortInSlices } from '../lib/time-slices.ts'
import type { LogEntry } from '../storage/store.ts'
import {
  compareExtensions,
  extensionStatusJson,
  pickShownUser,
  removedExtensionJson
} from './extension-status.ts'
import { statusJson, type TenantContext, type UserState } from './user-state.ts'
import { findUser } from './user-table.ts'

/** How statuses are given. */
export interface StatusFormat {
  /** `extension`: one entry for each extension, for switches. */
  readonly by: 'user' | 'extension'
  /** Of the labels; null: the tenant's. */
  readonly language: string | null
}

export const tenantFormat: StatusFormat = { by: 'user', language: null }

/** Up to so many users are looked up one by one; for more it is cheaper to look at every user. */
const MAX_LOOKUPS = 1_000

export class ViewMoment {
  /** By id. */
  readonly users: readonly UserState[]
  readonly context: TenantContext
  readonly now: Instant
  readonly #isPresent: () => boolean

  /** `isPresent` says whether the view is still at this moment: then what is rendered is kept for others. */
  constructor(users: readonly UserState[], context: TenantContext, now: Instant, isPresent: () => boolean) {
    this.users = users
    this.context = context
    this.now = now
    this.#isPresent = isPresent
  }

  /** The same with labels in a language. */
  withLanguage(language: string | null): ViewMoment {
    if (language === null || language === this.context.language) return this
    return new ViewMoment(this.users, { ...this.context, language }, this.now, () => false)
  }

  /** Every Status (or extension) as JSON, in order. */
  async renderAll({ by, language }: StatusFormat): Promise<string[]> {
    const moment = this.withLanguage(language)
    if (by === 'user') return moment.#renderUsers(moment.users)
    return moment.#renderExtensions(await moment.groupByExtension())
  }

  /** What `entries` and `turned` changed, each user (or extension) once, as they are at this moment. */
  async renderChanges(
    entries: readonly LogEntry[],
    turned: readonly (readonly string[])[],
    { by, language }: StatusFormat
  ): Promise<string[]> {
    const moment = this.withLanguage(language)
    const isAll = entries.some(({ users }) => users === 'all')
    const ids = await collect(
      [...entries.map(({ users }) => (users === 'all' ? [] : users)), ...turned],
      (id) => id
    )
    const users = isAll ? moment.users : await moment.#select(ids)
    const vacated = entries.flatMap((entry) => entry.vacated)
    if (by === 'user') {
      const removed = vacated.filter(({ user }) => findUser(moment.users, user) === undefined)
      const last = new Map(removed.map((one) => [one.user, one]))
      const gone = [...last.values()].map((one) => JSON.stringify({ ...one, removed: true }))
      return [...(await moment.#renderUsers(users)), ...gone]
    }
    const extensions = await collect([users], ({ extension }) => extension)
    for (const { extension } of vacated) extensions.add(extension)
    const groups = await moment.groupByExtension(extensions)
    const gone = [...extensions].filter((extension) => !groups.has(extension)).map(removedExtensionJson)
    return [...(await moment.#renderExtensions(groups)), ...gone]
  }

  /** Who shares each extension, in the order of extensions; of these alone, if they are given. */
  async groupByExtension(only?: ReadonlySet<string>): Promise<Map<string, UserState[]>> {
    const groups = new Map<string, UserState[]>()
    const slice = new Slice()
    for (const user of this.users) {
      if (slice.isOver()) await slice.next()
      if (only !== undefined && !only.has(user.extension)) continue
      const group = groups.get(user.extension)
      if (group === undefined) groups.set(user.extension, [user])
      else group.push(user)
    }
    const sorted = await sortInSlices([...groups.keys()], compareExtensions)
    return new Map(sorted.map((extension) => [extension, groups.get(extension)!]))
  }

  renderUser(user: UserState): string {
    return statusJson(user, this.context, this.now, this.#isPresent())
  }

  /** `users` share an extension. */
  renderExtension(users: readonly UserState[]): string {
    const shown = users.length === 1 ? users[0]! : pickShownUser(users, this.now)!
    return extensionStatusJson(users, this.renderUser(shown))
  }

  async #renderUsers(users: readonly UserState[]): Promise<string[]> {
    const list: string[] = []
    const slice = new Slice()
    for (const user of users) {
      list.push(this.renderUser(user))
      if (slice.isOver()) await slice.next()
    }
    return list
  }

  async #renderExtensions(groups: ReadonlyMap<string, readonly UserState[]>): Promise<string[]> {
    const list: string[] = []
    const slice = new Slice()
    for (const users of groups.values()) {
      list.push(this.renderExtension(users))
      if (slice.isOver()) await slice.next()
    }
    return list
  }

  /** Those of them who are there. */
  async #select(ids: ReadonlySet<string>): Promise<readonly UserState[]> {
    if (ids.size <= MAX_LOOKUPS) {
      return [...ids].map((id) => findUser(this.users, id)).filter((user) => user !== undefined)
    }
    const selected: UserState[] = []
    const slice = new Slice()
    for (const user of this.users) {
      if (ids.has(user.id)) selected.push(user)
      if (slice.isOver()) await slice.next()
    }
    return selected
  }
}

async function collect<T>(
  groups: readonly (readonly T[])[],
  keyOf: (item: T) => string
): Promise<Set<string>> {
  const keys = new Set<string>()
  const slice = new Slice()
  for (const group of groups) {
    for (const item of group) {
      keys.add(keyOf(item))
      if (slice.isOver()) await slice.next()
    }
  }
  return keys
}
