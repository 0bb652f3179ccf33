/** API keys in memory: how much each takes, how fast a request's is found, and how long a start reads them. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { makeApiKey } from '../src/management/api-key-format.ts'
import { KeyRegistry } from '../src/management/key-registry.ts'
import type { ApiKeyRecord, ApiKeyStore } from '../src/storage/api-keys.ts'
import { openLmdb } from '../src/storage/lmdb/lmdb.ts'
import { sampleApiKey } from '../test/contracts/store-api-keys.ts'
import { usedBytes } from './memory.ts'
import { printRow } from './paired-runs.ts'

const TENANTS = 10_000
/** The most that a tenant may have beside those of its users. */
const KEYS_OF_A_TENANT = 50
const STORED = 20_000
const LOOKUPS = 200_000

export async function benchApiKeys(): Promise<void> {
  const { registry, bytes } = await held(TENANTS * KEYS_OF_A_TENANT)
  printRow(
    `memory per API key, ${registry.size.toLocaleString('en')} keys`,
    `${Math.round(bytes)} B`,
    '–',
    '–',
    'each API replica and worker holds all'
  )
  const wellFormed = Array.from({ length: 1000 }, () => makeApiKey().key)
  const begun = process.cpuUsage()
  for (let index = 0; index < LOOKUPS; index++) registry.authenticate(wellFormed[index % 1000]!)
  printRow('CPU per look-up of an API key', `${micros(begun, LOOKUPS)} µs`, '–', '–', '–')
  await registry.close()
  await benchStart()
}

/** A registry of so many keys, and the bytes of each. */
async function held(count: number): Promise<{ registry: KeyRegistry; bytes: number }> {
  const store: ApiKeyStore = {
    ...({} as ApiKeyStore),
    position: async () => '0',
    changesAfter: async (position) => ({ position, changes: [] }),
    async *all() {
      for (let from = 0; from < count; from += 500) {
        // As a store gives them: read from bytes, sharing nothing.
        yield Array.from({ length: 500 }, (_, index) => JSON.parse(JSON.stringify(sampleKey(from + index))))
        await nextTurn()
      }
    }
  }
  const before = await usedBytes()
  const registry = await KeyRegistry.open({ store, clock: Date.now })
  return { registry, bytes: ((await usedBytes()) - before) / count }
}

function sampleKey(number: number): ApiKeyRecord {
  const { prefix, digest } = makeApiKey()
  return sampleApiKey(`key${String(number).padStart(13, '0')}`, {
    name: `Asterisk at site ${number}`,
    tenant: `tenant-${Math.floor(number / KEYS_OF_A_TENANT)}`,
    prefix,
    digest
  })
}

/** How long a start over a data folder reads keys. */
async function benchStart(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hanvisa-keys-'))
  const store = await openLmdb({ folder })
  try {
    for (let from = 0; from < STORED; from += 500) {
      const some = Array.from({ length: 500 }, (_, index) => ({ ...sampleKey(from + index), tenant: null }))
      await Promise.all(some.map((key) => store.apiKeys.add({ ...key, user: key.id }, 1)))
    }
    const begun = process.cpuUsage()
    const registry = await KeyRegistry.open({ store: store.apiKeys, clock: Date.now })
    printRow('CPU of a start per stored API key, lmdb', `${micros(begun, STORED)} µs`, '–', '–', '–')
    await registry.close()
  } finally {
    await store.close()
    await rm(folder, { recursive: true })
  }
}

function micros(begun: NodeJS.CpuUsage, count: number): string {
  const { user, system } = process.cpuUsage(begun)
  return ((user + system) / count).toFixed(1)
}
