/** The connector over the provider's application: what is wrong with it is the provider's to mend, or a new consent's. */
import { RemoteError, type SyncCode } from '../../errors.ts'
import type { ConsentedGraphConnection, GraphConnection, ProviderApplication } from '../connection.ts'
import type {
  CalendarSubscription,
  Check,
  Connector,
  OnPassed,
  ReadRequest,
  ReadResult,
  SubscribeRequest,
  SubscriptionListener,
  Target
} from '../connector.ts'
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

export interface ConsentedGraphConnectorOptions {
  readonly tenant: string
  readonly connection: ConsentedGraphConnection
  /** Null where the installation has none. */
  readonly application: ProviderApplication | null
}

export class ConsentedGraphConnector implements Connector {
  readonly #tenant: string
  readonly #connector: GraphConnector

  /** Throws a RemoteError where the installation has no application. */
  constructor(
    { tenant, connection, application }: ConsentedGraphConnectorOptions,
    deps: Omit<GraphConnectorDeps, 'connection'>
  ) {
    if (application === null) {
      const hint =
        'The connection uses the provider’s application, which this process has none of: set HANVISA_ENTRA_CLIENT_ID and its secret or certificate.'
      throw new RemoteError('secret_invalid', hint, { scope: 'connection' })
    }
    this.#tenant = tenant
    this.#connector = new GraphConnector({
      connection: withProviderApplication(connection, application),
      ...deps
    })
  }

  get batchSize(): number {
    return this.#connector.batchSize
  }

  async read(request: ReadRequest): Promise<readonly ReadResult[]> {
    const results = await this.#connector.read(request)
    return results.map((result) =>
      result.outcome === 'failed' ? { outcome: 'failed', error: this.#explainError(result.error) } : result
    )
  }

  async check(target: Target, signal: AbortSignal, onPassed?: OnPassed): Promise<readonly Check[]> {
    const checks = await this.#connector.check(target, signal, onPassed)
    return checks.map((check) => {
      const { code, hint } = check
      return code === undefined || hint === undefined ? check : { ...check, ...this.#explain({ code, hint }) }
    })
  }

  fingerprints(request: ReadRequest): Promise<readonly (string | null)[]> {
    return this.#connector.fingerprints(request)
  }

  subscribe(request: SubscribeRequest, listener: SubscriptionListener): CalendarSubscription {
    return this.#connector.subscribe(request, {
      onChange: () => listener.onChange(),
      onActive: () => listener.onActive(),
      onInactive: (reason) => listener.onInactive(reason && this.#explainError(reason))
    })
  }

  close(): Promise<void> {
    return this.#connector.close()
  }

  /** Who must act differs from a tenant's own application: the code stays, or becomes the one that says so. */
  #explain({ code, hint }: { code: SyncCode; hint: string }): { code: SyncCode; hint: string } {
    const hasNoRoles = this.#connector.claims()?.roles.length === 0
    if (code === 'consent_missing' || (code === 'access_denied' && hasNoRoles)) {
      return { code: 'consent_missing', hint: consentHint(this.#tenant) }
    }
    const isSecret = code === 'secret_invalid' || code === 'secret_expired'
    return isSecret ? { code, hint: secretHint } : { code, hint }
  }

  #explainError(error: RemoteError): RemoteError {
    const { code, hint } = this.#explain(error)
    const { scope, retryAfter, cause } = error
    return new RemoteError(code, hint, { scope, retryAfter, cause })
  }
}

function consentHint(tenant: string): string {
  return `The directory does not let the provider's application read calendars: the consent is missing, or was withdrawn. POST /v1/tenants/${tenant}/connection/consent gives a new link, which an administrator of the directory opens.`
}

const secretHint =
  "The provider's application cannot sign in: make a new client secret under Certificates & secrets of its app registration, and set HANVISA_ENTRA_CLIENT_SECRET to its Value."
