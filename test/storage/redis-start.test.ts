/** Which Redis is taken, which is refused, and in which words. */
import fc from 'fast-check'
import type { Test } from 'tap'
import { redisAddress, redisUrlFault } from '../../src/storage/redis/address.ts'
import { openRedis } from '../../src/storage/redis/redis.ts'
import t from '../group/tap.ts'
import { startCluster, startRedis } from '../support/redis-server.ts'

t.test('a URL gives the address', async (t) => {
  const common = { tls: false, username: null, password: null }
  const cases: [string, object][] = [
    ['redis://localhost', { kind: 'server', place: { host: 'localhost', port: 6379 }, db: 0, ...common }],
    ['redis://[::1]:7000/3', { kind: 'server', place: { host: '::1', port: 7000 }, db: 3 }],
    ['rediss://me:p%40ss@r.example/', { kind: 'server', tls: true, username: 'me', password: 'p@ss', db: 0 }],
    ['redis://:a/b@c?d@h:1', { password: 'a/b@c?d', place: { host: 'h', port: 1 }, shown: 'redis://h:1' }],
    [
      'redis+sentinel://:x@a,b:1/main/2',
      {
        kind: 'sentinel',
        sentinels: [
          { host: 'a', port: 26_379 },
          { host: 'b', port: 1 }
        ],
        master: 'main',
        db: 2
      }
    ],
    [
      'rediss+cluster://a:1,[fe80::1]',
      { kind: 'cluster', tls: true, nodes: [{ port: 1 }, { host: 'fe80::1', port: 6379 }] }
    ]
  ]
  for (const [url, address] of cases) t.match(redisAddress(url), address, url)
})

t.test('an unusable URL is refused, and no password is quoted', async (t) => {
  const cases: [string, RegExp][] = [
    ['', /^must be redis:\/\/HOST:6379, redis\+sentinel/],
    ['http://localhost', /^must be redis/],
    ['redis://:secret', /no usable host in place 1/],
    ['redis://secret@host', /user without a password/],
    ['redis://:100%secret@host', /%25/],
    ['redis://host:99999', /no usable host/],
    ['redis://a,b', /redis\+cluster/],
    ['redis://host/secret', /number of a database/],
    ['redis+sentinel://host', /name the master/],
    ['redis+sentinel://host/main/x', /number of a database/],
    ['redis+cluster://host/1', /no databases by number/],
    ['redis://host?password=secret', /no \? or #/]
  ]
  for (const [url, message] of cases) {
    const fault = redisUrlFault(url) ?? 'taken'
    t.match(fault, message, url)
    t.notMatch(fault, /secret/)
  }
  fc.assert(fc.property(fc.string(), (text) => redisUrlFault(`redis://:${text}@host`) !== ''))
})

function refused(t: Test, url: string, message: RegExp) {
  const opening = openRedis({ address: redisAddress(url), connectTimeoutMs: 500 })
  return t.rejects(opening, { name: 'SetupError', message })
}

t.test('a Redis that cannot be used is refused, in a sentence that says what to do', async (t) => {
  const server = await startRedis(t, { password: 'right' })
  const { port } = server
  await refused(t, `redis://127.0.0.1:${port}`, /cannot be used: it asks for a password/)
  await refused(t, `redis://:wrong@127.0.0.1:${port}`, /does not take the user or password/)
  await refused(t, `redis+cluster://:right@127.0.0.1:${port}`, /it is no cluster: write redis:\/\//)
  await refused(t, `redis+sentinel://127.0.0.1:${port}/main`, /none of its Sentinels can be reached/)
  await refused(t, `redis://:right@127.0.0.1:${port}/99`, /no database of that number/)
  await refused(
    t,
    `rediss://:right@127.0.0.1:${port}`,
    /does not speak TLS|connection to it was lost|does not answer/
  )
  await refused(t, 'redis://redis.invalid', /its name is not known/)
  await server.command('ACL', 'SETUSER', 'weak', 'on', '>weak', '+hello', '+info', '+ping')
  await refused(t, `redis://weak:weak@127.0.0.1:${port}`, /its user may not do all that is needed/)

  await server.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
  await refused(t, server.url, /drops data when its memory is full \(maxmemory-policy allkeys-lru\)/)
  await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
  await server.command('HSET', 'hanvisa:store', 'format', 2, 'installation', 'x')
  await refused(t, server.url, /written by a newer Hanvisa \(format 2, this one knows 1\)/)
  await server.command('HSET', 'hanvisa:store', 'format', 'two')
  await refused(t, server.url, /is not Hanvisa's, or is damaged/)
  await server.command('SET', 'hanvisa:store', 'something else')
  await refused(t, server.url, /is not Hanvisa's, or is damaged/)
  await server.kill()
  await refused(t, server.url, /no server listens there/)

  const replica = await startRedis(t, { settings: ['replicaof', '127.0.0.1 1'] })
  await refused(t, replica.url, /it is a replica|lacks its replicas or its master/)
  const { nodes } = await startCluster(t)
  await refused(t, nodes[0]?.url ?? '', /it is a cluster: write redis\+cluster/)
  const frozen = await startRedis(t)
  frozen.freeze()
  await refused(t, frozen.url, /it does not answer|connection to it was lost/)
})

t.test('with its memory full it keeps what it has and refuses more', async (t) => {
  const server = await startRedis(t, { appendOnly: true })
  const store = await openRedis({ address: redisAddress(server.url) })
  t.teardown(() => store.close())
  t.equal(store.installation.persistent, true)
  const tenant = { id: 'acme', name: 'Acme', timeZone: 'Europe/Stockholm', language: 'sv' }
  await store.saveTenant(tenant, 1)
  await server.command('CONFIG', 'SET', 'maxmemory', '1mb')
  await t.rejects(store.saveTenant({ ...tenant, name: 'New' }, 2), {
    name: 'StoreUnavailable',
    message: 'Redis cannot be used now: its memory is full (maxmemory): give it more.'
  })
  t.equal((await store.tenant('acme'))?.name, 'Acme')
})
