/**
 * What followers hear of writes in any process: Redis passes each on as it is made (Pub/Sub), numbered, so that what was
 * missed shows as a gap.
 */
import type { Redis } from 'ioredis'
import type { Feed } from '../store.ts'
import type { RedisAddress } from './address.ts'
import { nodesOf, openListener, PATIENCE } from './client.ts'
import type { Link } from './connection.ts'
import { type Following, following, type Mark, type Message } from './feed-subscription.ts'
import { channelOf, tenantKeys, tenantOf } from './keys.ts'

export interface RedisFeed {
  follow(tenant: string, hear: (feed: Feed) => void): () => void
  /** Null, or what to wait for before a write to a tenant that is followed only just now. */
  settling(tenant: string): Promise<void> | null
  /** A snapshot that is taken from then on has everything that followers will not hear of. */
  begun(tenant: string): Promise<void>
  /** Resolves once our own followers of the tenant have heard the write, or a gap in its stead. */
  heard(tenant: string, mark: Mark): Promise<void>
  /** Followers may be behind: everything is looked at again. */
  recheck(): void
  /** Whether we are listening and told of all that was missed before, or nobody asked us to. */
  listening(): boolean
  close(): void
}

/** Channels subscribed to with one command. */
const TOGETHER = 500
/** All that is followed is compared with what is kept within so many milliseconds: a message may be lost in a cluster. */
const ROUND = 15_000
const STEP = 1000

export function redisFeed(link: Link, address: RedisAddress, name: string): RedisFeed {
  const all = new Map<string, Following>()
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
      else one?.hear(message)
    })
    client.once('end', () => {
      if (closed) return
      listener = null
      resumed = false
      for (const one of all.values()) one.lost()
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
      for (let from = 0; from < tenants.length; from += TOGETHER) {
        const some = tenants.slice(from, from + TOGETHER)
        await client.subscribe(...some.map(channelOf))
        await Promise.all(some.map((tenant) => all.get(tenant)?.subscribed()))
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
    const some = Math.ceil((tenants.length * STEP) / ROUND)
    for (const tenant of tenants.slice(place, place + some)) all.get(tenant)?.compare()
    place = place + some >= tenants.length ? 0 : place + some
  }, STEP)
  watching.unref()
  connect()

  return {
    follow(tenant, hear) {
      let one = all.get(tenant)
      if (one === undefined) {
        one = following(() => markOf(tenant), PATIENCE)
        all.set(tenant, one)
        if (listener !== null) void subscribe(listener, [tenant])
      }
      const leave = one.join(hear)
      return () => {
        if (leave() > 0 || all.get(tenant) !== one) return
        all.delete(tenant)
        one.end()
        listener?.unsubscribe(channelOf(tenant)).catch(() => {})
      }
    },
    begun: async (tenant) => all.get(tenant)?.begun,
    settling: (tenant) => all.get(tenant)?.settling() ?? null,
    async heard(tenant, mark) {
      await all.get(tenant)?.heard(mark)
    },
    recheck() {
      for (const one of all.values()) one.recheck()
    },
    listening: () => all.size === 0 || resumed,
    close() {
      closed = true
      clearTimeout(retry)
      clearInterval(watching)
      for (const one of all.values()) one.end()
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
