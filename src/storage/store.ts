/**
 * The port to the store. Every write is atomic, is durable once its promise resolves, and appends its visible changes to the
 * tenant's change log in the same step.
 *
 * It does not know calendars, rules or HTTP, validates nothing, decides nothing about time (`at` is always given),
 * and never sees a subject or a location. Secrets arrive sealed (seal.ts). A tenant that is not there reads as null
 * or as empty; writing below it is refused with `TenantGone`.
 */
import type { Instant } from '../domain/calendar-event.ts'
import type { OfficeHours } from '../domain/hours/office-hours.ts'
import type { Override } from '../domain/override.ts'
import type { RuleSet, Trigger } from '../domain/rule-set.ts'
import type { SyncRecord } from '../domain/sync-state.ts'
import type { Timeline } from '../domain/timeline.ts'
import type { AbsencesOfUser, AbsencesRecord } from './absences-record.ts'
import type { AlarmStore } from './alarms.ts'
import type { ApiKeyStore } from './api-keys.ts'
import type { AuditDraft, AuditLog } from './audit.ts'
import type { Author } from './author.ts'
import type { ConsumerStore } from './consumers.ts'
import type { ContactStore } from './contacts.ts'
import type { ImportProgress } from './import-progress.ts'
import type { Page } from './page.ts'
import type { SavedReading, SavedReadings } from './saved-readings.ts'
import type { SessionStore } from './sessions.ts'

export interface Tenant {
  readonly id: string
  readonly name: string
  /** IANA name: where the tenant's days begin, unless a user says otherwise. */
  readonly timeZone: string
  /** BCP 47: the language of labels and explanations. */
  readonly language: string
  /** Whose operators may sign in: Entra's tenant id, or the issuer's address, in lower case. Absent: nobody's. */
  readonly directoryId?: string
  /** Absent: the office keeps none. */
  readonly officeHours?: OfficeHours
  /** ISO 3166: whose numbers are written without `+`. Absent: nobody said. */
  readonly country?: string
}

/** A connection with its secret members sealed. */
export interface StoredConnection {
  /** Absent: it was made as the only one (tenant-connections.ts has its name). */
  readonly id?: string
  /** The place among the tenant's connections; absent: 0. Of equal ones the id decides. */
  readonly order?: number
  readonly kind: string
  readonly pollSeconds: number
  /** Everything that is no secret, as given. */
  readonly open: Readonly<Record<string, unknown>>
  /** The secret members by their path (`auth/password`), each sealed by itself: opaque here. */
  readonly sealed: Readonly<Record<string, string>>
  readonly changedAt: Instant
  /** The tenant's other connections in their order, which hold none themselves; absent: there are none. */
  readonly further?: readonly StoredConnection[]
}

export interface User {
  readonly id: string
  readonly displayName: string
  readonly extension: string
  readonly numbers: readonly string[]
  /** The calendar owner's address; where it is a URL (a published calendar's is a secret) it is sealed. */
  readonly mailbox: { readonly address: string } | { readonly sealed: string; readonly shown: string } | null
  /** The e-mail address of the calendar's owner, where the calendar does not state it (a published one). */
  readonly owner: string | null
  readonly syncEnabled: boolean
  readonly timeZone: string | null
  /** Absent: the tenant's. */
  readonly officeHours?: OfficeHours
  readonly triggers: readonly Trigger[]
  /** When the triggers last became what they are: a timeline confirmed before names rules of the older ones. */
  readonly triggersSince: Instant
}

export interface RulesVersion {
  /** Counts from 1. */
  readonly version: number
  readonly at: Instant
  /** Null: not known. Absent in what earlier versions stored. */
  readonly by?: Author | null
  /** What the operator put, to the letter. */
  readonly put: Readonly<Record<string, unknown>>
  /** What that came to, the pack's members filled in as the pack then was. */
  readonly effective: RuleSet
}

/** All that is kept of one user. */
export interface UserRecord extends AbsencesRecord {
  readonly user: User
  readonly override: Override | null
  readonly timeline: Timeline | null
  readonly sync: SyncRecord
}

/** The result of reading one user's calendar. It is saved only if the kept sync record still has the same generation. */
export interface ReadingOutcome extends SavedReading {
  /**
   * Whether consumers can see any of it; if not, it is no entry in the change log. The store counts a
   * timeline as visible if an override or an absence was saved meanwhile, because the comparison was made without it.
   */
  readonly visible: boolean
}

