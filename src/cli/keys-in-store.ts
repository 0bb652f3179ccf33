/** The keys in what the service keeps: Redis, whether a service runs on it or not, or a data folder on which none runs. */
import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { SetupError } from '../errors.ts'
import { createKeyManagement } from '../management/api-keys.ts'
import type { AuditAction } from '../management/audit/actions.ts'
import { createAuditedStore } from '../management/audit/audited-store.ts'
import { attributionOfCommand } from '../management/audit/command.ts'
import { openLmdb } from '../storage/lmdb/lmdb.ts'
import { redisAddress } from '../storage/redis/address.ts'
import { openRedis } from '../storage/redis/redis.ts'
import type { Store } from '../storage/store.ts'
import type { KeyCommands, KeysSettings } from './key-commands.ts'

/** Throws SetupError. */
export async function openKeysInStore(settings: KeysSettings, clock: () => number): Promise<KeyCommands> {
  const { HANVISA_REDIS_URL: redisUrl, HANVISA_DATA_DIR: dataDir } = settings
  const store = redisUrl === null ? await openFolder(resolve(dataDir ?? '')) : await openShared(redisUrl)
  // Services that run on the same Redis look for changes every second.
  const keysBy = (action: AuditAction) =>
    createKeyManagement({
      store: createAuditedStore(store, attributionOfCommand(action), { packs: new Map(), clock }),
      registry: null,
      clock
    })
  return {
    create: (tenant, body, by) => keysBy('key.create').create(tenant, body, by),
    list: (tenant, page) => createKeyManagement({ store, registry: null, clock }).list(tenant, page),
    remove: (tenant, id, by) => keysBy('key.delete').remove(tenant, id, by),
    close: () => store.close()
  }
}

async function openFolder(folder: string): Promise<Store> {
  // Opening a folder that is not there would make one.
  await stat(join(folder, 'store', 'format.json')).catch(() => {
    throw new SetupError(`${folder} holds no data of Hanvisa: set HANVISA_DATA_DIR to what the service has.`)
  })
  try {
    return await openLmdb({ folder: join(folder, 'store') })
  } catch (error) {
    if (!(error instanceof SetupError) || !/is in use/.test(error.message)) throw error
    throw new SetupError(
      `A Hanvisa runs on ${folder}: name its address, as in --url http://127.0.0.1:8080, or stop it first.`
    )
  }
}

async function openShared(url: string): Promise<Store> {
  const address = redisAddress(url)
  const store = await openRedis({ address })
  if (!store.installation.fresh) return store
  await store.close()
  throw new SetupError(`Redis at ${address.shown} was empty: check HANVISA_REDIS_URL.`)
}
