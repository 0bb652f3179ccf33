/** Opens the store: in the data folder for this process alone, or in Redis for several. */
import { join } from 'node:path'
import type { Config } from './config.ts'
import { type InstallationKeys, openKeys } from './installation-keys.ts'
import { openLmdb } from './storage/lmdb/lmdb.ts'
import { type RedisAddress, redisAddress } from './storage/redis/address.ts'
import { openClient } from './storage/redis/client.ts'
import { openRedis, type RedisStore } from './storage/redis/redis.ts'
import { checkMasterKey, checkSharedMasterKey, type Sealer, sealer } from './storage/secrets/seal.ts'
import type { Store } from './storage/store.ts'
import type { SyncRedisClients } from './sync/cluster/redis/clients.ts'

export interface Storage {
  readonly store: Store
  readonly keys: InstallationKeys
  readonly sealer: Sealer
  /** Further connections to the Redis that is shared; null: this process is the only one. */
  readonly clients: SyncRedisClients | null
  /** Whether all that was kept has gone. */
  emptied(): boolean
  close(): Promise<void>
}

interface Log {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

/** Throws SetupError, a plain sentence, when the operator must act first. */
export function openStorage(config: Config, log: Log): Promise<Storage> {
  return config.redisUrl === null
    ? openFolder(config, log)
    : openShared(config, redisAddress(config.redisUrl), log)
}

async function openFolder(config: Config, log: Log): Promise<Storage> {
  const store = await openLmdb({ folder: join(config.dataDir, 'store') })
  try {
    const keys = await openKeys(config, log)
    const seals = sealer(keys.masterKey)
    await checkMasterKey(config.dataDir, seals)
    return { store, keys, sealer: seals, clients: null, emptied: () => false, close: () => store.close() }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Needs no folder: both keys are set, as readConfig sees to. */
async function openShared(config: Config, address: RedisAddress, log: Log): Promise<Storage> {
  const loss = tellOfLoss(address, log)
  const store: RedisStore = await openRedis({ address, onEmptied: () => loss.turned(store.emptied()) })
  const clients: SyncRedisClients = {
    failFast: openClient(address, { for: 'commands', name: 'hanvisa-sync' }),
    blocking: openClient(address, { for: 'blocking', name: 'hanvisa-jobs' })
  }
  const close = async () => {
    loss.close()
    clients.failFast.disconnect()
    clients.blocking.disconnect()
    await store.close()
  }
  try {
    const keys = await openKeys(config, log)
    const seals = sealer(keys.masterKey)
    await checkSharedMasterKey(store.keyCheck, seals)
    tellOfStart(store, address, log)
    return { store, keys, sealer: seals, clients, emptied: store.emptied, close }
  } catch (error) {
    await close()
    throw error
  }
}

function tellOfStart({ installation }: RedisStore, { shown }: RedisAddress, log: Log): void {
  const { fresh, persistent, lostAt } = installation
  if (fresh) {
    log.warn(
      { redis: shown },
      'Redis was empty: a new installation begins. If one should be there, check HANVISA_REDIS_URL'
    )
  }
  if (!persistent) {
    log.warn(
      { redis: shown },
      'Redis keeps nothing on disk: its restart loses everything. Set "appendonly yes"'
    )
  }
  if (lostAt !== null) {
    log.warn(
      { redis: shown, lostAt: new Date(lostAt).toISOString() },
      `Redis lost everything once. ${remedy}`
    )
  }
}

const remedy =
  'Put back a backup of Redis, or put tenants, connections, users and rules again: timelines are then read anew'
/** Milliseconds between two complaints. */
const complaint = 60_000

function tellOfLoss({ shown }: RedisAddress, log: Log) {
  let timer: NodeJS.Timeout | undefined
  const tell = () =>
    log.error({ redis: shown }, `Redis was emptied: all that was configured is lost. ${remedy}`)
  return {
    turned(emptied: boolean) {
      clearInterval(timer)
      if (emptied) {
        tell()
        timer = setInterval(tell, complaint).unref()
      } else log.warn({ redis: shown }, 'What Redis had lost is there again')
    },
    close: () => clearInterval(timer)
  }
}
