/** What a reply of a CalDAV server may hold as XML, and how its errors read. */
import { RemoteError } from '../../../errors.ts'
import type { XmlDialect } from '../../net/xml-reader.ts'

const maxReplyBytes = 50 * 1024 * 1024

export const davDialect: XmlDialect = {
  maxReplyBytes,
  // Properties of RFC 4791 and RFC 3744 need ten.
  maxDepth: 40,
  // One calendar object with its attachments.
  maxTextLength: 10 * 1024 * 1024,
  name: 'this service',
  invalidReply: invalidDavReply,
  webPageError: davWebPageError
}

/** `why` completes "The server's reply …". */
export function invalidDavReply(why: string): RemoteError {
  return new RemoteError(
    'protocol_error',
    `The CalDAV server's reply ${why}, so it was not read. If it stays so: check the address, and what stands before the server.`
  )
}

export function davWebPageError(): RemoteError {
  return new RemoteError(
    'protocol_error',
    'The server answers with a web page instead of CalDAV: write the address of its CalDAV service (as a guide in docs/caldav.md has it), and let no gateway before it ask for a form.'
  )
}
