/** What metrics and alarms are told of the sync over one connection: counted when it is asked for. */
import type { Instant } from '../domain/calendar-event.ts'
import type { SyncCode } from '../errors.ts'
import type { ConnectionHealth } from './connection/connection-health.ts'
import type { ConnectionConfig } from './connection-config.ts'
import type { TenantNotifications } from './notifications/tenant-notifications.ts'
import { type TargetRegistry, unreadableFailures } from './targets/target-registry.ts'
import type { TargetState } from './targets/target-state.ts'
import type { TenantReport } from './tenant-report.ts'

interface ConnectionFiguresDeps {
  readonly clock: () => Instant
  readonly config: ConnectionConfig
  readonly health: ConnectionHealth
  readonly targets: TargetRegistry
  readonly notifications: TenantNotifications
}

export class ConnectionFigures {
  readonly #deps: ConnectionFiguresDeps

  constructor(deps: ConnectionFiguresDeps) {
    this.#deps = deps
  }

  get credential(): { readonly kind: string; readonly endsAt: Instant | null } {
    const { kind, credential } = this.#deps.config
    return { kind, endsAt: credential?.endsAt ?? null }
  }

  /** Calendars for which notifications come, and those for which they ought to but do not. */
  get subscriptions(): { readonly kind: string; readonly active: number; readonly inactive: number } {
    const { config, notifications } = this.#deps
    return { kind: config.kind, active: notifications.state.active, inactive: notifications.inactive }
  }

  /** As `TargetRegistry.oldestSyncAt`. */
  oldestSyncAt(): Instant | null {
    const { targets, notifications, clock } = this.#deps
    return targets.oldestSyncAt(clock(), (key) => notifications.isSubscribed(key))
  }

  /** As `TargetRegistry.countUnreadable`. */
  countUnreadable(): number {
    return this.#deps.targets.countUnreadable()
  }

  report(): TenantReport {
    const { config, health, targets } = this.#deps
    const { state, since, fault } = health.state
    const now = this.#deps.clock()
    let users = 0
    let staleUsers = 0
    const unreadableUsers = new Map<SyncCode, number>()
    for (const [key, target] of targets.entries()) {
      users += target.users.size
      if (this.#isStale(key, target, now)) staleUsers += target.users.size
      const { failures, failureCode } = target
      if (failures < unreadableFailures || failureCode === null) continue
      unreadableUsers.set(failureCode, (unreadableUsers.get(failureCode) ?? 0) + target.users.size)
    }
    const { active, inactive } = this.subscriptions
    return {
      connection: { state, since, code: fault?.code ?? null, failedAt: health.failedAt },
      pollMs: config.pollMs,
      credentialEndsAt: this.credential.endsAt,
      users,
      staleUsers,
      unreadableUsers,
      subscriptions: { active, inactive }
    }
  }

  /** Some users whose calendar is stale or whose mailbox cannot be read. */
  affectedUsers(limit: number): readonly string[] {
    const now = this.#deps.clock()
    const found: string[] = []
    for (const [key, target] of this.#deps.targets.entries()) {
      if (target.failures < unreadableFailures && !this.#isStale(key, target, now)) continue
      for (const user of target.users) {
        found.push(user)
        if (found.length >= limit) return found
      }
    }
    return found
  }

  /** Whether what is held of it is older than a poll may leave it. */
  #isStale(key: string, { confirmedAt, enabledSince, failures }: TargetState, now: Instant): boolean {
    const { config, notifications } = this.#deps
    if (confirmedAt !== null && failures === 0 && notifications.isSubscribed(key)) return false
    return now - (confirmedAt ?? enabledSince) > 2 * config.pollMs
  }
}
