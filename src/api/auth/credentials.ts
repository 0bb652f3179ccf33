/** The key that a request presents: `Authorization: Bearer KEY` (RFC 6750), or the password of Basic (RFC 7617). */
import type { IncomingMessage } from 'node:http'
import { RequestError } from '../../errors.ts'

const BEARER = 'bearer '
const BASIC = 'basic '

/**
 * Null where none is presented in a form that is known. Throws RequestError where the header stands twice (RFC 6750, section
 * 3.1), because Node keeps only the first, and what is between the client and us may have looked at the other.
 */
export function readPresentedKey({ headers, rawHeaders }: IncomingMessage): string | null {
  const { authorization } = headers
  if (authorization === undefined) return null
  if (countAuthorization(rawHeaders) > 1) {
    throw new RequestError('invalid_request', 'The header Authorization stands more than once: send it once.')
  }
  if (hasScheme(authorization, BEARER)) return authorization.slice(BEARER.length)
  return hasScheme(authorization, BASIC) ? passwordOf(authorization.slice(BASIC.length)) : null
}

/** Names and values by turns. */
function countAuthorization(rawHeaders: readonly string[]): number {
  let count = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!
    if (name.length === 13 && name.toLowerCase() === 'authorization') count++
  }
  return count
}

/** Schemes are case-insensitive (RFC 9110, section 11.1). */
function hasScheme(header: string, scheme: string): boolean {
  return header.length > scheme.length && header.slice(0, scheme.length).toLowerCase() === scheme
}

/** Whatever the user name; it holds no colon. */
function passwordOf(base64: string): string | null {
  const pair = Buffer.from(base64, 'base64').toString('latin1')
  const colon = pair.indexOf(':')
  return colon === -1 ? null : pair.slice(colon + 1)
}
