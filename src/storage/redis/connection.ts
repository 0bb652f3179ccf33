/** The connection over which the store asks and writes, its heartbeat, and Redis's own clock. */
import { performance } from 'node:perf_hooks'
import { Cluster } from 'ioredis'
import { withDeadline } from '../../lib/deadline.ts'
import { StoreUnavailable } from '../store.ts'
import type { RedisAddress } from './address.ts'
import { openClient, type RedisClient, waitForConnection } from './client.ts'
import { toStoreUnavailable } from './errors.ts'
import { API_KEY_KEYS, CONSUMER_INDEX_KEYS, STORE_KEY, type TenantKeys, tenantKeys } from './keys.ts'
import {
  type ApiKeyScript,
  apiKeyScript,
  apiKeyScripts,
  readScript,
  type ScriptHeader,
  type WriteScript,
  writeScript,
  writeScripts
} from './scripts.ts'

type Argument = string | number | Buffer

export interface RedisConnection {
  readonly client: RedisClient
  /** What the call throws becomes StoreUnavailable, nothing of what was sent in it. */
  ask<T>(call: (client: RedisClient) => Promise<T>): Promise<T>
  /** The same over a connection of its own, for what is large. */
  askBulk<T>(call: (client: RedisClient) => Promise<T>): Promise<T>
  /** Sends the script at once: scripts of one tenant run in the order in which they were asked for. */
  write(
    script: WriteScript,
    keys: TenantKeys,
    header: Omit<ScriptHeader, 'deadline'>,
    args: readonly Argument[]
  ): Promise<unknown[]>
  /** Sends the script at once: scripts on API keys run in the order in which they were asked for. */
  writeApiKeys(script: ApiKeyScript, args: readonly Argument[]): Promise<unknown>
  usersPage(keys: TenantKeys, after: string, limit: number): Promise<Buffer[]>
  /** `graceMs`: how long the record outlasts the session. */
  extendSession(key: string, expiresAt: number, graceMs: number): Promise<unknown>
  /** As scripts/trim-audit.lua takes it. */
  trimAudit(keys: TenantKeys, args: readonly Argument[]): Promise<unknown>
  /** As scripts/save-alarms.lua returns it. */
  saveAlarms(
    key: string,
    document: {
      readonly field: string
      readonly version: number
      readonly ofTenant: boolean
      readonly bytes: Buffer
    }
  ): Promise<unknown>
  /** The tenant's consumers changed. */
  recordConsumerChange(tenant: string): Promise<unknown>
  /** As scripts/read-records.lua returns it; `after` is null where no log is wanted. */
  readRecords(keys: TenantKeys, after: number | null, ids: readonly string[]): Promise<unknown[]>
  /** Whether Redis answered within the last moments. */
  alive(): boolean
  close(): void
}

export interface RedisConnectionOptions {
  readonly address: RedisAddress
  readonly name: string
  /** Milliseconds to wait for Redis at the start. */
  readonly connectTimeoutMs: number
  /** After each heartbeat that came back: the installation's id as it is kept now. */
  readonly onHeartbeat: (installation: string | null) => void
}

/** Milliseconds between heartbeats, and how long one may take. */
const HEARTBEAT_MS = 1000
const HEARTBEAT_TIMEOUT_MS = 1500
/** A clock is only set after an answer that was quicker than this. */
const MAX_CLOCK_DELAY_MS = 250

/** A list among the arguments is as its members, which may be too many for a call. */
type Scripted = Record<string, (...args: (Argument | readonly Argument[])[]) => Promise<unknown[]>>

