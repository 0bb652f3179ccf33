/** What a reply of Exchange may hold as XML, and how its errors read. */
import { RemoteError } from '../../../errors.ts'
import type { XmlDialect } from '../../net/xml-reader.ts'

/** Entries of one calendar at a time; Exchange itself stops at 1,000, or where its administrator says. */
export const maxEventsPerCalendar = 10_000

/** What a reply says that holds more than that. */
export function tooManyEventsError(): RemoteError {
  return invalidReply(`holds more than ${maxEventsPerCalendar.toLocaleString('en')} events of one calendar`)
}

export function invalidReply(why: string): RemoteError {
  return new RemoteError(
    'protocol_error',
    `The server's reply ${why}, so it was not read. If it stays so: see whether url is that of EWS, and what stands before the server.`
  )
}

export function webPageError(): RemoteError {
  const hint =
    'The server answers with a web page instead of EWS: url must end in /EWS/Exchange.asmx, and no gateway before it may ask for a form.'
  return new RemoteError('protocol_error', hint)
}

export const soapDialect: XmlDialect = {
  // A hundred calendars of three hundred events each.
  maxReplyBytes: 32 * 1024 * 1024,
  // Exchange's own replies go to 20.
  maxDepth: 64,
  // Subjects have 255.
  maxTextLength: 512 * 1024,
  name: 'SOAP',
  invalidReply,
  webPageError
}
