/** The users of one tenant in memory: by id, and in the order of their ids. */
import type { UserState } from './user-state.ts'

/** Above this many new users at once the order is made anew instead of being mended for each. */
const MAX_SINGLE_INSERTS = 100

/** After where the last one stood: half of all users mostly are asked for, or more. */
const PLACES_NEAR = 6

export class UserTable {
  readonly #byId = new Map<string, UserState>()
  #ordered: UserState[] = []
  /** Somebody holds the array: it is copied before it changes. */
  #isShared = false
  /** Where `getNear` found a user last. */
  #lastPlace = 0

  get(id: string): UserState | undefined {
    return this.#byId.get(id)
  }

  /** As `get`. For many who are asked for in the order of their ids: most are found without a look-up. */
  getNear(id: string): UserState | undefined {
    const place = this.#lastPlace
    for (let next = place; next < place + PLACES_NEAR; next++) {
      const user = this.#ordered[next]
      if (user?.id !== id) continue
      this.#lastPlace = next
      return user
    }
    this.#lastPlace = indexOfUser(this.#ordered, id)
    return this.#byId.get(id)
  }

  /** By id. The array that is given stays as it is, whatever changes after. */
  inOrder(): readonly UserState[] {
    this.#isShared = true
    return this.#ordered
  }

  /** For many that come by id, as in a snapshot. */
  append(user: UserState): void {
    const last = this.#ordered.at(-1)
    if (last !== undefined && last.id >= user.id) this.putAll([user])
    else {
      this.#unshare()
      this.#byId.set(user.id, user)
      this.#ordered.push(user)
    }
  }

  /** Each takes the place of the one with its id. */
  putAll(users: readonly UserState[]): void {
    this.#unshare()
    const added: UserState[] = []
    for (const user of users) {
      const isKnown = this.#byId.has(user.id)
      this.#byId.set(user.id, user)
      if (isKnown) this.#ordered[indexOfUser(this.#ordered, user.id)] = user
      else added.push(user)
    }
    if (added.length <= MAX_SINGLE_INSERTS) {
      for (const user of added) this.#ordered.splice(indexOfUser(this.#ordered, user.id), 0, user)
      return
    }
    // The engine's sort merges what is in order already: this costs little more than a look at each.
    this.#ordered = this.#ordered.concat(added.sort(compareIds)).sort(compareIds)
  }

  remove(id: string): void {
    if (!this.#byId.delete(id)) return
    this.#unshare()
    this.#ordered.splice(indexOfUser(this.#ordered, id), 1)
  }

  #unshare(): void {
    if (this.#isShared) this.#ordered = this.#ordered.slice()
    this.#isShared = false
  }
}

/** The user in a list that is in the order of ids. */
export function findUser(ordered: readonly UserState[], id: string): UserState | undefined {
  const user = ordered[indexOfUser(ordered, id)]
  return user?.id === id ? user : undefined
}

/** Where the user stands, or would stand. */
export function indexOfUser(ordered: readonly UserState[], id: string): number {
  let low = 0
  let high = ordered.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ordered[middle]!.id < id) low = middle + 1
    else high = middle
  }
  return low
}

function compareIds(one: UserState, other: UserState): number {
  return one.id < other.id ? -1 : one.id > other.id ? 1 : 0
}
