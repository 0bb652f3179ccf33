/** Which tenants there are: looked for when it may be others that are kept, and every minute, for somebody else may make one. */

import { type Log, redactError } from '../lib/redact-error.ts'
import type { Timers } from '../lib/timers.ts'
import type { Store } from '../storage/store.ts'

export interface TenantDiscovery {
  /** Resolves when every tenant was named. */
  run(): Promise<void>
  /** At the next turn of the loop, and again after a census that is being taken. */
  runSoon(): void
  close(): void
}

/** Milliseconds between two. */
const interval = 60_000
/** After one that failed. */
const patience = 5_000
const limit = 500

/** `found` is called for each tenant, `taken` after all of them. */
export function openTenantDiscovery(
  { store, timers, log }: { readonly store: Store; readonly timers: Timers; readonly log: Log },
  found: (tenant: string) => void,
  taken: () => void
): TenantDiscovery {
  let counting = false
  let again = false
  let closed = false
  let cancel = timers.after(interval, run)

  return {
    run: take,
    runSoon() {
      again = true
      if (!counting) set(0)
    },
    close() {
      closed = true
      cancel()
    }
  }

  async function take(): Promise<void> {
    let after: string | undefined
    do {
      const page = await store.tenants(after === undefined ? { limit } : { limit, after })
      if (closed) return
      for (const { id } of page) found(id)
      after = page.length < limit ? undefined : page.at(-1)?.id
    } while (after !== undefined)
    taken()
  }

  function run(): void {
    counting = true
    again = false
    void take().then(
      () => next(again ? 0 : interval),
      (error) => {
        log.warn({ ...redactError(error) }, 'the tenants could not be listed; trying again')
        next(patience)
      }
    )
  }

  function next(milliseconds: number): void {
    counting = false
    set(milliseconds)
  }

  function set(milliseconds: number): void {
    cancel()
    if (!closed) cancel = timers.after(milliseconds, run)
  }
}
