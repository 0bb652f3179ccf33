/**
 * What followers hear of writes in any process: Redis passes each on as it is made (Pub/Sub), numbered, so that what was
 * missed shows as a gap.
 */
import type { Redis } from 'ioredis'
import type { FeedEvent } from '../store.ts'
import type { RedisAddress } from './address.ts'
import { COMMAND_TIMEOUT_MS, nodesOf, openListener } from './client.ts'
import type { RedisConnection } from './connection.ts'
import { FeedSubscription, type Mark, type Message } from './feed-subscription.ts'
import { channelOf, tenantKeys, tenantOf } from './keys.ts'

export interface RedisFeed {
  follow(tenant: string, hear: (feed: FeedEvent) => void): () => void
  /** Null, or what to wait for before a write to a tenant that is followed only just now. */
  pendingSubscribe(tenant: string): Promise<void> | null
  /** A snapshot that is taken from then on has everything that followers will not hear of. */
  positionAtSubscribe(tenant: string): Promise<void>
  /** Resolves once our own followers of the tenant have heard the write, or a gap in its stead. */
  waitForDelivery(tenant: string, mark: Mark): Promise<void>
  /** Followers may be behind: everything is looked at again. */
  recheck(): void
  /** Whether we are listening and told of all that was missed before, or nobody asked us to. */
  isComplete(): boolean
  close(): void
}

/** Channels subscribed to with one command. */
const CHANNELS_PER_COMMAND = 500
/** All that is followed is compared with what is kept within so many milliseconds: a message may be lost in a cluster. */
const COMPARE_ALL_MS = 15_000
const COMPARE_STEP_MS = 1000

export function redisFeed(link: RedisConnection, address: RedisAddress, name: string): RedisFeed {
  const all = new Map<string, FeedSubscription>()
  /** Where messages come from; null while there is no connection. */
  let listener: Redis | null = null
  /** Everybody who was followed when the connection came has been told what they may have missed. */
  let resumed = false
  let connecting: Redis | null = null
  let closed = false
  let attempt = 0
  let retry: NodeJS.Timeout | undefined

  async function markOf(tenant: string): Promise<Mark> {
    const [epoch, sequence] = await link.ask((client) =>
      client.hmget(tenantKeys(tenant).head, 'epoch', 'sequence')
    )
    return { epoch: epoch ?? '', sequence: Number(sequence ?? 0) }
  }

  function connect(): void {
    const client = openListener(address, `${name}-feed`, nodesOf(link.client), attempt)
    connecting = client
    client.on('message', (channel: string, text: string) => {
      const message = messageIn(text)
      const one = all.get(tenantOf(channel))
      if (message === null) one?.recheck()
      else one?.receive(message)
    })
    client.once('end', () => {
      if (closed) return
      listener = null
      resumed = false
      for (const one of all.values()) one.onDisconnected()
      retry = setTimeout(connect, Math.min(50 * ++attempt, 1000))
    })
    client.once('ready', () => {
      attempt = 0
      listener = client
      connecting = null
      void subscribe(client, [...all.keys()]).then((subscribed) => {
        if (listener === client) resumed = subscribed
      })
    })
    client.connect().catch(() => client.disconnect())
  }

  /** Those that were followed before are told of a gap once they are subscribed to again. False: the connection is given up. */
  async function subscribe(client: Redis, tenants: readonly string[]): Promise<boolean> {
    try {
      for (let from = 0; from < tenants.length; from += CHANNELS_PER_COMMAND) {
        const some = tenants.slice(from, from + CHANNELS_PER_COMMAND)
        await client.subscribe(...some.map(channelOf))
        await Promise.all(some.map((tenant) => all.get(tenant)?.onSubscribed()))
      }
      return true
    } catch {
      client.disconnect()
      return false
    }
  }

  let place = 0
  const watching = setInterval(() => {
    const client = listener
    if (client === null) return
    client.ping().catch(() => client.disconnect())
    const tenants = [...all.keys()]
    const some = Math.ceil((tenants.length * COMPARE_STEP_MS) / COMPARE_ALL_MS)
    for (const tenant of tenants.slice(place, place + some)) all.get(tenant)?.compare()
    place = place + some >= tenants.length ? 0 : place + some
  }, COMPARE_STEP_MS)
  watching.unref()
  connect()

  return {
    follow(tenant, hear) {
      let one = all.get(tenant)
      if (one === undefined) {
        one = new FeedSubscription(() => markOf(tenant), COMMAND_TIMEOUT_MS)
        all.set(tenant, one)
        if (listener !== null) void subscribe(listener, [tenant])
      }
      const leave = one.join(hear)
      return () => {
        if (leave() > 0 || all.get(tenant) !== one) return
        all.delete(tenant)
        one.close()
        listener?.unsubscribe(channelOf(tenant)).catch(() => {})
      }
    },
    positionAtSubscribe: async (tenant) => all.get(tenant)?.positionAtSubscribe,
    pendingSubscribe: (tenant) => all.get(tenant)?.pendingSubscribe ?? null,
    async waitForDelivery(tenant, mark) {
      await all.get(tenant)?.waitForDelivery(mark)
    },
    recheck() {
      for (const one of all.values()) one.recheck()
    },
    isComplete: () => all.size === 0 || resumed,
    close() {
      closed = true
      clearTimeout(retry)
      clearInterval(watching)
      for (const one of all.values()) one.close()
      listener?.disconnect()
      connecting?.disconnect()
    }
  }
}

/** Null when somebody else published it. */
function messageIn(text: string): Message | null {
  try {
    return JSON.parse(text) as Message
  } catch {
    return null
  }
}
