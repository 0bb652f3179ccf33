/** Operators' sign-in put together: the issuer, the sessions, and the secrets of both, which follow from the installation's own. */
import { OperatorAuthenticator } from './api/auth/operators/authenticate-operator.ts'
import { OidcIssuer } from './api/auth/operators/oidc-issuer.ts'
import { OperatorSessions } from './api/auth/operators/operator-sessions.ts'
import type { OperatorSignIn } from './api/routes/sign-in.ts'
import type { Config } from './config.ts'
import type { Instant } from './domain/calendar-event.ts'
import { deriveKey } from './storage/secrets/derive-key.ts'
import { sealer } from './storage/secrets/seal.ts'
import type { SessionStore } from './storage/sessions.ts'

interface OperatorSignInDeps {
  readonly store: SessionStore
  readonly fetch: typeof fetch
  readonly clock: () => Instant
  /** The same in every replica, and after a rotation of the master key. */
  readonly installationSecret: Buffer
}

/** Null where no issuer is set. */
export function createOperatorSignIn(
  { signIn, publicUrl }: Pick<Config, 'signIn' | 'publicUrl'>,
  { store, fetch, clock, installationSecret }: OperatorSignInDeps
): OperatorSignIn | null {
  if (signIn === null || publicUrl === null) return null
  const isSecure = publicUrl.startsWith('https:')
  const sessions = new OperatorSessions({
    store,
    clock,
    secret: deriveKey(installationSecret, 'hanvisa sessions').toString('base64'),
    isSecure
  })
  const issuer = new OidcIssuer({ ...signIn, fetch, clock, redirectUri: `${publicUrl}/sign-in/callback` })
  const authenticator = new OperatorAuthenticator(sessions, new URL(publicUrl).origin)
  return {
    issuer,
    sessions,
    authenticator,
    rules: signIn,
    sealer: sealer(deriveKey(installationSecret, 'hanvisa sign-in')),
    isSecure
  }
}