export interface LogEntry {
  /** Counts up by one from 1. */
  readonly position: number
  /** When it was saved, as its writer says, but never before the entry before it: clocks are apart, and are set. */
  readonly at: Instant
  /** `all`: the tenant, its rules or its connection changed, which may show in anybody's Status. */
  readonly users: readonly string[] | 'all'
  /** Extensions that users had until this entry: they were removed, or have another one now. */
  readonly vacated: readonly Vacated[]
}

export interface Vacated {
  readonly user: string
  readonly extension: string
}

/** Whether the entry is about this user, and not about everybody. */
export function namesUser({ users, vacated }: LogEntry, user: string): boolean {
  return (users !== 'all' && users.includes(user)) || vacated.some((left) => left.user === user)
}

/** A part of the change log and some records, read at one moment: the records are as the last entry left them. */
export interface LogSlice {
  readonly epoch: string
  /** As `TenantSnapshot.revision`. */
  readonly revision: number
  readonly entries: readonly LogEntry[]
  /** In the order asked for; those that are not there are null. */
  readonly records: readonly (UserRecord | null)[]
}

/** What followers receive: a log entry, or that records were saved without one. */
export type FeedEvent =
  | { readonly kind: 'logged'; readonly entry: LogEntry }
  | { readonly kind: 'confirmed'; readonly users: readonly string[] }
  | { readonly kind: 'tenant removed' }
  /** An event may have been lost: the follower must take a snapshot. */
  | { readonly kind: 'gap' }

/** Of a write of readings with what it saved, where the store passes that on; else null: followers read it. */
export type FeedFollower = (event: FeedEvent, saved: SavedReadings | null) => void

/** All records of one tenant at one position of its log. */
export interface TenantSnapshot {
  readonly tenant: Tenant
  readonly rules: RulesVersion | null
  readonly connection: StoredConnection | null
  readonly users: readonly UserRecord[]
  /** The log's identity: another one means that positions of old mean nothing. */
  readonly epoch: string
  readonly position: number
  /** When the entry at that position was logged. */
  readonly loggedAt: Instant
  /** Counts the writes that followers receive within the epoch; 0 where the store does not pass on what they saved. */
  readonly revision: number
}

/** How many versions of a tenant's rules every store keeps. */
export const RULE_VERSIONS = 100

export interface Store {
  /**
   * Milliseconds for which what is over is kept. A write that is published drops older entries of the change log; whoever saves a
   * timeline leaves out what ended before.
   */
  readonly historyMs: number
  readonly apiKeys: ApiKeyStore
  readonly sessions: SessionStore
  readonly audit: AuditLog
  readonly consumers: ConsumerStore

  /** The same store, whose writes append this entry to the tenant's audit in the same step, if they change anything visible. */
  withEntry(draft: AuditDraft): Store
  readonly alarms: AlarmStore
  readonly contacts: ContactStore

  tenants(page: Page): Promise<readonly Tenant[]>
  tenant(id: string): Promise<Tenant | null>
  /** Resolves to whether it is new. */
  saveTenant(tenant: Tenant, at: Instant): Promise<boolean>
  /** With everything below it. Resolves to whether there was one. */
  removeTenant(id: string): Promise<boolean>

  /** The tenant's connection, and with it the further ones where there are several. */
  connection(tenant: string): Promise<StoredConnection | null>
  /**
   * Saves, replaces or (null) removes the connection, the further ones included. With `reread` every user's timeline is dropped and their
   * records begin a new generation; of a large tenant this may be seen to happen user by user, after the connection was saved, and
   * it goes on after a crash. Resolves to whether there was one before.
   */
  saveConnection(
    tenant: string,
    connection: StoredConnection | null,
    reread: boolean,
    at: Instant
  ): Promise<boolean>

  /** The version asked for, else the newest; null when there is none. */
  rules(tenant: string, version?: number): Promise<RulesVersion | null>
  /** Newest first; at least the last `RULE_VERSIONS` are kept. */
  ruleVersions(tenant: string): Promise<readonly RulesVersion[]>
  /** Appends a version if the newest is still `expected` (0: none); resolves to null if it is not. */
  saveRules(
    tenant: string,
    expected: number,
    rules: Omit<RulesVersion, 'version'>
  ): Promise<RulesVersion | null>

