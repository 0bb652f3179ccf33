/** The proof of a certificate's key that a client gives instead of a secret (RFC 7523, section 3). */
import { constants, verify, type X509Certificate } from 'node:crypto'
import type { App } from '../directories.ts'
import type { Aadsts } from './aadsts.ts'

const padding = { RS256: constants.RSA_PKCS1_PADDING, PS256: constants.RSA_PKCS1_PSS_PADDING }

/** Null when the assertion holds; else the refusal and what it is about. `now` in epoch milliseconds. */
export function checkAssertion(
  assertion: string,
  app: App,
  audiences: readonly string[],
  now: number
): { code: Aadsts; what: string } | null {
  const [head, payload, signature, ...more] = assertion.split('.')
  const header = decoded(head)
  const claims = decoded(payload)
  if (!header || !claims || !signature || more.length > 0) return bad('it is no JWT')
  const { alg } = header
  if (alg !== 'RS256' && alg !== 'PS256') return bad('its algorithm must be RS256 or PS256')
  const certificate = namedCertificate(header, app)
  if (!certificate) return bad(`its certificate is not registered for application '${app.clientId}'`)
  const key = {
    key: certificate.publicKey,
    padding: padding[alg],
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST
  }
  const signed = Buffer.from(`${head}.${payload}`)
  if (!verify('sha256', signed, key, Buffer.from(signature, 'base64url')))
    return bad('its signature is wrong')

  const { iss, sub, aud, exp, nbf } = claims
  const client = app.clientId.toLowerCase()
  if (String(iss).toLowerCase() !== client || String(sub).toLowerCase() !== client)
    return { code: 700021, what: '' }
  if (typeof aud !== 'string' || !audiences.includes(aud)) return { code: 700023, what: '' }
  // Entra forgives five minutes of clock difference.
  const leeway = 300
  const seconds = now / 1000
  if (typeof exp !== 'number' || exp + leeway < seconds) return { code: 700024, what: '' }
  if (typeof nbf === 'number' && nbf - leeway > seconds) return { code: 700024, what: '' }
  return null
}

function bad(what: string): { code: Aadsts; what: string } {
  return { code: 700027, what }
}

/** By `x5t#S256`, or by `x5t`, the older SHA-1. */
function namedCertificate(header: Record<string, unknown>, app: App): X509Certificate | undefined {
  const thumbprint = header['x5t#S256'] ?? header.x5t
  if (typeof thumbprint !== 'string') return undefined
  return app.certificates.get(Buffer.from(thumbprint, 'base64url').toString('hex'))
}

function decoded(part: string | undefined): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
