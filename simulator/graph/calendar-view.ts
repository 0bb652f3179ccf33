/** `GET /users/{id}/calendarView`: the occurrences in a window, selected, paged, in the zone asked for. */
import type { ProtocolRequest, ProtocolResponse } from '../protocol-message.ts'
import { occurrencesIn } from '../recurrence.ts'
import { dayMs } from '../time.ts'
import { errorResponse } from './errors.ts'
import { selection, shapeEvent } from './event-shape.ts'
import type { OpenedMailbox } from './opened-mailbox.ts'
import { readInstant, readPreferences } from './preferences.ts'

const defaultPage = 10
const largestPage = 1000
/** Five years: "the range is greater than the allowed range" (microsoft-graph-docs#6284). */
const longestWindow = 1825 * dayMs
const known = new Set(['$select', '$top', '$skip', '$orderby', 'startdatetime', 'enddatetime'])

export function listCalendarView({ mailbox, call, ids, basic, graphRoot }: OpenedMailbox): ProtocolResponse {
  const bad = (code: string, message: string) => errorResponse(ids, 400, code, message)
  const preferences = readPreferences(call.headers.prefer)
  if (typeof preferences === 'string') {
    return bad('TimeZoneNotSupportedException', `This time zone is not supported: ${preferences}`)
  }
  const query = lowerNames(call.query)
  for (const name of query.keys()) {
    if (name.startsWith('$') && !known.has(name))
      return bad('BadRequest', `${name} is not known to the simulator.`)
  }
  const [from, to] = [query.get('startdatetime'), query.get('enddatetime')]
  if (from === undefined || to === undefined) {
    return bad('ErrorInvalidRequest', 'This request needs a time window: startDateTime and endDateTime.')
  }
  // The preferred zone does not touch these: without an offset they are UTC.
  const [start, end] = [readInstant(from, 'UTC'), readInstant(to, 'UTC')]
  if (start === null) return bad('ErrorInvalidParameter', `startDateTime is no time: ${from}`)
  if (end === null) return bad('ErrorInvalidParameter', `endDateTime is no time: ${to}`)
  if (end < start) return bad('ErrorInvalidParameter', 'endDateTime is before startDateTime.')
  if (end - start > longestWindow) {
    return bad(
      'ErrorInvalidRequest',
      'The range is greater than the allowed range. Maximum number of days: 1825'
    )
  }
  const select = query.get('$select') ?? null
  const selected = selection(select, basic)
  if (typeof selected === 'string') {
    return bad('RequestBroker--ParseUri', `No property named '${selected}' on type 'microsoft.graph.event'.`)
  }
  const top = wholeNumber(query.get('$top'), preferences.maxPageSize ?? defaultPage)
  const skip = wholeNumber(query.get('$skip'), 0)
  if (top === null || top < 1 || top > largestPage) return bad('BadRequest', '$top must be from 1 to 1000.')
  if (skip === null) return bad('BadRequest', '$skip must be a whole number from 0.')
  const orderBy = query.get('$orderby')
  if (orderBy !== undefined && !/^start\/dateTime( asc)?$/i.test(orderBy)) {
    return bad('BadRequest', 'The simulator orders by start/dateTime only.')
  }

  // Without $orderby Graph promises no order, and neither is there one here.
  const found = occurrencesIn(mailbox, start, end)
  if (orderBy !== undefined) found.sort((a, b) => a.start - b.start)
  const page = found.slice(skip, skip + top)
  const listed = select === null ? '' : `(${selected.join(',')})`
  const user = encodeURIComponent(call.segments[1] ?? '')
  return {
    status: 200,
    headers: {
      'Cache-Control': 'private',
      'Content-Type':
        'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8',
      ...(preferences.applied ? { 'Preference-Applied': preferences.applied } : {})
    },
    body: {
      '@odata.context': `${graphRoot}/v1.0/$metadata#users('${user}')/calendarView${listed}`,
      value: page.map((occurrence) => shapeEvent(occurrence, selected, { mailbox, preferences })),
      ...(found.length > skip + top ? { '@odata.nextLink': nextLink(graphRoot, call, top, skip + top) } : {})
    }
  }
}

function nextLink(graphRoot: string, call: ProtocolRequest, top: number, skip: number): string {
  const next = new URLSearchParams([...call.query].filter(([name]) => !/^\$(top|skip)$/i.test(name)))
  next.set('$top', String(top))
  next.set('$skip', String(skip))
  const path = call.segments.map(encodeURIComponent).join('/')
  return `${graphRoot}/v1.0/${path}?${next.toString().replaceAll('+', '%20')}`
}

function wholeNumber(text: string | undefined, otherwise: number): number | null {
  if (text === undefined) return otherwise
  return /^\d{1,9}$/.test(text) ? Number(text) : null
}

function lowerNames(query: URLSearchParams): Map<string, string> {
  return new Map([...query].map(([name, value]) => [name.toLowerCase(), value]))
}
