/** The figures of a tenant's connections, taken together. */
import type { Instant } from '../domain/calendar-event.ts'
import type { SyncCode } from '../errors.ts'
import type { ConnectionFigures } from './connection-figures.ts'
import type { TenantReport } from './tenant-report.ts'

export class TenantFigures {
  readonly #connections: () => readonly ConnectionFigures[]

  constructor(connections: () => readonly ConnectionFigures[]) {
    this.#connections = connections
  }

  /** As `TargetRegistry.oldestSyncAt`. */
  oldestSyncAt(): Instant | null {
    const oldest = this.#connections().flatMap((one) => one.oldestSyncAt() ?? [])
    return oldest.length === 0 ? null : Math.min(...oldest)
  }

  /** As `TargetRegistry.countUnreadable`. */
  countUnreadable(): number {
    return this.#connections().reduce((sum, one) => sum + one.countUnreadable(), 0)
  }

  /** Of several connections the one that fails is the tenant's: that is what somebody must act on. */
  report(): TenantReport {
    const reports = this.#connections().map((one) => one.report())
    return reports.reduce((sum, one) => ({
      connection:
        sum.connection.state === 'failing' || one.connection.state !== 'failing'
          ? sum.connection
          : one.connection,
      pollMs: Math.max(sum.pollMs, one.pollMs),
      credentialEndsAt: earliest(sum.credentialEndsAt, one.credentialEndsAt),
      users: sum.users + one.users,
      staleUsers: sum.staleUsers + one.staleUsers,
      unreadableUsers: addCounts(sum.unreadableUsers, one.unreadableUsers),
      subscriptions: {
        active: sum.subscriptions.active + one.subscriptions.active,
        inactive: sum.subscriptions.inactive + one.subscriptions.inactive
      }
    }))
  }

  /** As `TenantReports.affectedUsers`. */
  affectedUsers(limit: number): readonly string[] {
    return this.#connections()
      .flatMap((one) => one.affectedUsers(limit))
      .slice(0, limit)
  }
}

function earliest(one: Instant | null, other: Instant | null): Instant | null {
  if (one === null || other === null) return one ?? other
  return Math.min(one, other)
}

function addCounts(
  one: ReadonlyMap<SyncCode, number>,
  other: ReadonlyMap<SyncCode, number>
): ReadonlyMap<SyncCode, number> {
  const sum = new Map(one)
  for (const [code, count] of other) sum.set(code, (sum.get(code) ?? 0) + count)
  return sum
}
