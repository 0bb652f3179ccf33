/** What the stores keep is declared, stands in docs/privacy.md, and of persons comes out in their export. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { open } from 'lmdb'
import type { AnyKeptRecord } from '../../src/lib/kept-record.ts'
import type { PersonExportResponse } from '../../src/management/person-export.ts'
import { tableRecords } from '../../src/storage/lmdb/table-records.ts'
import { keptKeys } from '../../src/storage/redis/kept-keys.ts'
import { keptSyncKeys } from '../../src/sync/cluster/redis/kept-keys.ts'
import { privacyText } from '../../tools/write-privacy-table.ts'
import t from '../group/tap.ts'
import { startRedis } from '../support/redis-server.ts'
import { startTestService, type TestService } from '../support/service.ts'
import { until } from '../support/until.ts'

/** Where the export has what tells of users. */
const exported: Readonly<Record<string, keyof PersonExportResponse>> = {
  user: 'user',
  override: 'override',
  absences: 'absences',
  timeline: 'timeline',
  'sync record': 'sync',
  'API key': 'keys',
  'last use of an API key': 'keys',
  'change log entry': 'changes',
  'audit entry’s part about a user': 'audit',
  'what a consumer acknowledged of a user': 'deliveries'
}
/** What tells of users and is not in it, with the reason. */
const notExported: Readonly<Record<string, string>> = {
  'API key of a user': 'an index: the key itself is in the export',
  'API key ids': 'an index: the key itself is in the export',
  'user ids': 'an index: the user is in the export',
  'part of the audit about a user': 'an index: the part itself is in the export',
  'parts of the audit about users': 'an index: the part itself is in the export',
  'pending work': 'one id of a tenant’s, for seconds, while all users are worked through',
  job: 'a digest of a mailbox, until its calendar was read',
  'state of a connection':
    'kept by tenant: a mailbox is in it, if at all, in a sentence, for a quarter of an hour'
}

const allKept = [
  ...Object.values(tableRecords).map(({ kept }): AnyKeptRecord => kept),
  ...Object.values({ ...keptKeys, ...keptSyncKeys }).flat()
]

t.test('docs/privacy.md is what the records say: else run `npm run privacy-table`', async (t) => {
  t.ok((await readFile('docs/privacy.md', 'utf8')) === (await privacyText()))
})

t.test('what both stores have under one name is declared alike', async (t) => {
  const byName = new Map(allKept.map((kept) => [kept.name, kept]))
  for (const kept of allKept) t.strictSame(kept, byName.get(kept.name), kept.name)
})

t.test('what tells of users is in the export of a person, or it is said why not', async (t) => {
  const ofUsers = new Set(allKept.filter(({ about }) => about.includes('users')).map(({ name }) => name))
  const known = [...Object.keys(exported), ...Object.keys(notExported)]
  t.strictSame([...ofUsers].sort(), known.sort())
})

/** Something of every kind. */
async function fill({ call, tenant }: TestService): Promise<void> {
  const root = '/v1/tenants/acme'
  await tenant('acme')
  await call('PUT', `${root}/rules`, { pack: 'infracom' })
  await call('PUT', `${root}/users/anna`, {
    displayName: 'Anna',
    extension: '1',
    mailbox: 'anna.ics',
    syncEnabled: true
  })
  await call('PUT', `${root}/connection`, { kind: 'ics', pollSeconds: 60 })
  await call('PUT', `${root}/users/anna/override`, { diversion: 'lunch', minutes: 5 })
  await call('PUT', `${root}/users/anna/absences/trip`, {
    diversion: 'vacation',
    from: new Date().toISOString(),
    until: new Date(Date.now() + 86_400_000).toISOString()
  })
  const { body } = await call('POST', `${root}/keys`, { name: 'x', role: 'softphone', user: 'anna' })
  await call('GET', `${root}/users/anna/status`, undefined, { authorization: `Bearer ${body.key}` })
  await call('POST', `${root}/users/import`, 'user;displayName;extension;syncEnabled\r\nbo;Bo;2;false\r\n', {
    'content-type': 'text/csv'
  })
  await call('PUT', root, { name: 'Acme', timeZone: 'Europe/Stockholm', language: 'sv', country: 'SE' })
  await call('PUT', `${root}/caller-names`, {})
  await call('POST', `${root}/contacts/import`, 'name;numbers\r\nKarin;0701234567\r\n', {
    'content-type': 'text/csv'
  })
  await call('POST', `${root}/sync`)
  await until('the calendar was tried', async () => {
    const { body } = await call('GET', `${root}/users/anna/export`)
    return body.sync.fault !== null
  })
}

t.test('the lmdb file has the declared tables and no other', async (t) => {
  const service = await startTestService(t)
  await fill(service)
  await service.close()
  const root = open({ path: join(service.folder, 'store'), noSubdir: false, maxDbs: 32, readOnly: true })
  t.strictSame([...root.getKeys()].sort(), Object.keys(tableRecords).sort())
  await root.close()
})

t.test('Redis has no key that is not declared', async (t) => {
  const redis = await startRedis(t)
  const service = await startTestService(t, { redisUrl: redis.url })
  await fill(service)
  const keys = (await redis.command('KEYS', '*')) as string[]
  const families = new Set(keys.map(familyOf))
  const declared = Object.keys({ ...keptKeys, ...keptSyncKeys })
  t.strictSame(
    [...families].filter((family) => !declared.includes(family)),
    []
  )
  for (const family of [
    keptKeysOf('users'),
    'hanvisa:{TENANT}:connection-state:CONNECTION',
    '{hanvisa:SHARD}:sync:…'
  ]) {
    t.ok(families.has(family), family)
  }
})

function keptKeysOf(what: string): string {
  return `hanvisa:{TENANT}:${what}`
}

function familyOf(key: string): string {
  return key
    .replace(/^hanvisa:\{acme\}/, 'hanvisa:{TENANT}')
    .replace(/:(contacts|contact-numbers):.*/, ':$1:LIST')
    .replace(/:connection-state:.*/, ':connection-state:CONNECTION')
    .replace(/^\{hanvisa:leases:[^}]*\}:.*/, '{hanvisa:leases:…}:…')
    .replace(/^\{hanvisa:[a-z]+-?\d+\}:sync:.*/, '{hanvisa:SHARD}:sync:…')
    .replace(/^(hanvisa:session(-of|s-of)?:).*/, '$1DIGEST')
}
