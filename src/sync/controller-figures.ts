/** What the gauges of a process show of all tenants that it reads. */
import type { Instant } from '../domain/calendar-event.ts'
import type { SyncCode } from '../errors.ts'
import type { TenantSync } from './tenant-sync.ts'

export class ControllerFigures {
  readonly #tenants: ReadonlyMap<string, TenantSync>
  readonly #clock: () => Instant

  constructor(tenants: ReadonlyMap<string, TenantSync>, clock: () => Instant) {
    this.#tenants = tenants
    this.#clock = clock
  }

  failingConnections(): Map<SyncCode, number> {
    const counts = new Map<SyncCode, number>()
    for (const tenant of this.#tenants.values()) {
      for (const { state, fault } of tenant.connectionStates()) {
        const code = state === 'failing' ? fault?.code : undefined
        if (code !== undefined) counts.set(code, (counts.get(code) ?? 0) + 1)
      }
    }
    return counts
  }

  *freshnessLags(): Iterable<readonly [tenant: string, seconds: number]> {
    const now = this.#clock()
    for (const [id, tenant] of this.#tenants) {
      const oldest = tenant.figures.oldestSyncAt()
      if (oldest !== null) yield [id, Math.max(0, now - oldest) / 1000]
    }
  }

  *credentialEnds(): Iterable<readonly [tenant: string, connector: string, endsAt: number]> {
    for (const [id, tenant] of this.#tenants) {
      for (const { credential } of tenant.connectionFigures()) {
        if (credential.endsAt !== null) yield [id, credential.kind, credential.endsAt]
      }
    }
  }

  countUnreadable(): number {
    let count = 0
    for (const tenant of this.#tenants.values()) count += tenant.figures.countUnreadable()
    return count
  }

  subscriptionsByKind(): Map<string, { active: number; inactive: number }> {
    const sums = new Map<string, { active: number; inactive: number }>()
    for (const tenant of this.#tenants.values()) {
      for (const { subscriptions } of tenant.connectionFigures()) {
        const { kind, active, inactive } = subscriptions
        const sum = sums.get(kind) ?? { active: 0, inactive: 0 }
        sums.set(kind, { active: sum.active + active, inactive: sum.inactive + inactive })
      }
    }
    return sums
  }
}
