/** One calendar's text as CalendarEvents: the whole reading, with no I/O. It runs in a worker. */
import type { CalendarEvent, Span } from '../../domain/calendar-event.ts'
import type { CalendarRead } from '../connector.ts'
import { UnreadableCalendar, UnreadableEvent } from './errors.ts'
import { type EventFields, readEventFields } from './event-fields.ts'
import { expandEvent, type Occurrence } from './expand-event.ts'
import { FileZones } from './file-zones.ts'
import { type EventSource, groupSeries } from './group-series.ts'
import { findOwnerContext } from './owner-context.ts'
import { parseComponents, type RawComponent } from './parse-components.ts'
import { frequencies } from './parse-recurrence-rule.ts'
import { hasSubjects, partialReadOf } from './partial-read.ts'
import { readVEvent, type VEvent } from './vevent.ts'
import { TooMuchWork, WorkBudget } from './work-budget.ts'

export interface ReadCalendarRequest {
  readonly text: string
  /** Only to find the owner's address in it. */
  readonly mailbox: string
  /** The owner's e-mail addresses, where they are known; else empty. */
  readonly ownerAddresses: readonly string[]
  readonly timeZone: string
  readonly window: Span
  readonly subjects: boolean
  readonly limits: ReadLimits
}

export interface ReadLimits {
  /** Occurrences of one calendar that touch the window. */
  readonly maxOccurrences: number
  /** Occurrences of one event that do: an event with more is left out. */
  readonly maxEventOccurrences: number
  /** Work for finding them, in the whole calendar. */
  readonly maxSteps: number
  /** The same for one event. */
  readonly maxEventSteps: number
}

export const defaultReadLimits: ReadLimits = {
  maxOccurrences: 5_000,
  maxEventOccurrences: 2_000,
  maxSteps: 5_000_000,
  maxEventSteps: 500_000
}

export type ParsedCalendar = Pick<CalendarRead, 'events' | 'detail' | 'partialRead'>

/** Throws UnreadableCalendar. */
export function readCalendar(request: ReadCalendarRequest): ParsedCalendar {
  const { window, timeZone, limits } = request
  const calendars = parseComponents(request.text)
  const components = calendars.flatMap((calendar) => calendar.parts)
  const raw = components.filter(({ name }) => name === 'VEVENT')
  if (raw.length === 0 && components.some(({ name }) => name === 'VFREEBUSY')) {
    throw new UnreadableCalendar('it holds free/busy times and no events: publish the calendar itself')
  }
  const budget = new WorkBudget(limits.maxSteps)
  const zones = new FileZones(calendars, timeZone, new Date(window.end).getUTCFullYear() + 10, budget)
  const owner = findOwnerContext(calendars, request.mailbox, request.ownerAddresses)
  const expansion = new Expansion(zones, limits, budget)
  const sources = groupSeries(expansion.readEvents(raw), zones)
  const expanded = expansion.expandAll(sources, window)

  const describe = memoize((event: VEvent) => readEventFields(event.raw, owner))
  const occurrences = expanded.flatMap((one) => one.occurrences)
  const events = occurrences.map((occurrence) => eventOf(occurrence, describe(occurrence.event)))
  const detail = hasSubjects(events) ? 'subjects' : 'availability'
  return {
    events,
    detail,
    partialRead: partialReadOf({
      skipped: expansion.skipped,
      unknownZones: zones.unknown,
      timeZone,
      subjectsMissing: request.subjects && detail === 'availability',
      ownerMissing:
        owner.addresses.size === 0 &&
        occurrences.some(({ event }) => event.raw.properties.some(({ name }) => name === 'ATTENDEE'))
    })
  }
}

interface Expanded {
  readonly source: EventSource
  readonly occurrences: readonly Occurrence[]
}

/** Hostile is a calendar that has so many times more occurrences than it may. */
const MAX_EXCESS = 5
/** An event with fewer in the window is never the one that makes a calendar too large. */
const MIN_DROPPED = 100

/** Expands events one by one: one that cannot be read, or gives nothing or too much, is left out, and the others are read. */
class Expansion {
  readonly skipped: UnreadableEvent[] = []
  readonly #zones: FileZones
  readonly #limits: ReadLimits
  readonly #budget: WorkBudget

