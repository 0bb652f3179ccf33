/** The users that the page shows: a page at a time, or all of those that a filter picks. */
import { createSignal } from 'solid-js'
import type { User, UserSync, UsersClient } from './users-client.ts'

/** `off`: whose calendar is not read, because nobody has enabled it. */
export type UserFilter = 'all' | 'unreadable' | 'off'

const PAGE = 100

export class UserList {
  readonly client: UsersClient
  readonly #users = createSignal<readonly User[] | null>(null)
  readonly #after = createSignal<string | undefined>()
  readonly #unreadable = createSignal<ReadonlyMap<string, UserSync>>(new Map())
  readonly #error = createSignal<unknown>(null)
  #round = 0

  constructor(client: UsersClient) {
    this.client = client
  }

  /** Null: nothing was read yet. */
  get users(): readonly User[] | null {
    return this.#users[0]()
  }

  get hasMore(): boolean {
    return this.#after[0]() !== undefined
  }

  get error(): unknown {
    return this.#error[0]()
  }

  /** Why a user's calendar cannot be read; undefined: it can. */
  syncOf(user: string): UserSync | undefined {
    return this.#unreadable[0]().get(user)
  }

  async load(query: string, filter: UserFilter): Promise<void> {
    const mine = ++this.#round
    this.#error[1](null)
    try {
      const [unreadable, page] = await Promise.all([
        this.client.unreadable(),
        filter === 'all'
          ? this.client.page({ limit: PAGE, ...(query !== '' && { q: query }) })
          : this.client.all(query).then((users) => ({ users, after: undefined }))
      ])
      if (mine !== this.#round) return
      this.#unreadable[1](unreadable)
      this.#users[1](page.users.filter((user) => picks(filter, user, unreadable)))
      this.#after[1](page.after)
    } catch (error) {
      if (mine === this.#round) this.#error[1](error)
    }
  }

  async loadMore(query: string): Promise<void> {
    const mine = this.#round
    const after = this.#after[0]()
    if (after === undefined) return
    const page = await this.client.page({ limit: PAGE, after, ...(query !== '' && { q: query }) })
    if (mine !== this.#round) return
    this.#users[1]([...(this.users ?? []), ...page.users])
    this.#after[1](page.after)
  }

  /** All that the query and the filter pick, also those that are not shown yet. */
  async everyone(query: string): Promise<readonly User[]> {
    return this.hasMore ? this.client.all(query) : (this.users ?? [])
  }
}

function picks(filter: UserFilter, user: User, unreadable: ReadonlyMap<string, UserSync>): boolean {
  if (filter === 'unreadable') return unreadable.has(user.user)
  return filter === 'all' || !user.syncEnabled
}
