/**
 * Refused keys and failed sign-ins, counted by address and written as one entry for each address and hour: a stranger cannot fill the
 * store. What a killed process had counted since is lost; `hanvisa_http_seconds_count` has the refusals of all of them.
 */
import { isIPv6 } from 'node:net'
import { type After, machineTimers } from '../../lib/timers.ts'
import type { AuditLog } from '../../storage/audit.ts'
import { StoreUnavailable } from '../../storage/store.ts'
import type { AuditAction } from './actions.ts'
import { attributionOf, draftOf } from './attribution.ts'

const HOUR_MS = 3_600_000
/** Addresses with an entry of their own; all others of the hour share one. */
const MAX_ADDRESSES = 20

export type RefusedAction = Extract<AuditAction, 'key.refused' | 'sign-in.failed'>

interface Tally {
  readonly action: RefusedAction
  readonly address: string | null
  readonly reason: string
  count: number
}

export interface RefusalTallyDeps {
  readonly audit: Pick<AuditLog, 'append'>
  readonly clock: () => number
  readonly after?: After
}

export class RefusalTally {
  readonly #audit: RefusalTallyDeps['audit']
  readonly #clock: () => number
  readonly #after: After
  #tallies = new Map<string, Tally>()
  #since = 0
  #cancel: (() => void) | null = null
  #writing: Promise<void> = Promise.resolve()

  constructor({ audit, clock, after = machineTimers.after }: RefusalTallyDeps) {
    this.#audit = audit
    this.#clock = clock
    this.#after = after
  }

  /** `reason`: one of a closed list. */
  count(action: RefusedAction, address: string, reason: string): void {
    if (this.#tallies.size === 0) this.#since = this.#clock()
    const own = networkOf(address)
    const isKnown = this.#tallies.has(keyOf(action, own, reason))
    const shown = isKnown || this.#tallies.size < MAX_ADDRESSES ? own : null
    const key = keyOf(action, shown, reason)
    const tally = this.#tallies.get(key) ?? { action, address: shown, reason, count: 0 }
    tally.count += 1
    this.#tallies.set(key, tally)
    this.#cancel ??= this.#after(HOUR_MS, () => void this.flush())
  }

  /** Writes what was counted. With the store away it stays counted. */
  flush(): Promise<void> {
    this.#cancel?.()
    this.#cancel = null
    this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  async #write(): Promise<void> {
    const tallies = [...this.#tallies.values()]
    const from = new Date(this.#since).toISOString()
    this.#tallies = new Map()
    for (const [index, { action, address, reason, count }] of tallies.entries()) {
      const change = { after: { reason, count, from } }
      const draft = draftOf(attributionOf(null, action, address), change, 'failed', this.#clock())
      try {
        await this.#audit.append(null, draft)
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error
        this.#keep(tallies.slice(index))
        return
      }
    }
  }

  #keep(tallies: readonly Tally[]): void {
    for (const tally of tallies) {
      const key = keyOf(tally.action, tally.address, tally.reason)
      const meanwhile = this.#tallies.get(key)
      this.#tallies.set(key, { ...tally, count: tally.count + (meanwhile?.count ?? 0) })
    }
    this.#cancel ??= this.#after(HOUR_MS, () => void this.flush())
  }
}

function keyOf(action: string, address: string | null, reason: string): string {
  return `${action} ${address} ${reason}`
}

/** Whoever has one IPv6 address has the 2^64 of its network (RFC 4291, section 2.5.4). */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::')) return address
  const [head = '', tail] = address.split('::')
  const groups = head.split(':')
  const missing = 8 - groups.length - (tail === undefined ? 0 : tail.split(':').filter(Boolean).length)
  const whole =
    tail === undefined ? groups : [...groups, ...Array(Math.max(0, missing)).fill('0'), ...tail.split(':')]
  return `${whole.slice(0, 4).join(':')}::/64`
}
