/** The zones that a calendar's times name: by the IANA database, by Windows' names, or as the file itself defines them. */
import { ianaZone, instantOf, type OffsetAt, offsetsOf, startOfDay, type Wall } from '../../lib/time-zone.ts'
import type { RawComponent } from './parse-components.ts'
import {
  type CalendarTime,
  firstProperty,
  propertiesNamed,
  readText,
  readTime,
  readTimes,
  ruleIn
} from './properties.ts'
import { wallsOf } from './recurrence.ts'

export interface FileZones {
  /** The instant of a time; of a date, the beginning of that day in the owner's zone. */
  instant(when: CalendarTime): number
  /** As `instant`, for another wall time of the same kind and zone. */
  instantAt(when: CalendarTime, wall: Wall): number
  /** What a clock in that time's zone shows at the instant. */
  wallAt(when: CalendarTime, instant: number): Wall
  /** Lines whose zone nobody knows; their times were read as in the owner's zone. */
  readonly unknown: ReadonlySet<number>
}

/** `through` is a year: rules that the file defines are worked out to there, and its last one holds from then on. */
export function fileZones(calendars: readonly RawComponent[], owner: string, through: number): FileZones {
  const own = offsetsOf(owner)
  const definitions = new Map<string, RawComponent>()
  for (const zone of calendars.flatMap((calendar) => calendar.parts)) {
    if (zone.name === 'VTIMEZONE') definitions.set(readText(zone, 'TZID'), zone)
  }
  const resolved = new Map<string, OffsetAt | null>()
  const unknown = new Set<number>()

  function offsets(when: CalendarTime): OffsetAt {
    if (when.isUtc) return () => 0
    if (when.zone === null) return own
    let found = resolved.get(when.zone)
    if (found === undefined) {
      found = resolve(when.zone, definitions.get(when.zone), through)
      resolved.set(when.zone, found)
    }
    if (found === null) unknown.add(when.line)
    return found ?? own
  }
  function instantAt(when: CalendarTime, wall: Wall): number {
    if (!when.isDate) return instantOf(wall, offsets(when))
    const day = new Date(wall)
    return startOfDay(owner, day.getUTCFullYear(), day.getUTCMonth() + 1, day.getUTCDate())
  }
  return {
    instant: (when) => instantAt(when, when.wall),
    instantAt,
    wallAt: (when, instant) => instant + offsets(when)(instant),
    unknown
  }
}

/**
 * A name that the databases know is taken from there: a file's own definition of it is often one year's rule.
 * "Customized Time Zone" and the like are only in the file.
 */
function resolve(name: string, definition: RawComponent | undefined, through: number): OffsetAt | null {
  const known = named(name) ?? (definition && named(readText(definition, 'X-LIC-LOCATION')))
  if (known) return offsetsOf(known)
  return definition ? defined(definition, through) : null
}

/** Also behind a path, as in `/mozilla.org/20050126_1/Europe/Stockholm` (RFC 5545 section 3.2.19). */
function named(name: string): string | null {
  const plain = name.trim().replace(/^"|"$/g, '')
  if (!plain.startsWith('/')) return ianaZone(plain)
  const parts = plain.split('/').slice(0, 16)
  for (let from = 1; from < parts.length; from++) {
    const found = ianaZone(parts.slice(from).join('/'))
    // A single word there is a version or a program.
    if (found !== null && parts.length - from > 1) return found
  }
  return null
}

interface Change {
  readonly at: number
  readonly from: number
  readonly to: number
}

function defined(definition: RawComponent, through: number): OffsetAt | null {
  const changes = definition.parts.flatMap((part) => changesOf(part, through)).sort((a, b) => a.at - b.at)
  const earliest = changes[0]
  if (earliest === undefined) return null
  return (instant) => {
    let low = 0
    let high = changes.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (changes[middle]!.at <= instant) low = middle + 1
      else high = middle
    }
    return low === 0 ? earliest.from : changes[low - 1]!.to
  }
}

/** Outlook's definitions begin in 1601; nothing is asked about the years before this one. */
const EARLIEST = Date.UTC(1970, 0, 1)

/** When a STANDARD or DAYLIGHT part takes effect: its times are on the wall clock that it ends (section 3.6.5). */
function changesOf(part: RawComponent, through: number): Change[] {
  const from = offsetOf(part, 'TZOFFSETFROM')
  const to = offsetOf(part, 'TZOFFSETTO')
  const start = readTime(part, 'DTSTART')
  if (start === null || from === null || to === null) return []
  const walls = new Set<Wall>([start.wall])
  for (const content of propertiesNamed(part, 'RDATE')) {
    for (const when of readTimes(content)) if ('wall' in when) walls.add(when.wall)
  }
  const content = firstProperty(part, 'RRULE')
  if (content !== undefined) {
    const rule = ruleIn(content)
    const until = rule.until
      ? Date.parse(`${rule.until.toString().slice(0, 19).replace(/Z$/, '')}Z`)
      : Infinity
    const range = { from: EARLIEST, to: Date.UTC(through, 11, 31) }
    for (const wall of wallsOf(rule, start, range, { steps: 5_000 })) {
      // UNTIL is in UTC there.
      if (wall - from > until) break
      walls.add(wall)
    }
  }
  return [...walls].map((wall) => ({ at: wall - from, from, to }))
}

function offsetOf(part: RawComponent, name: string): number | null {
  const match = /:\s*([+-])(\d\d):?(\d\d):?(\d\d)?\s*$/.exec(firstProperty(part, name)?.text ?? '')
  if (match === null) return null
  const [, sign, hours, minutes, seconds] = match
  const length = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds ?? 0)) * 1000
  return sign === '-' ? -length : length
}
