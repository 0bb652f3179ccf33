/** Connections to Redis, wherever it is, for commands, for Pub/Sub and for blocking reads. */
import { type RedisOptions as AnyOptions, Cluster, type ClusterOptions, Redis } from 'ioredis'
import { SetupError } from '../../errors.ts'
import type { RedisAddress, RedisNode } from './address.ts'
import { describeRedisError, isTransientRedisError } from './errors.ts'

export type RedisClient = Redis | Cluster

/** ioredis's own type of it does not go with exact optional members. */
type RedisOptions = Omit<AnyOptions, 'replyMapping'>

const BULK_TIMEOUT_MS = 30_000
/** BullMQ blocks for 10 s at most: a connection that is silent for longer is broken. */
const LONGEST_BLOCK = 15_000

/**
 * `commands`: fails within the address's timeout, at once while there is no connection, and never sends anything twice.
 * `bulk`: the same, for answers of many megabytes, which may take 30 s as long as they come in; apart, so that nobody else
 * waits behind them.
 * `blocking`: for BullMQ's workers; waits as long as it takes, and sends again what a lost connection left unanswered.
 */
export type Use = 'commands' | 'bulk' | 'blocking'

/** Connects by itself, and again with at most a second between attempts. `name` shows in Redis's CLIENT LIST. */
export function openClient(
  address: RedisAddress,
  { for: use, name }: { for: Use; name: string }
): RedisClient {
  const client = connect(address, use, name)
  // Each command rejects by itself; without a listener ioredis would print the error.
  client.on('error', () => {})
  // Otherwise a node is connected to with the first command for it, which the next ones are refused while it lasts.
  if (client instanceof Cluster && use !== 'blocking') {
    client.on('+node', (node: Redis) => void node.connect().catch(() => {}))
  }
  if (use === 'bulk') {
    if (client instanceof Cluster) client.on('+node', readInTurns)
    else readInTurns(client)
  }
  return client
}

/**
 * Takes an answer of many megabytes a chunk or two in each turn of the event loop. By itself libuv reads up to 32 chunks of 64 kB
 * before it gives the loop back, and to decode those takes 30 ms.
 */
function readInTurns(client: Redis): void {
  client.on('connect', () => {
    const { stream } = client
    stream.on('data', () => {
      stream.pause()
      setImmediate(() => stream.resume())
    })
  })
}

/**
 * A connection that only listens, to one server: the `attempt`-th of the nodes where it is a cluster (any node passes on
 * what is published at any other). It does not reconnect: the feed must know that messages were lost.
 */
export function openListener(
  address: RedisAddress,
  name: string,
  nodes: readonly RedisNode[],
  attempt: number
): Redis {
  const once = {
    ...optionsFor('commands', address, name),
    retryStrategy: null,
    sentinelRetryStrategy: () => null,
    enableOfflineQueue: true,
    lazyConnect: true
  }
  const node = nodes[attempt % Math.max(1, nodes.length)]
  const client =
    address.kind === 'cluster' && node !== undefined
      ? new Redis({ ...once, ...node })
      : new Redis({ ...placeOf(address), ...once })
  client.on('error', () => {})
  return client
}

/** The nodes of a cluster as they are known now, else none. */
export function nodesOf(client: RedisClient): RedisNode[] {
  if (!(client instanceof Cluster)) return []
  return client.nodes('all').flatMap(({ options: { host, port } }) => (host && port ? [{ host, port }] : []))
}

/**
 * Resolves when the client can be used. Throws a SetupError, a sentence with the remedy, when Redis refuses, or cannot be
 * reached within `timeoutMs`.
 */
export async function waitForConnection(
  client: RedisClient,
  address: RedisAddress,
  timeoutMs: number
): Promise<void> {
  if (client.status === 'ready' && nodesReady(client)) return
  let last: unknown = new Error('connect ETIMEDOUT')
  let deadline: NodeJS.Timeout | undefined
  let again: NodeJS.Timeout | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      deadline = setTimeout(() => reject(last), timeoutMs)
      const ready = () => {
        if (nodesReady(client)) resolve()
        else again = setTimeout(ready, 10)
      }
      if (client.status === 'ready') ready()
      else client.once('ready', ready)
      client.on('error', noted)
      client.on('node error', noted)
      function noted(error: unknown) {
        last = error
        if (!isTransientRedisError(error)) reject(error)
      }
    })
  } catch (error) {
    client.disconnect()
    throw new SetupError(`Redis at ${address.shown} cannot be used: ${describeRedisError(error)}.`)
  } finally {
    clearTimeout(deadline)
    clearTimeout(again)
  }
}

function nodesReady(client: RedisClient): boolean {
  return !(client instanceof Cluster) || client.nodes('master').every(({ status }) => status === 'ready')
}

function connect(address: RedisAddress, use: Use, name: string): RedisClient {
  const options = optionsFor(use, address, name)
  if (address.kind !== 'cluster') return new Redis({ ...options, ...placeOf(address) })
  const { retryStrategy: _, enableOfflineQueue: __, ...redisOptions } = options
  const cluster: Omit<ClusterOptions, 'redisOptions'> & { redisOptions: RedisOptions } = {
    redisOptions,
    enableOfflineQueue: use === 'blocking',
    clusterRetryStrategy: reconnectDelayMs,
    slotsRefreshTimeout: address.commandTimeoutMs,
    // A certificate is for the node's name or address as the cluster gives it.
    ...(address.tls ? { dnsLookup: (host, answer) => answer(null, host) } : {}),
    // Otherwise what was cut off without an answer would be sent again, and be done twice.
    ...(use === 'blocking' ? {} : { retryDelayOnFailover: 0 })
  }
  return new Cluster([...address.nodes], cluster)
}

function placeOf(address: RedisAddress): RedisOptions {
  switch (address.kind) {
    case 'server':
      return { ...address.place, db: address.db }
    case 'sentinel':
      // Not with ioredis's failoverDetector: a message while a connection is being made ends the client for good. The old
      // master's connections end by themselves: with it, when it becomes a replica, or by its silence.
      return {
        sentinels: [...address.sentinels],
        name: address.master,
        db: address.db,
        sentinelCommandTimeout: address.commandTimeoutMs,
        sentinelRetryStrategy: reconnectDelayMs,
        enableTLSForSentinelMode: address.tls,
        ...(address.tls ? { sentinelTLS: {} } : {})
      }
    case 'cluster':
      return { ...address.nodes[0] }
  }
}

function optionsFor(use: Use, address: RedisAddress, name: string): RedisOptions {
  const { tls, username, password, commandTimeoutMs } = address
  return {
    connectionName: name,
    disableClientInfo: true,
    connectTimeout: commandTimeoutMs,
    maxLoadingRetryTime: 1000,
    retryStrategy: reconnectDelayMs,
    // After a failover the connection may lead to what is now a replica.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
    ...(use === 'blocking'
      ? { maxRetriesPerRequest: null, socketTimeout: LONGEST_BLOCK }
      : {
          enableOfflineQueue: false,
          autoResendUnfulfilledCommands: false,
          // What is on its way when the connection goes fails then, not with the next one.
          maxRetriesPerRequest: 0,
          commandTimeout: use === 'bulk' ? Math.max(BULK_TIMEOUT_MS, commandTimeoutMs) : commandTimeoutMs,
          // A dead machine sends nothing: without this the kernel would wait for a quarter of an hour.
          socketTimeout: commandTimeoutMs + 1000
        })
  }
}

function reconnectDelayMs(attempt: number): number {
  return Math.min(50 * attempt, 1000)
}
