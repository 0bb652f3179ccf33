/**
 * Leases on Redis: a key per name with its holder's id in it, which expires when it is not renewed.
 *
 * This is no consensus, and needs none. Holders may overlap for a moment: after a fail-over that lost the last writes, or
 * when a suspended process resumes. Both then read the same calendars and save the same; the store refuses the earlier
 * read (`saveReadings`). Subscriptions are adopted, pauses are kept per connection, and jobs may be done twice.
 */
import { randomUUID } from 'node:crypto'
import { endsWithin } from '../../../lib/deadline.ts'
import { type Log, redactError } from '../../../lib/redact-error.ts'
import type { Timers } from '../../../lib/timers.ts'
import type { LeaseHolder, Leases, OpenLeases } from '../leases.ts'
import type { SyncRedisClient } from './clients.ts'
import { leaseKeys } from './keys.ts'
import { agesScript, releaseScript, renewScript } from './lease-scripts.ts'

export interface RedisLeaseDeps {
  /** Fails within seconds when Redis does not answer. */
  readonly client: SyncRedisClient
  readonly timers: Timers
  readonly log: Log
}

/** Milliseconds after which a holder that renews no more has lost it. */
export const leaseTtlMs = 8_000
/** By so much sooner, by its own clock, a holder that could not renew regards it as lost. */
const expiryMarginMs = 1_000
const renewIntervalMs = 1_000
/** Milliseconds that what is done for a name has to end, when it is handed over. */
const maxHandOverMs = 5_000

/** `group` separates the names of one kind (shards; consumers that are pushed to) from others. */
export function redisLeases(group: string, deps: RedisLeaseDeps): OpenLeases {
  return (holder) => new RedisLeases(group, holder, deps)
}

/** Milliseconds since each name was last held by any process, by the clock of Redis; null where it never was. */
export async function readLeaseAges(
  client: SyncRedisClient,
  group: string,
  names: readonly string[]
): Promise<readonly (number | null)[]> {
  const ages = (await client.eval(agesScript, 1, leaseKeys(group, [])[1]!, names.length)) as number[]
  return ages.map((age) => (age < 0 ? null : age))
}

class RedisLeases implements Leases {
  readonly #group: string
  readonly #holder: LeaseHolder
  readonly #deps: RedisLeaseDeps
  readonly #id = randomUUID()
  readonly #held = new Set<string>()
  /** Given up, and still ours on Redis until what is done for them has ended. */
  readonly #leaving = new Set<string>()
  /** By name: resolves when what was done for it has ended. */
  readonly #ending = new Map<string, Promise<void>>()
  /** Until then no other process can acquire the names that this one holds. */
  #heldUntil = Number.NEGATIVE_INFINITY
  #cancelExpiry = () => {}
  #cancelRenewal = () => {}
  #closed = false
  #renewal: Promise<void>

  constructor(group: string, holder: LeaseHolder, deps: RedisLeaseDeps) {
    this.#group = group
    this.#holder = holder
    this.#deps = deps
    this.#renewal = this.#renew()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancelRenewal()
    this.#cancelExpiry()
    await this.#renewal
    const names = [...this.#held, ...this.#leaving]
    for (const name of this.#held) this.#end(name)
    await endsWithin(Promise.all(this.#ending.values()), maxHandOverMs, this.#deps.timers.after)
    await this.#release(names, true)
  }

  async #renew(): Promise<void> {
    const { timers, log } = this.#deps
    const sentAt = timers.now()
    try {
      const names = this.#holder.names()
      const answer = await this.#callRenew(names)
      // An answer that comes after we had to take everything for lost gives nothing back: the next renewal does.
      if (!this.#closed && timers.now() < sentAt + leaseTtlMs - expiryMarginMs) {
        this.#applyRenewal(names, answer, sentAt)
      }
    } catch (error) {
      if (this.#held.size > 0) {
        log.warn({ group: this.#group, ...redactError(error) }, 'leases could not be renewed; trying again')
      }
    }
    if (this.#closed) return
    this.#cancelRenewal = timers.after(renewIntervalMs, () => {
      this.#renewal = this.#renew()
    })
  }

  async #callRenew(names: readonly string[]): Promise<readonly number[]> {
    const keys = leaseKeys(this.#group, names)
    const states = names.map((name) =>
      this.#held.has(name) ? 'h' : this.#leaving.has(name) ? 'l' : this.#ending.has(name) ? 'e' : '-'
    )
    const { client } = this.#deps
    return (await client.eval(renewScript, keys.length, ...keys, this.#id, leaseTtlMs, ...states)) as number[]
  }

  #applyRenewal(
    names: readonly string[],
    [share = 0, live = 1, ...mine]: readonly number[],
    sentAt: number
  ): void {
    this.#heldUntil = sentAt + leaseTtlMs - expiryMarginMs
    this.#scheduleExpiry()
    const now = new Set(mine.map((index) => names[index - 1]!))
    const before = this.#held.size
    for (const name of this.#held) if (!now.has(name)) this.#end(name)
    for (const name of now) {
      // It may have expired, and the name with it, while the answer was on its way.
      if (this.#held.has(name) || this.#ending.has(name)) continue
      this.#held.add(name)
      this.#holder.onAcquired(name)
    }
    for (const name of [...this.#held].slice(share)) void this.#handOver(name)
    const held = this.#held.size
    if (held !== before) {
      this.#deps.log.info({ group: this.#group, held, live }, 'the share of this process changed')
    }
  }

  #end(name: string): void {
    this.#held.delete(name)
    const group = this.#group
    const ended = this.#holder
      .onReleased(name)
      .catch((error) =>
        this.#deps.log.error({ group, name, ...redactError(error) }, 'something did not end as it should')
      )
      .then(() => void this.#ending.delete(name))
    this.#ending.set(name, ended)
  }

  async #handOver(name: string): Promise<void> {
    this.#leaving.add(name)
    this.#end(name)
    await endsWithin(this.#ending.get(name)!, maxHandOverMs, this.#deps.timers.after)
    this.#leaving.delete(name)
    await this.#release([name], false)
  }

  /** What cannot be released now expires. */
  async #release(names: readonly string[], all: boolean): Promise<void> {
    const keys = leaseKeys(this.#group, names)
    const args = [...keys, this.#id, all ? '1' : '0']
    await this.#deps.client.eval(releaseScript, keys.length, ...args).catch(() => {})
  }

  /** Another takes over when our time on Redis ends, so what we hold must have ended before, whether we can ask or not. */
  #scheduleExpiry(): void {
    const { timers, log } = this.#deps
    this.#cancelExpiry()
    this.#cancelExpiry = timers.after(this.#heldUntil - timers.now(), () => {
      if (timers.now() < this.#heldUntil) return this.#scheduleExpiry()
      const held = this.#held.size
      if (held === 0) return
      log.warn({ group: this.#group, held }, 'Redis did not answer in time: what is held counts as lost')
      for (const name of this.#held) this.#end(name)
    })
  }
}
