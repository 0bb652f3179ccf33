/**
 * The wait for a tenant's next changes, shared by all subscriptions of one format: they are found and rendered once, however
 * many wait. It keeps the last batch alone, so that a slow reader costs no memory: who is behind it is answered from the log.
 */
import { RequestError } from '../errors.ts'
import type { Changes } from './changes.ts'
import { type Cursor, isAtOrAfter, requireCursor } from './cursor.ts'
import type { StatusService } from './status-service.ts'
import type { StatusFormat } from './view-moment.ts'

/** Milliseconds after which those who wait receive a newer cursor though nothing changed: old cursors expire. */
const CHECKPOINT_MS = 600_000
/** Milliseconds after which a cursor is looked at again that was made while the store was away. */
const UNCERTAIN_WAIT_MS = 5_000

export interface SharedWaitDeps {
  readonly statusService: Pick<StatusService, 'changes'>
  readonly tenant: string
  readonly format: StatusFormat
}

interface Waiter {
  readonly resolve: (changes: Changes | null) => void
  readonly reject: (error: unknown) => void
}

export class SharedWait {
  readonly #deps: SharedWaitDeps
  readonly #waiters = new Set<Waiter>()
  /** The last batch, for those who were not waiting when it came. */
  #last: { readonly from: Cursor; readonly upTo: Cursor; readonly changes: Changes } | null = null
  /** Nothing changed between these two. */
  #quiet: { readonly from: Cursor; readonly upTo: Cursor } | null = null
  /** Ends the wait that is under way; null: none is. */
  #abort: AbortController | null = null

  constructor(deps: SharedWaitDeps) {
    this.#deps = deps
  }

  /**
   * What changed since the cursor, as soon as there is something; without any change only a newer cursor, now and then. Null
   * when the signal is aborted. Rejects as `StatusService.changes` does, and with `not_found` when the tenant is gone.
   */
  async next(cursor: Cursor, signal: AbortSignal): Promise<Changes | null> {
    while (!signal.aborted) {
      // After an outage some changes are not in the log: each cursor is looked at by itself.
      if (!cursor.uncertain) {
        if (this.#quiet !== null && isAtOrAfter(cursor, this.#quiet.from)) return this.#wait(signal)
        if (this.#last !== null && isBetween(cursor, this.#last)) return this.#last.changes
      }
      const changes = await this.#find(cursor, cursor.uncertain ? UNCERTAIN_WAIT_MS : 0, signal)
      if (changes.changes.length > 0 || cursor.uncertain) return changes
      this.#addQuiet(cursor, requireCursor(changes.cursor))
    }
    return null
  }

  #addQuiet(from: Cursor, upTo: Cursor): void {
    const known = this.#quiet
    if (known === null) this.#quiet = { from, upTo }
    // Otherwise the wait has moved on meanwhile, and the caller looks again.
    else if (isAtOrAfter(upTo, known.from)) {
      this.#quiet = { from, upTo: isAtOrAfter(upTo, known.upTo) ? upTo : known.upTo }
    }
  }

  #wait(signal: AbortSignal): Promise<Changes | null> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        signal.removeEventListener('abort', onAbort)
        this.#waiters.delete(waiter)
      }
      const waiter: Waiter = {
        resolve: (changes) => {
          leave()
          resolve(changes)
        },
        reject: (error) => {
          leave()
          reject(error)
        }
      }
      const onAbort = () => {
        waiter.resolve(null)
        if (this.#waiters.size === 0) this.#abort?.abort()
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiters.add(waiter)
      if (this.#abort === null) void this.#run()
    })
  }

  /** Waits as long as anybody does. */
  async #run(): Promise<void> {
    while (this.#waiters.size > 0 && this.#quiet !== null) {
      const abort = new AbortController()
      this.#abort = abort
      const { from, upTo } = this.#quiet
      try {
        const changes = await this.#find(upTo, CHECKPOINT_MS, abort.signal)
        const cursor = requireCursor(changes.cursor)
        if (changes.changes.length > 0) {
          // Somebody may have come with an earlier cursor meanwhile.
          this.#last = { from: this.#quiet?.from ?? from, upTo: cursor, changes }
          this.#quiet = cursor.uncertain ? null : { from: cursor, upTo: cursor }
        } else {
          this.#quiet = cursor.uncertain ? null : { from: this.#quiet?.from ?? from, upTo: cursor }
          if (abort.signal.aborted) continue
        }
        for (const waiter of [...this.#waiters]) waiter.resolve(changes)
      } catch (error) {
        this.#quiet = null
        for (const waiter of [...this.#waiters]) waiter.reject(error)
      }
    }
    this.#abort = null
  }

  async #find(cursor: Cursor, waitMs: number, signal: AbortSignal): Promise<Changes> {
    const { statusService, tenant, format } = this.#deps
    const changes = await statusService.changes(tenant, cursor, { waitMs, signal, format })
    if (changes === null) throw new RequestError('not_found', `There is no tenant "${tenant}" (any more).`)
    return changes
  }
}

function isBetween(
  cursor: Cursor,
  { from, upTo }: { readonly from: Cursor; readonly upTo: Cursor }
): boolean {
  return isAtOrAfter(cursor, from) && isAtOrAfter(upTo, cursor)
}
