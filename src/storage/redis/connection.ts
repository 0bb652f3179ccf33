/** The connection over which the store asks and writes, its heartbeat, and Redis's own clock. */
import { performance } from 'node:perf_hooks'
import { Cluster } from 'ioredis'
import { StoreUnavailable } from '../store.ts'
import type { RedisAddress } from './address.ts'
import { connected, openClient, PATIENCE, type RedisClient } from './client.ts'
import { refusal } from './errors.ts'
import { STORE_KEY, type TenantKeys } from './keys.ts'
import { type Opening, readScripts, type WriteScript, writeScript, writeScripts } from './scripts.ts'

type Argument = string | number | Buffer

export interface Link {
  readonly client: RedisClient
  /** What the call throws becomes StoreUnavailable, nothing of what was sent in it. */
  ask<T>(call: (client: RedisClient) => Promise<T>): Promise<T>
  /** The same over a connection of its own, for what is large. */
  askMuch<T>(call: (client: RedisClient) => Promise<T>): Promise<T>
  /** Sends the script at once: scripts of one tenant run in the order in which they were asked for. */
  write(
    script: WriteScript,
    keys: TenantKeys,
    opening: Omit<Opening, 'deadline'>,
    args: readonly Argument[]
  ): Promise<unknown[]>
  usersPage(keys: TenantKeys, after: string, limit: number): Promise<Buffer[]>
  /** Whether Redis answered within the last moments. */
  alive(): boolean
  close(): void
}

export interface LinkOptions {
  readonly address: RedisAddress
  readonly name: string
  /** Milliseconds to wait for Redis at the start. */
  readonly patience: number
  /** After each heartbeat that came back: the installation's id as it is kept now. */
  readonly onBeat: (installation: string | null) => void
}

/** Milliseconds between heartbeats, and how long one may take. */
const BEAT = 1000
const LATE = 1500
/** A clock is only set after an answer that was quicker than this. */
const PROMPT = 250

/** A list among the arguments is as its members, which may be too many for a call. */
type Scripted = Record<string, (...args: (Argument | readonly Argument[])[]) => Promise<unknown[]>>

/** Throws SetupError. */
export async function openLink({ address, name, patience, onBeat }: LinkOptions): Promise<Link> {
  const client = openClient(address, { for: 'commands', name })
  const bulk = openClient(address, { for: 'bulk', name: `${name}-bulk` })
  for (const script of Object.keys(writeScripts) as WriteScript[]) {
    client.defineCommand(script, { lua: writeScript(script), numberOfKeys: 9 })
  }
  client.defineCommand('usersPage', { lua: readScripts.usersPage, numberOfKeys: 2 })
  const scripted = client as unknown as Scripted

  let lastBeat = Number.NEGATIVE_INFINITY
  let clockOffset: number | null = null
  let closed = false
  let timer: NodeJS.Timeout | undefined
  let beating: Promise<void> | null = null
  client.on('close', () => {
    if (!(client instanceof Cluster)) lastBeat = Number.NEGATIVE_INFINITY
  })
  client.on('ready', () => void beat())
  client.on('-node', () => void beat())

  const ask: Link['ask'] = (call) => asked(client, call)

  async function asked<T>(which: RedisClient, call: (client: RedisClient) => Promise<T>): Promise<T> {
    try {
      return await call(which)
    } catch (error) {
      throw error instanceof StoreUnavailable ? error : refusal(error)
    }
  }

  function beat(): Promise<void> {
    beating ??= once().finally(() => {
      beating = null
      clearTimeout(timer)
      if (!closed) timer = setTimeout(() => void beat(), BEAT)
    })
    return beating
  }

  async function once(): Promise<void> {
    const asked = performance.now()
    try {
      const nodes = client instanceof Cluster ? client.nodes('master') : [client]
      const [installation, ...times] = await within(
        Promise.all([client.hget(STORE_KEY, 'installation'), ...nodes.map((node) => node.time())])
      )
      const answered = performance.now()
      if (closed) return
      lastBeat = answered
      if (clockOffset === null || answered - asked < PROMPT) {
        // In a cluster the latest clock counts, so that no node refuses what came in time.
        clockOffset =
          Math.max(...times.map(([seconds = 0, micros = 0]) => 1000 * seconds + micros / 1000)) - answered
      }
      onBeat(installation)
    } catch {
      lastBeat = Number.NEGATIVE_INFINITY
    }
  }

  function close(): void {
    closed = true
    clearTimeout(timer)
    client.disconnect()
    bulk.disconnect()
  }

  try {
    await connected(client, address, patience)
    await connected(bulk, address, patience)
  } catch (error) {
    close()
    throw error
  }
  await beat()
  return {
    client,
    ask,
    askMuch: (call) => asked(bulk, call),
    write(script, keys, { token, logLength, channel, at }, args) {
      const deadline =
        clockOffset === null ? Number.MAX_SAFE_INTEGER : clockOffset + performance.now() + PATIENCE
      return ask(() =>
        scripted[script]!(...Object.values(keys), token, Math.round(deadline), logLength, channel, at, args)
      )
    },
    usersPage: (keys, after, limit) =>
      ask(() => scripted.usersPageBuffer!(keys.ids, keys.users, after, limit)) as Promise<Buffer[]>,
    alive: () =>
      !closed &&
      client.status === 'ready' &&
      bulk.status === 'ready' &&
      performance.now() - lastBeat < BEAT + LATE,
    close
  }
}

async function within<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('late')), LATE)
  })
  return Promise.race([answer, late]).finally(() => clearTimeout(timer))
}
