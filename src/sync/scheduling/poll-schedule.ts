/** When each target of a tenant is polled: evenly over the interval, in full batches, at a place of its own. */
import { createHash } from 'node:crypto'

export interface PollSchedule {
  /** Takes note of who is to be polled from now on. Nobody is polled later for it than they would have been. */
  plan(targets: Iterable<string>, now: number): void
  /** Those who are due, each once however long nobody asked. */
  takeDue(now: number): readonly string[]
  /** When `due` has something to say again; infinity when there is nobody. */
  readonly nextDueAt: number
  /** Whole milliseconds, at least a second: who calls `due` so often polls everybody about in time. */
  readonly everyMs: number
}

interface Slot {
  readonly targets: readonly string[]
  /** Its place in the interval, [0, 1). */
  readonly phase: number
  dueAt: number
}

/**
 * Targets are names that sort at random (digests), and keep their order whatever comes and goes: the nth batch of m in that
 * order is due at n/m of the interval. So who is added moves the others by little, and a restart moves nobody. The
 * tenant's own offset keeps thousands of small tenants apart.
 *
 * `interval` and all instants are milliseconds of a monotonic clock.
 */
export function createPollSchedule(tenant: string, interval: number, batchSize: number): PollSchedule {
  const offset = createHash('sha256').update(tenant).digest().readUInt32BE() / 2 ** 32
  let slots: Slot[] = []
  let nextAt = Number.POSITIVE_INFINITY

  return {
    plan(targets, now) {
      const promised = new Map<string, number>()
      for (const slot of slots) for (const target of slot.targets) promised.set(target, slot.dueAt)
      const order = [...targets].sort()
      const count = Math.ceil(order.length / batchSize)
      slots = Array.from({ length: count }, (_, index) => {
        const members = order.slice(index * batchSize, (index + 1) * batchSize)
        const phase = (offset + index / count) % 1
        let dueAt = nextAtPhase(phase, interval, now)
        for (const member of members) dueAt = Math.min(dueAt, promised.get(member) ?? dueAt)
        return { targets: members, phase, dueAt }
      })
      nextAt = earliest(slots)
    },
    takeDue(now) {
      if (now < nextAt) return []
      const targets: string[] = []
      for (const slot of slots) {
        if (slot.dueAt > now) continue
        targets.push(...slot.targets)
        slot.dueAt = nextAtPhase(slot.phase, interval, now)
      }
      nextAt = earliest(slots)
      return targets
    },
    get nextDueAt() {
      return nextAt
    },
    get everyMs() {
      return Math.max(1000, Math.floor(interval / Math.max(1, slots.length)))
    }
  }
}

/** The first instant after `now` that lies at the phase; never more than the interval away. */
function nextAtPhase(phase: number, interval: number, now: number): number {
  const next = (Math.floor(now / interval) + phase) * interval
  return next > now ? next : next + interval
}

function earliest(slots: readonly Slot[]): number {
  return slots.reduce((least, slot) => Math.min(least, slot.dueAt), Number.POSITIVE_INFINITY)
}
