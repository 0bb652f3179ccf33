/**
 * A process that has a large tenant in a store read anew, or removes it, and kills itself meanwhile. Prints `filled` before, and
 * `done` where the work was acknowledged first. Arguments: the folder or the Redis URL, `reread` or `remove`, the round, and after
 * how many milliseconds of work it dies.
 */
import { writeSync } from 'node:fs'
import { openLmdb } from '../../src/storage/lmdb/lmdb.ts'
import { redisAddress } from '../../src/storage/redis/address.ts'
import { openRedis } from '../../src/storage/redis/redis.ts'
import type { Store } from '../../src/storage/store.ts'
import { sampleConnection } from '../contracts/store-samples.ts'
import { fillLargeTenant, LARGE_TENANT } from './large-tenant.ts'

const [place = '', action = '', round = '0', lifeMs = '0'] = process.argv.slice(2)
const store: Store = place.startsWith('redis')
  ? await openRedis({ address: redisAddress(place) })
  : await openLmdb({ folder: place })
await fillLargeTenant(store)
say('filled')
dieAt(performance.now() + Number(lifeMs))
if (action === 'remove') await store.removeTenant(LARGE_TENANT)
else {
  const changedAt = Number(round)
  await store.saveConnection(LARGE_TENANT, sampleConnection({ changedAt }), true, changedAt)
}
say('done')

/** Looked at in every turn of the event loop: a timer would come late on a busy machine. */
function dieAt(end: number): void {
  if (performance.now() >= end) process.kill(process.pid, 'SIGKILL')
  setImmediate(() => dieAt(end))
}

/** Written before it returns: nothing that was acknowledged is lost by the kill. */
function say(line: string): void {
  writeSync(1, `${line}\n`)
}
