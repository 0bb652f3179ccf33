/** A connector that knows when its credential ends: refused after that day it says expired, and its test warns before. */
import { RemoteError } from '../errors.ts'
import type { Check, Connector } from './connector.ts'
import { type Credential, credentialStatus, ended } from './credential.ts'

export function withCredentialEnd(
  connector: Connector,
  credential: Credential | null,
  clock: () => number
): Connector {
  const { endsAt } = credential ?? { endsAt: null }
  if (credential === null || endsAt === null) return connector
  const isOver = () => endsAt <= clock()
  const hint = `${ended(credential)} ${credential.renewal}`
  const explain = (error: RemoteError) => {
    if (error.code !== 'secret_invalid' || error.scope !== 'connection' || !isOver()) return error
    const { retryAfter, cause } = error
    return new RemoteError('secret_expired', hint, { scope: 'connection', retryAfter, cause })
  }
  return {
    batchSize: connector.batchSize,
    async read(request) {
      const results = await connector.read(request)
      if (!isOver()) return results
      return results.map((result) =>
        result.outcome === 'failed' ? { outcome: 'failed', error: explain(result.error) } : result
      )
    },
    async check(target, signal, onPassed) {
      const checks = await connector.check(target, signal, onPassed)
      if (checks.every(({ ok }) => ok)) return [...checks, ...warnings(credential, clock())]
      return checks.map((check) =>
        check.code === 'secret_invalid' && isOver()
          ? { ...check, code: 'secret_expired' as const, hint }
          : check
      )
    },
    fingerprints: (request) => connector.fingerprints(request),
    subscribe: (request, listener) =>
      connector.subscribe(request, {
        onChange: () => listener.onChange(),
        onActive: () => listener.onActive(),
        onInactive: (reason) => listener.onInactive(reason && explain(reason))
      }),
    close: () => connector.close()
  }
}

/** The sign-in works now, and will not for long. */
function warnings(credential: Credential, at: number): Check[] {
  const { state, hint } = credentialStatus(credential, null, at)
  if (hint === null || state === 'valid') return []
  const stated = 'The sign-in works all the same, so correct "secretExpires", or renew it.'
  return [
    { name: 'credential', ok: true, hint: state === 'expired' ? `${ended(credential)} ${stated}` : hint }
  ]
}