  constructor(zones: FileZones, limits: ReadLimits, budget: WorkBudget) {
    this.#zones = zones
    this.#limits = limits
    this.#budget = budget
  }

  readEvents(raw: readonly RawComponent[]): VEvent[] {
    return raw.flatMap((component) => {
      const event = this.#attempt(component.line, () => {
        const read = readVEvent(component, this.#zones)
        this.#zones.instant(read.start)
        return read
      })
      return event === null ? [] : [event]
    })
  }

  /** Throws UnreadableCalendar. */
  expandAll(sources: readonly EventSource[], window: Span): Expanded[] {
    const { maxOccurrences } = this.#limits
    const expanded: Expanded[] = []
    let total = 0
    // What takes most work comes last, so that the other events get their steps first.
    for (const source of [...sources].sort((a, b) => Number(isHeavy(a)) - Number(isHeavy(b)))) {
      const occurrences = this.#attempt(lineOf(source), () => this.#expandOne(source, window))
      if (occurrences === null) continue
      expanded.push({ source, occurrences })
      total += occurrences.length
      if (total > MAX_EXCESS * maxOccurrences) throw tooMany(maxOccurrences)
    }
    if (total <= maxOccurrences) return expanded
    for (const one of [...expanded].sort((a, b) => b.occurrences.length - a.occurrences.length)) {
      if (total <= maxOccurrences) break
      if (one.occurrences.length < MIN_DROPPED) throw tooMany(maxOccurrences)
      expanded.splice(expanded.indexOf(one), 1)
      total -= one.occurrences.length
      this.skipped.push(new UnreadableEvent(lineOf(one.source), 'its recurrence gives too many occurrences'))
    }
    return expanded
  }

  /** In any order. Throws TooMuchWork. */
  occurrencesIn(source: EventSource, window: Span): Generator<Occurrence> {
    return expandEvent(source, window, this.#zones, new WorkBudget(this.#limits.maxEventSteps, this.#budget))
  }

  #expandOne(source: EventSource, window: Span): Occurrence[] {
    const { maxEventOccurrences } = this.#limits
    const occurrences: Occurrence[] = []
    for (const occurrence of this.occurrencesIn(source, window)) {
      if (occurrences.length === maxEventOccurrences) {
        throw new UnreadableEvent(
          lineOf(source),
          `its recurrence gives more than ${maxEventOccurrences} occurrences in the time that is read`
        )
      }
      occurrences.push(occurrence)
    }
    return occurrences
  }

  /** Null where the event is left out. */
  #attempt<T>(line: number, work: () => T): T | null {
    try {
      return work()
    } catch (error) {
      if (error instanceof UnreadableEvent) this.skipped.push(error)
      else if (error instanceof TooMuchWork) {
        this.skipped.push(new UnreadableEvent(line, 'its recurrence takes too much work'))
      } else throw error
      return null
    }
  }
}

/** Rules within days, and those whose occurrences have to be counted for long. */
function isHeavy({ event }: EventSource): boolean {
  return [...event.rules, ...event.exRules].some(
    ({ rule: { frequency, count } }) =>
      frequencies.indexOf(frequency) > frequencies.indexOf('DAILY') || (count ?? 0) > 10_000
  )
}

/** Where its recurrence stands, or the event. */
function lineOf({ event }: EventSource): number {
  return event.rules[0]?.line ?? event.raw.line
}

function tooMany(maxOccurrences: number): UnreadableCalendar {
  return new UnreadableCalendar(`it has more than ${maxOccurrences} occurrences in the time that is read`)
}

function eventOf({ start, end, allDay, event }: Occurrence, fields: EventFields): CalendarEvent {
  return { id: `${event.uid}/${start}`, start, end, allDay, ...fields }
}

function memoize<In extends object, Out>(make: (key: In) => Out): (key: In) => Out {
  const made = new WeakMap<In, Out>()
  return (key) => {
    let value = made.get(key)
    if (value === undefined) {
      value = make(key)
      made.set(key, value)
    }
    return value
  }
}
