/** Dates and zones of the simulator: its own reckoning, so that a fault in the product's cannot hide behind it. */
import { Temporal } from 'temporal-polyfill'

export const dayMs = 86_400_000

/** The midnight of `2026-11-23` as if UTC were everywhere, in epoch milliseconds; null when it is no date. */
export function parseDate(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return null
  const instant = Date.parse(`${text}T00:00:00Z`)
  return Number.isNaN(instant) || new Date(instant).toISOString().slice(0, 10) !== text ? null : instant
}

/** RFC 3339 with `Z` or an offset; null for anything else, a time without offset included. */
export function parseRfc3339(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)$/.test(text)) return null
  const instant = Date.parse(text)
  return Number.isNaN(instant) ? null : instant
}

export function isZone(name: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name)
    return !/^[+-]/.test(name)
  } catch {
    return false
  }
}

/** The days since 1970-01-01 of the date that the zone's calendar shows at the instant. */
export function dayOf(instant: number, zone: string): number {
  return Math.floor(localTimeOf(instant, zone) / dayMs)
}

/** What the zone's clock shows, read as if it were UTC. */
export function localTimeOf(instant: number, zone: string): number {
  if (zone === 'UTC') return instant
  const zoned = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone)
  return instant + Math.round(zoned.offsetNanoseconds / 1e6)
}

/** The instants of midnights that were reckoned already, by zone: all-day events ask for the same few all the time. */
const midnights = new Map<string, Map<number, number>>()

/** The instant of that midnight in the zone. */
export function midnightOf(wall: number, zone: string): number {
  const known = midnights.get(zone) ?? new Map<number, number>()
  if (known.size > 10_000) known.clear()
  midnights.set(zone, known)
  const instant = known.get(wall) ?? instantOfLocal(wall, zone)
  known.set(wall, instant)
  return instant
}

/** The instant at which the zone's clock shows that; in a gap or a repeated hour as RFC 5545 reads it. */
export function instantOfLocal(wall: number, zone: string): number {
  if (zone === 'UTC') return wall
  const plain = Temporal.PlainDateTime.from(new Date(wall).toISOString().slice(0, 23))
  return plain.toZonedDateTime(zone, { disambiguation: 'compatible' }).epochMilliseconds
}
