/** Customers' consent put together: the provider's application, and the key of the states, which follows from the installation's own. */
import type { Config } from './config.ts'
import { createProviderConsent } from './connectors/graph/open-consent.ts'
import type { HttpClient } from './connectors/net/http-client.ts'
import type { ConsentDeps } from './management/management-deps.ts'
import { deriveKey } from './storage/secrets/derive-key.ts'
import { sealer } from './storage/secrets/seal.ts'

/** Null where no application is set. */
export function createConsentDeps(
  { providerApplication: application, publicUrl }: Pick<Config, 'providerApplication' | 'publicUrl'>,
  { http, installationSecret }: { readonly http: HttpClient; readonly installationSecret: Buffer }
): ConsentDeps | null {
  if (application === null || publicUrl === null) return null
  return {
    provider: createProviderConsent(application, `${publicUrl}/consent/callback`, http),
    sealer: sealer(deriveKey(installationSecret, 'hanvisa consent'))
  }
}
