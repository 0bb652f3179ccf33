/** What was asked of the simulator: the latest requests one by one, and counts of all of them. */
import type { Route } from './faults.ts'

export interface RequestRecord {
  /** Epoch milliseconds, at which it was answered. */
  readonly at: number
  readonly route: Route | 'other'
  /** The directory's id where the request named a known one. */
  readonly tenant: string | null
  readonly clientId: string | null
  /** The primary address, else the name as it was given; null where the request is not about one mailbox. */
  readonly mailbox: string | null
  readonly method: string
  readonly url: string
  /** 0 when the client went away before there was an answer. */
  readonly status: number
  /** Of a batch the number of its items, of a getSchedule that of its schedules. */
  readonly items: number | null
  /** The `request-id` of the batch that it came in. */
  readonly batch: string | null
}

export type RequestFilter = Partial<
  Pick<RequestRecord, 'route' | 'tenant' | 'clientId' | 'mailbox' | 'status'>
>

const maxRequests = 2_000

export class Requests {
  #latest: RequestRecord[] = []
  readonly #counts = new Map<string, number>()
  readonly #peaks = new Map<string, number>()

  add(record: RequestRecord): void {
    this.#latest.push(record)
    // Cut now and then, not at every request: benchmarks come through here.
    if (this.#latest.length >= 2 * maxRequests) this.#latest = this.#latest.slice(-maxRequests)
    const key = `${record.tenant ?? ''} ${record.route} ${record.status}`
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }

  /** So many requests were at this mailbox at once. */
  recordConcurrency(mailbox: string, requests: number): void {
    if (requests > this.peakConcurrency(mailbox)) this.#peaks.set(mailbox.toLowerCase(), requests)
  }

  /** The most requests that were ever at this mailbox (primary address) at once. */
  peakConcurrency(mailbox: string): number {
    return this.#peaks.get(mailbox.toLowerCase()) ?? 0
  }

  peakConcurrencies(): Record<string, number> {
    return Object.fromEntries(this.#peaks)
  }

  /** Oldest first; of the latest 2,000 at least. */
  list(filter: RequestFilter = {}): RequestRecord[] {
    const wanted = Object.entries(filter)
    return this.#latest.filter((record) =>
      wanted.every(([name, value]) => record[name as keyof RequestFilter] === value)
    )
  }

  /** Of all requests since the last `clear`. */
  count(filter: Pick<RequestFilter, 'route' | 'tenant' | 'status'> = {}): number {
    let sum = 0
    for (const [key, count] of this.#counts) {
      const [tenant, route, status] = key.split(' ')
      if (filter.tenant != null && filter.tenant !== tenant) continue
      if (filter.route !== undefined && filter.route !== route) continue
      if (filter.status !== undefined && String(filter.status) !== status) continue
      sum += count
    }
    return sum
  }

  counts(): { tenant: string | null; route: string; status: number; count: number }[] {
    return [...this.#counts].map(([key, count]) => {
      const [tenant, route, status] = key.split(' ')
      return { tenant: tenant || null, route: route ?? '', status: Number(status), count }
    })
  }

  clear(): void {
    this.#latest = []
    this.#counts.clear()
    this.#peaks.clear()
  }
}
