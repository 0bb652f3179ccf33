/** What an event says beyond its times: subject, busy status, visibility, answer, categories. */
import type { BusyStatus, CalendarEvent, Response, Visibility } from '../../domain/calendar-event.ts'
import type { ContentLine, RawComponent } from './parse-components.ts'
import {
  parseProperty,
  propertiesNamed,
  readKeyword,
  readParameter,
  readText,
  valuesOf
} from './properties.ts'

export type EventFields = Pick<
  CalendarEvent,
  'subject' | 'busy' | 'visibility' | 'cancelled' | 'response' | 'categories'
>

/** Outlook writes at most 255 characters; what is longer is no subject, and no trigger stands that far back. */
const MAX_SUBJECT_LENGTH = 4_096

/** What holds for all events of a calendar. */
export interface OwnerContext {
  /** METHOD of RFC 5546, upper case, or ''. */
  readonly method: string
  /** E-mail addresses of the calendar's owner, lower case; empty where they are not known. */
  readonly addresses: ReadonlySet<string>
}

export function readEventFields(event: RawComponent, owner: OwnerContext): EventFields {
  const busy = busyOf(event)
  return {
    subject: readText(event, 'SUMMARY').slice(0, MAX_SUBJECT_LENGTH),
    busy,
    visibility: visibilityOf(event),
    cancelled: isCancelled(event, owner),
    response: responseOf(event, owner, busy),
    categories: propertiesNamed(event, 'CATEGORIES').flatMap((content) =>
      valuesOf(content)
        .filter((value): value is string => typeof value === 'string')
        .map((value) => value.trim())
        .filter((value) => value !== '')
    )
  }
}

/** RFC 5545 section 3.8.1.11; of METHOD:CANCEL every event is one that was called off (RFC 5546 section 3.2.5). */
export function isCancelled(event: RawComponent, owner: OwnerContext): boolean {
  return readKeyword(event, 'STATUS') === 'CANCELLED' || owner.method === 'CANCEL'
}

const busyWords: Readonly<Record<string, BusyStatus>> = {
  FREE: 'free',
  TENTATIVE: 'tentative',
  BUSY: 'busy',
  OOF: 'oof',
  WORKINGELSEWHERE: 'workingElsewhere'
}

/**
 * Exchange's own word first (MS-OXCICAL 2.1.3.1.1.20.25, X-MICROSOFT-CDO-BUSYSTATUS: where it stands, TRANSP is not
 * read; X-MICROSOFT-CDO-INTENDEDSTATUS is what the organizer meant for others); else RFC 5545: TRANSPARENT takes no time
 * (section 3.8.2.7), STATUS:TENTATIVE is not settled (3.8.1.11), anything else takes time.
 */
function busyOf(event: RawComponent): BusyStatus {
  const exchange = busyWords[readKeyword(event, 'X-MICROSOFT-CDO-BUSYSTATUS')]
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
 * The owner's answer. PARTSTAT is the answer of that attendee alone (RFC 5545 section 3.2.12): where the owner is not
 * known, or not named because a list was invited, only Tentative counts as unanswered. Without attendees it is one's own
 * event, except that Exchange publishes invitations without their attendees, so that its Tentative may be one.
 */
function responseOf(event: RawComponent, owner: OwnerContext, busy: BusyStatus): Response {
  const { addresses } = owner
  const organizer = propertiesNamed(event, 'ORGANIZER').map(addressIn)[0] ?? null
  if (organizer !== null && addresses.has(organizer)) return 'organizer'
  const attendees = propertiesNamed(event, 'ATTENDEE')
  const unknown = busy === 'tentative' ? 'notResponded' : 'accepted'
  if (attendees.length === 0) {
    if (organizer !== null && addresses.size > 0) return unknown
    return readKeyword(event, 'X-MICROSOFT-CDO-BUSYSTATUS') === 'TENTATIVE' ? 'notResponded' : 'none'
  }
  const own = attendees.find((content) => {
    const address = addressIn(content)
    return address !== null && addresses.has(address)
  })
  return own === undefined ? unknown : answerIn(own)
}

/** RFC 5545 section 3.2.12: without PARTSTAT the attendee has not answered yet. */
function answerIn(content: ContentLine): Response {
  const property = parseProperty(content)
  const word = property === null ? '' : (readParameter(property, 'partstat') ?? '').toUpperCase()
  return answers[word] ?? 'notResponded'
}

/** The e-mail address of a calendar user, lower case. Exchange writes `MAILTO:`, others the EMAIL parameter. */
export function addressIn(content: ContentLine): string | null {
  const property = parseProperty(content)
  if (property === null) return null
  const value = String(valuesOf(content)[0] ?? '')
  const mail = /^mailto:(.+)$/i.exec(value.trim())?.[1] ?? readParameter(property, 'email')
  return mail ? mail.trim().toLowerCase() : null
}
