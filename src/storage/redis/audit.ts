/** The audit in Redis: entries are chained here, and appended by the scripts that write what they tell of. */

import type { Instant } from '../../domain/calendar-event.ts'
import { formatInstant } from '../../lib/rfc3339.ts'
import { nextSlice } from '../../lib/time-slices.ts'
import {
  type AuditDraft,
  type AuditEntry,
  type AuditHead,
  type AuditLog,
  type AuditRecord,
  emptyAudit,
  withoutOthers
} from '../audit.ts'
import { hashOfEntry, sealEntry } from '../audit-chain.ts'
import { auditEntryRecord, auditPartRecord } from '../audit-codec.ts'
import type { RedisConnection } from './connection.ts'
import { auditKeys, isTenantId } from './keys.ts'

/** Logs whose heads are remembered at once; one that is forgotten costs a second call. */
const MAX_HEADS = 10_000
/** How often an entry is chained anew because others were appended meanwhile. */
const MAX_TRIES = 100

type ChainHead = Pick<AuditHead, 'position' | 'hash'>

/** Chains entries upon the head that is thought to be the newest; the script refuses one that is not. */
export class AuditChainer {
  readonly #heads = new Map<string, ChainHead>()

  /** Calls `write` with the entry as the scripts take it, until it does not answer that another head is the newest. */
  async write(
    owner: string,
    draft: AuditDraft | null,
    write: (auditEntry: string) => Promise<unknown[]>
  ): Promise<unknown[]> {
    if (draft === null) return write('')
    for (let tries = 1; ; tries++) {
      const { position, hash } = this.#heads.get(owner) ?? emptyAudit
      const sealed = sealEntry(draft, { position, hash })
      const answer = await write(
        JSON.stringify({
          after: `${position}`,
          previous: hash,
          position: `${sealed.entry.position}`,
          hash: sealed.hash,
          entry: `${auditEntryRecord.encode(sealed.entry)}`,
          parts: sealed.parts.map((salted) => ({
            user: salted.part.user,
            text: `${auditPartRecord.encode(salted)}`
          }))
        })
      )
      const isBehind = answer[0] === 'AUDIT'
      // Where the write changed nothing visible the head is as before: then the next one is refused once, and learns it.
      this.#remember(
        owner,
        isBehind
          ? { position: Number(answer[1]), hash: `${answer[2]}` }
          : { position: sealed.entry.position, hash: sealed.hash }
      )
      if (!isBehind || tries === MAX_TRIES) return answer
    }
  }

  #remember(owner: string, head: ChainHead): void {
    this.#heads.delete(owner)
    this.#heads.set(owner, head)
    if (this.#heads.size > MAX_HEADS) this.#heads.delete(this.#heads.keys().next().value!)
  }
}

interface RedisAuditDeps {
  readonly link: RedisConnection
  readonly run: <T>(work: () => Promise<T>) => Promise<T>
  /** Throws TenantGone. */
  readonly append: (tenant: string | null, draft: AuditDraft) => Promise<void>
}

export function redisAudit({ link, run, append }: RedisAuditDeps): AuditLog {
  const isNone = (tenant: string | null) => tenant !== null && !isTenantId(tenant)

  async function withParts(keys: ReturnType<typeof auditKeys>, entries: readonly AuditEntry[]) {
    const places = entries.flatMap(({ position, parts }) => parts.map((_, index) => `${position}/${index}`))
    const kept =
      places.length === 0 ? [] : await link.ask((client) => client.hmgetBuffer(keys.auditParts, ...places))
    let next = 0
    return entries.map(
      (entry): AuditRecord => ({
        entry,
        parts: entry.parts.map(() => {
          const bytes = kept[next++]
          return bytes ? auditPartRecord.decode(bytes) : null
        })
      })
    )
  }

  async function entriesAfter(tenant: string | null, after: number, limit: number): Promise<AuditEntry[]> {
    const found = await link.ask((client) =>
      client.xrange(auditKeys(tenant).audit, `${after + 1}-0`, '+', 'COUNT', limit)
    )
    return found.map(([, [, text = '']]) => auditEntryRecord.decode(Buffer.from(text)))
  }

  async function head(tenant: string | null): Promise<AuditHead> {
    const [position, hash, trimmed, trimmedHash] = await link.ask((client) =>
      client.hmget(auditKeys(tenant).auditHead, 'position', 'hash', 'trimmed', 'trimmedHash')
    )
    return {
      position: Number(position ?? 0),
      hash: hash ?? '',
      trimmed: Number(trimmed ?? 0),
      trimmedHash: trimmedHash ?? ''
    }
  }

  async function ofUser(tenant: string, user: string): Promise<AuditRecord[]> {
    const keys = auditKeys(tenant)
    const members = await link.ask((client) =>
      client.zrange(keys.auditPartsOfUsers, `[${user} `, `(${user}!`, 'BYLEX')
    )
    const positions = new Set(members.map((member) => Number(member.slice(user.length + 1).split('/')[0])))
    const found: AuditRecord[] = []
    for (const position of [...positions].sort((one, other) => one - other)) {
      const [record] = await withParts(keys, await entriesAfter(tenant, position - 1, 1))
      if (record?.entry.position === position) found.push(withoutOthers(record, user))
      await nextSlice()
    }
    return found
  }

  async function trim(tenant: string | null, before: Instant, limit: number): Promise<number> {
    const keys = auditKeys(tenant)
    const entries = await entriesAfter(tenant, 0, limit)
    const isOld = ({ at }: AuditEntry) => at < formatInstant(before)
    const kept = entries.findIndex((entry) => !isOld(entry))
    const old = kept === -1 ? entries : entries.slice(0, kept)
    const last = old.at(-1)
    if (last === undefined) return 0
    const places = (await withParts(keys, old)).flatMap(({ entry, parts }) =>
      parts.flatMap((salted, index) => {
        const place = `${entry.position}/${index}`
        return salted === null ? [] : [place, `${salted.part.user} ${place}`]
      })
    )
    await link.trimAudit(keys, [last.position, hashOfEntry(last), ...places])
    return old.length
  }

  return {
    append: (tenant, draft) => run(() => append(tenant, draft)),
    head: (tenant) => run(async () => (isNone(tenant) ? emptyAudit : head(tenant))),
    page: (tenant, { after, limit }) =>
      run(async () =>
        isNone(tenant) ? [] : withParts(auditKeys(tenant), await entriesAfter(tenant, after, limit))
      ),
    ofUser: (tenant, user) => run(async () => (isNone(tenant) ? [] : ofUser(tenant, user))),
    trim: (tenant, before, limit) => run(async () => (isNone(tenant) ? 0 : trim(tenant, before, limit)))
  }
}
