/** What a consumer acknowledged of each user, in memory, with what is still to be saved of it. */
import type { Instant } from '../domain/calendar-event.ts'
import { digestOf } from '../lib/digest.ts'
import type { UserCounts, UserDelivery } from '../storage/consumers.ts'
import type { ConsumerStatus, Delivered, WantedState } from './consumer.ts'
import { countOutcomes } from './consumer-progress.ts'

export class AcknowledgedStates {
  readonly #byUser = new Map<string, UserDelivery>()
  #unsaved = new Map<string, UserDelivery | null>()

  load(deliveries: Iterable<UserDelivery>): void {
    for (const one of deliveries) this.#byUser.set(one.user, one)
  }

  get(user: string): UserDelivery | null {
    return this.#byUser.get(user) ?? null
  }

  /** Each user of whom something is set, with the extension under which it is. */
  *set(): Generator<readonly [user: string, extension: string]> {
    for (const { user, extension, digest } of this.#byUser.values()) {
      if (digest !== null) yield [user, extension]
    }
  }

  /** Those that are to be sent again by themselves. */
  *refreshes(): Generator<{
    readonly user: string
    readonly extension: string
    readonly refreshAt: Instant
  }> {
    for (const { user, extension, refreshAt } of this.#byUser.values()) {
      if (refreshAt !== null) yield { user, extension, refreshAt }
    }
  }

  /** Whether the consumer has it as it is wanted. */
  has({ user, extension, status }: Pick<WantedState, 'user' | 'extension' | 'status'>): boolean {
    const known = this.get(user)
    if (known === null || known.outcome === 'failed')
      return status === null && (known?.digest ?? null) === null
    if (status === null) return known.digest === null
    return known.extension === extension && known.digest === stateDigest(status)
  }

  record(
    { user, extension, status }: WantedState,
    { outcome, tag, error, refreshAfterMs }: Delivered,
    at: Instant
  ): void {
    const before = this.get(user)
    if (status === null && outcome !== 'failed') {
      this.#byUser.delete(user)
      this.#unsaved.set(user, null)
      return
    }
    const delivery: UserDelivery =
      outcome === 'failed' || status === null
        ? {
            user,
            extension: before?.extension ?? extension,
            outcome,
            digest: before?.digest ?? null,
            tag: before?.tag ?? null,
            at,
            refreshAt: before?.refreshAt ?? null,
            error: error ?? null
          }
        : {
            user,
            extension,
            outcome,
            digest: stateDigest(status),
            tag: tag ?? null,
            at,
            refreshAt: refreshAfterMs === undefined ? null : at + refreshAfterMs,
            error: null
          }
    this.#byUser.set(user, delivery)
    this.#unsaved.set(user, delivery)
  }

  /** What is to be saved, and forgotten as such: hand it back with `keepUnsaved` where it could not be. */
  takeUnsaved(): ReadonlyMap<string, UserDelivery | null> {
    const unsaved = this.#unsaved
    this.#unsaved = new Map()
    return unsaved
  }

  keepUnsaved(unsaved: ReadonlyMap<string, UserDelivery | null>): void {
    this.#unsaved = new Map([...unsaved, ...this.#unsaved])
  }

  get hasUnsaved(): boolean {
    return this.#unsaved.size > 0
  }

  count(): UserCounts {
    return countOutcomes(this.#byUser.values())
  }
}

/** Of what a switch can show: that a calendar was read again is none of it. */
function stateDigest({ sync: _, next: __, since: ___, ...shown }: ConsumerStatus): string {
  return digestOf(JSON.stringify(shown))
}
