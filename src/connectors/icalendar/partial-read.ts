/** What was less than whole about a calendar, and what to do: lines and names of properties, never text of the calendar. */
import type { CalendarEvent } from '../../domain/calendar-event.ts'
import type { PartialRead } from '../connector.ts'
import type { UnreadableEvent } from './errors.ts'

export interface Shortcomings {
  readonly skipped: readonly UnreadableEvent[]
  /** Lines. */
  readonly unknownZones: ReadonlySet<number>
  readonly timeZone: string
  readonly subjectsMissing: boolean
  readonly ownerMissing: boolean
}

/** The first one's code, and all their hints. */
export function partialReadOf(shortcomings: Shortcomings): PartialRead | null {
  const { skipped, unknownZones, timeZone, subjectsMissing, ownerMissing } = shortcomings
  const found: PartialRead[] = []
  const [event] = [...skipped].sort((a, b) => a.line - b.line)
  if (event !== undefined) {
    const many = skipped.length === 1 ? '1 event is' : `${skipped.length} events are`
    found.push({
      code: 'protocol_error',
      hint: `${many} left out because the calendar file is wrong there: line ${event.line}: ${event.message}. The others are read.`
    })
  }
  const [line] = unknownZones
  if (line !== undefined) {
    found.push({
      code: 'protocol_error',
      hint: `Line ${line} of the calendar file names a time zone that is neither known nor defined in the file: such times are read as in ${timeZone}.`
    })
  }
  if (subjectsMissing) {
    found.push({
      code: 'subject_not_readable',
      hint: 'The calendar is published without subjects, so triggers cannot match: publish it with full details, or use availability rules.'
    })
  }
  if (ownerMissing) {
    found.push({
      code: 'protocol_error',
      hint: "The calendar does not say whose it is, so meetings that the owner declined or has not answered count as accepted: state the owner's e-mail address (`owner` of the user, `--owner` of `hanvisa try`)."
    })
  }
  const [first] = found
  return first === undefined ? null : { code: first.code, hint: found.map(({ hint }) => hint).join(' ') }
}

/** What Outlook, Exchange and Google write for a subject when they publish availability alone. */
const placeholders = new Set(
  [
    ...['busy', 'free', 'tentative', 'away', 'out of office', 'working elsewhere'],
    ...['upptagen', 'ledig', 'preliminär', 'frånvarande', 'inte på kontoret', 'arbetar någon annanstans'],
    ...['opptatt', 'optaget', 'varattu']
  ].map((word) => word.normalize('NFC'))
)

export function hasSubjects(events: readonly CalendarEvent[]): boolean {
  if (events.length === 0) return true
  return events.some(({ subject }) => {
    const word = subject.trim().toLowerCase().normalize('NFC')
    return word !== '' && !placeholders.has(word)
  })
}
