/** Local time and instants: what a clock on the wall in a zone shows, and when it does. */
import { windowsZones } from './windows-zones.ts'

/** Epoch milliseconds of what a wall clock shows, as if that were UTC. */
export type Wall = number

/** How far a zone is ahead of UTC at an instant, in milliseconds. */
export type OffsetAt = (instant: number) => number

const DAY = 86_400_000

/** An IANA name as it was given, a Windows name mapped to one, else null. */
export function ianaZone(name: string): string | null {
  if (isValidZone(name)) return name
  return windowsZones.get(name.toLowerCase()) ?? null
}

/** Whether the name is one of the IANA database (bare offsets such as `+01:00` are not). */
export function isValidZone(name: string): boolean {
  return zoneNamed(name) !== null
}

/** The first instant of that local day: midnight, or where the clock skips it the instant of the skip. */
export function startOfDay(zone: string, year: number, month: number, day: number): number {
  return firstInstantOf(zone, wallOf(year, month, day))
}

/** The instant at which a clock in the zone shows that time. Twice: the first. Never: the instant of the skip. */
export function firstInstantOf(zone: string, wall: Wall): number {
  const offsetAt = offsetsOf(zone)
  const instant = instantOf(wall, offsetAt)
  if (instant + offsetAt(instant) === wall) return instant
  return changeBetween(instant - DAY, instant, offsetAt)
}

/** The instant at which a clock in the zone shows that time. Twice: the first. Never: as if the clock had not skipped. */
export function localInstant(
  zone: string,
  local: { year: number; month: number; day: number; hour: number; minute: number; second: number }
): number {
  const { year, month, day, hour, minute, second } = local
  return instantOf(wallOf(year, month, day, hour, minute, second), offsetsOf(zone))
}

/** Whether a local day begins at that instant. */
export function isMidnight(zone: string, instant: number): boolean {
  const wall = new Date(instant + offsetsOf(zone)(instant))
  return startOfDay(zone, wall.getUTCFullYear(), wall.getUTCMonth() + 1, wall.getUTCDate()) === instant
}

/** The end of the local day that the instant is in: 23, 24 or 25 hours after its beginning. */
export function startOfNextDay(zone: string, instant: number): number {
  const wall = new Date(instant + offsetsOf(zone)(instant))
  return startOfDay(zone, wall.getUTCFullYear(), wall.getUTCMonth() + 1, wall.getUTCDate() + 1)
}

/** The offsets of a zone; throws a RangeError when there is no such zone. */
export function offsetsOf(zone: string): OffsetAt {
  const found = zoneNamed(zone)
  if (found === null) throw new RangeError(`There is no time zone "${zone.slice(0, 64)}"`)
  return found
}

/** Months count from 1, days too; more than a month has runs over into the next. */
export function wallOf(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): Wall {
  const wall = Date.UTC(year, month - 1, day, hour, minute, second)
  if (year >= 100) return wall
  // Date.UTC takes the years 0 to 99 for 1900 to 1999. The calendar repeats every 400 years, so 2000 years later it is the same.
  const later = new Date(Date.UTC(2000 + year, month - 1, day, hour, minute, second))
  return later.setUTCFullYear(later.getUTCFullYear() - 2000)
}

/**
 * The instant of a wall time by RFC 5545 section 3.3.5: the first of two, and in a gap by the offset before it.
 * No zone changes its clock twice within two days.
 */
export function instantOf(wall: Wall, offsetAt: OffsetAt): number {
  const before = offsetAt(wall - DAY)
  const after = offsetAt(wall + DAY)
  if (before === after || offsetAt(wall - before) === before) return wall - before
  return offsetAt(wall - after) === after ? wall - after : wall - before
}

/** Where between the two, of which the later has another offset than the earlier, that offset begins. */
function changeBetween(early: number, late: number, offsetAt: OffsetAt): number {
  const offset = offsetAt(late)
  let before = early
  let after = late
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (offsetAt(middle) === offset) after = middle
    else before = middle
  }
  return after
}

/** More names than the database has, so that no caller can make this grow for ever by inventing some. */
const MOST_NAMES = 2_000
const zones = new Map<string, OffsetAt | null>()

function zoneNamed(name: string): OffsetAt | null {
  const known = zones.get(name)
  if (known !== undefined) return known
  if (zones.size >= MOST_NAMES) zones.clear()
  const made = makeZone(name)
  zones.set(name, made)
  return made
}

function makeZone(name: string): OffsetAt | null {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{1,63}$/.test(name)) return null
  try {
    return remembered(asked(name))
  } catch {
    return null
  }
}

/** Asks ICU: exact, and far too slow to be asked for each event. */
function asked(zone: string): OffsetAt {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric'
  })
  /** Before that year ICU counts years backwards, in another era. */
  const earliest = wallOf(1, 1, 3)
  return (instant) => {
    const at = Math.floor(Math.max(instant, earliest) / 1000) * 1000
    const parts: Record<string, number> = {}
    for (const { type, value } of format.formatToParts(at)) parts[type] = Number(value)
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts
    return wallOf(year, month, day, hour, minute, second) - at
  }
}

/** Shorter than the time between any two changes of a clock. */
const SPAN = 2 ** 29
const MOST_SPANS = 4_096

/** Remembers, for each span of six days, its one offset or where in it the clock changes. */
function remembered(ask: OffsetAt): OffsetAt {
  type Known = { change: number; before: number; after: number }
  const spans = new Map<number, Known>()
  return (instant) => {
    const index = Math.floor(instant / SPAN)
    let known = spans.get(index)
    if (known === undefined) {
      if (spans.size >= MOST_SPANS) spans.clear()
      const before = ask(index * SPAN)
      const after = ask((index + 1) * SPAN)
      const change = before === after ? Infinity : changeBetween(index * SPAN, (index + 1) * SPAN, ask)
      known = { change, before, after }
      spans.set(index, known)
    }
    return instant < known.change ? known.before : known.after
  }
}
