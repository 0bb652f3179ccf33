/** The reading of one tenant: its connector, who is read by which rules, and what a change of those asks for. */
import type { Connector } from '../connectors/connector.ts'
import type { CalendarNotification } from '../connectors/notification.ts'
import type { Instant } from '../domain/calendar-event.ts'
import type { CompiledRules } from '../domain/decide.ts'
import type { RuleSet } from '../domain/rule-set.ts'
import { RemoteError } from '../errors.ts'
import { type Log, redactError } from '../lib/redact-error.ts'
import type { Timers } from '../lib/timers.ts'
import { unsealMailbox } from '../storage/secrets/connection-secrets.ts'
import type { Sealer } from '../storage/secrets/seal.ts'
import type { RulesVersion, Store, StoredConnection, Tenant, UserRecord } from '../storage/store.ts'
import { saveFailures } from './batch/build-outcome.ts'
import type { CompileRules } from './batch/rule-cache.ts'
import { createBatchRunner } from './batch/run-batches.ts'
import type { SyncMetrics } from './batch/sync-batch.ts'
import type { PollInterval } from './cluster/jobs.ts'
import {
  type ConnectionState,
  createConnectionHealth,
  type PublishedStatus
} from './connection/connection-health.ts'
import { openConnectorLeases } from './connection/connector-leases.ts'
import { keepsSubscriptions, type OpenConnector, openTenantConnector } from './connection/open-connector.ts'
import { createNotificationDebouncer, notificationPriority } from './notifications/debouncer.ts'
import { openTargetSubscriptions, type ReleaseMode } from './notifications/target-subscriptions.ts'
import type { BatchResult, Priority, SyncQueue } from './queue/queue.ts'
import { createReconcileSchedule, type ReconcileSchedule } from './scheduling/reconcile-schedule.ts'
import { openStoreFeedHandler } from './store-feed-handler.ts'
import { createTargetRegistry, type ReadTarget, targetOf } from './targets/target-registry.ts'
import { createUserIndex } from './targets/user-index.ts'

export interface SyncDeps {
  readonly store: Store
  readonly openConnector: OpenConnector
  readonly sealer: Sealer
  /** The rules of a tenant that has none of its own. */
  readonly defaultRules: RuleSet
  readonly compileRules: CompileRules
  readonly clock: () => Instant
  readonly timers: Timers
  readonly random: () => number
  readonly log: Log
  readonly metrics: SyncMetrics
  /** Told whenever the state of a connection is another; null: nobody else is to know. */
  readonly publishStatus: ((tenant: string, posted: PublishedStatus) => void) | null
}

export interface TenantSync {
  /** The tenant, its rules or its connection may have changed. */
  invalidate(): void
  /** Resolves when all changes that were heard of are taken note of. */
  whenIdle(): Promise<void>
  /** Resolves to how many calendars wait to be read for it. */
  readNow(users?: readonly string[]): Promise<number>
  /** Genuine news of one target; says whether it is one of ours. */
  onNotification(key: string, news: CalendarNotification['event']): boolean
  batchSize(): number
  read(keys: readonly string[], signal: AbortSignal): Promise<BatchResult>
  /** As `readNow`, of targets. Those that are not ours are passed over. */
  readTargets(keys: readonly string[], haste: Priority): Promise<number>
  /** Polls and sweeps who is due, or will be within so many milliseconds. Returns them. */
  runDue(early?: number): readonly string[]
  /** How often `tick` has something to do, and when next; null while there is nothing to poll. */
  readonly pollInterval: PollInterval | null
  /** Polls everybody. */
  pollAll(): void
  readonly connector: Connector | null
  readonly connection: ConnectionState
  /** Tells its state again. */
  publishStatus(): void
  /** Calendars that notices tell of, and those that they ought to tell of but do not. */
  readonly subscriptions: { readonly kind: string; readonly active: number; readonly inactive: number }
  /** As `Targets.oldest`. */
  oldestSyncAt(): Instant | null
  close(): Promise<void>
}

