/** What notifications do for one tenant: they have the calendars read that were edited, and say which could not be in time. */
import type { Connector } from '../../connectors/connector.ts'
import type { CalendarNotification } from '../../connectors/notification.ts'
import type { Instant } from '../../domain/calendar-event.ts'
import type { Log } from '../../lib/redact-error.ts'
import type { Timers } from '../../lib/timers.ts'
import type { Store } from '../../storage/store.ts'
import type { SyncMetrics } from '../batch/batch-context.ts'
import type { Priority } from '../queue/queue.ts'
import type { ReadTarget } from '../targets/read-target.ts'
import type { TargetRegistry } from '../targets/target-registry.ts'
import { NotificationDebouncer, notificationPriority } from './debouncer.ts'
import { OverdueEdits } from './overdue-edits.ts'
import { type NotificationsState, type ReleaseMode, TargetSubscriptions } from './target-subscriptions.ts'

export interface TenantNotificationsDeps {
  readonly store: Store
  readonly clock: () => Instant
  readonly timers: Timers
  readonly log: Log
  readonly metrics: Pick<SyncMetrics, 'countNotifications'>
  readonly targets: TargetRegistry
  readonly connector: () => Connector | null
  /** The connector's kind. */
  readonly kind: () => string
  readonly pollMs: () => number
  /** Milliseconds until anything of the tenant is read again; 0 where nothing is waited for. */
  readonly pausedForMs: () => number
  /** Queues a calendar; resolves to whether it is queued. */
  readonly enqueue: (key: string, priority: Priority) => Promise<boolean>
  /** A subscription became active: edits of before may have been missed. */
  readonly onActive: (key: string) => void
  readonly onStateChange: () => void
}

export class TenantNotifications {
  readonly #deps: TenantNotificationsDeps
  readonly #subscriptions: TargetSubscriptions
  readonly #debouncer: NotificationDebouncer
  readonly #overdue: OverdueEdits

  constructor(tenant: string, deps: TenantNotificationsDeps) {
    this.#deps = deps
    this.#subscriptions = new TargetSubscriptions(tenant, {
      connector: deps.connector,
      handlers: {
        onChanged: (key) => this.#onChanged(key),
        onActive: deps.onActive,
        onInactive: (key) => this.#overdue.onInactive(key),
        onStateChange: deps.onStateChange
      },
      timers: deps.timers,
      log: deps.log
    })
    this.#debouncer = new NotificationDebouncer(deps.timers, (key) => this.#enqueue(key))
    this.#overdue = new OverdueEdits(tenant, { ...deps, isSubscribed: (key) => this.isSubscribed(key) })
  }

  get state(): NotificationsState {
    return this.#subscriptions.state
  }

  /** As `TargetSubscriptions.inactive`. */
  get inactive(): number {
    return this.#subscriptions.inactive
  }

  /** Whether its subscription is active. */
  isSubscribed(key: string): boolean {
    return this.#subscriptions.isActive(key)
  }

  /** Subscribes to a calendar; returns how to end that. */
  subscribe(target: ReadTarget): (mode: ReleaseMode) => void {
    const release = this.#subscriptions.add(target)
    return (mode) => {
      this.#debouncer.forget(target.key)
      this.#overdue.forget(target.key)
      release(mode)
    }
  }

  has(targetId: string): boolean {
    return this.#subscriptions.targetsOf(targetId).length > 0
  }

  /** A notification that proved genuine; says whether it is of one of our subscriptions. */
  onNotification({ targetId, event }: CalendarNotification): boolean {
    const keys = this.#subscriptions.targetsOf(targetId)
    if (keys.length === 0) this.#deps.metrics.countNotifications(this.#deps.kind(), 'unknown', 1)
    else {
      if (event === 'changed') for (const key of keys) this.#onEdited(key)
      this.#subscriptions.onNotification(targetId, event)
    }
    return keys.length > 0
  }

  /** A read of it begins: what is notified from now on is not in it. */
  onReadStart(key: string): void {
    this.#debouncer.onReadStart(key)
  }

  /** Records the calendars whose edits could not be read in time. */
  checkOverdue(): void {
    this.#overdue.check()
  }

  /** Over another connection everything is read anyway. */
  clear(): void {
    this.#debouncer.clear()
  }

  close(): void {
    this.#debouncer.clear()
    this.#subscriptions.close()
  }

  /** The connector says that a calendar was edited, or may have been. */
  #onChanged(key: string): void {
    const { kind, metrics } = this.#deps
    // Notifications that come over the web are counted by the route.
    if (kind() !== 'graph') metrics.countNotifications(kind(), 'accepted', 1)
    this.#onEdited(key)
  }

  #onEdited(key: string): void {
    const { targets, clock } = this.#deps
    const state = targets.get(key)
    if (state === undefined) return
    state.onNotified(clock())
    if (this.isSubscribed(key)) this.#overdue.add(key)
    this.#debouncer.notify(key, state.readStartedAt)
  }

  #enqueue(key: string): Promise<boolean> {
    const { targets, enqueue } = this.#deps
    // Without an active subscription it is a file, and one that appears is what mends its reading.
    const priority = this.isSubscribed(key) ? notificationPriority(targets.get(key)?.failures ?? 0) : 'soon'
    return enqueue(key, priority)
  }
}
