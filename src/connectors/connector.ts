/**
 * The port to one calendar system. A connector reads mailboxes and hands over CalendarEvents.
 *
 * It does not know users, rules, diversions or stores; it keeps no event; it does not decide when to read (sync
 * does). It honours the far side's own limits (calls at a time, batch sizes, Retry-After) and nothing else paces it.
 */
import type { CalendarEvent, Instant, Span } from '../domain/calendar-event.ts'
import type { DetailLevel } from '../domain/sync-state.ts'
import type { RemoteError, SyncCode } from '../errors.ts'

/** One calendar to read. The zone is part of it: it says where an all-day event's midnights are. */
export interface Target {
  readonly mailbox: string
  /** The owner's e-mail address, where the mailbox is none and the calendar may not tell (`ics`). */
  readonly owner?: string
  /** IANA name. */
  readonly timeZone: string
  /** What `Reading.version` said when what is held was read; absent when it must be read whole. */
  readonly etag?: string
}

export interface ReadRequest {
  /** At most `Connector.batchSize`. */
  readonly targets: readonly Target[]
  /** Selects the events that touch it; cuts none of them. */
  readonly window: Span
  /** False when no rule looks at subjects or categories, so that availability alone will do. */
  readonly subjects: boolean
  /** Aborted when the deadline has passed or nobody waits any more. */
  readonly signal: AbortSignal
}

/** The events of one calendar that touch the window. */
export interface CalendarRead {
  readonly outcome: 'read'
  readonly events: readonly CalendarEvent[]
  /**
   * Where an event that was not read (it begins at or after the window's end) holds at the very instant at which
   * the last of those that were read ends: that instant. There nobody knows yet when a run ends. Else null.
   */
  readonly truncatedAt: Instant | null
  /** What the far side let us see. */
  readonly detail: DetailLevel
  /** Where less was seen than was asked for: `subject_not_readable`, and what to do. */
  readonly partialRead: PartialRead | null
  /** For `Target.version` of the next read, where the far side can say "unchanged" (an ETag). */
  readonly etag: string | null
}

export interface PartialRead {
  readonly code: SyncCode
  readonly hint: string
}

export type ReadResult =
  | CalendarRead
  /** Nothing has changed since `Target.version`: what is held stands confirmed. */
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'failed'; readonly error: RemoteError }

/** One step of "test connection". */
export interface Check {
  readonly name: string
  readonly ok: boolean
  readonly code?: SyncCode
  readonly hint?: string
}

export interface Connector {
  /** How many targets one read takes at the most. */
  readonly batchSize: number
  /** One Reading for each target, in the same order. Trouble is a `failed` Reading, never a rejection. */
  read(request: ReadRequest): Promise<readonly ReadResult[]>
  /** Walks through what a read needs, with the very calls that reading uses; stops at the first step that fails. */
  check(target: Target, signal: AbortSignal): Promise<readonly Check[]>
  /**
   * A digest of each target's availability in the window, in order, by a call that costs less than reading it. Unlike
   * `read` it takes any number of targets. While two are equal, nothing but subjects, categories and answers can have changed between. Null where there is no such call,
   * or it failed: the calendar is read instead. Never rejects.
   */
  fingerprints(request: ReadRequest): Promise<readonly (string | null)[]>
  /** Begins to listen for edits of one calendar. Never throws: what goes wrong is told to the listener. */
  subscribe(watched: SubscribeRequest, listener: SubscriptionListener): CalendarSubscription
  /** Lets go of connections. Watches that were not stopped are left as they are at the far side, to be taken up again. */
  close(): Promise<void>
}

export interface SubscribeRequest {
  readonly mailbox: string
  /** What sync calls the target: notices that come over the web name it. Url-safe, at most 64 characters. */
  readonly targetId: string
}

/** Whoever wants to know of edits. A watch begins deaf, without a reason. */
export interface SubscriptionListener {
  /** The calendar was edited, or may have been while nobody listened. */
  onChange(): void
  /** From now on every edit is told of. What was edited before may not have been. */
  onActive(): void
  /** Edits are not told of until `live`. The reason says who must act; null where there are none to be had. */
  onInactive(reason: RemoteError | null): void
}

export interface CalendarSubscription {
  /** What the far side said of the watch itself, where that comes over the web. */
  onLifecycleEvent(news: LifecycleEvent): void
  /** The calendar is to be watched no more: what the far side holds for it is removed, as soon as may be. */
  stop(): void
}

/**
 * `missed`: edits were not told of. `removed`: the far side ended the watch. `reauthorize`: it ends soon unless it is
 * renewed (Graph's lifecycle notifications).
 */
export const lifecycleEvents = ['missed', 'removed', 'reauthorize'] as const
export type LifecycleEvent = (typeof lifecycleEvents)[number]