/** Throws SetupError. */
export async function openRedisConnection({
  address,
  name,
  connectTimeoutMs,
  onHeartbeat: onBeat
}: RedisConnectionOptions): Promise<RedisConnection> {
  const client = openClient(address, { for: 'commands', name })
  const bulk = openClient(address, { for: 'bulk', name: `${name}-bulk` })
  for (const script of writeScripts) {
    client.defineCommand(script, {
      lua: writeScript(script),
      numberOfKeys: Object.keys(tenantKeys('')).length
    })
  }
  for (const script of apiKeyScripts) {
    client.defineCommand(script, { lua: apiKeyScript(script), numberOfKeys: 6 })
  }
  client.defineCommand('readRecords', { lua: readScript('read-records'), numberOfKeys: 7 })
  client.defineCommand('extendSession', { lua: readScript('extend-session'), numberOfKeys: 1 })
  client.defineCommand('trimAudit', { lua: readScript('trim-audit'), numberOfKeys: 4 })
  client.defineCommand('recordConsumerChange', {
    lua: readScript('record-consumer-change'),
    numberOfKeys: 2
  })
  client.defineCommand('saveAlarms', { lua: readScript('save-alarms'), numberOfKeys: 1 })
  client.defineCommand('usersPage', { lua: readScript('users-page'), numberOfKeys: 2 })
  const scripted = client as unknown as Scripted

  let lastHeartbeat = Number.NEGATIVE_INFINITY
  let clockOffset: number | null = null
  let closed = false
  let timer: NodeJS.Timeout | undefined
  let heartbeat: Promise<void> | null = null
  client.on('close', () => {
    if (!(client instanceof Cluster)) lastHeartbeat = Number.NEGATIVE_INFINITY
  })
  client.on('ready', () => void sendHeartbeat())
  client.on('-node', () => void sendHeartbeat())

  const ask: RedisConnection['ask'] = (call) => asked(client, call)

  async function asked<T>(which: RedisClient, call: (client: RedisClient) => Promise<T>): Promise<T> {
    try {
      return await call(which)
    } catch (error) {
      throw error instanceof StoreUnavailable ? error : toStoreUnavailable(error)
    }
  }

  function sendHeartbeat(): Promise<void> {
    heartbeat ??= measureHeartbeat().finally(() => {
      heartbeat = null
      clearTimeout(timer)
      if (!closed) timer = setTimeout(() => void sendHeartbeat(), HEARTBEAT_MS)
    })
    return heartbeat
  }

  async function measureHeartbeat(): Promise<void> {
    const asked = performance.now()
    try {
      const nodes = client instanceof Cluster ? client.nodes('master') : [client]
      const [installation, ...times] = await withDeadline(
        Promise.all([client.hget(STORE_KEY, 'installation'), ...nodes.map((node) => node.time())]),
        HEARTBEAT_TIMEOUT_MS
      )
      const answered = performance.now()
      if (closed) return
      lastHeartbeat = answered
      if (clockOffset === null || answered - asked < MAX_CLOCK_DELAY_MS) {
        // In a cluster the latest clock counts, so that no node refuses what came in time.
        clockOffset =
          Math.max(...times.map(([seconds = 0, micros = 0]) => 1000 * seconds + micros / 1000)) - answered
      }
      onBeat(installation)
    } catch {
      lastHeartbeat = Number.NEGATIVE_INFINITY
    }
  }

  /** On Redis's clock: when the caller of a command that is sent now has given up. */
  function deadline(): number {
    if (clockOffset === null) return Number.MAX_SAFE_INTEGER
    return Math.round(clockOffset + performance.now() + address.commandTimeoutMs)
  }

  function close(): void {
    closed = true
    clearTimeout(timer)
    client.disconnect()
    bulk.disconnect()
  }

  try {
    await waitForConnection(client, address, connectTimeoutMs)
    await waitForConnection(bulk, address, connectTimeoutMs)
  } catch (error) {
    close()
    throw error
  }
  await sendHeartbeat()
  return {
    client,
    ask,
    askBulk: (call) => asked(bulk, call),
    write(script, keys, { token, logLength, historyMs, channel, at, auditEntry }, args) {
      return ask(() =>
        scripted[script]!(
          ...Object.values(keys),
          token,
          deadline(),
          logLength,
          historyMs,
          channel,
          at,
          auditEntry,
          args
        )
      )
    },
    writeApiKeys: (script, args) =>
      ask(() => scripted[script]!(...Object.values(API_KEY_KEYS), deadline(), args)),
    extendSession: (key, expiresAt, graceMs) => ask(() => scripted.extendSession!(key, expiresAt, graceMs)),
    usersPage: (keys, after, limit) =>
      ask(() => scripted.usersPageBuffer!(keys.ids, keys.users, after, limit)) as Promise<Buffer[]>,
    trimAudit: ({ audit, auditHead, auditParts, auditPartsOfUsers }, args) =>
      ask(() => scripted.trimAudit!(audit, auditHead, auditParts, auditPartsOfUsers, args)),
    recordConsumerChange: (tenant) =>
      ask(() => scripted.recordConsumerChange!(...Object.values(CONSUMER_INDEX_KEYS), tenant)),
    saveAlarms: (key, { field, version, ofTenant, bytes }) =>
      ask(() => scripted.saveAlarms!(key, deadline(), field, version, ofTenant ? 1 : 0, bytes)),
    readRecords: ({ head, log, users, syncs, timelines, overrides, absences }, after, ids) =>
      ask(() =>
        scripted.readRecordsBuffer!(head, log, users, syncs, timelines, overrides, absences, after ?? '', ids)
      ),
    alive: () =>
      !closed &&
      client.status === 'ready' &&
      bulk.status === 'ready' &&
      performance.now() - lastHeartbeat < HEARTBEAT_MS + HEARTBEAT_TIMEOUT_MS,
    close
  }
}
