/** An application's tokens for EWS: client credentials with full_access_as_app, as the Graph connector gets its own. */
import type { GraphConnection } from './connection.ts'
import type { BearerTokens } from './ews/sign-in.ts'
import { graphTokens } from './graph/tokens.ts'
import type { Outbound } from './outbound.ts'

export interface EwsApplication {
  /** The directory (tenant) id in Entra: a GUID or a verified domain. */
  readonly tenantId: string
  readonly clientId: string
  /** Exactly one of the two. */
  readonly clientSecret?: string
  readonly certificate?: NonNullable<GraphConnection['certificate']>
  /** Root of the sign-in service; Microsoft's public one unless stated. */
  readonly login?: string
  /** What the token is for: Exchange Online unless stated, or the root of a server of one's own (`https://mail.example.se`). */
  readonly resource?: string
}

/** `outbound` is the public one: the connection's `ca` is the mail server's, not Entra's. */
export function applicationTokens(
  application: EwsApplication,
  needs: { outbound: Outbound; clock: () => number }
): BearerTokens {
  const {
    login = 'https://login.microsoftonline.com',
    resource = 'https://outlook.office365.com',
    ...rest
  } = application
  // A cloud is where to sign in and what for: to the token endpoint Exchange is one more.
  const cloud = { login, graph: resource }
  return graphTokens({ ...needs, connection: { kind: 'graph', ...rest, cloud, pollSeconds: 3600 } })
}
