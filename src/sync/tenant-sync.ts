/** The reading of one tenant: its connector, who is read by which rules, and what a change of those asks for. */
import type { Connector } from '../connectors/connector.ts'
import type { CalendarNotification } from '../connectors/notification.ts'
import type { Instant } from '../domain/calendar-event.ts'
import type { CompiledRules } from '../domain/decide.ts'
import type { RuleSet } from '../domain/rule-set.ts'
import { RemoteError } from '../errors.ts'
import { type Log, wordless } from '../lib/redact-error.ts'
import type { Timers } from '../lib/timers.ts'
import { unsealMailbox } from '../storage/secrets/connection-secrets.ts'
import type { Sealer } from '../storage/secrets/seal.ts'
import type { KeptConnection, RulesVersion, Store, Tenant, UserRecord } from '../storage/store.ts'
import { saveFailures } from './batch/build-outcome.ts'
import type { CompileRules } from './batch/rule-cache.ts'
import { batchesOf } from './batch/run-batches.ts'
import type { SyncMetrics } from './batch/sync-batch.ts'
import type { Pace } from './cluster/jobs.ts'
import { type ConnectionState, openHealth, type Posted } from './connection/connection-health.ts'
import { openLinks } from './connection/connector-lease.ts'
import { isAdopted, type OpenConnector, openConnection } from './connection/open-connector.ts'
import { hasteAfter, noticesOf } from './notifications/debouncer.ts'
import { openWatching, type Parting } from './notifications/watch-manager.ts'
import type { Haste, Queue, Verdict } from './queue/queue.ts'
import { type Sweeping, sweeping } from './scheduling/reconcile-schedule.ts'
import { hearing } from './store-feed-handler.ts'
import { openTargets, type ReadTarget, targetOf } from './targets/target-registry.ts'
import { peopleOf } from './targets/user-index.ts'

export interface SyncNeeds {
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
  readonly post: ((tenant: string, posted: Posted) => void) | null
}

export interface TenantReading {
  /** The tenant, its rules or its connection may have changed. */
  changed(): void
  /** Resolves when all changes that were heard of are taken note of. */
  settled(): Promise<void>
  /** Resolves to how many calendars wait to be read for it. */
  readNow(users?: readonly string[]): Promise<number>
  /** Genuine news of one target; says whether it is one of ours. */
  noticed(key: string, news: CalendarNotification['event']): boolean
  batchSize(): number
  read(keys: readonly string[], signal: AbortSignal): Promise<Verdict>
  /** As `readNow`, of targets. Those that are not ours are passed over. */
  readTargets(keys: readonly string[], haste: Haste): Promise<number>
  /** Polls and sweeps who is due, or will be within so many milliseconds. Returns them. */
  tick(early?: number): readonly string[]
  /** How often `tick` has something to do, and when next; null while there is nothing to poll. */
  readonly pace: Pace | null
  /** Polls everybody. */
  pollAll(): void
  readonly connector: Connector | null
  readonly connection: ConnectionState
  /** Tells its state again. */
  tell(): void
  /** Calendars that notices tell of, and those that they ought to tell of but do not. */
  readonly watches: { readonly kind: string; readonly live: number; readonly deaf: number }
  /** As `Targets.oldest`. */
  oldest(): Instant | null
  close(): Promise<void>
}

