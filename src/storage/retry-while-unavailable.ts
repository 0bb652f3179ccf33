/** Repeats a write while the store is away for a moment. */
import { setTimeout as pause } from 'node:timers/promises'
import { type BackoffOptions, backoffMs } from '../lib/backoff.ts'
import { StoreUnavailable } from './store.ts'

const MAX_RETRIES = 8

/** The outcome of `work`, which may be done again although its answer alone was lost. Rejects with StoreUnavailable after eight retries. */
export async function retryWhileUnavailable<T>(backoff: BackoffOptions, work: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || failures > MAX_RETRIES) throw error
      await pause(backoffMs(backoff, failures, Math.random()))
    }
  }
}
