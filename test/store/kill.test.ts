/** What was acknowledged survives kill -9 at any moment: hundreds of writers are killed on one folder. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { openLmdb } from '../../src/store/lmdb.ts'
import type { TenantSnapshot } from '../../src/store/store.ts'
import { bare, compiled } from './compiled.ts'
import { lanes, manyGrounds } from './lanes.ts'

const KILLS = 210

// Some 60 s of two cores to itself; more when they are shared.
t.setTimeout(600_000)

t.test(`${KILLS} writers are killed, each at a random moment`, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'hanvisa-kill-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const program = await compiled(t, 'test/store/writer.ts')
  const promised = new Map<string, number>()
  const lost: string[] = []
  let acknowledged = 0
  let whileOpening = 0

  const start = (round: number) =>
    spawn('env', bare(program, folder, `${1 + round * 100_000}`), {
      stdio: ['pipe', 'pipe', 'inherit']
    })
  let next = start(0)
  for (let round = 0; round < KILLS; round++) {
    const writer = next
    // It loads its modules while this one writes and is checked.
    next = start(round + 1)
    const { promises, opened } = await killed(writer)
    acknowledged += promises.length
    if (!opened) whileOpening++
    for (const [what, count] of promises) promised.set(what, count)

    const store = await openLmdb({ folder })
    const snapshot = await store.snapshot('acme')
    const log = await store.log('acme', Math.max(0, (snapshot?.position ?? 0) - 1000))
    await store.close()
    lost.push(...faults(snapshot, promised).map((fault) => `round ${round}: ${fault}`))
    if (log?.at(-1)?.position !== snapshot?.position) lost.push(`round ${round}: the log ends elsewhere`)
    log?.forEach((entry, index) => {
      if (entry.position !== (log[0]?.position ?? 0) + index) lost.push(`round ${round}: the log has a gap`)
    })
  }
  next.kill('SIGKILL')
  await once(next, 'close')

  t.strictSame(lost, [])
  t.ok(acknowledged > KILLS, 'there was something to lose')
  t.comment(`${acknowledged} writes were acknowledged; ${whileOpening} writers did not get as far as writing`)
})

/** Lets the writer go, kills it, and gives what it was promised by then. */
async function killed(writer: ChildProcess): Promise<{ promises: [string, number][]; opened: boolean }> {
  const promises: [string, number][] = []
  let opened = false
  // Some die while they open the folder, the others after so many acknowledged writes.
  const enough = Math.random() < 0.2 ? 0 : 1 + Math.floor(Math.random() * 60)
  if (writer.stdout === null) throw new Error('the writer has no output')
  createInterface({ input: writer.stdout }).on('line', (line) => {
    const [what, lane, count] = line.split(' ')
    if (what === 'opening') {
      if (enough === 0) setTimeout(() => writer.kill('SIGKILL'), Math.random() * 30)
    } else if (what === 'open') opened = true
    else promises.push([`${what} ${lane}`, Number(count)])
    if (promises.length === enough) setTimeout(() => writer.kill('SIGKILL'), Math.random() * 3)
  })
  writer.stdin?.write('go\n')
  await once(writer, 'close')
  return { promises, opened }
}

function faults(snapshot: TenantSnapshot | null, promised: ReadonlyMap<string, number>): string[] {
  const found: string[] = []
  const records = new Map(snapshot?.users.map((record) => [record.user.id, record]))
  for (const lane of lanes) {
    const left = records.get(`left-${lane}`)
    const right = records.get(`right-${lane}`)
    const count = Number(left?.user.extension ?? 0)
    if (count < (promised.get(`pair ${lane}`) ?? 0)) found.push(`pair ${lane} lost a write`)
    if (left?.user.extension !== right?.user.extension) found.push(`pair ${lane} was torn`)
    const held = left?.timeline
    if ((held?.rulesVersion ?? 0) < (promised.get(`timeline ${lane}`) ?? 0))
      found.push(`timeline ${lane} lost a write`)
    if (held && held.grounds.length !== manyGrounds(held.rulesVersion).length)
      found.push(`timeline ${lane} was torn`)
    if (held && left.sync.confirmedAt !== held.rulesVersion) found.push(`reading ${lane} was torn`)
  }
  return found
}
