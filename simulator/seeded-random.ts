/** Chance that can be repeated: what it says hangs on a seed and a name alone, never on the order of asking. */

/** From 0 up to 1, evenly. */
export function seededRandom(seed: number, name: string): number {
  let hash = 0x811c9dc5 ^ seed
  // FNV-1a, then the finish of MurmurHash3, which spreads names that differ in one letter.
  for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}

/** Which of many are selected: those that are named, and of these a part. */
export interface Selection {
  readonly tenant?: string
  /** The primary address, case ignored. */
  readonly mailbox?: string
  /** From 0 to 1; all unless given. */
  readonly probability?: number
  readonly seed?: number
}

export function isSelected(which: Selection, { tenant, address, id }: Candidate): boolean {
  if (which.tenant !== undefined && which.tenant.toLowerCase() !== tenant) return false
  if (which.mailbox !== undefined && which.mailbox.toLowerCase() !== address) return false
  return which.probability === undefined || seededRandom(which.seed ?? 1, id) < which.probability
}

export interface Candidate {
  readonly tenant: string
  /** Lower case. */
  readonly address: string
  /** What chance goes by. */
  readonly id: string
}
