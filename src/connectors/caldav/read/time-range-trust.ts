/** Whether a server's time-range filter finds recurring events: until one has proved that it does, calendars are read whole as well. */
import type { CalendarEvent, Instant, Span } from '../../../domain/calendar-event.ts'

/**
 * Xandikos 0.2.8 finds a series by its first occurrence alone, OX, Bedework and Stalwart have the like: a weekly meeting would be
 * missing, and nothing would tell.
 */
export type TimeRangeState = 'unproven' | 'trusted' | 'blind'

/** What one calendar shows, asked for with a time-range and without. */
export interface TimeRangeComparison {
  readonly window: Span
  readonly ranged: ReadonlyMap<string, string>
  readonly whole: ReadonlyMap<string, string>
  readonly rangedEvents: readonly CalendarEvent[]
  readonly wholeEvents: readonly CalendarEvent[]
}

export class TimeRangeTrust {
  /** By origin. */
  readonly #states = new Map<string, Exclude<TimeRangeState, 'unproven'>>()

  stateOf(url: string): TimeRangeState {
    return this.#states.get(new URL(url).origin) ?? 'unproven'
  }

  /** `blind` stays; `trusted` is said after one series that only its recurrences can have brought into the answer. */
  learn(url: string, { window, ranged, whole, rangedEvents, wholeEvents }: TimeRangeComparison): void {
    const { origin } = new URL(url)
    const found = new Set(rangedEvents.map(({ id }) => id))
    // An edit between the two requests shows an event in one of them alone: only objects that both know of count.
    const missing = wholeEvents.some(({ id }) => !found.has(id))
    if (missing && [...whole].some(([path, text]) => !ranged.has(path) && isOldSeries(text, window.start))) {
      this.#states.set(origin, 'blind')
    } else if (this.stateOf(url) === 'unproven' && !missing) {
      const isProved = [...ranged.values()].some((text) => isOldSeries(text, window.start))
      if (isProved) this.#states.set(origin, 'trusted')
    }
  }
}

/** A series that began long before `start`, without an occurrence of its own that was moved (which such servers find). */
export function isOldSeries(text: string, start: Instant): boolean {
  const events = text.split(/^BEGIN:VEVENT/im).slice(1)
  if (events.some((event) => /^RECURRENCE-ID/im.test(event))) return false
  return events.some((event) => {
    if (!/^RRULE:/im.test(event)) return false
    const [, year, month, day] = /^DTSTART[^:\r\n]*:(\d{4})(\d{2})(\d{2})/im.exec(event) ?? []
    return Date.UTC(Number(year), Number(month) - 1, Number(day)) < start - 40 * 86_400_000
  })
}
