/** The zones that a calendar's times name: by the IANA database, by Windows' names, or as the file itself defines them. */
import {
  ianaZone,
  instantOf,
  type OffsetAt,
  offsetsOf,
  startOfDay,
  type Wall,
  wallOf
} from '../../lib/time-zone.ts'
import { UnreadableEvent } from './errors.ts'
import { expandRecurrenceRule } from './expand-recurrence-rule.ts'
import type { RawComponent } from './parse-components.ts'
import {
  type CalendarTime,
  firstProperty,
  propertiesNamed,
  readRules,
  readText,
  readTime,
  readTimes
} from './properties.ts'
import { TooMuchWork, WorkBudget } from './work-budget.ts'

/** A file may define any number; more than these are no candidates for whose midnight a time is. */
const MAX_MIDNIGHT_ZONES = 50
const DAY = 86_400_000

export class FileZones {
  /** Lines with an unknown zone; their times are read as in the owner's zone. */
  readonly unknown = new Set<number>()
  readonly #owner: string
  readonly #own: OffsetAt
  readonly #through: number
  readonly #budget: WorkBudget
  readonly #definitions = new Map<string, RawComponent>()
  readonly #resolved = new Map<string, OffsetAt | null>()

  /** `through` is a year: rules that the file defines are expanded to there, and the last one holds from then on. */
  constructor(calendars: readonly RawComponent[], owner: string, through: number, budget: WorkBudget) {
    this.#owner = owner
    this.#own = offsetsOf(owner)
    this.#through = through
    this.#budget = budget
    for (const zone of calendars.flatMap((calendar) => calendar.parts)) {
      if (zone.name === 'VTIMEZONE') this.#definitions.set(readText(zone, 'TZID'), zone)
    }
  }

  /** The instant of a time; of a date, the beginning of that day in the owner's zone. */
  instant(time: CalendarTime): number {
    return this.instantAt(time, time.wall)
  }

  /** As `instant`, for another local time of the same kind and zone. */
  instantAt(time: CalendarTime, wall: Wall): number {
    return time.isDate ? this.#startOfDay(wall) : instantOf(wall, this.#offsets(time))
  }

  /** What a clock in that time's zone shows at the instant. */
  wallAt(time: CalendarTime, instant: number): Wall {
    return instant + this.#offsets(time)(instant)
  }

  /**
   * The day whose midnight a time is, for what is meant as whole days: on its own clock; if it has none of its own, or
   * shows another hour, in the owner's zone, then in a zone that the file defines, then in UTC. Null where it is no midnight.
   */
  midnightOf(time: CalendarTime): Wall | null {
    const isMidnight = time.wall % DAY === 0
    if (!time.isUtc && (isMidnight || time.zone === null)) return isMidnight ? time.wall : null
    const instant = this.instant(time)
    const day = Math.floor((instant + this.#own(instant)) / DAY) * DAY
    if (this.#startOfDay(day) === instant) return day
    for (const name of [...this.#definitions.keys()].slice(0, MAX_MIDNIGHT_ZONES)) {
      const wall = instant + (this.#resolve(name)?.(instant) ?? Number.NaN)
      if (wall % DAY === 0) return wall
    }
    return isMidnight ? time.wall : null
  }

  #startOfDay(wall: Wall): number {
    const day = new Date(wall)
    return startOfDay(this.#owner, day.getUTCFullYear(), day.getUTCMonth() + 1, day.getUTCDate())
  }

  #offsets(time: CalendarTime): OffsetAt {
    if (time.isUtc) return () => 0
    if (time.zone === null) return this.#own
    const found = this.#resolve(time.zone)
    if (found === null) this.unknown.add(time.line)
    return found ?? this.#own
  }

  #resolve(name: string): OffsetAt | null {
    let found = this.#resolved.get(name)
    if (found === undefined) {
      found = resolveZone(name, this.#definitions.get(name), this.#through, this.#budget)
      this.#resolved.set(name, found)
    }
    return found
  }
}

/**
 * A name that the databases know is taken from there: a file's own definition of it is often one year's rule.
 * "Customized Time Zone" and the like are only in the file.
 */
function resolveZone(
  name: string,
  definition: RawComponent | undefined,
  through: number,
  budget: WorkBudget
): OffsetAt | null {
  const known = knownZone(name) ?? (definition && knownZone(readText(definition, 'X-LIC-LOCATION')))
  if (known) return offsetsOf(known)
  try {
    return definition ? defineZone(definition, through, budget) : null
  } catch (error) {
    if (error instanceof UnreadableEvent || error instanceof TooMuchWork) return null
    throw error
  }
}

/** Also behind a path, as in `/mozilla.org/20050126_1/Europe/Stockholm` (RFC 5545 section 3.2.19). */
function knownZone(name: string): string | null {
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

interface OffsetChange {
  readonly at: number
  readonly from: number
  readonly to: number
}

function defineZone(definition: RawComponent, through: number, budget: WorkBudget): OffsetAt | null {
  const changes = definition.parts
    .flatMap((part) => changesOf(part, through, budget))
    .sort((a, b) => a.at - b.at)
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
const EARLIEST = wallOf(1970, 1, 1)
/** Some eighty years of a yearly rule. */
const MAX_STEPS = 40_000

/** When a STANDARD or DAYLIGHT part takes effect: its times are on the wall clock that it ends (section 3.6.5). */
function changesOf(part: RawComponent, through: number, budget: WorkBudget): OffsetChange[] {
  const from = offsetOf(part, 'TZOFFSETFROM')
  const to = offsetOf(part, 'TZOFFSETTO')
  const start = readTime(part, 'DTSTART')
  if (start === null || from === null || to === null) return []
  const walls = new Set<Wall>([start.wall])
  for (const content of propertiesNamed(part, 'RDATE')) {
    for (const when of readTimes(content)) if ('wall' in when) walls.add(when.wall)
  }
  for (const { rule } of readRules(part, 'RRULE').slice(0, 1)) {
    const until = rule.until?.wall ?? Number.POSITIVE_INFINITY
    const range = { from: EARLIEST, to: wallOf(through, 12, 31) }
    const own = new WorkBudget(MAX_STEPS, budget)
    for (const wall of expandRecurrenceRule(rule, start, range, own)) {
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
