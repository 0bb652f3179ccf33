/** How the consumers of tenants fare, as whoever pushes to them saved it: in this process or in another. */
import type { Instant } from '../domain/calendar-event.ts'
import type { Store } from '../storage/store.ts'
import type { ConsumerState } from './signals.ts'

export interface ConsumerStates {
  /** Once before each pass: which tenants have consumers. */
  refresh(): Promise<void>
  read(tenant: string): Promise<readonly ConsumerState[]>
}

export class StoredConsumerStates implements ConsumerStates {
  readonly #store: Pick<Store, 'consumers'>
  readonly #clock: () => Instant
  /** Those that have or had consumers: the store is asked for no others. */
  readonly #tenants = new Set<string>()
  #position = 0

  constructor({ store, clock }: { readonly store: Pick<Store, 'consumers'>; readonly clock: () => Instant }) {
    this.#store = store
    this.#clock = clock
  }

  async refresh(): Promise<void> {
    const { position, tenants } = await this.#store.consumers.changedAfter(this.#position)
    this.#position = position
    for (const tenant of tenants) this.#tenants.add(tenant)
  }

  async read(tenant: string): Promise<readonly ConsumerState[]> {
    if (!this.#tenants.has(tenant)) return []
    const { consumers } = this.#store
    const states: ConsumerState[] = []
    for (const { id, pausedAt } of await consumers.list(tenant)) {
      const progress = await consumers.progress(tenant, id)
      if (progress === null) continue
      const since = progress.failingSince ?? progress.savedAt
      states.push(
        pausedAt === null
          ? { state: progress.state, since: Math.min(since, this.#clock()) }
          : { state: 'paused', since: pausedAt }
      )
    }
    return states
  }
}
