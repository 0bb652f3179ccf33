/** The objects of one calendar, by calendar-query (RFC 4791 section 7.8). */
import type { Span } from '../../../domain/calendar-event.ts'
import { RemoteError } from '../../../errors.ts'
import type { DavClient } from '../client/dav-client.ts'
import { comparablePath, type DavResponse, resolveHref } from '../client/multistatus.ts'
import { calendarQueryBody } from '../client/requests.ts'
import type { CalendarHome } from '../discovery/calendar-locator.ts'
import { accessDenied } from '../errors.ts'

export interface CalendarObjects {
  /** iCalendar texts by the path of their object. */
  readonly texts: ReadonlyMap<string, string>
  /** Objects that the server named and did not show, or that are no whole calendar. */
  readonly withheld: number
}

/** How often a time is cut in two where the server shows only part of it. */
const maxHalvings = 4

/** `range` null: all events, whenever they are. Throws RemoteError. */
export async function readCalendarObjects(
  client: DavClient,
  home: CalendarHome,
  url: string,
  range: Span | null,
  signal: AbortSignal
): Promise<CalendarObjects> {
  const texts = new Map<string, string>()
  let withheld = 0
  const read = async (range: Span | null, halvings: number): Promise<void> => {
    const request = { method: 'REPORT', url, depth: '1', body: calendarQueryBody(range) } as const
    const context = { user: home.shownUser, purpose: 'calendar' } as const
    const answer = await client.multistatus(home.account, request, context, signal)
    const own = comparablePath(new URL(answer.url).pathname)
    for (const response of answer.responses) {
      const path = comparablePath(resolveHref(response.href, answer.url).pathname)
      const text = response.properties.get('calendar-data')?.text
      if (text !== undefined && isWhole(text)) texts.set(path, text)
      else if (isTruncated(response)) {
        // RFC 6578 section 3.6, which servers use for this report too: the rest is asked for in two halves.
        if (range === null || halvings === maxHalvings) throw truncatedError()
        const middle = Math.floor((range.start + range.end) / 2)
        await read({ start: range.start, end: middle }, halvings + 1)
        await read({ start: middle, end: range.end }, halvings + 1)
      } else if (path === own) throwIfRefused(response, home)
      else if (!isGone(response)) withheld += 1
    }
  }
  await read(range, 0)
  return { texts, withheld }
}

/** One that is cut short would take those after it along. */
function isWhole(text: string): boolean {
  if (!/^\s*BEGIN:VCALENDAR\s/i.test(text) || !/\nEND:VCALENDAR\s*$/i.test(text)) return false
  return (text.match(/^BEGIN:/gim)?.length ?? 0) === (text.match(/^END:/gim)?.length ?? 0)
}

function isTruncated({ status }: DavResponse): boolean {
  return status === 507
}

/** It was deleted while the calendar was read. */
function isGone({ status, refused }: DavResponse): boolean {
  return status === 404 || refused.get('calendar-data') === 404
}

/** sabre says within a reply of success that the calendar may not be read. */
function throwIfRefused({ status, refused }: DavResponse, { account, shownUser }: CalendarHome): void {
  if (status === 403 || refused.get('calendar-data') === 403) throw accessDenied(account, shownUser)
}

function truncatedError(): RemoteError {
  return new RemoteError(
    'protocol_error',
    'The CalDAV server shows only part of the calendar at a time (507), even of a short time: raise its limit on results, or thin the calendar out.'
  )
}
