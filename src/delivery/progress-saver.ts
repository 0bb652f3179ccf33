/** Saves how far a consumer is, and what it acknowledged: soon after, and many at once. */
import { pauseUntil } from '../lib/pause-until.ts'
import type { Timers } from '../lib/timers.ts'
import type { ConsumerProgress, ConsumerRecord, ConsumerStore } from '../storage/consumers.ts'
import type { AcknowledgedStates } from './acknowledged-states.ts'

/** How often: a crash sends so much again. */
const SAVE_INTERVAL_MS = 500

export interface ProgressSaverDeps {
  readonly tenant: string
  readonly record: ConsumerRecord
  readonly store: ConsumerStore
  readonly timers: Timers
}

export class ProgressSaver {
  readonly #deps: ProgressSaverDeps
  readonly #states: AcknowledgedStates
  readonly #progress: () => ConsumerProgress
  #isSaved = true

  /** `progress`: how far it is now. */
  constructor(deps: ProgressSaverDeps, states: AcknowledgedStates, progress: () => ConsumerProgress) {
    this.#deps = deps
    this.#states = states
    this.#progress = progress
  }

  markChanged(): void {
    this.#isSaved = false
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pauseUntil(SAVE_INTERVAL_MS, signal, this.#deps.timers.after)
      // While the store is away what was acknowledged stays in memory.
      await this.save().catch(() => {})
    }
  }

  /** Of a version that is not the stored one any more nothing is saved. Rejects with StoreUnavailable. */
  async save(): Promise<void> {
    if (this.#isSaved && !this.#states.hasUnsaved) return
    const { store, tenant, record } = this.#deps
    const unsaved = this.#states.takeUnsaved()
    this.#isSaved = true
    const deliveries = [...unsaved.values()].filter((one) => one !== null)
    const removed = [...unsaved].filter(([, one]) => one === null).map(([user]) => user)
    try {
      const saved = { progress: this.#progress(), deliveries, removed }
      await store.saveProgress(tenant, record.id, record.version, saved)
    } catch (error) {
      this.#states.keepUnsaved(unsaved)
      this.#isSaved = false
      throw error
    }
  }
}
