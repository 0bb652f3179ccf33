/** Tells what came in place of a calendar: a web page, as of a sign-in, or the JSON of another interface. */
import { RemoteError } from '../../errors.ts'
import type { CalendarSource } from './calendar-source.ts'
import type { FetchedCalendar } from './read-calendar-file.ts'

/** Null where it may be a calendar. */
export function notACalendar(source: CalendarSource, fetched: FetchedCalendar): RemoteError | null {
  const { bytes, mediaType } = fetched
  const start = bytes.subarray(0, 1_024).toString('latin1').replace(/^ï»¿/, '').trimStart().toLowerCase()
  if (start.startsWith('begin:vcalendar')) return null
  const where = source.kind === 'file' ? 'The file holds' : `${source.host}: the address answers with`
  if (/^<(!doctype html|html)/.test(start) || /^(text\/html|application\/xhtml)/.test(mediaType)) {
    return new RemoteError(
      'protocol_error',
      `${where} a web page and not a calendar: use the calendar's ICS address, which needs no log-in.`
    )
  }
  if (/^[{[]/.test(start) || /^application\/([\w.-]+\+)?json/.test(mediaType)) {
    return new RemoteError(
      'protocol_error',
      `${where} JSON and not a calendar: it belongs to another interface. Use the calendar's ICS address, which mostly ends in .ics.`
    )
  }
  return null
}
