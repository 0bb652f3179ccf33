/** A tenant at one moment. What it shows is rendered in slices, and stays of that moment whatever changes meanwhile. */
import type { Instant } from '../domain/calendar-event.ts'
import { collectInSlices, forEachInSlices, Slice, sortInSlices } from '../lib/time-slices.ts'
import type { Vacated } from '../storage/store.ts'
import { type Audience, unmaskedAudience } from './audience.ts'
import {
  compareExtensions,
  extensionStatusJson,
  pickShownUser,
  removedExtensionJson
} from './extension-status.ts'
import { type AppliedEntry, namedUsers } from './recent-entries.ts'
import type { TurnedUsers } from './transition-clock.ts'
import {
  inLanguage,
  statusJson,
  type TenantContext,
  timelineFor,
  transitionAfter,
  type UserState
} from './user-state.ts'

import { findUser, indexOfUser } from './user-table.ts'

/** How statuses are given. */
export interface StatusFormat {
  /** `extension`: one entry for each extension, for switches. */
  readonly by: 'user' | 'extension'
  /** Of the labels; null: the tenant's. */
  readonly language: string | null
  readonly audience: Audience
}

export const tenantFormat: StatusFormat = { by: 'user', language: null, audience: unmaskedAudience }

/** What may have changed since an instant. */
export interface MomentChanges {
  readonly since: Instant
  readonly entries: readonly AppliedEntry[]
  readonly turned: readonly TurnedUsers[]
}

export class ViewMoment {
  /** By id. */
  readonly users: readonly UserState[]
  readonly context: TenantContext
  readonly now: Instant
  readonly audience: Audience
  readonly #isPresent: () => boolean

  /** `isPresent` says whether the view is still at this moment: then what is rendered is kept for others. */
  constructor(
    users: readonly UserState[],
    context: TenantContext,
    now: Instant,
    isPresent: () => boolean,
    audience = unmaskedAudience
  ) {
    this.users = users
    this.context = context
    this.now = now
    this.audience = audience
    this.#isPresent = isPresent
  }

  /** The same as an audience sees it, with labels in a language. */
  in({ language, audience }: Pick<StatusFormat, 'language' | 'audience'>): ViewMoment {
    if (language === null || language === this.context.language) {
      if (audience === this.audience) return this
      return new ViewMoment(this.users, this.context, this.now, this.#isPresent, audience)
    }
    return new ViewMoment(this.users, inLanguage(this.context, language), this.now, () => false, audience)
  }

  /** Every Status (or extension) as JSON, in order. */
  async renderAll(format: StatusFormat): Promise<string[]> {
    const moment = this.in(format)
    if (format.by === 'user') return moment.#renderUsers(moment.users)
    return moment.#renderExtensions(await moment.groupByExtension())
  }

  /** What changed, each user (or extension) once, as they are at this moment. */
  async renderChanges(changes: MomentChanges, format: StatusFormat): Promise<string[]> {
    const moment = this.in(format)
    const { entries } = changes
    const isAll = entries.some(({ users }) => users === 'all')
    const users = isAll ? moment.users : await moment.#findChanged(changes)
    const vacated = entries.flatMap((entry) => entry.vacated)
    if (format.by === 'user')
      return [...(await moment.#renderUsers(users)), ...(await moment.#renderRemoved(vacated))]
    const changed: readonly (readonly { readonly extension: string }[])[] = isAll
      ? [vacated]
      : [users, vacated]
    const extensions = await collectInSlices(changed, ({ extension }) => extension)
    const shared = await moment.groupByExtension(isAll ? undefined : extensions)
    return [
      ...(await moment.#renderExtensions(shared)),
      ...(await renderRemovedExtensions(extensions, shared))
    ]
  }

  /** Who shares each extension, in no order; of these alone, if they are given. */
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
    return groups
  }

  renderUser(user: UserState): string {
    const { now: at, audience } = this
    return statusJson(user, this.context, { at, audience, isPresent: this.#isPresent() })
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
    for (const extension of await sortInSlices([...groups.keys()], compareExtensions)) {
      list.push(this.renderExtension(groups.get(extension)!))
      if (slice.isOver()) await slice.next()
    }
    return list
  }

  /** Those of them who are gone, each once, as they last were. */
  async #renderRemoved(vacated: readonly Vacated[]): Promise<string[]> {
    const last = new Map<string, Vacated>()
    await forEachInSlices(vacated, (one) => {
      if (findUser(this.users, one.user) === undefined) last.set(one.user, one)
    })
    const list: string[] = []
    await forEachInSlices(last.values(), (one) => list.push(JSON.stringify({ ...one, removed: true })))
    return list
  }

  /** Of whom the audience may see something else than it saw. */
  async #findChanged({ since, entries, turned }: MomentChanges): Promise<readonly UserState[]> {
    const isMasking = !this.audience.sensitive && !this.context.mask.isEmpty
    const named = entries.map((entry) => (isMasking ? this.#seenUsers(entry) : namedUsers(entry)))
    const usersIn = (isTransition: boolean) =>
      turned.filter((one) => one.isTransition === isTransition).map(({ users }) => users)
    const transitions = usersIn(true)
    if (!isMasking) return this.#select([...named, ...usersIn(false), ...transitions])
    const seen: string[] = []
    await forEachInSlices(await this.#select(transitions), (user) => {
      const timeline = timelineFor(user, this.context, this.audience)
      if (timeline === user.effective || transitionAfter(user, this.context, since, timeline) <= this.now) {
        seen.push(user.id)
      }
    })
    return this.#select([...named, ...usersIn(false), seen])
  }

  /** Users of the entry who look otherwise to a masked audience. */
  #seenUsers(entry: AppliedEntry): readonly string[] {
    const { unseenMasked } = entry
    if (unseenMasked === undefined) return namedUsers(entry)
    return namedUsers(entry).filter((user) => user === this.audience.unmaskedUser || !unseenMasked.has(user))
  }

  /** Those of them who are there, each once. */
  async #select(groups: readonly (readonly string[])[]): Promise<readonly UserState[]> {
    const filled = groups.filter(({ length }) => length > 0)
    // A group names each user once.
    const ids = filled.length === 1 ? filled[0]! : await collectInSlices(filled, (id) => id)
    const selected: UserState[] = []
    const slice = new Slice()
    let index = -1
    for (const id of ids) {
      // They mostly are in the order of ids: then the next one is the one.
      index = this.users[index + 1]?.id === id ? index + 1 : indexOfUser(this.users, id)
      const user = this.users[index]
      if (user?.id === id) selected.push(user)
      if (slice.isOver()) await slice.next()
    }
    return selected
  }
}

/** Of those that nobody has any more. */
async function renderRemovedExtensions(
  extensions: ReadonlySet<string>,
  shared: ReadonlyMap<string, unknown>
): Promise<string[]> {
  const list: string[] = []
  await forEachInSlices(extensions, (extension) => {
    if (!shared.has(extension)) list.push(removedExtensionJson(extension))
  })
  return list
}
