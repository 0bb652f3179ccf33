/**
 * The port to leases: each name is held by one process at a time. Shards of tenants are such names.
 *
 * Two processes may hold the same name for a moment (a suspended process does not know that its lease has expired), so the work
 * for a name must be harmless when it is done twice.
 */

export interface LeaseHolder {
  /** The names that some process must hold now. Called often. */
  names(): readonly string[]
  /** This process holds the name from now on. */
  onAcquired(name: string): void
  /** This process no longer holds the name. Resolves when its work for the name has ended; the next holder begins then, or after a time limit. */
  onReleased(name: string): Promise<void>
}

export interface Leases {
  /** Gives everything up, so that others take it at once. */
  close(): Promise<void>
}

/** Begins to hold what is this process' share. */
export type OpenLeases = (holder: LeaseHolder) => Leases
