/** Reads what an application's token says. It came from Entra itself over TLS, so its signature is not verified here. */
import type { TokenClaims } from '../provider-consent.ts'

/** Null where it is no JWT (RFC 7519). */
export function tokenClaims(token: string): TokenClaims | null {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    const { tid, roles } = (claims ?? {}) as { readonly tid?: unknown; readonly roles?: unknown }
    return {
      directory: typeof tid === 'string' ? tid.toLowerCase() : null,
      roles: Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : []
    }
  } catch {
    return null
  }
}
