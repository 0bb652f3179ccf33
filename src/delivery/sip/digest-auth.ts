/** Digest authentication as SIP has it: RFC 3261, 22; SHA-256 by RFC 8760. */
import { createHash, randomBytes } from 'node:crypto'

export interface DigestChallenge {
  readonly realm: string
  readonly nonce: string
  readonly opaque: string | null
  readonly algorithm: 'MD5' | 'SHA-256'
  readonly hasQop: boolean
  /** Whether the answer goes into `Proxy-Authorization`. */
  readonly isProxy: boolean
}

/** Of the challenges of a 401 or 407 the strongest that is understood; null: there is none. */
export function pickChallenge(values: readonly string[], isProxy: boolean): DigestChallenge | null {
  const found = values.flatMap((value) => parseChallenge(value, isProxy) ?? [])
  return found.find(({ algorithm }) => algorithm === 'SHA-256') ?? found[0] ?? null
}

function parseChallenge(value: string, isProxy: boolean): DigestChallenge | null {
  if (!/^digest\s/i.test(value)) return null
  const parts = new Map<string, string>()
  for (const [, name, quoted, token] of value
    .slice(7)
    .matchAll(/([A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g)) {
    parts.set(name!.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? token!)
  }
  const algorithm = (parts.get('algorithm') ?? 'MD5').toUpperCase()
  const realm = parts.get('realm')
  const nonce = parts.get('nonce')
  const qop = parts.get('qop')
  if (realm === undefined || nonce === undefined || (algorithm !== 'MD5' && algorithm !== 'SHA-256'))
    return null
  if (qop !== undefined && !qop.split(',').some((one) => one.trim() === 'auth')) return null
  return {
    realm,
    nonce,
    opaque: parts.get('opaque') ?? null,
    algorithm,
    hasQop: qop !== undefined,
    isProxy
  }
}

export interface DigestRequest {
  readonly method: string
  readonly uri: string
  /** How often the nonce was used, this time included. */
  readonly count: number
}

/** The header with the answer to a challenge. */
export function answerChallenge(
  { realm, nonce, opaque, algorithm, hasQop, isProxy }: DigestChallenge,
  { user, password }: { readonly user: string; readonly password: string },
  { method, uri, count }: DigestRequest,
  cnonce: string = randomBytes(8).toString('hex')
): readonly [name: string, value: string] {
  const hash = (text: string) =>
    createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
      .update(text)
      .digest('hex')
  const secret = hash(`${user}:${realm}:${password}`)
  const request = hash(`${method}:${uri}`)
  const nc = count.toString(16).padStart(8, '0')
  const response = hash(
    hasQop ? `${secret}:${nonce}:${nc}:${cnonce}:auth:${request}` : `${secret}:${nonce}:${request}`
  )
  const parts = [
    `username=${quote(user)}`,
    `realm=${quote(realm)}`,
    `nonce=${quote(nonce)}`,
    `uri=${quote(uri)}`,
    `response="${response}"`,
    `algorithm=${algorithm}`,
    ...(hasQop ? [`qop=auth`, `nc=${nc}`, `cnonce="${cnonce}"`] : []),
    ...(opaque === null ? [] : [`opaque=${quote(opaque)}`])
  ]
  return [isProxy ? 'Proxy-Authorization' : 'Authorization', `Digest ${parts.join(', ')}`]
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}