export function openTenantSync(id: string, needs: SyncDeps, queue: SyncQueue, gone: () => void): TenantSync {
  const { store, clock, timers, log, metrics } = needs
  let tenant: Tenant | null = null
  let connection: StoredConnection | null = null
  let version: Pick<RulesVersion, 'version' | 'at'> | null = null
  let rules: CompiledRules = needs.compileRules(needs.defaultRules, 0)
  let plan: ReconcileSchedule | null = null
  let polledAllAt = Number.NEGATIVE_INFINITY
  let closed = false

  const links = openConnectorLeases((error) =>
    log.warn({ tenant: id, ...redactError(error) }, 'a connector did not close')
  )
  // What is not live tells of files alone, and one that appears is what mends its reading.
  const hasteOf = (key: string) =>
    watching.isActive(key) ? notificationPriority(targets.get(key)?.failures ?? 0) : 'soon'
  const notices = createNotificationDebouncer(
    timers,
    async (key) => (await queue.add(id, [key], hasteOf(key))) > 0
  )
  const watching = openTargetSubscriptions(
    id,
    () => links.current,
    {
      onChanged(key) {
        // Of those that come over the web the route counts every one.
        if (kind() !== 'graph') metrics.countNotifications(kind(), 'accepted', 1)
        heard(key)
      },
      onActive: (key) => void ask([key], 'poll'),
      onStateChange: () => health.publish()
    },
    needs
  )
  const health = createConnectionHealth(
    () => watching.state,
    (state) => needs.publishStatus?.(id, { state, changedAt: connection?.changedAt ?? null }),
    needs
  )
  const targets = createTargetRegistry((target) => {
    const unwatch = watching.add(target)
    return (parting) => {
      notices.forget(target.key)
      unwatch(parting)
    }
  })
  const people = createUserIndex(id, targets, {
    store,
    targetOf: resolve,
    isConnected: () => links.current !== null,
    isClosed: () => closed,
    mark
  })
  const scene = () => ({
    ...needs,
    tenant: id,
    kind: kind(),
    rules,
    staleAfter: staleAfter(),
    targets,
    isLive: watching.isActive,
    targetOf: resolve
  })
  const readKeys = createBatchRunner(id, links, health, { log, clock, scene, mark })
  const noteEverybody = () => people.resync(readOrMark)
  const changes = openStoreFeedHandler(
    id,
    { applyTenant: noteTenant, applyUsers: noteChangedUsers, resyncUsers: noteEverybody },
    needs
  )

  return {
    invalidate: changes.invalidate,
    whenIdle: changes.whenIdle,
    async readNow(users) {
      await changes.whenIdle()
      const keys = targets.keys(users)
      if (keys.length === 0) return 0
      health.endOwnPause()
      return ask(keys, 'now')
    },
    async readTargets(keys, haste) {
      await changes.whenIdle()
      if (haste === 'now') health.endOwnPause()
      const ours = keys.filter((key) => targets.get(key) !== undefined)
      return ask(ours, haste)
    },
    onNotification(key, news) {
      const isOurs = targets.get(key) !== undefined
      if (!isOurs) metrics.countNotifications(kind(), 'unknown', 1)
      else if (news === 'changed') heard(key)
      else watching.onLifecycleEvent(key, news)
      return isOurs
    },
    batchSize: () => Math.max(1, links.current?.batchSize ?? 1),
    read,
    runDue(early = 0) {
      if (plan === null) return []
      const { poll, reconcile: sweep } = plan.takeDue(timers.now() + early)
      for (const key of sweep) targets.get(key)!.reconcilePending = true
      const due = [...poll, ...sweep]
      void queue.add(id, due, 'poll')
      return due
    },
    get pollInterval() {
      return plan?.pollInterval(timers.now()) ?? null
    },
    pollAll() {
      // Not more often than polls would: a clock that is set over and over reads nothing over and over.
      const now = timers.now()
      if (connection === null || now - polledAllAt < connection.pollSeconds * 1000) return
      polledAllAt = now
      void queue.add(id, targets.keys(), 'poll')
    },
    get connector() {
      return links.current
    },
    get connection() {
      return health.state
    },
    publishStatus: () => health.publish(),
    get subscriptions() {
      return { kind: kind(), active: watching.state.active, inactive: watching.inactive }
    },
    oldestSyncAt: () => targets.oldestSyncAt(clock(), watching.isActive),
    async close() {
      closed = true
      await changes.close()
      health.close()
      notices.clear()
      watching.close()
      targets.clear('leave')
      await queue.drop(id)
      await links.close()
    }
  }

  /** The calendar was edited, or may have been. */
  function heard(key: string): void {
    const entry = targets.get(key)
    if (entry === undefined) return
    entry.dirtySeq += 1
    notices.notify(key, entry.readAt)
  }

  /** Has calendars read, for something that nothing less can answer. */
  function ask(keys: readonly string[], haste: Priority): Promise<number> {
    targets.markDirty(keys)
    return queue.add(id, keys, haste)
  }

  function read(keys: readonly string[], signal: AbortSignal): Promise<BatchResult> {
    for (const key of keys) {
      const entry = targets.get(key)
      if (entry !== undefined) entry.readAt = timers.now()
      notices.onReadStart(key)
    }
    return readKeys(keys, signal)
  }

  async function noteChangedUsers(users: readonly string[]): Promise<void> {
    const keys = await people.apply(users)
    await ask(keys, 'soon')
    const waiting = links.current === null || (keys.length > 0 && health.state.nextReadAt !== null)
    if (waiting && health.fault !== null) await mark(users, health.fault)
  }

  async function noteTenant(anew: boolean): Promise<void> {
    const [nextTenant, nextConnection, nextVersion] = await Promise.all([
      store.tenant(id),
      store.connection(id),
      store.rules(id)
    ])
    if (nextTenant === null) {
      targets.clear('stop')
      links.replace(null)
      return gone()
    }
    const moved = nextTenant.timeZone !== tenant?.timeZone
    // Versions count from 1 again in another tenant of the same name, whom we may not have heard coming.
    const ruled = anew || nextVersion?.version !== version?.version || nextVersion?.at !== version?.at
    const reconnected = anew || JSON.stringify(nextConnection) !== JSON.stringify(connection)
    const parting = keepsSubscriptions(connection, nextConnection) ? 'leave' : 'stop'
    tenant = nextTenant
    version = nextVersion && { version: nextVersion.version, at: nextVersion.at }
    connection = nextConnection
    if (ruled) rules = needs.compileRules(nextVersion?.effective ?? needs.defaultRules, version?.version ?? 0)
    if (reconnected) await connect(parting)
    if (reconnected || moved) await people.applyAll(readOrMark)
    else if (ruled) await ask(targets.keys(), 'poll')
  }

  async function readOrMark(users: readonly string[], keys: readonly string[]): Promise<void> {
    if (links.current !== null) await ask(keys, 'poll')
    else if (health.fault !== null) await mark(users, health.fault)
  }

  /** What was on its way over the old connection counts for nothing, and pauses that it earned are over. */
  async function connect(parting: ReleaseMode): Promise<void> {
    await queue.drop(id)
    notices.clear()
    targets.clear(parting)
    const opened = connection === null ? null : openTenantConnector(id, connection, needs)
    links.replace(opened instanceof RemoteError ? null : opened)
    if (opened === null || connection === null) {
      plan = null
      return health.onClosed()
    }
    health.onOpened()
    if (opened instanceof RemoteError) health.recordFailure(opened)
    const batchSize = links.current?.batchSize ?? 1
    plan = createReconcileSchedule(id, connection.pollSeconds * 1000, batchSize, targets, watching.isActive)
  }

  function resolve(record: UserRecord): ReadTarget | null {
    const zone = tenant?.timeZone ?? 'UTC'
    return targetOf(record.user, zone, (mailbox) => unsealMailbox(id, mailbox, needs.sealer))
  }

  function kind(): string {
    return connection?.kind ?? ''
  }

  function staleAfter(): number {
    return 2 * (connection?.pollSeconds ?? 3600) * 1000
  }

  function mark(users: readonly string[], error: RemoteError): Promise<void> {
    return saveFailures(store, id, users, error, staleAfter(), clock)
  }
}
