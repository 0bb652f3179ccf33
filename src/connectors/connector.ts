/**
 * The port to one calendar system. A connector reads mailboxes and hands over CalendarEvents.
 *
 * It does not know users, rules, diversions or stores; it keeps no event; it does not decide when to read (sync
 * does). It keeps to the calendar system's own limits (calls at a time, batch sizes, Retry-After) and nothing else paces it.
 */
import type { CalendarEvent, Span } from '../domain/calendar-event.ts'
import type { DetailLevel } from '../domain/sync-state.ts'
import type { RemoteError, SyncCode } from '../errors.ts'

/** One calendar to read. The zone is part of it: it says where an all-day event's midnights are. */
export interface Target {
  readonly mailbox: string
  /** The owner's e-mail address, where the mailbox is no address and the calendar may not state it (`ics`). */
  readonly owner?: string
  /** IANA name. */
  readonly timeZone: string
  /** `CalendarRead.etag` of the read whose events are held; absent when the calendar must be read whole. */
  readonly etag?: string
}

export interface ReadRequest {
  /** At most `Connector.batchSize`. */
  readonly targets: readonly Target[]
  /** Selects the events that touch it; cuts none of them. */
  readonly window: Span
  /** False when no rule looks at subjects or categories, so that availability alone will do. */
  readonly subjects: boolean
  /** Aborted when the deadline has passed or the caller has cancelled. */
  readonly signal: AbortSignal
}

/** The events of one calendar that touch the window. */
export interface CalendarRead {
  readonly outcome: 'read'
  readonly events: readonly CalendarEvent[]
  /** What the calendar system shows of events. */
  readonly detail: DetailLevel
  /** What an operator is to know though the calendar was read: `subject_not_readable`, `clock_wrong`. */
  readonly partialRead: PartialRead | null
  /** For `Target.etag` of the next read, where the calendar system can say "unchanged". */
  readonly etag: string | null
}

export interface PartialRead {
  readonly code: SyncCode
  readonly hint: string
}

export type ReadResult =
  | CalendarRead
  /** Nothing has changed since the read that `Target.etag` names: its events are confirmed. */
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'failed'; readonly error: RemoteError }

/** The name of a step of a check that passed. */
export type OnPassed = (step: string) => void

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
  /** One ReadResult for each target, in the same order. A failure is a `failed` result, never a rejection. */
  read(request: ReadRequest): Promise<readonly ReadResult[]>
  /**
   * Walks through what a read needs, with the very calls that reading uses; stops at the first step that fails. `onPassed` is told
   * of steps as they pass, perhaps not of all.
   */
  check(target: Target, signal: AbortSignal, onPassed?: OnPassed): Promise<readonly Check[]>
  /**
   * A digest of each target's calendar in the window, in order, by a call that costs less than reading it. Unlike `read` it
   * takes any number of targets. While two digests of a target are equal, nothing that the connector could have compared
   * has changed between them: with Graph every edit changes it, with EWS those of subjects need not. Null where there is
   * no such call, or it failed: then the calendar is read instead. Never rejects.
   */
  fingerprints(request: ReadRequest): Promise<readonly (string | null)[]>
  /** Subscribes to edits of one calendar. Never throws: the listener receives every error. */
  subscribe(request: SubscribeRequest, listener: SubscriptionListener): CalendarSubscription
  /** Ends connections. Subscriptions that were not stopped stay at the calendar system, for the next connector to adopt. */
  close(): Promise<void>
}

export interface SubscribeRequest {
  readonly mailbox: string
  /** What sync calls the target, and notifications that come over the web too. URL-safe, at most 64 characters. */
  readonly targetId: string
}

/** A subscription begins inactive, without a reason. */
export interface SubscriptionListener {
  /** The calendar was edited, or may have been while the subscription was inactive. */
  onChange(): void
  /** From now on every edit is notified. Edits from before may not have been. */
  onActive(): void
  /** Edits are not notified until `onActive`. The reason says who must act; null where there are no notifications. */
  onInactive(reason: RemoteError | null): void
}

export interface CalendarSubscription {
  /**
   * What was notified over the web under this target's id. For `changed` the caller reads this target itself; the
   * connector calls the listeners of other targets that share the mailbox.
   */
  onNotification(event: NotificationEvent): void
  /** What the calendar system holds for the calendar is deleted, as soon as may be. */
  stop(): void
}

/**
 * `missed`: edits were not notified. `removed`: the calendar system ended the subscription. `reauthorize`: it ends soon
 * unless it is renewed (Graph's lifecycle notifications).
 */
export const lifecycleEvents = ['missed', 'removed', 'reauthorize'] as const
export type LifecycleEvent = (typeof lifecycleEvents)[number]
export type NotificationEvent = 'changed' | LifecycleEvent
