/**
 * A working day around now, whatever hour it is: people are in the middle of things, and every minute something
 * begins or ends. Pure: it is handed the instant.
 */
import type { EventKind } from './tenants.ts'

/** Something in a calendar: times in RFC 3339, or dates when it lasts all day (the end being the day after). */
export interface Plan {
  readonly kind: EventKind
  readonly start: string
  readonly end: string
  readonly allDay: boolean
}

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/** The calendars of twelve people in the zone, at `now` (epoch milliseconds). */
export function workingDay(now: number, timeZone: string): readonly (readonly Plan[])[] {
  const today = new Intl.DateTimeFormat('sv-SE', { timeZone }).format(now)
  const date = (days: number) => new Date(Date.parse(today) + days * DAY).toISOString().slice(0, 10)
  return sketches.map((sketch) =>
    sketch.map(([kind, from, until, unit]) =>
      unit === 'days'
        ? { kind, start: date(from), end: date(until), allDay: true }
        : { kind, ...span(now, from, until) }
    )
  )
}

/** From and until in whole minutes from the one that it is now, as Outlook's times are. */
export function span(now: number, from: number, until: number): Omit<Plan, 'kind'> {
  const minute = Math.floor(now / MINUTE) * MINUTE
  const time = (minutes: number) => new Date(minute + minutes * MINUTE).toISOString()
  return { start: time(from), end: time(until), allDay: false }
}

/** From and until, in minutes from now unless it says days: of those, 0 to 1 is today. */
type Sketch = readonly [kind: EventKind, from: number, until: number, unit?: 'days']

const sketches: readonly (readonly Sketch[])[] = [
  // One meeting on the heels of the other, then lunch.
  [
    ['meeting', -28, 1],
    ['meeting', 1, 31],
    ['lunch', 31, 76]
  ],
  [
    ['meeting', 2, 32],
    ['gone', 150, 400]
  ],
  [
    ['lunch', -20, 3],
    ['meeting', 10, 40]
  ],
  [['vacation', -3, 5, 'days']],
  [['sick', 0, 1, 'days']],
  // Elsewhere all day, with a meeting in between.
  [
    ['elsewhere', -120, 300],
    ['meeting', 4, 19]
  ],
  // Nobody is to learn of the first more than that it diverts. Exchange keeps its subject from a Reviewer, and so it
  // diverts nobody where prefixes alone do.
  [
    ['private', -15, 6],
    ['focus', 12, 42]
  ],
  // A long meeting with a shorter thing inside it, whose end frees nobody.
  [
    ['meeting', -10, 45],
    ['focus', -5, 2]
  ],
  [
    ['errand', -60, 2],
    ['lunch', 8, 38]
  ],
  [['trip', -180, 240]],
  // Short ones all day.
  [
    ['meeting', 1, 4],
    ['meeting', 6, 9],
    ['errand', 11, 14],
    ['meeting', 16, 19]
  ],
  // A note for the day and something not yet decided divert nobody.
  [
    ['note', 0, 1, 'days'],
    ['perhaps', -5, 25],
    ['lunch', 5, 50]
  ]
]
