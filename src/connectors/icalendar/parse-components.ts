/** The text of an iCalendar stream (RFC 5545 section 3.1) as the components and properties that this product reads. */
import { UnreadableCalendar } from './errors.ts'

/** One property, unfolded and not yet parsed. */
export interface ContentLine {
  /** Upper case. */
  readonly name: string
  readonly text: string
  /** Where it begins in the file, the first line being 1. */
  readonly line: number
}

export interface RawComponent {
  readonly name: string
  readonly line: number
  readonly properties: readonly ContentLine[]
  readonly parts: readonly RawComponent[]
}

/** Everything else (descriptions, alarms, attachments, tasks) is passed over unparsed: most of a file, and private. */
const wanted: Readonly<Record<string, ReadonlySet<string>>> = {
  VCALENDAR: new Set(['METHOD', 'X-WR-CALNAME', 'X-OWNER']),
  VTIMEZONE: new Set(['TZID', 'X-LIC-LOCATION']),
  STANDARD: new Set(['DTSTART', 'RRULE', 'RDATE', 'TZOFFSETFROM', 'TZOFFSETTO']),
  DAYLIGHT: new Set(['DTSTART', 'RRULE', 'RDATE', 'TZOFFSETFROM', 'TZOFFSETTO']),
  VFREEBUSY: new Set(['FREEBUSY']),
  VEVENT: new Set([
    'UID',
    'SEQUENCE',
    'DTSTART',
    'DTEND',
    'DURATION',
    'RRULE',
    'EXRULE',
    'RDATE',
    'EXDATE',
    'RECURRENCE-ID',
    'SUMMARY',
    'CATEGORIES',
    'CLASS',
    'STATUS',
    'TRANSP',
    'ORGANIZER',
    'ATTENDEE',
    'X-MICROSOFT-CDO-BUSYSTATUS',
    'X-MICROSOFT-CDO-ALLDAYEVENT'
  ])
}
/** Where a component counts: an event inside an alarm inside a task is none. */
const parents: Readonly<Record<string, string>> = {
  VTIMEZONE: 'VCALENDAR',
  VEVENT: 'VCALENDAR',
  VFREEBUSY: 'VCALENDAR',
  STANDARD: 'VTIMEZONE',
  DAYLIGHT: 'VTIMEZONE'
}

/** RFC 5545 knows three levels. */
const MAX_DEPTH = 20

/** The calendars of a stream: as a rule one. Throws UnreadableCalendar, above all when the end is missing. */
export function parseComponents(text: string): RawComponent[] {
  const calendars: RawComponent[] = []
  const open: Open[] = []
  for (const { name, text: content, line } of unfolded(text)) {
    const top = open.at(-1)
    if (name === 'BEGIN') {
      if (open.length === MAX_DEPTH)
        throw new UnreadableCalendar(`line ${line}: components are nested too deep`)
      const opened = begin(nameAfter(content), line, top)
      if (open.length === 0 && opened.name !== 'VCALENDAR') throw notOne()
      open.push(opened)
    } else if (name === 'END') {
      if (top === undefined) throw new UnreadableCalendar(`line ${line}: END without a BEGIN`)
      if (top.name !== nameAfter(content)) {
        throw new UnreadableCalendar(`line ${line}: END does not fit BEGIN:${top.shown} on line ${top.line}`)
      }
      open.pop()
      if (open.length === 0) calendars.push(top)
      else if (top.counts) open.at(-1)!.parts.push(top)
    } else if (top === undefined) {
      if (calendars.length === 0) throw notOne()
    } else if (top.keeps?.has(name)) {
      top.properties.push({ name, text: content, line })
    }
  }
  const left = open.at(-1)
  if (left !== undefined) {
    throw new UnreadableCalendar(
      `it breaks off: BEGIN:${left.shown} on line ${left.line} has no END (was it cut short?)`
    )
  }
  if (calendars.length === 0) throw notOne()
  return calendars
}

interface Open extends RawComponent {
  readonly properties: ContentLine[]
  readonly parts: RawComponent[]
  readonly counts: boolean
  readonly keeps: ReadonlySet<string> | undefined
  /** What may be said of the name: it is text of the file. */
  readonly shown: string
}

function begin(name: string, line: number, parent: Open | undefined): Open {
  const counts = parent === undefined || (parent.counts && parents[name] === parent.name)
  const shown = knownComponents.has(name) ? name : '…'
  return { name, line, shown, counts, keeps: counts ? wanted[name] : undefined, properties: [], parts: [] }
}

function notOne(): UnreadableCalendar {
  return new UnreadableCalendar('it is no iCalendar file: it does not begin with BEGIN:VCALENDAR')
}

function nameAfter(content: string): string {
  return content
    .slice(content.indexOf(':') + 1)
    .trim()
    .toUpperCase()
}

/** Lines with their continuations joined: what follows a line break and one white space (section 3.1). */
function* unfolded(text: string): Generator<ContentLine> {
  // Old Macintosh programs end lines with a carriage return alone.
  const mark = text.includes('\n') ? '\n' : '\r'
  let content = ''
  let line = 0
  let begun = 0
  for (let from = 0; from <= text.length; ) {
    const found = text.indexOf(mark, from)
    const to = found === -1 ? text.length : found
    const end = to > from && mark === '\n' && text[to - 1] === '\r' ? to - 1 : to
    line += 1
    const first = text[from]
    if ((first === ' ' || first === '\t') && end > from) {
      content += text.slice(from + 1, end)
    } else {
      if (content !== '') yield { name: nameOf(content), text: content, line: begun }
      content = text.slice(from, end)
      begun = line
    }
    from = to + 1
  }
  if (content !== '') yield { name: nameOf(content), text: content, line: begun }
}

function nameOf(content: string): string {
  const end = content.search(/[:;]/)
  return end === -1 || end > 64 ? '' : content.slice(0, end).trim().toUpperCase()
}

/** RFC 5545 section 3.6. What else a file calls its components may be anything. */
const knownComponents: ReadonlySet<string> = new Set([
  ...['VCALENDAR', 'VEVENT', 'VTODO', 'VJOURNAL', 'VFREEBUSY'],
  ...['VTIMEZONE', 'STANDARD', 'DAYLIGHT', 'VALARM']
])
