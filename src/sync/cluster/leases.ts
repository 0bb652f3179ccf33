/**
 * The port to what one process at a time is to do, where several could: shards of tenants, and whatever else lives long.
 *
 * Things go by names. Two processes may hold the same name for a moment (a process that was frozen does not know that its
 * time is up), so what is done for a name must be harmless when it is done twice.
 */

export interface LeaseHolder {
  /** What is to be held by somebody, at present. Asked often. */
  names(): readonly string[]
  /** From now on this process does it. */
  onAcquired(name: string): void
  /** No more. Resolves when nothing is done for it any more; the next one begins then, or when its time to end is up. */
  onReleased(name: string): Promise<void>
}

export interface Leases {
  /** Gives everything up, so that others take it at once. */
  close(): Promise<void>
}

/** Begins to hold what is this process' share. */
export type OpenLeases = (holder: LeaseHolder) => Leases
