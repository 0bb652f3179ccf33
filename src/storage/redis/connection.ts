/** The two connections over which the store asks and writes, and the scripts that it runs there. */
import { StoreUnavailable } from '../store.ts'
import type { RedisAddress } from './address.ts'
import { openClient, type RedisClient, waitForConnection } from './client.ts'
import { toStoreUnavailable } from './errors.ts'
import { RedisHeartbeat } from './heartbeat.ts'
import { API_KEY_KEYS, CONSUMER_INDEX_KEYS, type TenantKeys, tenantKeys } from './keys.ts'
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

/** A list among the arguments is as its members, which may be too many for a call. */
type Scripted = Record<string, (...args: (Argument | readonly Argument[])[]) => Promise<unknown[]>>

export interface RedisConnectionOptions {
  readonly address: RedisAddress
  readonly name: string
  /** Milliseconds to wait for Redis at the start. */
  readonly connectTimeoutMs: number
  /** After each heartbeat that came back: the installation's id as it is kept now. */
  readonly onHeartbeat: (installation: string | null) => void
}

/** Scripts of one tenant run in the order in which they were asked for: each is sent at once. */
export class RedisConnection {
  readonly client: RedisClient
  /** A connection of its own for what is large, so that no small command waits behind it. */
  readonly #bulk: RedisClient
  readonly #scripts: Scripted
  readonly #heartbeat: RedisHeartbeat
  readonly #commandTimeoutMs: number
  #closed = false

  private constructor({ address, name, onHeartbeat }: RedisConnectionOptions) {
    this.client = openClient(address, { for: 'commands', name })
    this.#bulk = openClient(address, { for: 'bulk', name: `${name}-bulk` })
    this.#scripts = defineScripts(this.client)
    this.#heartbeat = new RedisHeartbeat(this.client, onHeartbeat)
    this.#commandTimeoutMs = address.commandTimeoutMs
  }

  /** Resolves once Redis answers. Throws SetupError. */
  static async open(options: RedisConnectionOptions): Promise<RedisConnection> {
    const { address, connectTimeoutMs } = options
    const connection = new RedisConnection(options)
    try {
      await waitForConnection(connection.client, address, connectTimeoutMs)
      await waitForConnection(connection.#bulk, address, connectTimeoutMs)
    } catch (error) {
      connection.close()
      throw error
    }
    await connection.#heartbeat.send()
    return connection
  }

  /** What the call throws becomes StoreUnavailable, nothing of what was sent in it. */
  ask<T>(call: (client: RedisClient) => Promise<T>): Promise<T> {
    return asked(this.client, call)
  }

  /** The same over a connection of its own, for what is large. */
  askBulk<T>(call: (client: RedisClient) => Promise<T>): Promise<T> {
    return asked(this.#bulk, call)
  }

  write(
    script: WriteScript,
    keys: TenantKeys,
    { token, logLength, historyMs, channel, at, auditEntry }: Omit<ScriptHeader, 'deadline'>,
    args: readonly Argument[]
  ): Promise<unknown[]> {
    const header = [token, this.#deadline(), logLength, historyMs, channel, at, auditEntry]
    return this.#run(script, ...Object.values(keys), ...header, args)
  }

  writeApiKeys(script: ApiKeyScript, args: readonly Argument[]): Promise<unknown> {
    return this.#run(script, ...Object.values(API_KEY_KEYS), this.#deadline(), args)
  }

  /** `graceMs`: how long the record outlasts the session. */
  extendSession(key: string, expiresAt: number, graceMs: number): Promise<unknown> {
    return this.#run('extendSession', key, expiresAt, graceMs)
  }

  usersPage(keys: TenantKeys, after: string, limit: number): Promise<Buffer[]> {
    return this.#run('usersPageBuffer', keys.ids, keys.users, after, limit) as Promise<Buffer[]>
  }

  /** As scripts/trim-audit.lua takes it. */
  trimAudit(
    { audit, auditHead, auditParts, auditPartsOfUsers }: TenantKeys,
    args: readonly Argument[]
  ): Promise<unknown> {
    return this.#run('trimAudit', audit, auditHead, auditParts, auditPartsOfUsers, args)
  }

  /** The tenant's consumers changed. */
  recordConsumerChange(tenant: string): Promise<unknown> {
    return this.#run('recordConsumerChange', ...Object.values(CONSUMER_INDEX_KEYS), tenant)
  }

  /** As scripts/save-alarms.lua returns it. */
  saveAlarms(
    key: string,
    document: {
      readonly field: string
      readonly version: number
      readonly ofTenant: boolean
      readonly bytes: Buffer
    }
  ): Promise<unknown> {
    const { field, version, ofTenant, bytes } = document
    return this.#run('saveAlarms', key, this.#deadline(), field, version, ofTenant ? 1 : 0, bytes)
  }

  /** As scripts/read-records.lua returns it; `after` is null where no log is wanted. */
  readRecords(
    { head, log, users, syncs, timelines, overrides, absences }: TenantKeys,
    after: number | null,
    ids: readonly string[]
  ): Promise<unknown[]> {
    const keys = [head, log, users, syncs, timelines, overrides, absences]
    return this.#run('readRecordsBuffer', ...keys, after ?? '', ids)
  }

  /** Whether Redis answered within the last moments. */
  alive(): boolean {
    const isReady = this.client.status === 'ready' && this.#bulk.status === 'ready'
    return !this.#closed && isReady && this.#heartbeat.isRecent()
  }

  close(): void {
    this.#closed = true
    this.#heartbeat.stop()
    this.client.disconnect()
    this.#bulk.disconnect()
  }

  #run(script: string, ...args: (Argument | readonly Argument[])[]): Promise<unknown[]> {
    return this.ask(() => this.#scripts[script]!(...args))
  }

  /** On Redis's clock: when the caller of a command that is sent now has given up. */
  #deadline(): number {
    const now = this.#heartbeat.redisTime()
    return now === null ? Number.MAX_SAFE_INTEGER : Math.round(now + this.#commandTimeoutMs)
  }
}

async function asked<T>(client: RedisClient, call: (client: RedisClient) => Promise<T>): Promise<T> {
  try {
    return await call(client)
  } catch (error) {
    throw error instanceof StoreUnavailable ? error : toStoreUnavailable(error)
  }
}

function defineScripts(client: RedisClient): Scripted {
  const numberOfTenantKeys = Object.keys(tenantKeys('')).length
  for (const script of writeScripts) {
    client.defineCommand(script, { lua: writeScript(script), numberOfKeys: numberOfTenantKeys })
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
  return client as unknown as Scripted
}
