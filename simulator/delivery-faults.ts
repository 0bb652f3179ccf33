/** Faults of notifications on their way to the subscriber: late, lost, twice, reordered, held back; reproducible by a seed. */
import { seededRandom } from './seeded-random.ts'

/** Probabilities are from 0 to 1. */
export interface NetworkConditions {
  readonly seed: number
  /** Milliseconds; evenly spread between the two. */
  readonly delay: { readonly min: number; readonly max: number }
  readonly lost: number
  readonly duplicated: number
  /** Overtaken by the next one; it comes a second later when none does. */
  readonly reordered: number
  /** Which notifications it applies to; both unless given. */
  readonly protocol: NotificationProtocol | 'both'
}
export type NotificationProtocol = 'graph' | 'ews'

export interface DeliveryFaultCounts {
  /** Notifications that set out. */
  readonly sent: number
  readonly lost: number
  readonly delayed: number
  readonly duplicated: number
  readonly reordered: number
  /** Held back at this moment. */
  readonly held: number
}

const noFaults: NetworkConditions = {
  seed: 1,
  delay: { min: 0, max: 0 },
  lost: 0,
  duplicated: 0,
  reordered: 0,
  protocol: 'both'
}
const maxOvertakenMs = 1000

export class DeliveryFaults {
  #conditions = noFaults
  #dropNextCount = 0
  #held: (() => void)[] | null = null
  #counts = { sent: 0, lost: 0, delayed: 0, duplicated: 0, reordered: 0 }
  readonly #timers = new Set<NodeJS.Timeout>()
  /** The one that waits to be overtaken. */
  #overtakable: (() => void) | null = null

  /** What is not given is without faults. */
  set(conditions: Partial<NetworkConditions>): void {
    this.#conditions = { ...noFaults, ...conditions }
  }

  get conditions(): NetworkConditions {
    return this.#conditions
  }

  /** The next so many are lost, whatever the conditions. */
  dropNext(count: number): void {
    this.#dropNextCount = count
  }

  /** From now on notifications wait until they are released, all together. */
  hold(): void {
    this.#held ??= []
  }

  /** Says how many there were. */
  release(): number {
    const held = this.#held ?? []
    this.#held = null
    for (const onDelivered of held) onDelivered()
    return held.length
  }

  /** Delivers a notification at once or later, once, twice or never: its name decides, with the seed. */
  deliver(protocol: NotificationProtocol, name: string, onDelivered: () => void): void {
    this.#counts.sent += 1
    if (this.#dropNextCount > 0) {
      this.#dropNextCount -= 1
      this.#counts.lost += 1
      return
    }
    const conditions = this.#conditions
    if (conditions === noFaults || (conditions.protocol !== 'both' && conditions.protocol !== protocol)) {
      this.#deliverOrHold(onDelivered)
      return
    }
    const { seed, delay } = conditions
    if (seededRandom(seed, `lost ${name}`) < conditions.lost) {
      this.#counts.lost += 1
      return
    }
    const twice = seededRandom(seed, `duplicated ${name}`) < conditions.duplicated
    if (twice) this.#counts.duplicated += 1
    for (let copy = 0; copy < (twice ? 2 : 1); copy += 1) {
      const late = delay.min + seededRandom(seed, `delay ${copy} ${name}`) * (delay.max - delay.min)
      if (late > 0) this.#counts.delayed += 1
      this.#afterDelay(late, () =>
        this.#maybeReorder(seededRandom(seed, `reordered ${name}`) < conditions.reordered, onDelivered)
      )
    }
  }

  counts(): DeliveryFaultCounts {
    return { ...this.#counts, held: this.#held?.length ?? 0 }
  }

  /** How many are on their way: late, overtaken, or held back. */
  get inTransit(): number {
    return this.#timers.size + (this.#held?.length ?? 0)
  }

  /** No faults, and nothing in transit any more. */
  clear(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    this.#overtakable = null
    this.#held = null
    this.#dropNextCount = 0
    this.#conditions = noFaults
    this.#counts = { sent: 0, lost: 0, delayed: 0, duplicated: 0, reordered: 0 }
  }

  #maybeReorder(overtaken: boolean, onDelivered: () => void): void {
    const earlier = this.#overtakable
    if (overtaken && !earlier) {
      this.#counts.reordered += 1
      const timer = this.#afterDelay(maxOvertakenMs, () => this.#overtakable?.())
      this.#overtakable = () => {
        this.#overtakable = null
        if (timer) this.#clearTimer(timer)
        this.#deliverOrHold(onDelivered)
      }
      return
    }
    this.#deliverOrHold(onDelivered)
    earlier?.()
  }

  #clearTimer(timer: NodeJS.Timeout): void {
    clearTimeout(timer)
    this.#timers.delete(timer)
  }

  #deliverOrHold(onDelivered: () => void): void {
    if (this.#held) this.#held.push(onDelivered)
    else onDelivered()
  }

  /** Without a timer when there is nothing to wait for. */
  #afterDelay(milliseconds: number, then: () => void): NodeJS.Timeout | null {
    if (milliseconds <= 0) {
      then()
      return null
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      then()
    }, milliseconds)
    this.#timers.add(timer)
    return timer
  }
}
