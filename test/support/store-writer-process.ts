/**
 * A process that writes to a store until it is killed, and prints what was acknowledged: `pair LANE COUNT` `timeline LANE COUNT`
 * and `key LANE COUNT`. Arguments: the folder or the Redis URL, and the count to begin with. It waits for a line before it opens.
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { initialSyncRecord } from '../../src/domain/sync-state.ts'
import { openLmdb } from '../../src/storage/lmdb/lmdb.ts'
import { redisAddress } from '../../src/storage/redis/address.ts'
import { openRedis } from '../../src/storage/redis/redis.ts'
import { sampleApiKey } from '../contracts/store-api-keys.ts'
import { sampleDraft } from '../contracts/store-audit.ts'
import { sampleSync, sampleTenant, sampleTimeline, sampleUser } from '../contracts/store-samples.ts'
import { groundsOfSize, writerLanes } from './store-writer-lanes.ts'

const [place = '', begin = '0'] = process.argv.slice(2)
createInterface({ input: process.stdin }).once('line', () => void work())

async function work(): Promise<void> {
  say('opening')
  const store = place.startsWith('redis')
    ? await openRedis({ address: redisAddress(place) })
    : await openLmdb({ folder: place })
  if ((await store.tenant('acme')) === null) await store.saveTenant(sampleTenant('acme'), 0)
  say('open')
  for (const lane of writerLanes) void write(lane)

  async function write(lane: string): Promise<never> {
    for (let count = Number(begin); ; count++) {
      const known = await store.record('acme', `left-${lane}`)
      const sync = known === null ? initialSyncRecord(true, 1) : null
      const pair = ['left', 'right'].map((side) => ({
        user: sampleUser(`${side}-${lane}`, { extension: `${count}` }),
        sync
      }))
      const draft = sampleDraft({ at: count, target: { lane }, after: { count } })
      await store.withEntry(draft).saveUsers('acme', pair, count)
      say(`pair ${lane} ${count}`)
      const held = sampleTimeline(groundsOfSize(count), { rulesVersion: count })
      const outcome = { user: `left-${lane}`, sync: sampleSync(0, count), timeline: held, visible: true }
      await store.saveReadings('acme', [outcome], count)
      say(`timeline ${lane} ${count}`)
      const key = sampleApiKey(`key-${lane}`, { digest: `${count}`, createdAt: count })
      const before = await store.apiKeys.find('acme', key.id)
      if (before === null) await store.apiKeys.add(key, 100)
      else await store.apiKeys.replace(key, before.digest)
      say(`key ${lane} ${count}`)
    }
  }
}

/** Written before it returns: what is on its way when the kill comes must have been acknowledged. */
function say(line: string): void {
  writeSync(1, `${line}\n`)
}
