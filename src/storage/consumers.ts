/**
 * The port to the stored consumers, a part of the store: what operators put, how far each consumer is, and what it acknowledged of
 * each user. Every write is atomic and durable once its promise resolves. A tenant's consumers go with the tenant, what is kept of a
 * user with the user.
 */
import type { Instant } from '../domain/calendar-event.ts'

export interface ConsumerRecord {
  readonly id: string
  readonly kind: string
  /** Another one after every write: what was sent for an earlier one is not saved for this. */
  readonly version: string
  /** Everything that is no secret, as given. */
  readonly open: Readonly<Record<string, unknown>>
  /** The secret members by their path (`auth/password`), each sealed by itself: opaque here. */
  readonly sealed: Readonly<Record<string, string>>
  /** Since when an operator has it paused; null: it is not. */
  readonly pausedAt: Instant | null
  readonly changedAt: Instant
}

/** How far a consumer is. */
export interface ConsumerProgress {
  readonly state: 'unverified' | 'active' | 'failing' | 'refused' | 'disabled'
  /** Everything before it is acknowledged; null: everybody is to be sent. */
  readonly cursor: string | null
  readonly acknowledgedAt: Instant | null
  readonly failures: number
  readonly failingSince: Instant | null
  readonly error: DeliveryFault | null
  /** When the oldest change that is not acknowledged was made; null: there is none. */
  readonly behindSince: Instant | null
  readonly savedAt: Instant
  readonly users: UserCounts
}

export interface UserCounts {
  /** The consumer acknowledged them as they are. */
  readonly ok: number
  /** Sent to a consumer that gives no acknowledgement. */
  readonly sent: number
  readonly failed: number
  /** What the consumer has was set by somebody else, and is left alone. */
  readonly takenOver: number
}

export interface DeliveryFault {
  readonly code: string
  readonly hint: string
}

export const deliveryOutcomes = ['ok', 'sent', 'failed', 'takenOver'] as const
export type DeliveryOutcome = (typeof deliveryOutcomes)[number]

/** What a consumer acknowledged of one user. */
export interface UserDelivery {
  readonly user: string
  /** Under which it was set. */
  readonly extension: string
  readonly outcome: DeliveryOutcome
  /** Of what was set; null: nothing is. */
  readonly digest: string | null
  /** What the kind needs to change it or to undo it; opaque here. */
  readonly tag: string | null
  readonly at: Instant
  /** When it is to be sent again though nothing changed; null: never. */
  readonly refreshAt: Instant | null
  readonly error: DeliveryFault | null
}

export interface DeliveryOfUser {
  readonly consumer: string
  readonly delivery: UserDelivery
}

export interface ConsumerStore {
  /** By id. Empty for a tenant that is not there. */
  list(tenant: string): Promise<readonly ConsumerRecord[]>
  find(tenant: string, id: string): Promise<ConsumerRecord | null>
  /**
   * Saves it with how far it is (null: as before, or from the beginning). With `forget` what it acknowledged is dropped. Resolves to
   * whether it is new. Throws TenantGone.
   */
  save(
    tenant: string,
    consumer: ConsumerRecord,
    progress: ConsumerProgress | null,
    forget: boolean
  ): Promise<boolean>
  /** Resolves to whether it was there. */
  remove(tenant: string, id: string): Promise<boolean>

  progress(tenant: string, id: string): Promise<ConsumerProgress | null>
  /** In no order. */
  deliveries(tenant: string, id: string): Promise<readonly UserDelivery[]>
  /** What each of the tenant's consumers acknowledged of the user. */
  deliveriesOfUser(tenant: string, user: string): Promise<readonly DeliveryOfUser[]>
  /**
   * Saves how far it is and what it acknowledged; `removed` are users of whom nothing is kept any more. Of users who are gone nothing is
   * saved. Resolves to false, and saves nothing, where the consumer is gone or has another version.
   */
  saveProgress(
    tenant: string,
    id: string,
    version: string,
    saved: {
      readonly progress: ConsumerProgress
      readonly deliveries: readonly UserDelivery[]
      readonly removed: readonly string[]
    }
  ): Promise<boolean>

  /** The tenants whose consumers were saved or removed after the position (0: all that have any), and the position now. */
  changedAfter(position: number): Promise<{ readonly position: number; readonly tenants: readonly string[] }>
}
