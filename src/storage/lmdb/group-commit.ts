/** Writes to lmdb in groups: whatever waits while one commit is on its way to disk shares the next one. */
import { statfs } from 'node:fs/promises'
import type { RootDatabase } from 'lmdb'
import { StoreUnavailable, TenantGone } from '../store.ts'

export interface GroupCommit {
  /**
   * Runs `step` in a write transaction; resolves with what it returned once that is on disk, after `done` was
   * called with it. Steps and `done` run in the order in which they were asked for. A step that throws writes
   * nothing. It may run more than once, the last time counts.
   */
  write<T>(step: () => T, done: (result: T) => void): Promise<T>
  /** Resolves when all that was asked for is written. What is asked for later is refused. */
  close(): Promise<void>
}

interface Waiting {
  readonly step: () => unknown
  readonly succeed: (result: unknown) => void
  readonly fail: (error: unknown) => void
}

type Outcome = { readonly result: unknown } | { readonly error: unknown }

/** What lmdb throws: `code` within a transaction; when a commit fails, the cause as a promise that must be looked at. */
interface LmdbError extends Error {
  readonly code?: unknown
  readonly commitError?: Promise<never>
}

/** Below this much room, in bytes, a failed commit is put down to a full disk. */
const HARDLY_ANY_ROOM = 4 * 1024 * 1024

export function groupCommit(root: RootDatabase, folder: string): GroupCommit {
  let waiting: Waiting[] = []
  let running: Promise<void> | null = null
  let closed = false

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting
      waiting = []
      const outcomes = (await together(group)) ?? (await oneByOne(group))
      // The reads that follow must see what was written.
      root.resetReadTxn()
      outcomes.forEach((outcome, index) => {
        const one = group[index]
        if ('result' in outcome) one?.succeed(outcome.result)
        else one?.fail(outcome.error)
      })
    }
    running = null
  }

  /** All in one transaction; null, and nothing written, when one of them failed halfway. */
  async function together(group: readonly Waiting[]): Promise<Outcome[] | null> {
    let halfway = false
    const outcome = await commit(() =>
      group.map((one): Outcome => {
        try {
          return { result: one.step() }
        } catch (error) {
          // Refusals come before the step's first write. After anything else the group must be undone.
          if (!(error instanceof TenantGone)) {
            halfway = true
            throw error
          }
          return { error }
        }
      })
    )
    if ('result' in outcome) return outcome.result
    return halfway ? null : group.map(() => outcome)
  }

  async function oneByOne(group: readonly Waiting[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = []
    for (const one of group) outcomes.push(await commit(one.step))
    return outcomes
  }

  async function commit<T>(action: () => T): Promise<{ readonly result: T } | { readonly error: unknown }> {
    try {
      // A child transaction, because only that is undone when the action throws.
      return { result: await root.childTransaction(action) }
    } catch (error) {
      return { error: await unavailable(error as LmdbError, folder) }
    }
  }

  return {
    write<T>(step: () => T, done: (result: T) => void): Promise<T> {
      if (closed) return Promise.reject(new StoreUnavailable('The store is closed.'))
      return new Promise<T>((resolve, reject) => {
        waiting.push({
          step,
          succeed: (result) => {
            resolve(result as T)
            done(result as T)
          },
          fail: reject
        })
        running ??= run()
      })
    },
    async close() {
      closed = true
      await running
    }
  }
}

/** What the disk or lmdb did becomes StoreUnavailable; refusals and faults of our own stay what they are. */
async function unavailable(error: LmdbError, folder: string): Promise<unknown> {
  if (error.commitError === undefined && typeof error.code !== 'number') return error
  const cause = error.commitError === undefined ? error : await error.commitError.catch((thrown) => thrown)
  const room = await statfs(folder).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => Number.POSITIVE_INFINITY
  )
  const reason =
    room < HARDLY_ANY_ROOM
      ? `the disk that holds ${folder} is full: free some space`
      : `${folder} cannot be written (${cause instanceof Error ? cause.message : 'unknown error'})`
  return new StoreUnavailable(`Nothing was saved: ${reason}.`, { cause })
}
