/** A folder that must not be written to is refused, in a sentence that says what to do. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import fc from 'fast-check'
import type { Test } from 'tap'
import { initialSyncRecord } from '../../src/domain/sync-state.ts'
import { SetupError } from '../../src/errors.ts'
import { openLmdb } from '../../src/storage/lmdb/lmdb.ts'
import {
  plain,
  sampleCause,
  sampleSync,
  sampleTenant,
  sampleTimeline,
  sampleUser
} from '../contracts/store-samples.ts'
import t from '../group/tap.ts'
import { plainNodeArgs } from '../support/plain-process.ts'

async function newFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hanvisa-folder-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'store')
}

/** A folder with a tenant and 200 users, some of whose timelines fill pages of their own. */
async function usedFolder(t: Test): Promise<string> {
  const folder = await newFolder(t)
  const store = await openLmdb({ folder })
  await store.saveTenant(sampleTenant('acme'), 1)
  const ids = Array.from({ length: 200 }, (_, index) => `user-${index}`)
  for (let round = 1; round <= 3; round++) {
    await store.saveUsers(
      'acme',
      ids.map((id) => ({ user: sampleUser(id), sync: round === 1 ? initialSyncRecord(true, 1) : null })),
      1
    )
    const outcome = (id: string, index: number) => {
      const held = sampleTimeline(
        Array.from({ length: index % 40 === 0 ? 400 : 5 }, (_, at) => sampleCause(at % 3))
      )
      return { user: id, sync: sampleSync(0, round), timeline: held, visible: true }
    }
    await store.saveReadings('acme', ids.map(outcome), round)
  }
  await store.close()
  return folder
}

function refused(t: Test, folder: string, why: RegExp): Promise<void> {
  return t.rejects(openLmdb({ folder }), { name: 'SetupError', message: why }) as unknown as Promise<void>
}

/** Starts a process that holds the folder. `prefix` may be a shell that sets limits. */
function holder(t: Test, program: string, folder: string, limit = '') {
  const child = spawn('sh', ['-c', `${limit} exec env "$@"`, 'sh', ...plainNodeArgs(program, folder)], {
    stdio: ['pipe', 'pipe', 'ignore']
  })
  t.teardown(() => child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    child,
    said: async () => (await lines.next()).value as string,
    send: (command: string) => child.stdin.write(`${command}\n`)
  }
}

t.test('a folder is created with its parents, for the service alone, and opens again', async (t) => {
  const folder = join(await newFolder(t), 'a', 'b')
  await (await openLmdb({ folder })).close()
  const mode = async (name: string) => (await stat(join(folder, name))).mode & 0o077
  for (const name of await readdir(folder)) t.equal(await mode(name), 0, `${name} is for nobody else`)
  t.equal(await mode(''), 0)
  await (await openLmdb({ folder })).close()
})

t.test('one at a time holds a folder, until it ends, however it ends', async (t) => {
  const program = resolve('dist/test/support/store-holder-process.js')
  const folder = await newFolder(t)
  const inUse = /in use by another running Hanvisa: stop that one/
  const store = await openLmdb({ folder })
  await refused(t, folder, inUse)
  const link = `${folder}-link`
  await symlink(folder, link)
  await refused(t, link, inUse)
  const second = holder(t, program, folder)
  t.match(await second.said(), inUse)
  await store.close()

  const third = holder(t, program, folder)
  t.equal(await third.said(), 'open')
  await refused(t, folder, inUse)
  third.child.kill('SIGKILL')
  await once(third.child, 'close')
  t.ok((await readdir(folder)).includes('in-use'), 'a trace is left that must not count')
  await (await openLmdb({ folder })).close()

  const both = await Promise.allSettled([openLmdb({ folder }), openLmdb({ folder })])
  const opened = both.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  t.equal(opened.length, 1)
  await opened[0]?.close()
})

t.test('a folder of a newer version is refused and left as it is', async (t) => {
  const folder = await usedFolder(t)
  const before = await readFile(join(folder, 'data.mdb'))
  await writeFile(join(folder, 'format.json'), '{"format":2}')
  await refused(t, folder, /written by a newer Hanvisa \(format 2, this one knows 1\): start that version/)
  t.ok(before.equals(await readFile(join(folder, 'data.mdb'))))
})

t.test('a damaged folder is refused', async (t) => {
  const whole = await usedFolder(t)
  const data = (folder: string) => join(folder, 'data.mdb')
  const damages: Record<string, (folder: string) => Promise<unknown>> = {
    'data.mdb is gone': (folder) => rm(data(folder)),
    'data.mdb is empty': (folder) => truncate(data(folder)),
    'data.mdb is cut off in its first page': (folder) => truncate(data(folder), 100),
    'data.mdb is cut off after its first pages': (folder) => truncate(data(folder), 8192),
    'data.mdb is noise': (folder) => writeFile(data(folder), randomBytes(100_000)),
    'data.mdb is zeros': (folder) => writeFile(data(folder), Buffer.alloc(100_000)),
    'data.mdb is text': (folder) => writeFile(data(folder), 'hello'),
    'format.json is gone': (folder) => rm(join(folder, 'format.json')),
    'format.json is empty': (folder) => truncate(join(folder, 'format.json')),
    'format.json is something else': (folder) => writeFile(join(folder, 'format.json'), '[7]')
  }
  for (const [what, damage] of Object.entries(damages)) {
    const folder = await newFolder(t)
    await cp(whole, folder, { recursive: true })
    await damage(folder)
    await t.rejects(openLmdb({ folder }), /is damaged \(.*\): put back the whole folder from a backup/, what)
  }
})

