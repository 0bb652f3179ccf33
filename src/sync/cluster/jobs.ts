/**
 * The ports between the process that is asked and the one that owns a tenant: jobs, which outlive both, and the state of
 * connections.
 *
 * They know no calendars. A job may be done twice, and by two at a time.
 */
import type { CalendarNotification } from '../../connectors/notification.ts'
import type { PublishedStatus } from '../connection/connection-health.ts'
import type { Priority } from '../queue/queue.ts'

/**
 * `targets`: at most `maxTargetsPerJob` keys. `tenant`: it, or its connection, is new or changed. `resume`: its connection was
 * seen to work.
 */
export type SyncJob =
  | {
      readonly kind: 'read'
      readonly tenant: string
      readonly targets: readonly string[]
      readonly priority: Priority
    }
  | ({ readonly kind: 'notification' } & CalendarNotification)
  | { readonly kind: 'tenant'; readonly tenant: string }
  | { readonly kind: 'resume'; readonly tenant: string; readonly connection?: string }

/** Targets of one job. */
export const maxTargetsPerJob = 100

export interface SyncJobs {
  /** Resolves when they are kept. A job equal to one that waits is that one. Rejects when they cannot be kept now. */
  add(jobs: readonly SyncJob[]): Promise<void>
}

/** The states of connections, as the workers that own them publish them for the replicas that are asked. */
export interface ConnectionStatusStore {
  /** Best effort. */
  publish(tenant: string, connection: string, status: PublishedStatus): void
  /** Null: no worker owns the tenant, or has published yet. */
  read(tenant: string, connection: string): Promise<PublishedStatus | null>
}
