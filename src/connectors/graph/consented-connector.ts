/** The connector over the provider's application: what is wrong with it is the provider's to mend, or a new consent's. */
import { RemoteError, type SyncCode } from '../../errors.ts'
import type { ConsentedGraphConnection, GraphConnection, ProviderApplication } from '../connection.ts'
import type { Connector } from '../connector.ts'
import { GraphConnector, type GraphConnectorDeps } from './connector.ts'

export function isConsented(
  connection: GraphConnection | ConsentedGraphConnection
): connection is ConsentedGraphConnection {
  return 'application' in connection
}

/** As if the application were the tenant's own. */
export function withProviderApplication(
  { kind, tenantId, pollSeconds }: Omit<ConsentedGraphConnection, 'application'>,
  application: ProviderApplication
): GraphConnection {
  return { kind, tenantId, pollSeconds, ...application }
}

/** Throws a RemoteError where the installation has no application. */
export function createConsentedConnector(
  tenant: string,
  connection: ConsentedGraphConnection,
  application: ProviderApplication | null,
  deps: Omit<GraphConnectorDeps, 'connection'>
): Connector {
  if (application === null) {
    const hint =
      'The connection uses the provider’s application, which this process has none of: set HANVISA_ENTRA_CLIENT_ID and HANVISA_ENTRA_CLIENT_SECRET.'
    throw new RemoteError('secret_invalid', hint, { scope: 'connection' })
  }
  const connector = new GraphConnector({
    connection: withProviderApplication(connection, application),
    ...deps
  })
  /** Who must act on it differs: the code stays, or becomes the one that says so. */
  const explain = ({ code, hint }: { code: SyncCode; hint: string }) => {
    const hasNoRoles = connector.claims()?.roles.length === 0
    if (code === 'consent_missing' || (code === 'access_denied' && hasNoRoles)) {
      return { code: 'consent_missing' as const, hint: consentHint(tenant) }
    }
    const isSecret = code === 'secret_invalid' || code === 'secret_expired'
    return isSecret ? { code, hint: secretHint } : { code, hint }
  }
  const explainError = (error: RemoteError) => {
    const { code, hint } = explain(error)
    const { scope, retryAfter, cause } = error
    return new RemoteError(code, hint, { scope, retryAfter, cause })
  }
  return {
    batchSize: connector.batchSize,
    async read(request) {
      const results = await connector.read(request)
      return results.map((result) =>
        result.outcome === 'failed' ? { outcome: 'failed', error: explainError(result.error) } : result
      )
    },
    async check(target, signal) {
      const checks = await connector.check(target, signal)
      return checks.map((check) => {
        const { code, hint } = check
        return code === undefined || hint === undefined ? check : { ...check, ...explain({ code, hint }) }
      })
    },
    fingerprints: (request) => connector.fingerprints(request),
    subscribe: (request, listener) =>
      connector.subscribe(request, {
        onChange: () => listener.onChange(),
        onActive: () => listener.onActive(),
        onInactive: (reason) => listener.onInactive(reason && explainError(reason))
      }),
    close: () => connector.close()
  }
}

function consentHint(tenant: string): string {
  return `The directory does not let the provider's application read calendars: the consent is missing, or was withdrawn. POST /v1/tenants/${tenant}/connection/consent gives a new link, which an administrator of the directory opens.`
}

const secretHint =
  "The provider's application cannot sign in: make a new client secret under Certificates & secrets of its app registration, and set HANVISA_ENTRA_CLIENT_SECRET to its Value."
