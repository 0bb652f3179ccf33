/** The store in Redis passes the contract, on one server and on a cluster. */
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { redisAddress } from '../../src/storage/redis/address.ts'
import { openRedis } from '../../src/storage/redis/redis.ts'
import type { Store } from '../../src/storage/store.ts'
import type { OpenStore } from '../contracts/open-store.ts'
import { storeContract } from '../contracts/store.ts'
import { sampleApiKey } from '../contracts/store-api-keys.ts'
import { sampleTenant, sampleUser } from '../contracts/store-samples.ts'
import t from '../group/tap.ts'
import { longTests } from '../support/long-tests.ts'
import { startCluster, startRedis, startSentinel, type TestRedis } from '../support/redis-server.ts'
import { hangMs, until } from '../support/until.ts'

/** The contract measures nothing: on a busy machine an answer may take longer than the 2 s that the service waits. */
const addressOf = (url: string) => redisAddress(url, hangMs)

/** One server for all that the contract asks; each store finds it empty. */
function onServers(url: string, servers: readonly TestRedis[]): OpenStore {
  return async (t, options = {}) => {
    for (const server of servers) await server.command('FLUSHALL')
    const address = addressOf(url)
    const opened: Store[] = []
    const another = async () => {
      const store = await openRedis({ address, ...options })
      opened.push(store)
      return store
    }
    t.teardown(() => Promise.all(opened.map((store) => store.close())))
    const store = await another()
    return {
      store,
      async reopen() {
        await Promise.all(opened.map((one) => one.close()))
        return another()
      },
      second: another,
      storedBytes: async () => Buffer.concat(await Promise.all(servers.map(everythingIn)))
    }
  }
}

async function everythingIn({ url }: TestRedis): Promise<Buffer> {
  const client = new Redis(url)
  const found: Buffer[] = []
  for await (const keys of client.scanBufferStream() as AsyncIterable<Buffer[]>) {
    for (const key of keys) {
      const type = await client.type(key)
      found.push(key)
      if (type === 'hash')
        found.push(
          ...Object.entries(await client.hgetallBuffer(key)).flatMap(([name, value]) => [
            Buffer.from(name),
            value
          ])
        )
      else found.push((await client.dumpBuffer(key)) ?? Buffer.alloc(0))
    }
  }
  client.disconnect()
  return Buffer.concat(found)
}

t.test('on one server', async (t: Test) => {
  const server = await startRedis(t)
  await storeContract(t, onServers(server.url, [server]))
})

t.test('on a cluster of three nodes', async (t: Test) => {
  const { url, nodes } = await startCluster(t)
  await storeContract(t, onServers(url, nodes))
})

t.test('on the master that a Sentinel names', async (t: Test) => {
  const { url, master } = await startSentinel(t, { maxSilenceMs: hangMs, password: 'a secret: p@ss/word?' })
  const open = onServers(url, [master])
  // Once connected to, it is a server like any other.
  if (longTests) return storeContract(t, open)
  const { store, reopen } = await open(t)
  await store.saveTenant(sampleTenant('acme'), 1)
  const events: string[] = []
  store.follow('acme', ({ kind }) => events.push(kind))
  await store.saveUsers('acme', [{ user: sampleUser('anna'), sync: null }], 2)
  await until('the change', () => events.includes('logged'))
  const again = await reopen()
  t.strictSame(
    (await again.users('acme', { limit: 9 })).map(({ id }) => id),
    ['anna']
  )
})

t.test('a log of keys that went on from an earlier position is known for another', async (t: Test) => {
  const server = await startRedis(t)
  const { apiKeys, close } = await openRedis({ address: addressOf(server.url) })
  t.teardown(close)
  const add = (id: string) => apiKeys.add(sampleApiKey(id, { tenant: null }), 50)
  for (const id of ['k1', 'k2', 'k3']) await add(id)
  const position = await apiKeys.position()
  // As after a failover to a replica that had not received the last write.
  await server.command('XDEL', 'hanvisa:{:api-keys}:log', '3-0')
  await server.command('XSETID', 'hanvisa:{:api-keys}:log', '2-0')
  await server.command('HSET', 'hanvisa:{:api-keys}:head', 'position', 2)
  await add('k4')
  t.equal(await apiKeys.changesAfter(position), null, 'as far as before')
  await add('k5')
  t.equal(await apiKeys.changesAfter(position), null, 'and beyond')
})

t.test('keys that a broken removal left do not come back with the tenant, or the user', async (t: Test) => {
  const server = await startRedis(t)
  const store = await openRedis({ address: addressOf(server.url) })
  t.teardown(() => store.close())
  const users = [{ user: sampleUser('anna'), sync: null }]
  await store.saveTenant(sampleTenant('acme'), 1)
  await store.saveUsers('acme', users, 1)
  await store.apiKeys.add(sampleApiKey('phone', { user: 'anna' }), 5)
  await store.apiKeys.add(sampleApiKey('switch'), 5)
  // As where a process dies between two slots: the user, then the tenant is gone, and their keys are there.
  await server.command('HDEL', 'hanvisa:{acme}:users', 'anna')
  await server.command('HDEL', 'hanvisa:{acme}:syncs', 'anna')
  await store.saveUsers('acme', users, 2)
  const ids = async () => (await store.apiKeys.list('acme', { limit: 9 })).map(({ id }) => id)
  t.strictSame(await ids(), ['switch'])
  await server.command('DEL', 'hanvisa:{acme}:head', 'hanvisa:{acme}:log')
  await store.saveTenant(sampleTenant('acme'), 3)
  t.strictSame(await ids(), [])
})
