/** What a server says in WWW-Authenticate: the ways to sign in that it takes, and its side of a handshake. */

export interface AuthChallenges {
  has(scheme: string): boolean
  /** What stands after the scheme's name, decoded: a challenge; null where there is none. */
  token(scheme: string): Buffer | null
  /** For sentences: "NTLM, Negotiate", or "no way to sign in". */
  readonly description: string
}

/** In the order in which they are named in sentences. */
const schemes = ['NTLM', 'Negotiate', 'Basic', 'Bearer', 'Digest']

/** Several headers, several schemes in one, any case (RFC 9110 section 11.6.1). */
export function parseWwwAuthenticate(header: string | readonly string[] | undefined): AuthChallenges {
  const found = new Map<string, Buffer | null>()
  for (const line of typeof header === 'string' ? [header] : (header ?? [])) {
    // A realm may say anything, the name of a scheme too.
    for (const part of line.replace(/"(?:[^"\\]|\\.)*"?/g, '""').split(',')) {
      const [name = '', token] = part.trim().split(/\s+/)
      const scheme = schemes.find((known) => known.toLowerCase() === name.toLowerCase())
      if (scheme === undefined) continue
      const given = token !== undefined && /^[A-Za-z0-9+/]+={0,2}$/.test(token)
      if (given || !found.has(scheme)) found.set(scheme, given ? Buffer.from(token, 'base64') : null)
    }
  }
  return {
    has: (scheme) => found.has(scheme),
    token: (scheme) => found.get(scheme) ?? null,
    description: schemes.filter((scheme) => found.has(scheme)).join(', ') || 'no way to sign in'
  }
}
