/**
 * The port to what is to be done for a tenant by whoever keeps it: jobs that outlive the process that asked for them and
 * the one that began them.
 *
 * It knows no calendars. A job may be done twice, and by two at a time.
 */
import type { CalendarNotification } from '../../connectors/notification.ts'
import type { PublishedStatus } from '../connection/connection-health.ts'
import type { Priority } from '../queue/queue.ts'

/** `targets`: at most `batch` keys. `tenant`: it, or its connection, is new or changed. */
export type SyncJob =
  | {
      readonly kind: 'read'
      readonly tenant: string
      readonly targets: readonly string[]
      readonly priority: Priority
    }
  | ({ readonly kind: 'news' } & CalendarNotification)
  | { readonly kind: 'tenant'; readonly tenant: string }

/** Targets of one job. */
export const maxTargetsPerJob = 100

export interface SyncJobs {
  /** Resolves when they are kept. A job equal to one that waits is that one. Rejects when they cannot be kept now. */
  add(jobs: readonly SyncJob[]): Promise<void>
}

/** The port to how connections fare, as those who keep them tell it for the replicas that are asked. */
export interface ConnectionStatusStore {
  /** Best effort. */
  publish(tenant: string, posted: PublishedStatus): void
  /** Null: nobody keeps the tenant, or has told yet. */
  read(tenant: string): Promise<PublishedStatus | null>
}

/** How often a tenant's polls are looked after. */
export interface PollInterval {
  /** Milliseconds, whole. */
  readonly everyMs: number
  /** When it is due next, on the monotonic clock. */
  readonly nextDueAt: number
}

/** The port to the schedules by which kept tenants are polled, one for each. */
export interface PollJobSchedulers {
  /** Begins the tenant's rounds, or begins them anew. */
  start(tenant: string, pace: PollInterval): void
  /** Ends them for good: the tenant, or its connection, is no more. */
  stop(tenant: string): void
}
