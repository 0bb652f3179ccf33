/**
 * A process that opens a store and says how that went, then takes commands on its input: `write` until the
 * store refuses, `read`, `close`. Argument: the folder.
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { initialSyncRecord } from '../../src/domain/sync-state.ts'
import { openLmdb } from '../../src/storage/lmdb/lmdb.ts'
import { StoreUnavailable } from '../../src/storage/store.ts'
import { sampleTenant, sampleUser } from '../contracts/store-samples.ts'

const [folder = ''] = process.argv.slice(2)
const input = createInterface({ input: process.stdin })

try {
  const store = await openLmdb({ folder })
  let acknowledged = 0
  say('open')
  for await (const command of input) {
    if (command === 'close') break
    if (command === 'read')
      say(`${acknowledged} acknowledged, ${(await store.snapshot('acme'))?.users.length} there`)
    if (command === 'write') say(await writeMany())
  }
  await store.close()
  say('closed')
  input.close()

  async function writeMany(): Promise<string> {
    try {
      await store.saveTenant(sampleTenant('acme'), 1)
      for (let round = 0; round < 1000; round++) {
        // Three at a time, so that some share a commit that fails.
        const refusal = (await Promise.all([some(), some(), some()])).find((error) => error !== null)
        if (refusal) throw refusal
      }
      return 'never refused'
    } catch (error) {
      return error instanceof StoreUnavailable ? 'unavailable' : `${error}`
    }
  }

  async function some(): Promise<unknown> {
    const users = Array.from({ length: 50 }, () => ({
      user: sampleUser(crypto.randomUUID()),
      sync: initialSyncRecord(true, 1)
    }))
    try {
      const saved = await store.saveUsers('acme', users, 1)
      acknowledged += saved.length
      return null
    } catch (error) {
      return error
    }
  }
} catch (error) {
  say(`${error}`)
  input.close()
}

function say(line: string): void {
  writeSync(1, `${line}\n`)
}
