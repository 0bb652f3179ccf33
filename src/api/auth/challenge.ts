/** `WWW-Authenticate`: by which schemes a refused client may authenticate. */
import type { IncomingHttpHeaders } from 'node:http'

const BEARER = 'Bearer realm="hanvisa"'
const BASIC = 'Basic realm="hanvisa", charset="UTF-8"'

/** Of a 401. RFC 6750, section 3.1: `error` only where credentials were sent. */
export function challengesFor({ authorization, ...headers }: IncomingHttpHeaders): string[] {
  const bearer = authorization === undefined ? BEARER : `${BEARER}, error="invalid_token"`
  // Many switches send Basic credentials only once they are asked for (RFC 7617), while a browser would ask its user. A client
  // that sent a Bearer key knows what to do. Browsers say that they are one (Fetch Metadata).
  const isBearer = authorization?.slice(0, 6).toLowerCase() === 'bearer'
  return isBearer || headers['sec-fetch-site'] !== undefined ? [bearer] : [bearer, BASIC]
}

/** Of a 403 (RFC 6750, section 3.1). */
export const outOfRoleChallenge = `${BEARER}, error="insufficient_scope"`
