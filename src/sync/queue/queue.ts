/**
 * The port to the line in which calendars wait to be read, of all tenants.
 *
 * It does not know calendars, connectors or stores: a target is a name. A target stands in a tenant's line once,
 * however often it is added, and is never read twice at the same time: added while it is being read, it is read once
 * more. Tenants take turns, so the length of one's line is of no concern to another.
 */

/**
 * `poll`: behind what waits already. `soon`: ahead of polls and of the target's own back-off, because something changed.
 * `now`: as `soon`, and an operator asked for it, which ends the tenant's back-off too. Pauses that the far side asked
 * for stand.
 */
export type Priority = 'poll' | 'soon' | 'now'

export interface Delay {
  readonly delayMs: number
  /** `far side`: it asked for it (Retry-After). `us`: our own back-off. */
  readonly source: 'us' | 'far side'
}

/** What a worker says of a batch. */
export interface BatchResult {
  /** Nothing of this tenant is to be read before; then the batch is read again, at first alone. Null: it answers. */
  readonly tenant: Delay | null
  /** Targets of the batch to be read again, each after its pause. */
  readonly targets: ReadonlyMap<string, Delay>
}

/** Who reads. */
export interface BatchWorker {
  /** How many targets of the tenant one call takes. */
  batchSize(tenant: string): number
  /** Reads a batch. The signal is aborted with `Overdue` at the deadline, with `Dropped` when nobody waits any more. */
  read(tenant: string, targets: readonly string[], signal: AbortSignal): Promise<BatchResult>
}

export interface SyncQueue {
  /** Resolves to how many of them wait now, or will be read again; the rest found the tenant's line full. */
  add(tenant: string, targets: readonly string[], haste: Priority): Promise<number>
  /**
   * Resolves when none of these waits for a read of its own any more: they were read, or stand on a pause. False: the line was
   * dropped before.
   */
  whenDone(tenant: string, targets: readonly string[]): Promise<boolean>
  /** Forgets the tenant's line and pauses, and aborts what is being read of it. */
  drop(tenant: string): Promise<void>
  /** How many targets wait, those on pause included, and how many batches are being read. */
  depth(): { readonly waiting: number; readonly running: number }
  /** Takes nothing up any more; resolves when what was running has ended. */
  close(): Promise<void>
}

/** The deadline of a batch has passed. */
export class BatchTimeout extends Error {
  override readonly name = 'Overdue'
}

/** The batch is not wanted any more: what it brings counts for nothing. */
export class BatchCancelled extends Error {
  override readonly name = 'Dropped'
}
