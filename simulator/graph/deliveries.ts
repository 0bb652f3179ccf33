/** What Graph posts: many notifications to one address in one POST, again when it was not accepted, and all counted. */
import { Agent, request } from 'undici'

export interface DeliverySettings {
  /** Items in one POST at the most. */
  readonly perPost: number
  /** POSTs to one origin at a time. */
  readonly atOnce: number
  /** Milliseconds to the first repetition, doubled each time up to the longest. */
  readonly firstRetry: number
  readonly longestRetry: number
  /** Milliseconds after which it is given up; Graph tries for 4 hours. */
  readonly giveUpAfter: number
  /** Milliseconds: an answer that takes longer is none. */
  readonly answerWithin: number
}

export interface Delivery {
  readonly url: string
  readonly kind: 'notification' | 'lifecycle'
  readonly subscription: string
  readonly item: object
}

interface PendingDelivery extends Delivery {
  attempts: number
  readonly since: number
}

interface DeliveryResult {
  readonly status: number
  readonly milliseconds: number
}

/** What goes to one host and port. */
interface Lane {
  readonly origin: string
  readonly byUrl: Map<string, PendingDelivery[]>
  present: number
  asked: boolean
}

export interface DeliveryCounts {
  readonly posts: number
  /** Items that were taken with a 2xx. */
  readonly notices: number
  readonly lifecycle: number
  /** Items that will be sent again, each time counted. */
  readonly retried: number
  readonly givenUp: number
  /** Items that are not taken yet. */
  readonly waiting: number
  /** Of POSTs; `0` is no answer. */
  readonly statuses: Readonly<Record<string, number>>
  /** Milliseconds that answers took, the longest and how many took more than 3 and 10 seconds. */
  readonly slowest: number
  readonly over3Seconds: number
  readonly over10Seconds: number
}

const usual: DeliverySettings = {
  perPost: 100,
  atOnce: 16,
  firstRetry: 500,
  longestRetry: 30_000,
  giveUpAfter: 14_400_000,
  answerWithin: 30_000
}
const none = {
  posts: 0,
  notices: 0,
  lifecycle: 0,
  retried: 0,
  givenUp: 0,
  slowest: 0,
  over3Seconds: 0,
  over10Seconds: 0
}

export class Deliveries {
  /** Called with the subscription of each notification that was given up. */
  gaveUp: (subscription: string) => void = () => {}
  #settings = usual
  #counts = { ...none }
  #waiting = 0
  readonly #statuses = new Map<number, number>()
  readonly #lanes = new Map<string, Lane>()
  readonly #repetitions = new Set<NodeJS.Timeout>()
  /** Receivers are on this machine, with certificates of their own making. */
  readonly #agent = new Agent({ keepAliveTimeout: 30_000, connect: { rejectUnauthorized: false } })

  configure(changed: Partial<DeliverySettings>): DeliverySettings {
    this.#settings = { ...this.#settings, ...changed }
    return this.#settings
  }

  send(parcel: Delivery): void {
    this.#waiting += 1
    this.#queue({ ...parcel, attempts: 0, since: Date.now() })
  }

  /** Null when the address said the token, else a sentence as Graph has it. */
  async handshake(url: string, token: string, within: number): Promise<string | null> {
    try {
      const to = `${url}${url.includes('?') ? '&' : '?'}validationToken=${encodeURIComponent(token)}`
      const { statusCode, body } = await request(to, {
        method: 'POST',
        headers: { 'content-type': 'text/plain; charset=utf-8' },
        dispatcher: this.#agent,
        signal: AbortSignal.timeout(within)
      })
      const said = await body.text()
      if (statusCode !== 200) {
        return `Subscription validation request failed. HTTP status code is '${statusCode}'. Notification endpoint must respond with 200 OK to validation request.`
      }
      if (said === token) return null
      return 'Subscription validation request failed. Response must exactly match validationToken query parameter.'
    } catch (error) {
      return (error as Error).name === 'TimeoutError'
        ? 'Subscription validation request timed out.'
        : 'Subscription validation request failed. Notification endpoint must respond with 200 OK to validation request.'
    }
  }

