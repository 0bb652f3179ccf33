/** Reports of sync for tests of alarms: a tenant with forty users over a connection that works, unless stated otherwise. */
import type { TenantReport } from '../../src/sync/tenant-report.ts'
import { HOUR, MINUTE } from '../support/tenant-fixture.ts'

export const DAY = 24 * HOUR

export function sampleReport(more: Partial<TenantReport> = {}): TenantReport {
  return {
    connection: { state: 'working', since: 0, code: null, failedAt: null },
    pollMs: MINUTE,
    credentialEndsAt: null,
    users: 40,
    staleUsers: 0,
    unreadableUsers: new Map(),
    subscriptions: { active: 0, inactive: 0 },
    ...more
  }
}

export function failingReport(
  code: TenantReport['connection']['code'],
  since: number,
  failedAt: number
): TenantReport {
  return sampleReport({ connection: { state: 'failing', since, code, failedAt } })
}
