/** What befalls notices between the mailbox and whoever listens: late, lost, twice, overtaken, held back; by a seed. */
import { chance } from './seeded-random.ts'

/** Shares are from 0 to 1. */
export interface Weather {
  readonly seed: number
  /** Milliseconds; evenly spread between the two. */
  readonly delay: { readonly min: number; readonly max: number }
  readonly lost: number
  readonly duplicated: number
  /** Overtaken by the next one; it comes a second later when none does. */
  readonly reordered: number
  /** Which notices it is for; both unless given. */
  readonly protocol: Protocol | 'both'
}
export type Protocol = 'graph' | 'ews'

export interface FateCounts {
  /** Notices that set out, of what was asked for. */
  readonly sent: number
  readonly lost: number
  readonly delayed: number
  readonly duplicated: number
  readonly reordered: number
  /** Held back at this moment. */
  readonly held: number
}

const fair: Weather = {
  seed: 1,
  delay: { min: 0, max: 0 },
  lost: 0,
  duplicated: 0,
  reordered: 0,
  protocol: 'both'
}
const overtakenWithin = 1000

export class Fates {
  #weather = fair
  #losing = 0
  #held: (() => void)[] | null = null
  #counts = { sent: 0, lost: 0, delayed: 0, duplicated: 0, reordered: 0 }
  readonly #timers = new Set<NodeJS.Timeout>()
  /** The one that waits to be overtaken. */
  #overtaken: (() => void) | null = null

  /** What is not given is fair weather. */
  set(weather: Partial<Weather>): void {
    this.#weather = { ...fair, ...weather }
  }

  get weather(): Weather {
    return this.#weather
  }

  /** The next so many are lost, whatever the weather. */
  loseNext(count: number): void {
    this.#losing = count
  }

  /** From now on notices wait until they are released, all together. */
  hold(): void {
    this.#held ??= []
  }

  /** Says how many there were. */
  release(): number {
    const held = this.#held ?? []
    this.#held = null
    for (const arrive of held) arrive()
    return held.length
  }

  /** Lets a notice travel: it arrives at once or later, once, twice or never. Its name decides, with the seed. */
  travel(protocol: Protocol, name: string, arrive: () => void): void {
    this.#counts.sent += 1
    if (this.#losing > 0) {
      this.#losing -= 1
      this.#counts.lost += 1
      return
    }
    const weather = this.#weather
    if (weather === fair || (weather.protocol !== 'both' && weather.protocol !== protocol)) {
      this.#pass(arrive)
      return
    }
    const { seed, delay } = weather
    if (chance(seed, `lost ${name}`) < weather.lost) {
      this.#counts.lost += 1
      return
    }
    const twice = chance(seed, `duplicated ${name}`) < weather.duplicated
    if (twice) this.#counts.duplicated += 1
    for (let copy = 0; copy < (twice ? 2 : 1); copy += 1) {
      const late = delay.min + chance(seed, `delay ${copy} ${name}`) * (delay.max - delay.min)
      if (late > 0) this.#counts.delayed += 1
      this.#after(late, () => this.#inOrder(chance(seed, `reordered ${name}`) < weather.reordered, arrive))
    }
  }

  counts(): FateCounts {
    return { ...this.#counts, held: this.#held?.length ?? 0 }
  }

  /** How many are on their way: late, overtaken, or held back. */
  get underWay(): number {
    return this.#timers.size + (this.#held?.length ?? 0)
  }

  /** Fair weather, and nothing is on its way any more. */
  clear(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    this.#overtaken = null
    this.#held = null
    this.#losing = 0
    this.#weather = fair
    this.#counts = { sent: 0, lost: 0, delayed: 0, duplicated: 0, reordered: 0 }
  }

  #inOrder(overtaken: boolean, arrive: () => void): void {
    const earlier = this.#overtaken
    if (overtaken && !earlier) {
      this.#counts.reordered += 1
      const timer = this.#after(overtakenWithin, () => this.#overtaken?.())
      this.#overtaken = () => {
        this.#overtaken = null
        if (timer) this.#forget(timer)
        this.#pass(arrive)
      }
      return
    }
    this.#pass(arrive)
    earlier?.()
  }

  #forget(timer: NodeJS.Timeout): void {
    clearTimeout(timer)
    this.#timers.delete(timer)
  }

  #pass(arrive: () => void): void {
    if (this.#held) this.#held.push(arrive)
    else arrive()
  }

  /** Without a timer when there is nothing to wait for. */
  #after(milliseconds: number, then: () => void): NodeJS.Timeout | null {
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
