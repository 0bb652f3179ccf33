/** The audit as operators read it: a page at a time, as lines, and checked. */
import { nextSlice } from '../../lib/time-slices.ts'
import type { AuditEntry, AuditHead, AuditLog, AuditPart, AuditRecord } from '../../storage/audit.ts'
import { type ChainBreak, ChainCheck, hashOfEntry } from '../../storage/audit-chain.ts'
import type { Store } from '../../storage/store.ts'
import { requireTenant } from '../tenants.ts'
import type { AuditAction } from './actions.ts'

export interface AuditQuery {
  /** A position. */
  readonly after?: number
  readonly limit?: number
  /** The id of a key, or the identity of an operator. */
  readonly actor?: string
  readonly action?: AuditAction
}

/** An entry with its parts; of an erased part the digest alone is left. */
export interface AuditEntryResponse extends Omit<AuditEntry, 'parts'> {
  readonly parts: readonly { readonly digest: string; readonly salt?: string; readonly part?: AuditPart }[]
  readonly hash: string
}

export interface AuditList {
  readonly entries: readonly AuditEntryResponse[]
  /** A position. */
  readonly after?: number
}

export interface AuditVerification {
  readonly ok: boolean
  /** How many entries were checked. */
  readonly entries: number
  readonly head: AuditHead
  readonly break: ChainBreak | null
}

/** `tenant`: null for the provider's. All but null throw RequestError where there is no such tenant. */
export interface AuditReader {
  /** A page may be short and have an `after` all the same. */
  list(tenant: string | null, query: AuditQuery): Promise<AuditList>
  /** JSON Lines: the entries, and where nothing is left out at last `{"head": …}`. */
  lines(tenant: string | null, query: AuditQuery): Promise<AsyncIterable<string>>
  verify(tenant: string | null): Promise<AuditVerification>
}

const ENTRIES_PER_STEP = 100
/** Entries that one call looks through. */
const MAX_SCANNED = 20_000
/** Characters of one page: an import has entries of some hundred users each. */
const MAX_CHARACTERS = 1_000_000
/** A verification begins anew where entries ended meanwhile. */
const MAX_TRIES = 3

export function createAuditReader(store: Store): AuditReader {
  const { audit } = store
  const requireLog = async (tenant: string | null) => {
    if (tenant !== null) await requireTenant(store, tenant)
  }

  return {
    async list(tenant, query) {
      await requireLog(tenant)
      const { after = 0, limit = 1000 } = query
      const entries: AuditEntryResponse[] = []
      let position = after
      let characters = 0
      const isFull = () =>
        entries.length === limit || characters > MAX_CHARACTERS || position - after >= MAX_SCANNED
      for await (const record of eachRecord(audit, tenant, after)) {
        if (isFull()) return { entries, after: position }
        position = record.entry.position
        if (!isAskedFor(record, query)) continue
        const response = toResponse(record)
        characters += JSON.stringify(response).length
        entries.push(response)
      }
      return { entries }
    },

    async lines(tenant, query) {
      await requireLog(tenant)
      return writeLines(audit, tenant, query)
    },

    async verify(tenant) {
      await requireLog(tenant)
      for (let tries = 1; ; tries++) {
        const verification = await verifyOnce(audit, tenant)
        const { trimmed } = await audit.head(tenant)
        if (trimmed === verification.head.trimmed || tries === MAX_TRIES) return verification
      }
    }
  }
}

async function* eachRecord(
  audit: AuditLog,
  tenant: string | null,
  after: number
): AsyncGenerator<AuditRecord> {
  for (let position = after; ; ) {
    const records = await audit.page(tenant, { after: position, limit: ENTRIES_PER_STEP })
    yield* records
    if (records.length < ENTRIES_PER_STEP) return
    position = records.at(-1)!.entry.position
    await nextSlice()
  }
}

async function* writeLines(
  audit: AuditLog,
  tenant: string | null,
  query: AuditQuery
): AsyncGenerator<string> {
  const head = await audit.head(tenant)
  for await (const record of eachRecord(audit, tenant, query.after ?? 0)) {
    if (record.entry.position > head.position) break
    if (isAskedFor(record, query)) yield `${JSON.stringify(toResponse(record))}\n`
  }
  const isWhole = query.actor === undefined && query.action === undefined
  if (isWhole) yield `${JSON.stringify({ head })}\n`
}

async function verifyOnce(audit: AuditLog, tenant: string | null): Promise<AuditVerification> {
  const head = await audit.head(tenant)
  const check = new ChainCheck(head)
  let entries = 0
  for await (const record of eachRecord(audit, tenant, head.trimmed)) {
    if (record.entry.position > head.position) break
    const found = check.next(record)
    if (found !== null) return { ok: false, entries, head, break: found }
    entries += 1
  }
  const found = check.end(head)
  return { ok: found === null, entries, head, break: found }
}

function isAskedFor({ entry }: AuditRecord, { actor, action }: AuditQuery): boolean {
  return (
    (actor === undefined || entry.actor.id === actor) && (action === undefined || entry.action === action)
  )
}

function toResponse({ entry, parts }: AuditRecord): AuditEntryResponse {
  return {
    ...entry,
    parts: entry.parts.map((digest, index) => ({ digest, ...parts[index] })),
    hash: hashOfEntry(entry)
  }
}

/** What `lines` wrote, as it was kept. Throws SyntaxError where it is none. */
export function parseAuditLine(line: string): AuditRecord | { readonly head: AuditHead } {
  const { hash: _, parts, ...entry } = JSON.parse(line) as AuditEntryResponse & { readonly head?: AuditHead }
  if (entry.head !== undefined) return { head: entry.head }
  if (!Array.isArray(parts) || typeof entry.position !== 'number' || typeof entry.actor !== 'object') {
    throw new SyntaxError('no entry of an audit')
  }
  return {
    entry: { ...entry, parts: parts.map(({ digest }) => digest) },
    parts: parts.map(({ salt, part }) => (salt === undefined || part === undefined ? null : { salt, part }))
  }
}
