/** Opens the store: in the data folder for this process alone, or in Redis for several. */
import { join } from 'node:path'
import type { Config } from './config.ts'
import { SetupError } from './errors.ts'
import {
  adoptNextMasterKey,
  type InstallationKeys,
  makeNextMasterKey,
  openKeys
} from './installation-keys.ts'
import { openLmdb } from './storage/lmdb/lmdb.ts'
import { type RedisAddress, redisAddress } from './storage/redis/address.ts'
import type { RedisStore } from './storage/redis/redis.ts'
import { openFolderKeyCheck } from './storage/secrets/folder-key-check.ts'
import { MasterKeys } from './storage/secrets/master-keys.ts'
import { type ResealReport, resealAll } from './storage/secrets/reseal.ts'
import { masterKeyId } from './storage/secrets/seal.ts'
import type { Store } from './storage/store.ts'
import type { SyncRedisClients } from './sync/cluster/redis/clients.ts'

export interface Storage {
  readonly store: Store
  readonly adminKey: string
  readonly masterKeys: MasterKeys
  /** Seals everything under a new master key, or goes on with it. Throws SetupError, a sentence, where there is no new key. */
  rotateMasterKey(): Promise<ResealReport>
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
  const store = await openLmdb({ folder: join(config.dataDir, 'store'), historyMs: config.historyMs })
  try {
    const keys = await openKeys(config, log)
    const masterKeys = await MasterKeys.open(knownKeys(keys), await openFolderKeyCheck(config.dataDir))
    await finishKeyFiles(config, keys, masterKeys)
    await warnOfRotation(masterKeys, log)
    const next = () =>
      config.masterKey === null ? makeNextMasterKey(config.dataDir, log) : requireNextKey(keys)
    const rotateMasterKey = async () => {
      const report = await rotate(store, masterKeys, await next())
      if (config.masterKey === null) await adoptNextMasterKey(config.dataDir)
      return report
    }
    return {
      store,
      adminKey: keys.adminKey,
      masterKeys,
      rotateMasterKey: oneAtATime(rotateMasterKey),
      clients: null,
      emptied: () => false,
      close: () => store.close()
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Needs no folder: both keys are set, as readConfig sees to. */
async function openShared(config: Config, address: RedisAddress, log: Log): Promise<Storage> {
  // A process without Redis does not load its client, a third of a second of CPU and some megabytes.
  const [{ openRedis }, { openClient }] = await Promise.all([
    import('./storage/redis/redis.ts'),
    import('./storage/redis/client.ts')
  ])
  const loss = tellOfLoss(address, log)
  const store: RedisStore = await openRedis({
    address,
    historyMs: config.historyMs,
    onEmptied: () => loss.turned(store.emptied())
  })
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
    const masterKeys = await MasterKeys.open(knownKeys(keys), store.keyCheck)
    await store.replicas.announce(masterKeys.ids)
    tellOfStart(store, address, log)
    await warnOfRotation(masterKeys, log)
    return {
      store,
      adminKey: keys.adminKey,
      masterKeys,
      rotateMasterKey: oneAtATime(async () => {
        const next = requireNextKey(keys)
        const whenAllKnow = () => store.replicas.whenAllKnow(masterKeyId(next))
        await whenAllKnow()
        return rotate(store, masterKeys, next, whenAllKnow)
      }),
      clients,
      emptied: store.emptied,
      close
    }
  } catch (error) {
    await close()
    throw error
  }
}

function knownKeys({ masterKey, masterKeyNext }: InstallationKeys): Buffer[] {
  return masterKeyNext === null ? [masterKey] : [masterKey, masterKeyNext]
}

function requireNextKey({ masterKeyNext }: InstallationKeys): Buffer {
  if (masterKeyNext !== null) return masterKeyNext
  throw new SetupError(
    'There is no new master key to go over to: make one with "openssl rand -base64 32", set it as HANVISA_MASTER_KEY_NEXT ' +
      'beside HANVISA_MASTER_KEY in every process, restart them one by one, and run this again.'
  )
}

/** `onBegun` is awaited once no other process can start without the new key. */
async function rotate(
  store: Store,
  masterKeys: MasterKeys,
  next: Buffer,
  onBegun: () => Promise<void> = async () => {}
): Promise<ResealReport> {
  await masterKeys.beginRotation(next)
  await onBegun()
  const report = await resealAll(store, masterKeys)
  await masterKeys.finishRotation()
  return report
}

/** A second caller waits for the first one's run. */
function oneAtATime<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null
  return () => {
    running ??= work().finally(() => {
      running = null
    })
    return running
  }
}

/** The process was killed after a rotation had ended, and before the new key's file took the place of the old one's. */
async function finishKeyFiles(
  config: Config,
  { masterKeyNext }: InstallationKeys,
  masterKeys: MasterKeys
): Promise<void> {
  if (config.masterKey !== null || masterKeyNext === null) return
  if ((await masterKeys.currentId()) === masterKeyId(masterKeyNext)) await adoptNextMasterKey(config.dataDir)
}

async function warnOfRotation(masterKeys: MasterKeys, log: Log): Promise<void> {
  if (await masterKeys.isRotating()) {
    log.warn({}, 'a rotation of the master key is unfinished: run "hanvisa rotate-key" to go on with it')
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
