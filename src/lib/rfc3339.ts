/** Instants as the API writes them: RFC 3339, UTC, to the second or the millisecond. */
/** Epoch milliseconds. */
type Instant = number

// RFC 3339 section 5.6. Leap seconds are refused: no clock here has them.
const FORM = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/

/** The years 0000 to 9999 in UTC: with an offset a time can lie just outside of them, and could not be written. */
const FIRST = Date.parse('0000-01-01T00:00:00Z')
const LAST = Date.parse('9999-12-31T23:59:59.999Z')

/** Null when it is no RFC 3339 time or names a day that the calendar lacks (30 February). */
export function parseInstant(text: string): Instant | null {
  const parts = FORM.exec(text)
  if (parts === null) return null
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number
  ]
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return null
  if (hour > 23 || minute > 59 || second > 59) return null
  const instant = Date.parse(text.toUpperCase())
  return instant >= FIRST && instant <= LAST ? instant : null
}

/** Whole minutes, mostly: half of all Statuses share a few dozen instants. */
const written = new Map<Instant, string>()
const MOST_WRITTEN = 5_000

/** `2026-11-23T08:00:00Z`; the fraction is written only where there is one. */
export function formatInstant(instant: Instant): string {
  const known = written.get(instant)
  if (known !== undefined) return known
  const text = new Date(instant).toISOString().replace('.000Z', 'Z')
  if (written.size === MOST_WRITTEN) written.clear()
  written.set(instant, text)
  return text
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate()
}
