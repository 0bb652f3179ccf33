/** What an event says beyond its times: subject, busy status, visibility, answer, categories. */
import type { BusyStatus, CalendarEvent, Response, Visibility } from '../../domain/calendar-event.ts'
import type { RawComponent } from './parse-components.ts'
import { parseProperty, propertiesNamed, readKeyword, readParameter, readText } from './properties.ts'

export type EventFields = Pick<
  CalendarEvent,
  'subject' | 'busy' | 'visibility' | 'cancelled' | 'response' | 'categories'
>

/** Outlook writes at most 255 characters; what is longer is no subject, and no trigger stands that far back. */
const MAX_SUBJECT_LENGTH = 4_096

/** What the calendar as a whole says of its events. */
export interface OwnerContext {
  /** METHOD of RFC 5546, upper case, or ''. */
  readonly method: string
  /** E-mail addresses of the calendar's owner, lower case; empty where the calendar does not tell. */
  readonly owner: ReadonlySet<string>
}

export function readEventFields(event: RawComponent, setting: OwnerContext): EventFields {
  const busy = busyOf(event)
  return {
    subject: readText(event, 'SUMMARY').slice(0, MAX_SUBJECT_LENGTH),
    busy,
    visibility: visibilityOf(event),
    cancelled: isCancelled(event, setting),
    response: responseOf(event, setting, busy),
    categories: propertiesNamed(event, 'CATEGORIES').flatMap((content) =>
      (parseProperty(content)?.getValues() ?? [])
        .filter((value): value is string => typeof value === 'string')
        .map((value) => value.trim())
        .filter((value) => value !== '')
    )
  }
}

/** RFC 5545 section 3.8.1.11; of METHOD:CANCEL every event is one that was called off (RFC 5546 section 3.2.5). */
export function isCancelled(event: RawComponent, setting: OwnerContext): boolean {
  return readKeyword(event, 'STATUS') === 'CANCELLED' || setting.method === 'CANCEL'
}

const busyWords: Readonly<Record<string, BusyStatus>> = {
  FREE: 'free',
  TENTATIVE: 'tentative',
  BUSY: 'busy',
  OOF: 'oof',
  WORKINGELSEWHERE: 'workingElsewhere'
}

/**
 * Exchange's own word first (MS-OXCICAL, X-MICROSOFT-CDO-BUSYSTATUS: where it stands, TRANSP is not read); then what
 * the organiser meant (X-MICROSOFT-CDO-INTENDEDSTATUS); else RFC 5545: TRANSPARENT takes no time (section 3.8.2.7),
 * STATUS:TENTATIVE is not settled (3.8.1.11), anything else takes time.
 */
function busyOf(event: RawComponent): BusyStatus {
  const exchange =
    busyWords[readKeyword(event, 'X-MICROSOFT-CDO-BUSYSTATUS')] ??
    busyWords[readKeyword(event, 'X-MICROSOFT-CDO-INTENDEDSTATUS')]
  if (exchange !== undefined) return exchange
  if (readKeyword(event, 'TRANSP') === 'TRANSPARENT') return 'free'
  return readKeyword(event, 'STATUS') === 'TENTATIVE' ? 'tentative' : 'busy'
}

/** An unknown class is to be treated as PRIVATE (RFC 5545 section 3.8.1.3). */
function visibilityOf(event: RawComponent): Visibility {
  const word = readKeyword(event, 'CLASS')
  if (word === '' || word === 'PUBLIC') return 'normal'
  return word === 'CONFIDENTIAL' ? 'confidential' : 'private'
}

const answers: Readonly<Record<string, Response>> = {
  ACCEPTED: 'accepted',
  TENTATIVE: 'tentative',
  DECLINED: 'declined',
  // Somebody else goes instead.
  DELEGATED: 'declined',
  'NEEDS-ACTION': 'notResponded'
}

/**
 * The owner's answer. Nobody asked: one's own event, except that Exchange publishes invitations without their
 * attendees, so that its Tentative there may be an invitation that nobody answered. Where the owner is not known or
 * not named (invited by a list), what all attendees answered alike is the owner's answer too; else Tentative counts
 * as unanswered, as everywhere where a protocol does not tell.
 */
function responseOf(event: RawComponent, setting: OwnerContext, busy: BusyStatus): Response {
  const organizer = propertiesNamed(event, 'ORGANIZER').map(addressIn)[0] ?? null
  const attendees = propertiesNamed(event, 'ATTENDEE')
  const owned = organizer !== null && setting.owner.has(organizer)
  if (owned) return 'organizer'
  const untold = busy === 'tentative' ? 'notResponded' : 'accepted'
  if (attendees.length === 0) {
    if (organizer !== null && setting.owner.size > 0) return untold
    return readKeyword(event, 'X-MICROSOFT-CDO-BUSYSTATUS') === 'TENTATIVE' ? 'notResponded' : 'none'
  }
  const given = new Set<Response>()
  for (const content of attendees) {
    const address = addressIn(content)
    const answer = answerIn(content)
    if (address !== null && setting.owner.has(address)) return answer
    if (address !== organizer && isPerson(content)) given.add(answer)
  }
  const [alike] = given
  return given.size === 1 && alike !== undefined ? alike : untold
}

/** RFC 5545 section 3.2.12: without PARTSTAT nobody has answered yet. */
function answerIn(content: { text: string; name: string; line: number }): Response {
  const property = parseProperty(content)
  const word = property === null ? '' : (readParameter(property, 'partstat') ?? '').toUpperCase()
  return answers[word] ?? 'notResponded'
}

/** Rooms and projectors answer too. */
function isPerson(content: { text: string; name: string; line: number }): boolean {
  const property = parseProperty(content)
  const kind = property === null ? '' : (readParameter(property, 'cutype') ?? '').toUpperCase()
  return kind !== 'ROOM' && kind !== 'RESOURCE'
}

/** The e-mail address of a calendar user, lower case. Exchange writes `MAILTO:`, others the EMAIL parameter. */
export function addressIn(content: { text: string; name: string; line: number }): string | null {
  const property = parseProperty(content)
  if (property === null) return null
  const value = String(property.getFirstValue() ?? '')
  const mail = /^mailto:(.+)$/i.exec(value.trim())?.[1] ?? readParameter(property, 'email')
  return mail ? mail.trim().toLowerCase() : null
}
