/** Consent to the provider's application at Entra: the admin consent endpoint, and a token and a call that prove it. */
import type { ProviderApplication } from '../connection.ts'
import type { HttpClient } from '../net/http-client.ts'
import type { ProviderConsent } from '../provider-consent.ts'
import { cloudEndpoints } from './client/cloud-endpoints.ts'
import { GraphConnector } from './connector.ts'
import { withProviderApplication } from './consented-connector.ts'

const WINDOW_MS = 3_600_000

/** `redirectUri` as it is registered with the application. */
export function createProviderConsent(
  application: ProviderApplication,
  redirectUri: string,
  http: HttpClient
): ProviderConsent {
  const { login, graph } = cloudEndpoints(application.cloud)
  return {
    // learn.microsoft.com/entra/identity-platform/v2-admin-consent: application permissions come with /.default alone.
    link(directory, state) {
      const url = new URL(`${login}/${directory ?? 'organizations'}/v2.0/adminconsent`)
      url.search = new URLSearchParams({
        client_id: application.clientId,
        scope: `${graph}/.default`,
        redirect_uri: redirectUri,
        state
      }).toString()
      return url.href
    },

    async prove({ directory, mailbox, now }, signal) {
      const connection = withProviderApplication(
        { kind: 'graph', tenantId: directory, pollSeconds: 120 },
        application
      )
      // Its own, so that no token from before the consent is used.
      const connector = new GraphConnector({ connection, http })
      try {
        const [result] = await connector.read({
          targets: [{ mailbox, timeZone: 'UTC' }],
          window: { start: now, end: now + WINDOW_MS },
          subjects: true,
          signal
        })
        return { claims: connector.claims(), error: result?.outcome === 'failed' ? result.error : null }
      } finally {
        await connector.close()
      }
    }
  }
}
