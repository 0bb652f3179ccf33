/** What one batch of calendars is read with: its ports, its rules, and its progress. */
import type { Connector, ReadResult } from '../../connectors/connector.ts'
import type { DropReason } from '../../connectors/notification.ts'
import type { Instant, Span } from '../../domain/calendar-event.ts'
import type { CompiledRules } from '../../domain/decide.ts'
import type { RemoteError, SyncCode } from '../../errors.ts'
import type { Log } from '../../lib/redact-error.ts'
import type { Timers } from '../../lib/timers.ts'
import type { Store, UserRecord } from '../../storage/store.ts'
import type { Delay } from '../queue/queue.ts'
import type { ChangeTracker, StoreFeedHandler } from '../store-feed-handler.ts'
import type { ReadBeyondWindow } from '../targets/read-beyond-window.ts'
import type { ReadTarget } from '../targets/read-target.ts'
import type { TargetRegistry } from '../targets/target-registry.ts'
import type { Comparison } from './compare-fingerprints.ts'
import type { DecidedCalendar } from './decide-calendar.ts'
import type { PlannedTarget } from './planned-target.ts'

export interface SyncMetrics {
  /** A calendar was read (or not). `code` is absent where it was. */
  countRead(connector: string, outcome: 'read' | 'unchanged' | 'failed', code?: SyncCode): void
  countNotifications(connector: string, outcome: 'accepted' | DropReason, count: number): void
  /** A reconciliation compared a calendar's fingerprint with what it was, or could not. */
  countReconciliation(connector: string, outcome: Comparison['outcome']): void
  /** A reconciliation found an edit without a notification. */
  countMissedNotification(connector: string): void
  /** A mailbox was found at another of its tenant's connections. */
  countMailboxMove(): void
}

export interface BatchPlacement {
  /** Twice, a minute apart or more, this connection had no such mailbox. */
  onAbsent(users: Iterable<string>): void
  /** The mailbox is there after all. */
  onRead(users: Iterable<string>): void
  /** Whether it was looked for elsewhere, and no other connection has it. */
  wasFoundNowhere(users: Iterable<string>): boolean
  /** When a calendar of the connection last showed more than times, on the monotonic clock. */
  readonly detailedAt: number
  onDetailed(now: number): void
}

/** What a batch is read with: one tenant as it is at its beginning. */
export interface BatchContext {
  readonly tenant: string
  readonly connector: Connector
  readonly kind: string
  readonly rules: CompiledRules
  readonly pollMs: number
  /** Whether the tenant has office hours. */
  readonly hasHours: boolean
  readonly targets: TargetRegistry
  /** Whether the target has an active subscription now. */
  readonly isSubscribed: (key: string) => boolean
  /** What is to be known of a mailbox that may be at another connection; null: the tenant has no other. */
  readonly placement: BatchPlacement | null
  /** Throws when the mailbox cannot be unsealed. Null: there is none, or it is at another connection. */
  readonly targetOf: (record: UserRecord) => ReadTarget | null
  readonly store: Store
  /** Tells what others change meanwhile. */
  readonly feed: Pick<StoreFeedHandler, 'trackChanges' | 'writeOwn' | 'savedRecords'>
  readonly clock: () => Instant
  readonly timers: Timers
  readonly random: () => number
  readonly log: Log
  readonly metrics: SyncMetrics
}

export interface BatchReport {
  /** What hit the connection as a whole. */
  readonly connectionFault: RemoteError | null
  /** `timedOut`: no answer before the deadline. `nothing`: no request was made, or the batch was cancelled. */
  readonly outcome: 'answered' | 'timedOut' | 'nothing'
  /** Targets that are to be read again after a delay of their own. */
  readonly retries: ReadonlyMap<string, Delay>
}

/** One batch, with all that came of it. */
export interface BatchRun {
  readonly at: Instant
  readonly window: Span
  readonly planned: readonly PlannedTarget[]
  readonly comparisons: ReadonlyMap<string, Comparison>
  readonly results: ReadonlyMap<string, ReadResult>
  readonly readsBeyondWindow: ReadonlyMap<string, ReadBeyondWindow>
  /** By user, of the calendars that were read. */
  readonly decided: ReadonlyMap<string, DecidedCalendar>
  /** Whose records are no longer as they were when the batch was planned. */
  readonly changes: ChangeTracker
}
