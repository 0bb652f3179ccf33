/** Jobs on their way to where they are kept: what cannot be handed over now waits here, each once, and goes when it can. */

import { type Log, redactError } from '../../lib/redact-error.ts'
import type { Timers } from '../../lib/timers.ts'
import type { SyncJob, SyncJobs } from './jobs.ts'

export interface Outbox {
  /** Resolves when they are kept, or when that takes too long for whoever waits: then they wait here. */
  put(jobs: readonly SyncJob[]): Promise<void>
  /** Resolves when they are kept, or cannot be. */
  close(): Promise<void>
}

/** Of different jobs; a notice more than these is found by the next sweep. */
const room = 100_000
/** Jobs handed over in one go. */
const chunk = 1_000
/** Milliseconds. Graph wants its answer within seconds, and slows down whoever is late. */
const patience = 500
/** Milliseconds between two attempts, and how long one may take. */
const pause = 1_000
const deadline = 5_000

export function openOutbox(jobs: SyncJobs, { timers, log }: { timers: Timers; log: Log }): Outbox {
  /** By what they say: a thousand notices of one calendar are one. */
  const waiting = new Map<string, SyncJob>()
  let sending: Promise<void> | null = null
  let cancelRetry: (() => void) | null = null
  let refused = 0
  let closed = false

  return {
    async put(those) {
      for (const job of those) {
        const key = JSON.stringify(job)
        if (waiting.has(key)) continue
        if (waiting.size < room) waiting.set(key, job)
        else refused += 1
      }
      await within(patience, send())
    },
    async close() {
      closed = true
      cancelRetry?.()
      cancelRetry = null
      if (waiting.size > 0) await within(deadline, send())
    }
  }

  /** Resolves when everything is handed over, or could not be. */
  function send(): Promise<void> {
    if (cancelRetry !== null) return Promise.resolve()
    sending ??= handOver().finally(() => {
      sending = null
    })
    return sending
  }

  async function handOver(): Promise<void> {
    while (waiting.size > 0) {
      const those = [...waiting].slice(0, chunk)
      for (const [key] of those) waiting.delete(key)
      try {
        await orLate(jobs.add(those.map(([, job]) => job)))
      } catch (error) {
        for (const [key, job] of those) waiting.set(key, job)
        log.warn(
          { waiting: waiting.size, ...redactError(error) },
          'jobs could not be handed over; trying again'
        )
        if (closed) return
        cancelRetry = timers.after(pause, () => {
          cancelRetry = null
          void send()
        })
        return
      }
    }
    if (refused > 0)
      log.warn({ refused }, 'there were too many jobs to keep: sweeps find what they were about')
    refused = 0
  }

  function orLate(work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = timers.after(deadline, () => reject(new Error('it took too long')))
      work.then(resolve, reject).finally(cancel)
    })
  }

  function within(milliseconds: number, work: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = timers.after(milliseconds, resolve)
      void work.then(() => {
        cancel()
        resolve()
      })
    })
  }
}
