/** What the sync of every tenant rests on. */
import type { Instant } from '../domain/calendar-event.ts'
import type { RuleSet } from '../domain/rule-set.ts'
import type { Log } from '../lib/redact-error.ts'
import type { Semaphore } from '../lib/semaphore.ts'
import type { Timers } from '../lib/timers.ts'
import type { Unsealer } from '../storage/secrets/seal.ts'
import type { Store } from '../storage/store.ts'
import type { SyncMetrics } from './batch/batch-context.ts'
import type { RuleCache } from './batch/rule-cache.ts'
import type { SavedRecordCache } from './batch/saved-records.ts'
import type { PublishedStatus } from './connection/connection-health.ts'
import type { OpenConnector } from './connection/open-connector.ts'

export interface SyncDeps {
  readonly store: Store
  readonly openConnector: OpenConnector
  readonly sealer: Unsealer
  /** The rules of a tenant that has none of its own. */
  readonly defaultRules: RuleSet
  readonly ruleCache: RuleCache
  readonly savedRecords: SavedRecordCache
  /** How many tenants are loaded from the store at the same time. */
  readonly tenantLoads: Semaphore
  readonly clock: () => Instant
  readonly timers: Timers
  readonly random: () => number
  readonly log: Log
  readonly metrics: SyncMetrics
  /** Called whenever the state of a connection is another; null: no other process is to know. */
  readonly publishStatus: ((tenant: string, connection: string, status: PublishedStatus) => void) | null
}
