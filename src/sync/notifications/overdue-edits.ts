/**
 * Edits that are not read in time, so that the calendar is recorded as stale. A notified edit must be read within `pollSeconds`,
 * and at once where a pause is known to last longer: what is held is known to be wrong. Once a subscription is inactive the
 * calendar must be read within twice `pollSeconds`, as any calendar that is polled: edits are no longer notified.
 */
import type { Instant } from '../../domain/calendar-event.ts'
import { type Log, redactError } from '../../lib/redact-error.ts'
import type { Store } from '../../storage/store.ts'
import { saveOverdue, staleAfterMs } from '../batch/build-outcome.ts'
import type { TargetRegistry } from '../targets/target-registry.ts'

export interface OverdueEditsDeps {
  readonly store: Store
  readonly clock: () => Instant
  readonly log: Log
  readonly targets: TargetRegistry
  readonly pollMs: () => number
  /** Milliseconds until anything of the tenant is read again; 0 where nothing is waited for. */
  readonly pausedForMs: () => number
  /** Whether its subscription is active. */
  readonly isSubscribed: (key: string) => boolean
}

export class OverdueEdits {
  readonly #tenant: string
  readonly #deps: OverdueEditsDeps
  /** Targets with a notified edit that was not read yet; null: none. */
  #pending: Set<string> | null = null
  /** Since when subscriptions are inactive whose calendars were not read since; null: none. */
  #unsubscribed: Map<string, Instant> | null = null

  constructor(tenant: string, deps: OverdueEditsDeps) {
    this.#tenant = tenant
    this.#deps = deps
  }

  add(key: string): void {
    this.#pending ??= new Set()
    this.#pending.add(key)
  }

  onInactive(key: string): void {
    this.#unsubscribed ??= new Map()
    this.#unsubscribed.set(key, this.#deps.clock())
  }

  forget(key: string): void {
    this.#pending?.delete(key)
    this.#unsubscribed?.delete(key)
  }

  /** Records who is overdue by now. */
  check(): void {
    if (this.#pending === null && this.#unsubscribed === null) return
    const now = this.#deps.clock()
    const overdue = [...this.#takeUnreadEdits(now), ...this.#takeUnpolled(now)]
    if (overdue.length > 0) this.#save(overdue, now)
  }

  #takeUnreadEdits(now: Instant): string[] {
    if (this.#pending === null) return []
    const { targets, pollMs, pausedForMs } = this.#deps
    const pausedUntil = now + pausedForMs()
    const overdue: string[] = []
    for (const key of this.#pending) {
      const state = targets.get(key)
      if (state === undefined || state.notifiedAt === null) {
        this.#pending.delete(key)
        continue
      }
      const dueAt = state.notifiedAt + pollMs()
      // A read that takes long is slow, not overdue.
      if (state.isReading || (now < dueAt && pausedUntil < dueAt)) continue
      this.#pending.delete(key)
      overdue.push(...state.users)
    }
    if (this.#pending.size === 0) this.#pending = null
    return overdue
  }

  /** Also while the calendar is being read: a server that hangs accepts the call. */
  #takeUnpolled(now: Instant): string[] {
    if (this.#unsubscribed === null) return []
    const { targets, pollMs, isSubscribed } = this.#deps
    const overdue: string[] = []
    for (const [key, since] of this.#unsubscribed) {
      const state = targets.get(key)
      const isRead = (state?.confirmedAt ?? Number.NEGATIVE_INFINITY) >= since
      if (state !== undefined && !isRead && !isSubscribed(key)) {
        if (now < since + staleAfterMs(pollMs())) continue
        overdue.push(...state.users)
      }
      this.#unsubscribed.delete(key)
    }
    if (this.#unsubscribed.size === 0) this.#unsubscribed = null
    return overdue
  }

  #save(users: readonly string[], since: Instant): void {
    const { store, clock, log, pollMs } = this.#deps
    saveOverdue(store, this.#tenant, users, since, { pollMs: pollMs(), clock }).catch((error) => {
      log.warn({ tenant: this.#tenant, ...redactError(error) }, 'overdue calendars could not be recorded')
    })
  }
}
