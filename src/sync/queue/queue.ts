/**
 * The port to the queue in which the calendars of all tenants wait to be read.
 *
 * It does not know calendars, connectors or stores: a target is a name. A target is in a tenant's queue once, however often it is
 * added, and is never read twice at the same time: added while it is being read, it is read once more. Tenants take turns, so the
 * length of one's queue is of no concern to another.
 */

/**
 * `poll`: behind what waits already. `soon`: ahead of polls and of the target's own back-off, because something changed.
 * `now`: as `soon`, and an operator asked for it, which ends the tenant's back-off too. Delays that the server asked for stand.
 */
export type Priority = 'poll' | 'soon' | 'now'

export interface Delay {
  readonly delayMs: number
  /** `server`: it asked for it (Retry-After). `own`: our back-off. */
  readonly source: 'own' | 'server'
}

/** What came of a batch. */
export interface BatchResult {
  /** Nothing of this tenant is to be read before; then the batch is read again, at first alone. Null: it answers. */
  readonly tenant: Delay | null
  /** Targets of the batch to be read again, each after its pause. */
  readonly targets: ReadonlyMap<string, Delay>
}

/** Reads batches. */
export interface BatchWorker {
  /** How many targets of the tenant one call takes. */
  batchSize(tenant: string): number
  /** Reads a batch. The signal is aborted with `BatchTimeout` at the deadline, with `BatchCancelled` when no caller waits any more. */
  read(tenant: string, targets: readonly string[], signal: AbortSignal): Promise<BatchResult>
}

export interface SyncQueue {
  /** Resolves to how many of them wait now, or will be read again; the rest found the tenant's queue full. */
  add(tenant: string, targets: readonly string[], priority: Priority): Promise<number>
  /** Resolves when none of these waits for a read any more: they were read, or are delayed. False: the tenant was dropped before. */
  whenDone(tenant: string, targets: readonly string[]): Promise<boolean>
  /** Ends the tenant's pause, unless the server asked for it. */
  resume(tenant: string): void
  /** Forgets the tenant's queue and delays, and aborts what is being read of it. */
  drop(tenant: string): Promise<void>
  /** How many targets wait, the delayed included, and how many batches are being read. */
  depth(): { readonly waiting: number; readonly running: number }
  /** Starts nothing any more; resolves when what was running has ended. */
  close(): Promise<void>
}

/** The deadline of a batch has passed. */
export class BatchTimeout extends Error {
  override readonly name = 'BatchTimeout'
}

/** The batch is not wanted any more: what it brings counts for nothing. */
export class BatchCancelled extends Error {
  override readonly name = 'BatchCancelled'
}
