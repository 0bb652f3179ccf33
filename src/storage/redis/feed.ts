/**
 * The feed of writes by all processes: Redis publishes each write (Pub/Sub) with a sequence number, so that a lost message
 * shows as a gap.
 */
import type { Redis } from 'ioredis'
import type { FeedFollower } from '../store.ts'
import type { RedisAddress } from './address.ts'
import { nodesOf, openListener } from './client.ts'
import type { RedisConnection } from './connection.ts'
import { type Mark, parseMessage } from './feed-message.ts'
import { FeedSubscription } from './feed-subscription.ts'
import { channelOf, tenantKeys, tenantOf } from './keys.ts'

const CHANNELS_PER_COMMAND = 500
/** Every followed tenant is compared with the store within this time: a cluster may lose a message. */
const COMPARE_ALL_MS = 15_000
const COMPARE_STEP_MS = 1000

export class RedisFeed {
  readonly #connection: RedisConnection
  readonly #address: RedisAddress
  readonly #name: string
  readonly #subscriptions = new Map<string, FeedSubscription>()
  /** Where messages come from; null while there is no connection. */
  #listener: Redis | null = null
  #connecting: Redis | null = null
  /** Whether every subscription was renewed after the last connect. */
  #isResumed = false
  #isClosed = false
  #attempts = 0
  #reconnectTimer: NodeJS.Timeout | undefined
  readonly #compareTimer: NodeJS.Timeout
  /** Which subscription is compared next. */
  #compareFrom = 0

  constructor(connection: RedisConnection, address: RedisAddress, name: string) {
    this.#connection = connection
    this.#address = address
    this.#name = name
    this.#compareTimer = setInterval(() => this.#compareSome(), COMPARE_STEP_MS)
    this.#compareTimer.unref()
    this.#connect()
  }

  /** Returns how to stop. */
  follow(tenant: string, onEvent: FeedFollower): () => void {
    const subscription = this.#subscriptions.get(tenant) ?? this.#open(tenant)
    const leave = subscription.join(onEvent)
    return () => {
      if (leave() > 0 || this.#subscriptions.get(tenant) !== subscription) return
      this.#subscriptions.delete(tenant)
      subscription.close()
      this.#listener?.unsubscribe(channelOf(tenant)).catch(() => {})
    }
  }

  /** Null, or what a write waits for when the tenant is followed only just now. */
  pendingSubscribe(tenant: string): Promise<void> | null {
    return this.#subscriptions.get(tenant)?.pendingSubscribe ?? null
  }

  /** A snapshot that is taken after it has everything that followers will not receive. */
  async positionAtSubscribe(tenant: string): Promise<void> {
    await this.#subscriptions.get(tenant)?.positionAtSubscribe
  }

  /** Resolves once this process's followers of the tenant received the write, or a gap in its place. */
  async waitForDelivery(tenant: string, mark: Mark): Promise<void> {
    await this.#subscriptions.get(tenant)?.waitForDelivery(mark)
  }

  /** Publishes a gap to all followers: they may be behind. */
  recheck(): void {
    for (const subscription of this.#subscriptions.values()) subscription.recheck()
  }

  /** Whether followers miss nothing: the listener is connected, and gaps were published for what was lost before. */
  isComplete(): boolean {
    return this.#subscriptions.size === 0 || this.#isResumed
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#reconnectTimer)
    clearInterval(this.#compareTimer)
    for (const subscription of this.#subscriptions.values()) subscription.close()
    this.#listener?.disconnect()
    this.#connecting?.disconnect()
  }

  #open(tenant: string): FeedSubscription {
    const subscription = new FeedSubscription(() => this.#readMark(tenant), this.#address.commandTimeoutMs)
    this.#subscriptions.set(tenant, subscription)
    if (this.#listener !== null) void this.#subscribe(this.#listener, [tenant])
    return subscription
  }

  async #readMark(tenant: string): Promise<Mark> {
    const [epoch, sequence] = await this.#connection.ask((client) =>
      client.hmget(tenantKeys(tenant).head, 'epoch', 'sequence')
    )
    return { epoch: epoch ?? '', sequence: Number(sequence ?? 0) }
  }

  #connect(): void {
    const nodes = nodesOf(this.#connection.client)
    const client = openListener(this.#address, `${this.#name}-feed`, nodes, this.#attempts)
    this.#connecting = client
    client.on('messageBuffer', (channel: Buffer, bytes: Buffer) => {
      const message = parseMessage(bytes)
      const subscription = this.#subscriptions.get(tenantOf(`${channel}`))
      if (message === null) subscription?.recheck()
      else subscription?.receive(message)
    })
    client.once('end', () => {
      if (this.#isClosed) return
      this.#listener = null
      this.#isResumed = false
      for (const subscription of this.#subscriptions.values()) subscription.onDisconnected()
      this.#reconnectTimer = setTimeout(() => this.#connect(), Math.min(50 * ++this.#attempts, 1000))
    })
    client.once('ready', () => {
      this.#attempts = 0
      this.#listener = client
      this.#connecting = null
      void this.#subscribe(client, [...this.#subscriptions.keys()]).then((isSubscribed) => {
        if (this.#listener === client) this.#isResumed = isSubscribed
      })
    })
    client.connect().catch(() => client.disconnect())
  }

  /** False when it failed: the connection is then closed, and another is made. */
  async #subscribe(client: Redis, tenants: readonly string[]): Promise<boolean> {
    try {
      for (let from = 0; from < tenants.length; from += CHANNELS_PER_COMMAND) {
        const some = tenants.slice(from, from + CHANNELS_PER_COMMAND)
        await client.subscribe(...some.map(channelOf))
        await Promise.all(some.map((tenant) => this.#subscriptions.get(tenant)?.onSubscribed()))
      }
      return true
    } catch {
      client.disconnect()
      return false
    }
  }

  #compareSome(): void {
    const client = this.#listener
    if (client === null) return
    client.ping().catch(() => client.disconnect())
    const tenants = [...this.#subscriptions.keys()]
    const count = Math.ceil((tenants.length * COMPARE_STEP_MS) / COMPARE_ALL_MS)
    const end = this.#compareFrom + count
    for (const tenant of tenants.slice(this.#compareFrom, end)) this.#subscriptions.get(tenant)?.compare()
    this.#compareFrom = end >= tenants.length ? 0 : end
  }
}
