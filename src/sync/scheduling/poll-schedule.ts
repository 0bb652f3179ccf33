/** When each target of a tenant is polled: evenly over the interval, in full batches, at a phase of its own. */
import { createHash } from 'node:crypto'
import type { Steps } from '../../lib/steps.ts'

/** Some microseconds of work. */
const TARGETS_PER_STEP = 20

interface Slot {
  readonly targets: readonly string[]
  /** Its place in the interval, [0, 1). */
  readonly phase: number
  dueAt: number
}

/**
 * Targets are names that sort at random (digests), and keep their order whatever comes and goes: the nth batch of m in that
 * order is due at n/m of the interval. So a new target moves the others by little, and a restart moves none. The tenant's own
 * offset keeps thousands of small tenants apart.
 *
 * All instants are milliseconds of a monotonic clock.
 */
export class PollSchedule {
  readonly #intervalMs: number
  readonly #batchSize: number
  readonly #offset: number
  #slots: Slot[] = []
  #nextDueAt = Number.POSITIVE_INFINITY

  constructor(tenant: string, intervalMs: number, batchSize: number) {
    this.#intervalMs = intervalMs
    this.#batchSize = batchSize
    this.#offset = createHash('sha256').update(tenant).digest().readUInt32BE() / 2 ** 32
  }

  /** When `takeDue` has targets again; infinity without targets. */
  get nextDueAt(): number {
    return this.#nextDueAt
  }

  /**
   * Polls these, sorted (`sortTargets`), from now on. Nobody is polled later for it than they would have been. The plan before it
   * holds until the last step.
   */
  *plan(order: readonly string[], now: number): Steps<void> {
    const planned = new Map<string, number>()
    for (const slot of this.#slots) {
      for (const target of slot.targets) planned.set(target, slot.dueAt)
      yield
    }
    const count = Math.ceil(order.length / this.#batchSize)
    const slots: Slot[] = []
    for (let index = 0; index < count; index++) {
      const targets = order.slice(index * this.#batchSize, (index + 1) * this.#batchSize)
      const phase = (this.#offset + index / count) % 1
      let dueAt = this.#nextAtPhase(phase, now)
      for (const target of targets) dueAt = Math.min(dueAt, planned.get(target) ?? dueAt)
      slots.push({ targets, phase, dueAt })
      yield
    }
    this.#slots = slots
    this.#updateNextDue()
  }

  /** The targets that are due, each once, however long ago the last call was. */
  takeDue(now: number): readonly string[] {
    if (now < this.#nextDueAt) return []
    const targets: string[] = []
    for (const slot of this.#slots) {
      if (slot.dueAt > now) continue
      targets.push(...slot.targets)
      slot.dueAt = this.#nextAtPhase(slot.phase, now)
    }
    this.#updateNextDue()
    return targets
  }

  /** The first instant after `now` that lies at the phase; never more than the interval away. */
  #nextAtPhase(phase: number, now: number): number {
    const next = (Math.floor(now / this.#intervalMs) + phase) * this.#intervalMs
    return next > now ? next : next + this.#intervalMs
  }

  #updateNextDue(): void {
    this.#nextDueAt = this.#slots.reduce(
      (least, { dueAt }) => Math.min(least, dueAt),
      Number.POSITIVE_INFINITY
    )
  }
}

/** In the order of their names. Digests differ in their first character, so each step sorts a small part. */
export function* sortTargets(targets: Iterable<string>): Steps<string[]> {
  const byFirst = new Map<string, string[]>()
  let count = 0
  for (const target of targets) {
    const first = target.slice(0, 1)
    const others = byFirst.get(first)
    if (others === undefined) byFirst.set(first, [target])
    else others.push(target)
    if (++count % TARGETS_PER_STEP === 0) yield
  }
  const order: string[] = []
  for (const first of [...byFirst.keys()].sort()) {
    order.push(...byFirst.get(first)!.sort())
    yield
  }
  return order
}
