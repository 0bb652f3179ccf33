/** How the reading of a tenant's calendars goes, in a few figures: what alarms are raised by. */
import type { Instant } from '../domain/calendar-event.ts'
import type { SyncCode } from '../errors.ts'
import type { ConnectionState } from './connection/connection-health.ts'

export interface TenantReport {
  readonly connection: Pick<ConnectionState, 'state' | 'since'> & {
    readonly code: SyncCode | null
    /** When the last failure of the connection as a whole was; null: none since it worked. */
    readonly failedAt: Instant | null
  }
  readonly pollMs: number
  readonly credentialEndsAt: Instant | null
  /** Whose calendar is to be read. */
  readonly users: number
  /** Of those: whose calendar was not confirmed in time, or never. */
  readonly staleUsers: number
  /** Of those whose mailbox failed again and again over a connection that works: how many, by code. */
  readonly unreadableUsers: ReadonlyMap<SyncCode, number>
  readonly subscriptions: { readonly active: number; readonly inactive: number }
}

export interface TenantReports {
  /** Whether this process reads the tenant's calendars; of any other name, whether it would. */
  owns(tenant: string): boolean
  /** Those whose calendars this process reads. */
  tenants(): Iterable<string>
  /** Null for a tenant that this process does not read. */
  report(tenant: string): TenantReport | null
  /** Some users whose calendar is stale or whose mailbox cannot be read. */
  affectedUsers(tenant: string, limit: number): readonly string[]
}
