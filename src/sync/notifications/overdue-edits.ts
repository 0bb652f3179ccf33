/**
 * Notified edits that are not read in time: once `pollSeconds` have passed, or a pause is known to last longer, the calendar is
 * recorded as stale, since what is held is known to be wrong.
 */
import type { Instant } from '../../domain/calendar-event.ts'
import { type Log, redactError } from '../../lib/redact-error.ts'
import type { Store } from '../../storage/store.ts'
import { saveOverdue } from '../batch/build-outcome.ts'
import type { TargetRegistry } from '../targets/target-registry.ts'

export interface OverdueEditsDeps {
  readonly store: Store
  readonly clock: () => Instant
  readonly log: Log
  readonly targets: TargetRegistry
  readonly pollMs: () => number
  /** Milliseconds until anything of the tenant is read again; 0 where nothing is waited for. */
  readonly pausedForMs: () => number
}

export class OverdueEdits {
  readonly #tenant: string
  readonly #deps: OverdueEditsDeps
  /** Targets with a notified edit that was not read yet; null: none. */
  #pending: Set<string> | null = null

  constructor(tenant: string, deps: OverdueEditsDeps) {
    this.#tenant = tenant
    this.#deps = deps
  }

  add(key: string): void {
    this.#pending ??= new Set()
    this.#pending.add(key)
  }

  forget(key: string): void {
    this.#pending?.delete(key)
  }

  /** Records who is overdue by now. */
  check(): void {
    if (this.#pending === null) return
    const { clock, targets, pollMs, pausedForMs } = this.#deps
    const now = clock()
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
    if (overdue.length > 0) this.#save(overdue, now)
  }

  #save(users: readonly string[], since: Instant): void {
    const { store, clock, log, pollMs } = this.#deps
    saveOverdue(store, this.#tenant, users, since, { pollMs: pollMs(), clock }).catch((error) => {
      log.warn({ tenant: this.#tenant, ...redactError(error) }, 'overdue calendars could not be recorded')
    })
  }
}
