/** All that is kept of one person, for their right of access (GDPR, Article 15). */
import type { Override } from '../domain/override.ts'
import type { MailboxHome, SyncRecord } from '../domain/sync-state.ts'
import type { Timeline } from '../domain/timeline.ts'
import { formatInstant } from '../lib/rfc3339.ts'
import type { AuditOutcome, AuditPart, AuditRecord } from '../storage/audit.ts'
import type { UserDelivery } from '../storage/consumers.ts'
import type { LogEntry } from '../storage/store.ts'
import { type AbsenceResponse, toAbsenceResponse } from './absences.ts'
import { type KeyResponse, toKeyResponse } from './api-keys.ts'
import type { ManagementDeps } from './management-deps.ts'
import { requireTenant } from './tenants.ts'
import { toUserResponse, type UserResponse } from './user-fields.ts'
import { requireUserRecord } from './users.ts'

export interface ExportedOverride extends Omit<Override, 'from' | 'until'> {
  readonly from: string
  readonly until: string | null
}

export interface ExportedInterval {
  readonly start: string
  /** Null: it has no end. */
  readonly end: string | null
  readonly diversion: string
  readonly phone: 'open' | 'closed'
  /** What gave it: the user's own triggers, the tenant's, or the busy status. */
  readonly from: string
  /** Which of those. */
  readonly index: number
  readonly private: boolean
  readonly forwardTo: string | null
}

export interface ExportedTimeline {
  readonly rulesVersion: number
  readonly truncatedAt: string | null
  readonly intervals: readonly ExportedInterval[]
}

type SyncInstants = 'enabledSince' | 'confirmedAt' | 'freshSince' | 'failedSince' | 'overdueSince'

export type ExportedSync = Omit<SyncRecord, SyncInstants | 'home'> & {
  /** Null: not known, or the tenant has one connection. */
  readonly home: (Omit<MailboxHome, 'since'> & { readonly since: string }) | null
} & {
  readonly [Member in SyncInstants]: Member extends 'enabledSince' ? string : string | null
}

export interface ExportedChange {
  readonly at: string
  /** Extensions that the user had until then. */
  readonly vacated: readonly string[]
}

export interface ExportedAuditEntry {
  readonly at: string
  readonly action: string
  readonly outcome: AuditOutcome
  /** What may do it. Who it was is another person's (Court of Justice, C-579/21, Pankki S). */
  readonly role: string | null
  /** What of the person it was about. */
  readonly parts: readonly AuditPart[]
}

export interface ExportedDelivery {
  readonly consumer: string
  /** Under which it was set. */
  readonly extension: string
  readonly outcome: UserDelivery['outcome']
  readonly at: string
}

export interface PersonExportResponse {
  /** When it was made. */
  readonly at: string
  readonly user: UserResponse
  readonly triggersSince: string
  /** As it is kept, also when it is over. */
  readonly override: ExportedOverride | null
  /** Those that are kept, also when they are over. */
  readonly absences: readonly AbsenceResponse[]
  readonly timeline: ExportedTimeline | null
  readonly sync: ExportedSync
  readonly keys: readonly KeyResponse[]
  readonly changes: readonly ExportedChange[]
  readonly audit: readonly ExportedAuditEntry[]
  readonly deliveries: readonly ExportedDelivery[]
}

export interface PersonExport {
  read(tenant: string, user: string): Promise<PersonExportResponse>
}

export function createPersonExport({ store, clock, audit }: ManagementDeps): PersonExport {
  return {
    async read(tenant, id) {
      await requireTenant(store, tenant)
      const { user, override, absences, timeline, sync } = await requireUserRecord(store, tenant, id)
      await audit.record(tenant, { parts: [{ user: id }] })
      const keys = await store.apiKeys.listOfUser(tenant, id)
      const entries = await store.logOfUser(tenant, id)
      const entriesOfAudit = await store.audit.ofUser(tenant, id)
      const deliveries = await store.consumers.deliveriesOfUser(tenant, id)
      const at = clock()
      return {
        at: formatInstant(at),
        user: toUserResponse(user),
        triggersSince: formatInstant(user.triggersSince),
        override: override && toExportedOverride(override),
        absences: absences.map(toAbsenceResponse),
        timeline: timeline && toExportedTimeline(timeline),
        sync: toExportedSync(sync),
        keys: keys.map((key) => toKeyResponse(key, at)),
        changes: entries.map((entry) => toExportedChange(entry, id)),
        audit: entriesOfAudit.map(toExportedAuditEntry),
        deliveries: deliveries.map(({ consumer, delivery: { extension, outcome, at } }) => ({
          consumer,
          extension,
          outcome,
          at: formatInstant(at)
        }))
      }
    }
  }
}

function toExportedOverride({ from, until, ...rest }: Override): ExportedOverride {
  return { ...rest, from: formatInstant(from), until: formatOrNull(until) }
}

function toExportedTimeline({ boundaries, causes, truncatedAt, rulesVersion }: Timeline): ExportedTimeline {
  const intervals = causes.map(({ diversion, phone, from, index, private: isPrivate, forwardTo }, place) => ({
    start: formatInstant(boundaries[2 * place]!),
    end: formatOrNull(boundaries[2 * place + 1]!),
    diversion,
    phone,
    from,
    index,
    private: isPrivate,
    forwardTo
  }))
  return { rulesVersion, truncatedAt: formatOrNull(truncatedAt), intervals }
}

function toExportedSync(record: SyncRecord): ExportedSync {
  const { enabledSince, confirmedAt, freshSince, failedSince, overdueSince, home, ...rest } = record
  return {
    ...rest,
    enabledSince: formatInstant(enabledSince),
    confirmedAt: formatOrNull(confirmedAt),
    freshSince: formatOrNull(freshSince),
    failedSince: formatOrNull(failedSince),
    overdueSince: formatOrNull(overdueSince),
    home: home === undefined ? null : { ...home, since: formatInstant(home.since) }
  }
}

function toExportedChange({ at, vacated }: LogEntry, id: string): ExportedChange {
  const own = vacated.filter(({ user }) => user === id)
  return { at: formatInstant(at), vacated: own.map(({ extension }) => extension) }
}

function toExportedAuditEntry({ entry, parts }: AuditRecord): ExportedAuditEntry {
  const { at, action, outcome, actor } = entry
  return { at, action, outcome, role: actor.role, parts: parts.flatMap((salted) => salted?.part ?? []) }
}

function formatOrNull(instant: number | null): string | null {
  return instant === null || !Number.isFinite(instant) ? null : formatInstant(instant)
}
