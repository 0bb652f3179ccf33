/** A user's own contacts are shown at that user's telephone alone: two users, one number, two names. On both stores. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Test } from 'tap'
import { ContactDigests, sealContact } from '../../src/caller-names/contact-seal.ts'
import { personalList } from '../../src/storage/contacts.ts'
import { openLmdb } from '../../src/storage/lmdb/lmdb.ts'
import { redisAddress } from '../../src/storage/redis/address.ts'
import { openRedis } from '../../src/storage/redis/redis.ts'
import { openFolderKeyCheck } from '../../src/storage/secrets/folder-key-check.ts'
import { MasterKeys } from '../../src/storage/secrets/master-keys.ts'
import type { Store } from '../../src/storage/store.ts'
import t from '../group/tap.ts'
import { startRedis } from '../support/redis-server.ts'
import { startTestService, type TestService } from '../support/service.ts'
import { until } from '../support/until.ts'

const root = '/v1/tenants/acme'
const number = '+46701234567'

/** As a source of personal contacts would save them. */
async function putOwnContact(store: Store, keys: MasterKeys, user: string, person: string): Promise<void> {
  const list = personalList(user)
  const digests = new ContactDigests(keys.installationSecret, 'acme')
  const contact = { person, company: '', numbers: [number], mainNumbers: [] }
  const options = { tenant: 'acme', list, id: 'one', changedAt: 1, digests, isListed: false }
  await store.withTenantLock('acme', async ({ contacts }) => {
    await contacts.save('acme', list, [sealContact(contact, { ...options, sealer: await keys.sealer() })])
  })
}

async function putTenant({ call, tenant }: TestService): Promise<void> {
  await tenant('acme', { country: 'SE' })
  for (const [id, extension] of [
    ['anna', '1070'],
    ['bo', '1071'],
    ['cia', '1072'],
    ['dan', '1072']
  ]) {
    await call('PUT', `${root}/users/${id}`, { displayName: id, extension, syncEnabled: false })
  }
  await call('PUT', `${root}/caller-names`, {})
  const sheet = `name;numbers\r\nShared Holm;070-123 45 67\r\n`
  await call('POST', `${root}/contacts/import`, sheet, { 'content-type': 'text/csv' })
}

async function putOwnContacts(store: Store, keys: MasterKeys): Promise<void> {
  await putOwnContact(store, keys, 'anna', 'Advokat X')
  await putOwnContact(store, keys, 'bo', 'Kalle')
  await putOwnContact(store, keys, 'cia', 'Doktor Y')
}

/** Asks as every role, for every telephone. */
async function checkOwners(t: Test, { call }: TestService): Promise<void> {
  const key = async (body: object) =>
    (await call('POST', `${root}/keys`, { name: 'x', ...body })).body as { key: string; id: string }
  const pbx = (await key({ role: 'switch' })).key
  const operator = (await key({ role: 'operator' })).key
  const anna = (await key({ role: 'softphone', user: 'anna', colleagues: true })).key
  const name = async (presented: string, query: string) => {
    const path = `${root}/names.txt?number=0701234567${query}`
    return (await call('GET', path, undefined, { authorization: `Bearer ${presented}` })).text
  }
  const table: readonly (readonly [string, string, string, string])[] = [
    ['a switch, at Anna’s telephone', pbx, '&user=anna', 'Advokat X'],
    ['the same by extension', pbx, '&extension=1070', 'Advokat X'],
    ['at Bo’s', pbx, '&user=bo', 'Kalle'],
    ['at an extension that two share', pbx, '&extension=1072', 'Shared Holm'],
    ['at one that nobody has', pbx, '&extension=1099', 'Shared Holm'],
    ['at no telephone in particular, as for a queue', pbx, '', 'Shared Holm'],
    ['Anna’s softphone', anna, '', 'Advokat X'],
    ['an operator, who is at nobody’s telephone', operator, '&user=anna', 'Shared Holm'],
    ['the same by extension', operator, '&extension=1070', 'Shared Holm']
  ]
  for (const [what, presented, query, shown] of table) t.equal(await name(presented, query), shown, what)
  const others = await call('GET', `${root}/names?number=${encodeURIComponent(number)}&user=bo`, undefined, {
    authorization: `Bearer ${anna}`
  })
  t.equal(others.status, 403, 'a softphone asks for nobody else')
  for (const path of [
    `${root}/phonebook.xml`,
    `${root}/phonebook.xml?q=0701234567`,
    `${root}/users/bo/export`
  ]) {
    t.notMatch((await call('GET', path)).text, /Advokat|Kalle|Doktor/, path)
  }
  await call('DELETE', `${root}/users/anna`)
  await call('PUT', `${root}/users/anna`, { displayName: 'Another', extension: '1070', syncEnabled: false })
  t.equal(await name(pbx, '&user=anna'), 'Shared Holm', 'they go with the user')
  await call('DELETE', `${root}/caller-names`)
  await call('PUT', `${root}/caller-names`, {})
  t.equal(await name(pbx, '&user=bo'), '', 'and when caller names are turned off')
}

t.test('two users, one number, two names, on lmdb', async (t) => {
  const masterKey = randomBytes(32)
  const first = await startTestService(t, { masterKey })
  await putTenant(first)
  await first.close()
  const store = await openLmdb({ folder: join(first.folder, 'store') })
  await putOwnContacts(store, await MasterKeys.open([masterKey], await openFolderKeyCheck(first.folder)))
  await store.close()
  await checkOwners(t, await startTestService(t, { masterKey, dataDir: first.folder }))
})

t.test('two users, one number, two names, on Redis; colleagues are known while it is away', async (t) => {
  const redis = await startRedis(t)
  const masterKey = randomBytes(32)
  const service = await startTestService(t, { masterKey, redisUrl: redis.url })
  await putTenant(service)
  const store = await openRedis({ address: redisAddress(redis.url) })
  t.teardown(() => store.close())
  await putOwnContacts(store, await MasterKeys.open([masterKey], store.keyCheck))
  await checkOwners(t, service)
  await service.call('GET', `${root}/names?number=1071`)
  redis.freeze()
  t.teardown(() => redis.thaw())
  await until('an answer that says that the store is away', async () => {
    const { status, body, headers } = await service.call('GET', `${root}/names?number=1071`)
    t.match({ status, body }, { status: 200, body: { name: 'bo', source: 'user' } })
    return headers.get('hanvisa-degraded') === 'store'
  })
})
