/** The audit of a customer, or of the provider, from the newest entry backwards. */
import { api, dataOf, type Schemas } from '../api/client.ts'

export type AuditEntry = Schemas['AuditEntry']
export type AuditAction = AuditEntry['action']
export type Verification = Schemas['AuditVerification']

export interface AuditFilter {
  readonly actor?: string | undefined
  readonly action?: AuditAction | undefined
}

export interface AuditPage {
  /** Newest first. */
  readonly entries: readonly AuditEntry[]
  /** Ask on with this; null: that was the oldest. */
  readonly before: number | null
}

/** How many are shown at once, and what one call gives at the most. */
const PAGE = 100
const MAX_LIMIT = 1000

/** Null: the provider's. */
export class AuditClient {
  readonly #tenant: string | null

  constructor(tenant: string | null) {
    this.#tenant = tenant
  }

  verify(): Promise<Verification> {
    const tenant = this.#tenant
    return dataOf(
      tenant === null
        ? api.GET('/v1/audit/verification')
        : api.GET('/v1/tenants/{tenant}/audit/verification', { params: { path: { tenant } } })
    )
  }

  /** `before`: the position behind the newest that is wanted; `oldest`: the position before the oldest that is kept. */
  async page(before: number, oldest: number, filter: AuditFilter): Promise<AuditPage> {
    const isFiltered = filter.actor !== undefined || filter.action !== undefined
    const step = isFiltered ? MAX_LIMIT : PAGE
    const found: AuditEntry[] = []
    // The API reads forwards: a window of positions at a time, the last one first.
    for (let end = before; end > oldest + 1; end -= step) {
      const start = Math.max(oldest, end - 1 - step)
      const entries = await this.#window(start, end, filter)
      found.push(...entries.reverse())
      if (found.length >= PAGE || start === oldest) {
        return { entries: found, before: start === oldest ? null : start + 1 }
      }
    }
    return { entries: found, before: null }
  }

  /** The entries with `start` < position < `end`. */
  async #window(start: number, end: number, filter: AuditFilter): Promise<AuditEntry[]> {
    const entries: AuditEntry[] = []
    for (let after: number | undefined = start; after !== undefined; ) {
      const query = { after, limit: Math.min(MAX_LIMIT, end - 1 - after), ...given(filter) }
      const page: Schemas['AuditList'] = await this.#list(query)
      entries.push(...page.entries.filter(({ position }) => position < end))
      after = page.after !== undefined && page.after < end - 1 ? page.after : undefined
    }
    return entries
  }

  #list(query: { after: number; limit: number; actor?: string; action?: AuditAction }) {
    const tenant = this.#tenant
    return dataOf(
      tenant === null
        ? api.GET('/v1/audit', { params: { query } })
        : api.GET('/v1/tenants/{tenant}/audit', { params: { path: { tenant }, query } })
    ) as Promise<Schemas['AuditList']>
  }

  /** All of it, a line each, as `hanvisa audit verify` takes it. */
  async lines(): Promise<Blob> {
    const tenant = this.#tenant
    const headers = { accept: 'application/x-ndjson' }
    const call =
      tenant === null
        ? api.GET('/v1/audit', { headers, parseAs: 'blob' })
        : api.GET('/v1/tenants/{tenant}/audit', {
            params: { path: { tenant } },
            headers,
            parseAs: 'blob'
          })
    return (await dataOf<unknown>(call)) as Blob
  }
}

function given({ actor, action }: AuditFilter): { actor?: string; action?: AuditAction } {
  return { ...(actor !== undefined && { actor }), ...(action !== undefined && { action }) }
}
