/**
 * The port to the audit, a part of the store: who wrote or read what, when and from where. Entries are appended, each with the
 * SHA-256 of the one before (audit-chain.ts); there is one log for each tenant, which goes with the tenant, and one for the provider.
 *
 * What tells of a user is in parts beside the entry, of which the entry has only a salted digest: they go with the user, and the
 * chain holds. The port knows no actions and no roles, and never sees a secret, a subject or a location.
 */
import type { Instant } from '../domain/calendar-event.ts'

export type AuditValues = Readonly<Record<string, unknown>>

export interface AuditActor {
  /** `command`: the command line on a folder; `anonymous`: a call without a key; `service`: Hanvisa itself. */
  readonly kind: 'key' | 'operator' | 'command' | 'anonymous' | 'service'
  /** The id of the key, `admin` for HANVISA_ADMIN_KEY, or the identity of the operator; null: not known. */
  readonly id: string | null
  /** Null: not known, or that of a user's key, which is in the part about the user. */
  readonly name: string | null
  readonly role: string | null
}

/** `begun`: the entry was written before what it says, and another says how that ended. */
export const auditOutcomes = ['done', 'begun', 'failed'] as const
export type AuditOutcome = (typeof auditOutcomes)[number]

/** What tells of one user. */
export interface AuditPart extends AuditValues {
  readonly user: string
  readonly before?: AuditValues | null
  readonly after?: AuditValues | null
}

/** An entry to be. */
export interface AuditDraft {
  readonly at: Instant
  readonly action: string
  readonly outcome: AuditOutcome
  readonly actor: AuditActor
  /** Of the caller; null: not known, or in the part about the user whose softphone it is. */
  readonly address: string | null
  /** What it was done to, users aside: a tenant, a key, a version of rules. */
  readonly target: AuditValues
  readonly before: AuditValues | null
  readonly after: AuditValues | null
  readonly parts: readonly AuditPart[]
}

/** Its members are in the order in which they are hashed. */
export interface AuditEntry extends Omit<AuditDraft, 'at' | 'parts'> {
  /** Counts up by one from 1. */
  readonly position: number
  /** RFC 3339. */
  readonly at: string
  /** The salted digests of the parts, in order. */
  readonly parts: readonly string[]
  /** The hash of the entry before; '' for the first. */
  readonly previous: string
}

export interface SaltedPart {
  readonly salt: string
  readonly part: AuditPart
}

export interface AuditRecord {
  readonly entry: AuditEntry
  /** In the order of their digests; null: erased. */
  readonly parts: readonly (SaltedPart | null)[]
}

/** Where the log stands. */
export interface AuditHead {
  /** Of the newest entry; 0: none so far. */
  readonly position: number
  /** The newest entry's hash. */
  readonly hash: string
  /** The last entry that was removed because its time was over; 0: none. */
  readonly trimmed: number
  /** That entry's hash. */
  readonly trimmedHash: string
}

export const emptyAudit: AuditHead = { position: 0, hash: '', trimmed: 0, trimmedHash: '' }

/** The record with the parts about other users left out. */
export function withoutOthers({ entry, parts }: AuditRecord, user: string): AuditRecord {
  return { entry, parts: parts.filter((salted) => salted?.part.user === user) }
}

/** `tenant` is null for the provider's log. */
export interface AuditLog {
  /** Throws TenantGone. */
  append(tenant: string | null, draft: AuditDraft): Promise<void>
  head(tenant: string | null): Promise<AuditHead>
  /** The entries after the position, oldest first; none of a tenant that is not there. */
  page(
    tenant: string | null,
    page: { readonly after: number; readonly limit: number }
  ): Promise<readonly AuditRecord[]>
  /** The entries that have a part about the user, oldest first, the parts about others left out. */
  ofUser(tenant: string, user: string): Promise<readonly AuditRecord[]>
  /** Removes entries from before the instant, oldest first, at most `limit`. Resolves to how many. */
  trim(tenant: string | null, before: Instant, limit: number): Promise<number>
}