export function openTenant(id: string, needs: SyncNeeds, queue: Queue, gone: () => void): TenantReading {
  const { store, clock, timers, log, metrics } = needs
  let tenant: Tenant | null = null
  let connection: KeptConnection | null = null
  let version: Pick<RulesVersion, 'version' | 'at'> | null = null
  let rules: CompiledRules = needs.compileRules(needs.defaultRules, 0)
  let plan: Sweeping | null = null
  let polledAllAt = Number.NEGATIVE_INFINITY
  let closed = false

  const links = openLinks((error) =>
    log.warn({ tenant: id, ...wordless(error) }, 'a connector did not close')
  )
  // What is not live tells of files alone, and one that appears is what mends its reading.
  const hasteOf = (key: string) =>
    watching.isLive(key) ? hasteAfter(targets.entry(key)?.failures ?? 0) : 'soon'
  const notices = noticesOf(timers, async (key) => (await queue.add(id, [key], hasteOf(key))) > 0)
  const watching = openWatching(
    id,
    () => links.present,
    {
      changed(key) {
        // Of those that come over the web the route counts every one.
        if (kind() !== 'graph') metrics.countNotices(kind(), 'taken', 1)
        heard(key)
      },
      live: (key) => void ask([key], 'poll'),
      turned: () => health.turned()
    },
    needs
  )
  const health = openHealth(
    () => watching.state,
    (state) => needs.post?.(id, { state, changedAt: connection?.changedAt ?? null }),
    needs
  )
  const targets = openTargets((target) => {
    const unwatch = watching.add(target)
    return (parting) => {
      notices.forget(target.key)
      unwatch(parting)
    }
  })
  const people = peopleOf(id, targets, {
    store,
    targetOf: resolve,
    isConnected: () => links.present !== null,
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
    isLive: watching.isLive,
    targetOf: resolve
  })
  const readKeys = batchesOf(id, links, health, { log, clock, scene, mark })
  const noteEverybody = () => people.noteAllAnew(readOrMark)
  const changes = hearing(id, { noteTenant, noteUsers: noteChangedUsers, noteEverybody }, needs)

  return {
    changed: changes.suspect,
    settled: changes.settled,
    async readNow(users) {
      await changes.settled()
      const keys = targets.keys(users)
      if (keys.length === 0) return 0
      health.triedAnyway()
      return ask(keys, 'now')
    },
    async readTargets(keys, haste) {
      await changes.settled()
      if (haste === 'now') health.triedAnyway()
      const ours = keys.filter((key) => targets.entry(key) !== undefined)
      return ask(ours, haste)
    },
    noticed(key, news) {
      const isOurs = targets.entry(key) !== undefined
      if (!isOurs) metrics.countNotices(kind(), 'unknown', 1)
      else if (news === 'changed') heard(key)
      else watching.told(key, news)
      return isOurs
    },
    batchSize: () => Math.max(1, links.present?.batchSize ?? 1),
    read,
    tick(early = 0) {
      if (plan === null) return []
      const { poll, sweep } = plan.due(timers.now() + early)
      for (const key of sweep) targets.entry(key)!.swept = true
      const due = [...poll, ...sweep]
      void queue.add(id, due, 'poll')
      return due
    },
    get pace() {
      return plan?.pace(timers.now()) ?? null
    },
    pollAll() {
      // Not more often than polls would: a clock that is set over and over reads nothing over and over.
      const now = timers.now()
      if (connection === null || now - polledAllAt < connection.pollSeconds * 1000) return
      polledAllAt = now
      void queue.add(id, targets.keys(), 'poll')
    },
    get connector() {
      return links.present
    },
    get connection() {
      return health.now
    },
    tell: () => health.turned(),
    get watches() {
      return { kind: kind(), live: watching.state.live, deaf: watching.deaf }
    },
    oldest: () => targets.oldest(clock(), watching.isLive),
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
    const entry = targets.entry(key)
    if (entry === undefined) return
    entry.heard += 1
    notices.heard(key, entry.readAt)
  }

  /** Has calendars read, for something that nothing less can answer. */
  function ask(keys: readonly string[], haste: Haste): Promise<number> {
    targets.hear(keys)
    return queue.add(id, keys, haste)
  }

  function read(keys: readonly string[], signal: AbortSignal): Promise<Verdict> {
    for (const key of keys) {
      const entry = targets.entry(key)
      if (entry !== undefined) entry.readAt = timers.now()
      notices.began(key)
    }
    return readKeys(keys, signal)
  }

  async function noteChangedUsers(users: readonly string[]): Promise<void> {
    const keys = await people.note(users)
    await ask(keys, 'soon')
    const waiting = links.present === null || (keys.length > 0 && health.now.nextReadAt !== null)
    if (waiting && health.trouble !== null) await mark(users, health.trouble)
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
    const parting = isAdopted(connection, nextConnection) ? 'leave' : 'stop'
    tenant = nextTenant
    version = nextVersion && { version: nextVersion.version, at: nextVersion.at }
    connection = nextConnection
    if (ruled) rules = needs.compileRules(nextVersion?.effective ?? needs.defaultRules, version?.version ?? 0)
    if (reconnected) await connect(parting)
    if (reconnected || moved) await people.noteAll(readOrMark)
    else if (ruled) await ask(targets.keys(), 'poll')
  }

  async function readOrMark(users: readonly string[], keys: readonly string[]): Promise<void> {
    if (links.present !== null) await ask(keys, 'poll')
    else if (health.trouble !== null) await mark(users, health.trouble)
  }

  /** What was on its way over the old connection counts for nothing, and pauses that it earned are over. */
  async function connect(parting: Parting): Promise<void> {
    await queue.drop(id)
    notices.clear()
    targets.clear(parting)
    const opened = connection === null ? null : openConnection(id, connection, needs)
    links.replace(opened instanceof RemoteError ? null : opened)
    if (opened === null || connection === null) {
      plan = null
      return health.closed()
    }
    health.opened()
    if (opened instanceof RemoteError) health.failed(opened)
    const batchSize = links.present?.batchSize ?? 1
    plan = sweeping(id, connection.pollSeconds * 1000, batchSize, targets, watching.isLive)
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
