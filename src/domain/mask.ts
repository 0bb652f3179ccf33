/** Masking: what is shown in place of sensitive diversions to those who may not see them. */
import type { Instant } from './calendar-event.ts'
import type { RuleSet } from './rule-set.ts'
import { sameIntervalFields } from './status.ts'
import { type Cause, causeKey, mergeIntervals } from './timeline.ts'
import type { EffectiveTimeline } from './timeline-runs.ts'

/** Causes made with another diversion; when there are more all are forgotten, which is harmless. */
const MAX_CAUSES = 1_000

/**
 * A masked timeline is one in which every sensitive diversion was another from the beginning: runs, and what follows from
 * them, are those of that timeline, so that no border shows where a sensitive diversion begins or ends beside its stand-in.
 */
export class Mask {
  /** The stand-in. */
  readonly code: string
  readonly #sensitive: ReadonlySet<string>
  readonly #masked = new Map<string, Cause>()

  constructor({ diversions, maskedAs }: Pick<RuleSet, 'diversions' | 'maskedAs'>) {
    this.code = maskedAs
    this.#sensitive = new Set(diversions.filter(({ sensitive }) => sensitive).map(({ code }) => code))
  }

  /** Nothing is sensitive: then nobody sees anything else. */
  get isEmpty(): boolean {
    return this.#sensitive.size === 0
  }

  hides(code: string): boolean {
    return this.#sensitive.has(code)
  }

  shownCode(code: string): string {
    return this.hides(code) ? this.code : code
  }

  /** The very same object where nothing in it is sensitive. */
  apply(timeline: EffectiveTimeline): EffectiveTimeline {
    if (this.isEmpty || !timeline.causes.some(({ diversion }) => this.hides(diversion))) return timeline
    return { ...timeline, causes: timeline.causes.map((cause) => this.#maskCause(cause)) }
  }

  #maskCause(cause: Cause): Cause {
    if (!this.hides(cause.diversion)) return cause
    const key = causeKey(cause)
    const known = this.#masked.get(key)
    if (known !== undefined) return known
    const masked = { ...cause, diversion: this.code }
    if (this.#masked.size >= MAX_CAUSES) this.#masked.clear()
    this.#masked.set(key, masked)
    return masked
  }
}

/** Whether two timelines show the same in all that ends after the instant, whichever causes and borders give it. */
export function showSame(one: EffectiveTimeline, other: EffectiveTimeline, at: Instant): boolean {
  if (one.truncatedAt !== other.truncatedAt) return false
  const left = mergeIntervals(one, at, sameIntervalFields)
  const right = mergeIntervals(other, at, sameIntervalFields)
  return (
    left.length === right.length &&
    left.every((interval, index) => {
      const twin = right[index]!
      return (
        interval.start === twin.start &&
        interval.end === twin.end &&
        sameIntervalFields(interval.causes[0]!, twin.causes[0]!)
      )
    })
  )
}
