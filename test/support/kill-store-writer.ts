/** Kills a process that writes, and finds what it was promised and is not there. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { ApiKeyRecord } from '../../src/storage/api-keys.ts'
import type { AuditHead, AuditRecord } from '../../src/storage/audit.ts'
import type { LogEntry, TenantSnapshot } from '../../src/storage/store.ts'
import { findBreak } from '../contracts/store-audit.ts'
import { groundsOfSize, writerLanes } from './store-writer-lanes.ts'

/** Lets the writer go, kills it, and gives what it was promised by then. */
export async function killStoreWriter(
  writer: ChildProcess
): Promise<{ promises: [string, number][]; opened: boolean }> {
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

interface StoredState {
  readonly snapshot: TenantSnapshot | null
  /** The newest entries. */
  readonly log: readonly LogEntry[] | null
  readonly keys: readonly ApiKeyRecord[]
  /** All entries since `auditHead.trimmed`. */
  readonly audit: readonly AuditRecord[]
  readonly auditHead: AuditHead
}

/** What is not as it was promised. */
export function lostWrites(
  { snapshot, log, keys, audit, auditHead }: StoredState,
  promised: ReadonlyMap<string, number>
): string[] {
  const found: string[] = []
  if (log?.at(-1)?.position !== snapshot?.position) found.push('the log ends elsewhere')
  log?.forEach((entry, index) => {
    if (entry.position !== (log[0]?.position ?? 0) + index) found.push('the log has a gap')
  })
  const broken = findBreak(audit, auditHead)
  if (broken !== null) found.push(`the audit breaks at ${broken.position}: ${broken.reason}`)
  const records = new Map(snapshot?.users.map((record) => [record.user.id, record]))
  for (const lane of writerLanes) {
    const key = keys.find(({ id }) => id === `key-${lane}`)
    if (Number(key?.digest ?? -1) < (promised.get(`key ${lane}`) ?? -1))
      found.push(`key ${lane} lost a write`)
    if (key && Number(key.digest) !== key.createdAt) found.push(`key ${lane} was torn`)
    const left = records.get(`left-${lane}`)
    const right = records.get(`right-${lane}`)
    const count = Number(left?.user.extension ?? 0)
    if (count < (promised.get(`pair ${lane}`) ?? 0)) found.push(`pair ${lane} lost a write`)
    const entry = audit.findLast(({ entry }) => entry.target.lane === lane)?.entry
    if (count !== Number(entry?.after?.count ?? 0)) found.push(`pair ${lane} and its entry are not together`)
    if (left?.user.extension !== right?.user.extension) found.push(`pair ${lane} was torn`)
    const held = left?.timeline
    if ((held?.rulesVersion ?? 0) < (promised.get(`timeline ${lane}`) ?? 0))
      found.push(`timeline ${lane} lost a write`)
    if (held && held.causes.length !== groundsOfSize(held.rulesVersion).length)
      found.push(`timeline ${lane} was torn`)
    if (held && left.sync.confirmedAt !== held.rulesVersion) found.push(`reading ${lane} was torn`)
  }
  return found
}