  counts(): DeliveryCounts {
    const statuses = Object.fromEntries([...this.#statuses].map(([status, count]) => [String(status), count]))
    return { ...this.#counts, waiting: this.#waiting, statuses }
  }

  get waiting(): number {
    return this.#waiting
  }

  /** Counts from nothing; what waits goes on waiting. */
  clearCounts(): void {
    this.#counts = { ...none }
    this.#statuses.clear()
  }

  /** What waits is forgotten; settings are as at the start. */
  clear(): void {
    for (const timer of this.#repetitions) clearTimeout(timer)
    this.#repetitions.clear()
    this.#lanes.clear()
    this.#waiting = 0
    this.#settings = usual
    this.clearCounts()
  }

  async close(): Promise<void> {
    this.clear()
    await this.#agent.destroy()
  }

  #queue(waiting: PendingDelivery): void {
    const { origin } = new URL(waiting.url)
    const lane = this.#lanes.get(origin) ?? { origin, byUrl: new Map(), present: 0, asked: false }
    this.#lanes.set(origin, lane)
    const queue = lane.byUrl.get(waiting.url)
    if (queue) queue.push(waiting)
    else lane.byUrl.set(waiting.url, [waiting])
    if (lane.asked) return
    lane.asked = true
    // What happens in one turn goes out together.
    setImmediate(() => {
      lane.asked = false
      this.#pump(lane)
    })
  }

  /** Addresses take turns. */
  #pump(lane: Lane): void {
    while (lane.present < this.#settings.atOnce) {
      const next = lane.byUrl.entries().next().value
      if (!next) return
      const [url, queue] = next
      lane.byUrl.delete(url)
      const taken = queue.splice(0, this.#settings.perPost)
      if (queue.length > 0) lane.byUrl.set(url, queue)
      lane.present += 1
      void this.#post(url, taken).then((taking) => {
        lane.present -= 1
        // What was forgotten in the meantime is not counted any more.
        if (!this.#lives(lane)) return
        this.#measure(taking)
        if (taking.status >= 200 && taking.status < 300) this.#taken(taken)
        else this.#again(taken)
        this.#pump(lane)
      })
    }
  }

  /** How it was taken: no answer is status 0, and sent again like any other refusal. */
  async #post(url: string, parcels: readonly PendingDelivery[]): Promise<DeliveryResult> {
    const began = performance.now()
    const taking = (status: number) => ({ status, milliseconds: performance.now() - began })
    try {
      const { statusCode, body } = await request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body: JSON.stringify({ value: parcels.map(({ item }) => item) }),
        dispatcher: this.#agent,
        signal: AbortSignal.timeout(this.#settings.answerWithin)
      })
      const took = taking(statusCode)
      await body.dump()
      return took
    } catch {
      return taking(0)
    }
  }

  #lives(lane: Lane): boolean {
    return this.#lanes.get(lane.origin) === lane
  }

  #measure({ status, milliseconds }: DeliveryResult): void {
    this.#counts.posts += 1
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1)
    this.#counts.slowest = Math.max(this.#counts.slowest, milliseconds)
    if (milliseconds > 3000) this.#counts.over3Seconds += 1
    if (milliseconds > 10_000) this.#counts.over10Seconds += 1
  }

  #taken(parcels: readonly PendingDelivery[]): void {
    this.#waiting = Math.max(0, this.#waiting - parcels.length)
    for (const { kind } of parcels) {
      if (kind === 'notification') this.#counts.notices += 1
      else this.#counts.lifecycle += 1
    }
  }

  #again(parcels: readonly PendingDelivery[]): void {
    const { firstRetry, longestRetry, giveUpAfter } = this.#settings
    const attempts = Math.max(...parcels.map((each) => each.attempts))
    const pause = Math.min(longestRetry, firstRetry * 2 ** attempts)
    const hopeful = parcels.filter(({ since }) => Date.now() + pause - since <= giveUpAfter)
    for (const parcel of parcels) {
      if (hopeful.includes(parcel)) parcel.attempts += 1
      else this.#giveUp(parcel)
    }
    if (hopeful.length === 0) return
    this.#counts.retried += hopeful.length
    const timer = setTimeout(() => {
      this.#repetitions.delete(timer)
      for (const parcel of hopeful) this.#queue(parcel)
    }, pause)
    this.#repetitions.add(timer)
  }

  #giveUp({ kind, subscription }: PendingDelivery): void {
    this.#waiting = Math.max(0, this.#waiting - 1)
    this.#counts.givenUp += 1
    if (kind === 'notification') this.gaveUp(subscription)
  }
}