  users(tenant: string, page: Page): Promise<readonly User[]>
  record(tenant: string, user: string): Promise<UserRecord | null>
  /** In the order asked for; those that are not there are null. */
  records(tenant: string, users: readonly string[]): Promise<readonly (UserRecord | null)[]>
  /**
   * Saves users, all or none. `sync` is given for a user who is new or whose calendar must be read anew: then the
   * record becomes it, counted up to a generation that this user id never had in the tenant, and the timeline is
   * dropped; otherwise both stay. Resolves to the ids that were new.
   */
  saveUsers(
    tenant: string,
    users: readonly { readonly user: User; readonly sync: SyncRecord | null }[],
    at: Instant
  ): Promise<readonly string[]>
  /** Removes users, all or none, and what the audit has about them. Resolves to the ids of those who were there. */
  removeUsers(tenant: string, users: readonly string[], at: Instant): Promise<readonly string[]>

  /** The tenant's newest import of users; null when there was none. */
  importProgress(tenant: string): Promise<ImportProgress | null>
  /** Saves it in place of the one before. Nobody sees it in a Status: it is no entry in the change log. */
  saveImportProgress(tenant: string, progress: ImportProgress): Promise<void>

  /** Resolves to false when the user is not there. */
  saveOverride(tenant: string, user: string, override: Override | null, at: Instant): Promise<boolean>
  /** Saves all absences of each of these users in place of those before. Resolves to those of the users who are there. */
  saveAbsences(tenant: string, given: readonly AbsencesOfUser[], at: Instant): Promise<readonly string[]>
  /**
   * Outcomes are passed over whose user is gone or of another generation, or whose calendar was confirmed later than they say
   * (and not after `at`): two readers may overlap for a moment. Resolves to the users that were saved.
   */
  saveReadings(tenant: string, outcomes: readonly ReadingOutcome[], at: Instant): Promise<readonly string[]>

  /**
   * Saves what holds the same secrets sealed under another master key. That is no change: it is not logged, and followers
   * receive nothing. Users who are not there are passed over, and so is a connection where there is none.
   */
  saveResealed(tenant: string, connection: StoredConnection | null, users: readonly User[]): Promise<void>

  /**
   * Ends what has been over for `historyMs`: of these users' records, and of the log a hundred entries at the most, the newest
   * aside. Users of whom anything ended are logged: a Status says since when nothing holds. Resolves to whether the log has more.
   */
  trimHistory(tenant: string, users: readonly string[], at: Instant): Promise<boolean>

  /** Everything of the tenant at one moment, or null. */
  snapshot(tenant: string): Promise<TenantSnapshot | null>
  /**
   * Log entries after the position, oldest first, or null when some of them are trimmed already (or there is no such
   * tenant). Empty for a position ahead of the log.
   */
  log(tenant: string, after: number): Promise<readonly LogEntry[] | null>
  /** The kept entries that name this user, oldest first; of those that name everybody none. */
  logOfUser(tenant: string, user: string): Promise<readonly LogEntry[]>
  /** The entries after the position, as `log` gives them, with the records of these users at that same moment. */
  readAfter(tenant: string, after: number, users: readonly string[]): Promise<LogSlice | null>
  /**
   * Calls `onEvent` for every write from now on, in order, before the promise of the write resolves. A snapshot may be ahead of the
   * events received: it includes the entries up to its position. `onEvent` must not throw. Returns a function that stops it.
   */
  follow(tenant: string, onEvent: FeedFollower): () => void

  /**
   * Runs `work` under the tenant's lock, which excludes other callers in every process. Once the lock is lost, writes through the
   * store that `work` receives are refused with StoreUnavailable. For changes that depend on what was read.
   */
  withTenantLock<T>(tenant: string, work: (store: Store) => Promise<T>): Promise<T>

  /** False while the database cannot be reached: memory may be behind. A cheap call. */
  reachable(): boolean

  close(): Promise<void>
}

/** A write below a tenant that does not exist (any more). */
export class TenantGone extends Error {
  override readonly name = 'TenantGone'
}

/** The store cannot be written (or reached) now. Reads may go on from memory; the caller tries again later. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}
