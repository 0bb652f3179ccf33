/** The bodies of the requests that are sent to CalDAV servers. */
import type { Span } from '../../../domain/calendar-event.ts'

const xmlDeclaration = '<?xml version="1.0" encoding="utf-8"?>'
const namespaces =
  'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:cs="http://calendarserver.org/ns/"'

/** Who signed in, and where principals are (RFC 5397, RFC 3744 section 5.8). */
export const findPrincipalBody = propfind('<d:current-user-principal/><d:principal-collection-set/>')

/** What a principal says of itself (RFC 4791 section 6.2.1, RFC 6638 sections 2.1.1 and 2.4.1). */
export const principalBody = propfind(
  '<d:resourcetype/><d:owner/><d:principal-URL/><c:calendar-home-set/><c:calendar-user-address-set/><c:schedule-outbox-URL/>'
)

/** What a resource is, whose, and in which version: a calendar, a folder of calendars, or a principal. */
export const locateBody = propfind(
  '<d:resourcetype/><d:owner/><d:current-user-principal/><c:calendar-home-set/><c:calendar-user-address-set/><c:supported-calendar-component-set/><c:schedule-calendar-transp/><cs:getctag/><d:sync-token/><d:getetag/>'
)

/** The versions of calendars: a kilobyte in return for each. */
export const versionBody = propfind(
  '<d:resourcetype/><d:owner/><c:supported-calendar-component-set/><c:schedule-calendar-transp/><cs:getctag/><d:sync-token/><d:getetag/>'
)

function propfind(properties: string): string {
  return `${xmlDeclaration}<d:propfind ${namespaces}><d:prop>${properties}</d:prop></d:propfind>`
}

/**
 * RFC 4791 section 7.8. Both component filters must stand there (iCloud, Nextcloud, Zimbra, SOGo), and both ends of the range
 * (Zimbra, OX). Never `expand`: a floating 08:00 comes back as 08:00 UTC. `range` null: all events.
 */
export function calendarQueryBody(range: Span | null): string {
  const filter =
    range === null ? '' : `<c:time-range start="${basicUtc(range.start)}" end="${basicUtc(range.end)}"/>`
  return (
    `${xmlDeclaration}<c:calendar-query ${namespaces}><d:prop><d:getetag/><c:calendar-data/></d:prop>` +
    `<c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT">${filter}</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>`
  )
}

/** RFC 3744 section 9.4: the principals that have this address. */
export function principalSearchBody(address: string): string {
  return (
    `${xmlDeclaration}<d:principal-property-search ${namespaces} test="anyof"><d:property-search>` +
    `<d:prop><c:calendar-user-address-set/></d:prop><d:match>${escapeXml(address)}</d:match></d:property-search>` +
    '<d:prop><d:principal-URL/><c:calendar-home-set/><c:calendar-user-address-set/></d:prop></d:principal-property-search>'
  )
}

/** RFC 6638 section 5: when are they busy? */
export function freeBusyRequestBody(
  organizer: string,
  attendees: readonly string[],
  { start, end }: Span,
  { uid, now }: { readonly uid: string; readonly now: number }
): string {
  return [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Hanvisa//CalDAV//EN',
    'METHOD:REQUEST',
    'BEGIN:VFREEBUSY',
    `UID:${uid}`,
    `DTSTAMP:${basicUtc(now)}`,
    `DTSTART:${basicUtc(start)}`,
    `DTEND:${basicUtc(end)}`,
    `ORGANIZER:${organizer}`,
    ...attendees.map((address) => `ATTENDEE:mailto:${address}`),
    'END:VFREEBUSY',
    'END:VCALENDAR',
    ''
  ]
    .map(fold)
    .join('\r\n')
}

/** RFC 5545 section 3.1: 75 octets. Addresses are ASCII here. */
function fold(line: string): string {
  return line.match(/.{1,73}/gsu)?.join('\r\n ') ?? line
}

/** `20261130T000000Z` */
function basicUtc(instant: number): string {
  return `${new Date(instant).toISOString().replace(/[-:]/g, '').slice(0, 15)}Z`
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
