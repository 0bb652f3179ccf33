/** How entries of the audit are hashed and chained, and where a chain breaks. */
import { randomBytes } from 'node:crypto'
import { digestOf } from '../lib/digest.ts'
import { formatInstant } from '../lib/rfc3339.ts'
import type { AuditDraft, AuditEntry, AuditHead, AuditRecord, SaltedPart } from './audit.ts'

const SALT_BYTES = 16

export interface SealedEntry {
  readonly entry: AuditEntry
  readonly parts: readonly SaltedPart[]
  readonly hash: string
}

/** The entry that follows upon the head. */
export function sealEntry(draft: AuditDraft, head: Pick<AuditHead, 'position' | 'hash'>): SealedEntry {
  const { at, action, outcome, actor, address, target, before, after } = draft
  const parts = draft.parts.map(
    (part): SaltedPart => ({ salt: randomBytes(SALT_BYTES).toString('base64url'), part })
  )
  const entry: AuditEntry = {
    position: head.position + 1,
    at: formatInstant(at),
    action,
    outcome,
    actor: { kind: actor.kind, id: actor.id, name: actor.name, role: actor.role },
    address,
    target,
    before,
    after,
    parts: parts.map(digestOfPart),
    previous: head.hash
  }
  return { entry, parts, hash: hashOfEntry(entry) }
}

/** SHA-256 of the JSON without blanks, members in the order of `AuditEntry`; base64url. */
export function hashOfEntry(entry: AuditEntry): string {
  const { position, at, action, outcome, actor, address, target, before, after, parts, previous } = entry
  const { kind, id, name, role } = actor
  return digestOf(
    JSON.stringify({
      position,
      at,
      action,
      outcome,
      actor: { kind, id, name, role },
      address,
      target,
      before,
      after,
      parts,
      previous
    })
  )
}

/** SHA-256 of the salt and the part's JSON. Without the salt nobody can try out who it was. */
export function digestOfPart({ salt, part }: SaltedPart): string {
  return digestOf(salt + JSON.stringify(part))
}

export interface ChainBreak {
  /** The first entry that cannot be relied on. */
  readonly position: number
  readonly reason: 'edited' | 'missing' | 'part edited' | 'cut off'
}

/** Checks records in order, from the oldest that is kept. */
export class ChainCheck {
  #position: number
  #hash: string | null

  /** `start`: the last removed entry; null: where the records begin in the middle, and the first is taken as it is. */
  constructor(start: Pick<AuditHead, 'trimmed' | 'trimmedHash'> | null) {
    this.#position = start?.trimmed ?? -1
    this.#hash = start?.trimmedHash ?? null
  }

  /** The break that the record shows, or null. */
  next({ entry, parts }: AuditRecord): ChainBreak | null {
    const expected = this.#position + 1
    if (this.#hash !== null) {
      if (entry.position !== expected) return { position: expected, reason: 'missing' }
      // The entry before was edited, or this one says so wrongly.
      if (entry.previous !== this.#hash) return { position: Math.max(1, expected - 1), reason: 'edited' }
    }
    const isEdited = parts.some(
      (salted, index) => salted !== null && digestOfPart(salted) !== entry.parts[index]
    )
    if (isEdited || parts.length !== entry.parts.length)
      return { position: entry.position, reason: 'part edited' }
    this.#position = entry.position
    this.#hash = hashOfEntry(entry)
    return null
  }

  /** After the last record. `head`: what the newest entry must be. */
  end(head: Pick<AuditHead, 'position' | 'hash'>): ChainBreak | null {
    if (this.#hash === null && head.position > 0) return { position: 1, reason: 'cut off' }
    if (this.#hash === null) return null
    if (this.#position !== head.position) return { position: this.#position + 1, reason: 'cut off' }
    return this.#hash === head.hash ? null : { position: this.#position, reason: 'edited' }
  }

  /** The newest entry that was checked; null: none. */
  get checked(): { readonly position: number; readonly hash: string } | null {
    return this.#hash === null ? null : { position: this.#position, hash: this.#hash }
  }
}