t.test(
  'wherever the data is cut off or overwritten, it is refused or complete; no process crashes',
  async (t) => {
    const whole = await usedFolder(t)
    const size = (await stat(join(whole, 'data.mdb'))).size
    const due = await contents(whole)
    const folder = await newFolder(t)
    const pages = Math.floor(size / 4096)
    let refusals = 0
    const cut = fc.record({ at: fc.integer({ min: 0, max: size - 1 }), pages: fc.constant(0) })
    const overwritten = fc.record({
      at: fc.integer({ min: 0, max: pages - 1 }).map((page) => page * 4096),
      pages: fc.integer({ min: 1, max: 3 })
    })
    await fc.assert(
      fc.asyncProperty(fc.oneof(cut, overwritten), fc.constantFrom(0, 0xff, 'noise'), async (where, fill) => {
        await rm(folder, { recursive: true, force: true })
        await cp(whole, folder, { recursive: true })
        const file = join(folder, 'data.mdb')
        if (where.pages === 0) await truncate(file, where.at)
        else {
          // The head of a page alone: what a value says inside a page, lmdb does not guard.
          const garbage = typeof fill === 'number' ? Buffer.alloc(64, fill) : randomBytes(64)
          const handle = await open(file, 'r+')
          for (let page = 0; page < where.pages; page++)
            await handle.write(garbage, 0, 64, where.at + page * 4096)
          await handle.close()
        }
        const is = await contents(folder).catch((error: unknown) => {
          if (error instanceof SetupError && /is damaged/.test(error.message)) return null
          throw error
        })
        if (is === null) refusals++
        else if (JSON.stringify(is) !== JSON.stringify(due))
          throw new Error('opened, and something is missing')
      }),
      { numRuns: 80 }
    )
    t.ok(refusals > 20, `${refusals} were refused`)
  }
)

async function contents(folder: string) {
  const store = await openLmdb({ folder })
  const snapshot = await store.snapshot('acme')
  await store.close()
  return snapshot?.users.map((record) => {
    // The boundaries may be in later pages of a long value, which cannot be recognized.
    return { ...plain(record), timeline: record.timeline?.causes.length }
  })
}

t.test('a folder that was incomplete when its process was killed is created again', async (t) => {
  const folder = await newFolder(t)
  await mkdir(folder)
  await writeFile(join(folder, 'format.json'), '{"format":1,"unfinished":true}')
  await writeFile(join(folder, 'data.mdb'), 'half a page')
  const store = await openLmdb({ folder })
  t.equal(await store.saveTenant(sampleTenant('acme'), 1), true)
  await store.close()
})

t.test('a folder that may not be written, or is none, is refused', async (t) => {
  const folder = await usedFolder(t)
  await chmod(folder, 0o555)
  // The superuser may write anywhere.
  const isRoot = process.geteuid?.() === 0
  if (isRoot) {
    await chmod(join(folder, '..'), 0o755)
    process.seteuid?.(65534)
  }
  try {
    await refused(t, folder, /cannot be written by this user \(EACCES\): give the service's user the right/)
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
  await chmod(folder, 0o755)
  await refused(t, join(folder, 'data.mdb'), /is no folder: name one in HANVISA_DATA_DIR/)
  await refused(t, join(folder, 'data.mdb', 'below'), /is no folder/)
  await refused(t, '/proc/hanvisa/store', /cannot be used|cannot be written/)
  await symlink('nowhere', `${folder}-dangling`)
  await refused(t, `${folder}-dangling`, /cannot be used/)
  await refused(t, join(`${folder}-dangling`, 'below'), /cannot be used/)
})

t.test(
  'a full disk is refused at the start, and in use costs writes but neither reads nor the service',
  async (t) => {
    const program = resolve('dist/test/support/store-holder-process.js')
    // A limit on the size of files is a full disk that needs no rights: writes end with EFBIG instead of ENOSPC.
    const full = holder(t, program, await newFolder(t), 'ulimit -f 16;')
    t.match(
      await full.said(),
      /^SetupError: The disk that holds .* is full \(EFBIG\): free some space and start again\.$/
    )

    const folder = await newFolder(t)
    const tight = holder(t, program, folder, 'ulimit -S -f 4096;')
    t.equal(await tight.said(), 'open')
    tight.send('write')
    t.equal(await tight.said(), 'unavailable')
    let there = 0
    for (let again = 0; again < 3; again++) {
      tight.send('read')
      const said = await tight.said()
      const [, acknowledged, users] = /^(\d+) acknowledged, (\d+) there$/.exec(said) ?? []
      t.equal(users, acknowledged, `reads go on: ${said}`)
      there = Number(users)
      tight.send('write')
      t.equal(await tight.said(), 'unavailable')
    }
    t.ok(there >= 100)
    tight.send('close')
    t.equal(await tight.said(), 'closed')
    const store = await openLmdb({ folder })
    const stored = (await store.snapshot('acme'))?.users.length ?? 0
    t.ok(stored >= there, 'and all that was acknowledged is there')
    await store.saveUsers('acme', [{ user: sampleUser('one-more'), sync: initialSyncRecord(true, 1) }], 1)
    await store.close()
  }
)
