/** A user whose values are unmistakable is removed, and every byte that is kept is searched for them, on both stores. */
import { randomBytes } from 'node:crypto'
import { cp, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { open } from 'lmdb'
import type { Test } from 'tap'
import t from '../group/tap.ts'
import { startRedis } from '../support/redis-server.ts'
import { startTestService, type TestService } from '../support/service.ts'
import { until } from '../support/until.ts'

const root = '/v1/tenants/acme'
const HOUR = 3_600_000
/** Whole seconds that nothing else has: they are looked for as the doubles of timelines and as digits. */
const start = Math.floor(Date.now() / HOUR) * HOUR + 1_237_000
const end = start + 2 * HOUR + 41_000
const overrideEnd = start + 9 * HOUR + 53_000
const absenceEnd = start + 99 * HOUR + 47_000
const words = [
  'kanarieagare',
  'Kanariefågel',
  '46709988776',
  'kanariebur',
  'kanarieord',
  'Kanarietelefon',
  'Kanarieö'
]
const doubles = [start, end].map((instant) => {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(instant)
  return bytes
})
const traces: readonly (readonly [string, Buffer])[] = [
  ...words.flatMap((word) => [
    [word, Buffer.from(word)] as const,
    [word, Buffer.from(JSON.stringify(word).slice(1, -1))] as const
  ]),
  ...doubles.map((bytes, index) => [`the ${index === 0 ? 'start' : 'end'} of the diversion`, bytes] as const),
  ['the end of the override', Buffer.from(`${overrideEnd}`)],
  ['the end of the absence', Buffer.from(`${absenceEnd}`)]
]
/** The name that a sheet gave is written over before they are removed. */
const plantedNames = [...new Set(traces.map(([name]) => name))].filter((name) => name !== 'Kanarieö')
/** These two stay in the capped change log: the id, and the extension that is free now. */
const ID = 'kanarie-id'
const EXTENSION = '80417'

function tracesIn(bytes: Buffer): string[] {
  return [...new Set(traces.filter(([, trace]) => bytes.includes(trace)).map(([name]) => name))]
}

function missingIn(bytes: Buffer): string[] {
  const found = tracesIn(bytes)
  return plantedNames.filter((name) => !found.includes(name))
}

async function plant({ call, tenant, calendar }: TestService): Promise<void> {
  await tenant('acme')
  await call('PUT', `${root}/rules`, { pack: 'infracom' })
  const stamp = (instant: number) => new Date(instant).toISOString().replace(/[-:]|\.\d+/g, '')
  await call('PUT', `${root}/users/other`, { displayName: 'Other', extension: '1', syncEnabled: false })
  const user = {
    displayName: 'Kanariefågel',
    extension: EXTENSION,
    numbers: ['+46709988776'],
    mailbox: 'kanariebur.ics',
    owner: 'kanarieagare@acme.example',
    syncEnabled: true,
    triggers: [{ match: 'word', text: 'kanarieord', diversion: 'lunch' }]
  }
  const made = await call('PUT', `${root}/users/${ID}`, user)
  if (made.status !== 201) throw new Error(made.text)
  await call('PUT', `${root}/connection`, { kind: 'ics', pollSeconds: 60 })
  const held = (what: string, isSo: (body: Awaited<ReturnType<typeof call>>['body']) => boolean) =>
    until(what, async () => {
      const { body } = await call('GET', `${root}/users/${ID}/export`)
      return isSo(body) && body
    })
  // A fault whose hint names the calendar.
  await held('the calendar was missed', ({ sync }) => sync.fault !== null)
  await calendar(
    'acme',
    'kanariebur.ics',
    `BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:kanarieord\r\nDTSTART:${stamp(start)}\r\nDTEND:${stamp(end)}\r\nEND:VEVENT`
  )
  await call('PUT', `${root}/users/${ID}/override`, {
    diversion: 'lunch',
    until: new Date(overrideEnd).toISOString()
  })
  await call('PUT', `${root}/users/${ID}/absences/away`, {
    diversion: 'vacation',
    from: new Date(overrideEnd).toISOString(),
    until: new Date(absenceEnd).toISOString()
  })
  await call('POST', `${root}/keys`, { name: 'Kanarietelefon', role: 'softphone', user: ID })
  // The user comes by a sheet as well, whose progress is kept.
  await call(
    'POST',
    `${root}/users/import`,
    `user;displayName;extension;syncEnabled\r\n${ID};Kanarieö;${EXTENSION};true\r\n`,
    {
      'content-type': 'text/csv'
    }
  )
  await call('PATCH', `${root}/users/${ID}`, { displayName: 'Kanariefågel', mailbox: null })
  await call('PATCH', `${root}/users/${ID}`, { mailbox: 'kanariebur.ics' })
  await call('POST', `${root}/sync`)
  await held('the calendar was read', ({ timeline }) => timeline?.intervals.length > 0)
}

/** What anybody gets of them afterwards. */
async function expectGone(t: Test, { call }: TestService): Promise<void> {
  for (const path of [
    'users',
    'keys',
    'import',
    'statuses',
    'sync',
    'rules/versions',
    'users/export',
    'audit'
  ]) {
    const { text } = await call('GET', `${root}/${path}`)
    t.strictSame(tracesIn(Buffer.from(text)), [], path)
    t.notOk(text.includes(ID), `${path} does not name them`)
  }
  t.equal((await call('GET', `${root}/users/${ID}/export`)).status, 404)
}

t.test('on lmdb nothing is left but the id and the extension in the change log', async (t) => {
  const folder = t.testdir({ service: {}, copy: {} })
  const masterKey = randomBytes(32)
  const service = await startTestService(t, { dataDir: join(folder, 'service'), masterKey })
  await plant(service)
  const planted = await readFile(join(folder, 'service/store/data.mdb'))
  t.strictSame(missingIn(planted), [], 'all that is looked for was there')
  t.equal((await service.call('DELETE', `${root}/users/${ID}`)).status, 204)
  await expectGone(t, service)
  await service.close()

  // lmdb frees pages without overwriting them. A compacting copy takes what is kept, and nothing else.
  const copy = join(folder, 'copy')
  await cp(join(folder, 'service'), copy, { recursive: true })
  await rm(join(copy, 'store/data.mdb'))
  const environment = open({ path: join(folder, 'service/store'), noSubdir: false, maxDbs: 32 })
  await environment.backup(join(copy, 'store'), true)
  await environment.close()
  const kept = await readFile(join(copy, 'store/data.mdb'))
  t.ok(kept.includes(ID) && kept.includes(EXTENSION), 'as docs/privacy.md says')
  // The calendar's file is the customer's.
  await rm(join(copy, 'calendars'), { recursive: true })
  const files = await readdir(copy, { recursive: true, withFileTypes: true })
  for (const file of files.filter((entry) => entry.isFile())) {
    t.strictSame(tracesIn(await readFile(join(file.parentPath, file.name))), [], file.name)
  }
  t.strictSame(tracesIn(Buffer.from(service.log().join('\n'))), [], 'the log')
  const again = await startTestService(t, { dataDir: copy, masterKey })
  t.equal((await again.call('GET', `${root}/users/other`)).status, 200, 'the copy is a data folder')
})

t.test('on Redis nothing is left but the id and the extension in the change log', async (t) => {
  const redis = await startRedis(t, { appendOnly: true, settings: ['rdbcompression', 'no'] })
  const service = await startTestService(t, { redisUrl: redis.url })
  await plant(service)
  t.strictSame(missingIn(await everythingIn(redis.url)), [], 'all that is looked for was there')
  t.equal((await service.call('DELETE', `${root}/users/${ID}`)).status, 204)
  await expectGone(t, service)
  await until('the jobs are done', async () => tracesIn(await everythingIn(redis.url)).length === 0)
  const kept = await everythingIn(redis.url)
  t.strictSame(tracesIn(kept), [])
  t.ok(kept.includes(ID) && kept.includes(EXTENSION), 'as docs/privacy.md says')
  t.strictSame(tracesIn(Buffer.from(service.log().join('\n'))), [], 'the log')
})

/** Every key with its value as Redis would write it to disk, uncompressed. */
async function everythingIn(url: string): Promise<Buffer> {
  const client = new Redis(url)
  const found: Buffer[] = []
  for await (const keys of client.scanBufferStream() as AsyncIterable<Buffer[]>) {
    for (const key of keys) found.push(key, (await client.dumpBuffer(key)) ?? Buffer.alloc(0))
  }
  client.disconnect()
  return Buffer.concat(found)
}
