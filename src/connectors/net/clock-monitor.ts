/** Compares servers' clocks with this machine's, by the `Date` of their answers (RFC 9110 section 6.6.1). */
import { RemoteError } from '../../errors.ts'
import type { ReadResult } from '../connector.ts'
import type { HttpClient } from './http-client.ts'

/** Entra forgives five minutes, Kerberos too; a Status that is wrong by more is noticed. */
const maxSkewMs = 5 * 60_000
const maxHosts = 1_000

/**
 * One for each connector. Graph, Entra and ICS hand it their HttpClient: `watch(http)`; who has a transport of their own (EWS)
 * calls `observe` for each answer. While `errorOf` gives an error, successful reads go out `withClockError`, and the
 * connection test fails at a step `clock`, which comes after the server was reached and before the sign-in.
 */
export class ClockMonitor {
  readonly #clock: () => number
  /** By host: those whose last answer was off. */
  readonly #errors = new Map<string, RemoteError>()

  constructor(clock: () => number) {
    this.#clock = clock
  }

  /** An HttpClient whose answers are observed. The owner of the given client closes it. */
  watch(http: HttpClient): HttpClient {
    return {
      ...http,
      fetch: async (url, init) => {
        const response = await http.fetch(url, init)
        this.observe(new URL(response.url || url).host, response.headers)
        return response
      },
      send: async (url, init) => {
        const response = await http.send(url, init)
        this.observe(new URL(response.url).host, response.headers)
        return response
      }
    }
  }

  observe(host: string, headers: { get(name: string): string | null }): void {
    const skewMs = skewOf(headers, this.#clock())
    if (skewMs === null) return
    if (Math.abs(skewMs) <= maxSkewMs) this.#errors.delete(host)
    else if (this.#errors.has(host) || this.#errors.size < maxHosts)
      this.#errors.set(host, clockError(host, skewMs))
  }

  /** `clock_wrong` while the clock of this host, or of any, is more than 5 minutes from ours; else null. */
  errorOf(host?: string): RemoteError | null {
    if (host !== undefined) return this.#errors.get(host) ?? null
    return this.#errors.values().next().value ?? null
  }
}

/** What was read, each with the clock's error as its `partialRead`: calendars are right, and statuses change at the wrong time. */
export function withClockError(
  results: readonly ReadResult[],
  clockError: RemoteError | null
): readonly ReadResult[] {
  if (clockError === null) return results
  const { code, hint } = clockError
  return results.map((result) =>
    result.outcome === 'read' ? { ...result, partialRead: { code, hint } } : result
  )
}

/** By how much our clock is ahead of the server's. Null where the server states no time. */
function skewOf(headers: { get(name: string): string | null }, now: number): number | null {
  const date = Date.parse(headers.get('date') ?? '')
  if (Number.isNaN(date)) return null
  // What comes out of a cache bears the time at which it was made (RFC 9111 section 4.2.3).
  const ageSeconds = Number(headers.get('age') ?? 0)
  return now - date - (Number.isFinite(ageSeconds) ? Math.max(0, ageSeconds) * 1000 : 0)
}

function clockError(host: string, skewMs: number): RemoteError {
  const minutes = Math.round(Math.abs(skewMs) / 60_000)
  const apart = minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`
  const hint = `This machine's clock is ${apart} ${skewMs > 0 ? 'ahead of' : 'behind'} that of ${host}: set the one that is wrong (NTP). Statuses change by this machine's clock.`
  return new RemoteError('clock_wrong', hint, { scope: 'connection' })
}
