/** The reading of one tenant: its connector, who is read by which rules, and what a change of those asks for. */
import type { Connector } from '../connectors/connector.ts'
import type { Notice } from '../connectors/notice.ts'
import type { Instant } from '../core/calendar-event.ts'
import { type CompiledRules, compileRules } from '../core/decide.ts'
import type { RuleSet } from '../core/rule-set.ts'
import { unsealMailbox } from '../directory/sealing.ts'
import { RemoteError } from '../errors.ts'
import type { Sealer } from '../store/seal.ts'
import {
  type KeptConnection,
  type RulesVersion,
  type Store,
  type Tenant,
  TenantGone,
  type UserRecord
} from '../store/store.ts'
import { type ConnectionState, openHealth } from './health.ts'
import { hearing } from './hearing.ts'
import { openLinks } from './links.ts'
import { type Log, wordless } from './log.ts'
import { noticesOf } from './notices.ts'
import { type OpenConnector, openConnection, unsealable } from './opening.ts'
import { markFailed } from './outcomes.ts'
import type { Pause, Queue, Verdict } from './queue.ts'
import { readBatch, type SyncMetrics } from './reading.ts'
import { type Schedule, schedule } from './schedule.ts'
import { openTargets, type ReadTarget, targetOf } from './targets.ts'
import type { Timers } from './timers.ts'

export interface SyncNeeds {
  readonly store: Store
  readonly openConnector: OpenConnector
  readonly sealer: Sealer
  /** The rules of a tenant that has none of its own. */
  readonly defaultRules: RuleSet
  readonly clock: () => Instant
  readonly timers: Timers
  readonly random: () => number
  readonly log: Log
  readonly metrics: SyncMetrics
}

export interface TenantReading {
  /** The tenant, its rules or its connection may have changed. */
  changed(): void
  /** Resolves when all changes that were heard of are taken note of. */
  settled(): Promise<void>
  /** Resolves to how many calendars wait to be read for it. */
  readNow(users?: readonly string[]): Promise<number>
  /** Genuine news of one target; says whether it is one of ours. */
  noticed(key: string, news: Notice['news']): boolean
  batchSize(): number
  read(keys: readonly string[], signal: AbortSignal): Promise<Verdict>
  /** Polls who is due. */
  tick(): void
  /** Polls everybody. */
  pollAll(): void
  readonly connector: Connector | null
  readonly connection: ConnectionState
  /** When the calendar that was confirmed longest ago was; null when none is to be read. */
  oldest(): Instant | null
  close(): Promise<void>
}

const page = 500
/** After the store failed. */
const storePause: Pause = { milliseconds: 5_000, by: 'us' }

export function openTenant(id: string, needs: SyncNeeds, queue: Queue, gone: () => void): TenantReading {
  const { store, clock, timers, log } = needs
  let tenant: Tenant | null = null
  let connection: KeptConnection | null = null
  let version: RulesVersion | null = null
  let rules: CompiledRules = compileRules(needs.defaultRules, 0)
  let polls: Schedule | null = null
  /** The revision of the targets for which the polls were planned. */
  let planned = -1
  let sweptAt = Number.NEGATIVE_INFINITY
  let closed = false

  const health = openHealth(clock, timers, needs.random)
  const links = openLinks((error) =>
    log.warn({ tenant: id, ...wordless(error) }, 'a connector did not close')
  )
  const notices = noticesOf(timers, (key) => void queue.add(id, [key], 'soon'))
  const targets = openTargets(({ key, mailbox }) => {
    const changed = () => notices.heard(key, targets.entry(key)?.readAt ?? Number.NEGATIVE_INFINITY)
    const watch = links.present?.watch({ mailbox, name: key }, { changed, live: () => {}, deaf: () => {} })
    return () => watch?.stop()
  })

  const changes = hearing(id, { noteTenant, noteUsers: noteChangedUsers }, needs)

  return {
    changed: changes.suspect,
    settled: changes.settled,
    async readNow(users) {
      await changes.settled()
      const keys = targets.keys(users)
      if (keys.length === 0) return 0
      health.triedAnyway()
      return queue.add(id, keys, 'now')
    },
    noticed: (key) => targets.entry(key) !== undefined,
    batchSize: () => Math.max(1, links.present?.batchSize ?? 1),
    read,
    tick() {
      const now = timers.now()
      if (polls === null) return
      if (planned !== targets.revision) polls.plan(targets.keys(), now)
      planned = targets.revision
      if (polls.nextAt > now) return
      void queue.add(id, polls.due(now), 'poll')
    },
    pollAll() {
      // Not more often than polls would: a clock that is set over and over reads nothing over and over.
      const now = timers.now()
      if (connection === null || now - sweptAt < connection.pollSeconds * 1000) return
      sweptAt = now
      void queue.add(id, targets.keys(), 'poll')
    },
    get connector() {
      return links.present
    },
    get connection() {
      return health.now
    },
    oldest() {
      let oldest: Instant | null = null
      for (const key of targets.keys()) {
        const { confirmedAt, wantedSince } = targets.entry(key)!
        oldest = Math.min(oldest ?? Number.POSITIVE_INFINITY, confirmedAt ?? wantedSince)
      }
      return oldest
    },
    async close() {
      closed = true
      await changes.close()
      notices.clear()
      targets.clear()
      await queue.drop(id)
      await links.close()
    }
  }

  async function noteChangedUsers(users: readonly string[]): Promise<void> {
    const keys = await noteUsers(users)
    await queue.add(id, keys, 'soon')
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
      targets.clear()
      links.replace(null)
      return gone()
    }
    const moved = nextTenant.timeZone !== tenant?.timeZone
    const ruled = anew || nextVersion?.version !== version?.version
    const reconnected = anew || JSON.stringify(nextConnection) !== JSON.stringify(connection)
    tenant = nextTenant
    version = nextVersion
    connection = nextConnection
    if (ruled) rules = compileRules(version?.effective ?? needs.defaultRules, version?.version ?? 0)
    if (reconnected) await connect()
    if (reconnected || moved) await noteAllUsers()
    else if (ruled) await queue.add(id, targets.keys(), 'poll')
  }

  /** What was on its way over the old connection counts for nothing, and pauses that it earned are over. */
  async function connect(): Promise<void> {
    await queue.drop(id)
    notices.clear()
    targets.clear()
    const opened = connection === null ? null : openConnection(id, connection, needs)
    links.replace(opened instanceof RemoteError ? null : opened)
    if (opened === null || connection === null) {
      polls = null
      return health.closed()
    }
    health.opened()
    if (opened instanceof RemoteError) health.failed(opened)
    planned = -1
    polls = schedule(id, connection.pollSeconds * 1000, links.present?.batchSize ?? 1)
  }

  async function noteAllUsers(): Promise<void> {
    let after: string | undefined
    while (!closed) {
      const users = await store.users(id, after === undefined ? { limit: page } : { limit: page, after })
      after = users.at(-1)?.id
      if (after === undefined) break
      const ids = users.map((user) => user.id)
      const keys = await noteUsers(ids)
      if (links.present !== null) await queue.add(id, keys, 'poll')
      else if (health.trouble !== null) await mark(ids, health.trouble)
    }
  }

  /** Resolves to the targets that must be read for what has changed. */
  async function noteUsers(users: readonly string[]): Promise<string[]> {
    const records = await store.records(id, users)
    const sealedAway: string[] = []
    const keys = new Set<string>()
    users.forEach((user, index) => {
      const record = records[index] ?? null
      let target: ReadTarget | null = null
      try {
        target = record === null ? null : resolve(record)
      } catch {
        sealedAway.push(user)
      }
      if (target !== null && links.present === null) return
      if (targets.note(user, record, target) && target !== null) keys.add(target.key)
    })
    if (sealedAway.length > 0) await mark(sealedAway, unsealable)
    return [...keys]
  }

  function resolve(record: UserRecord): ReadTarget | null {
    const zone = tenant?.timeZone ?? 'UTC'
    return targetOf(record.user, zone, (mailbox) => unsealMailbox(id, mailbox, needs.sealer))
  }

  function staleAfter(): number {
    return 2 * (connection?.pollSeconds ?? 3600) * 1000
  }

  function mark(users: readonly string[], error: RemoteError): Promise<void> {
    return markFailed(store, id, users, error, staleAfter(), clock)
  }

  async function read(keys: readonly string[], signal: AbortSignal): Promise<Verdict> {
    const nothing = { tenant: null, targets: new Map() }
    try {
      const report = await links.use((connector) =>
        readBatch(
          {
            ...needs,
            tenant: id,
            connector,
            kind: connection?.kind ?? '',
            rules,
            staleAfter: staleAfter(),
            targets,
            targetOf: resolve
          },
          keys,
          signal
        )
      )
      if (report === null || report.far === 'nothing') return nothing
      if (report.trouble !== null) return await troubled(report.trouble, keys, report.again)
      // Who says nothing at all is asked by one batch at a time, and by the next as soon as it may.
      if (report.far === 'silent') return { tenant: { milliseconds: 0, by: 'us' }, targets: report.again }
      if (health.answered()) log.info({ tenant: id }, 'the connection works again')
      return { tenant: null, targets: report.again }
    } catch (error) {
      if (error instanceof TenantGone) return nothing
      log.warn({ tenant: id, ...wordless(error) }, 'a batch could not be saved; it is read again')
      return { tenant: storePause, targets: new Map() }
    }
  }

  /** One batch was told what holds for all: the others are not sent to hear the same. */
  async function troubled(
    error: RemoteError,
    keys: readonly string[],
    again: Verdict['targets']
  ): Promise<Verdict> {
    const { pause, news } = health.failed(error)
    if (news) log.warn({ tenant: id, code: error.code, hint: error.hint }, 'the connection fails')
    const passing = error.code === 'throttled' && pause.milliseconds < staleAfter() / 2
    if (!passing) {
      const told = new Set(keys.flatMap((key) => [...(targets.entry(key)?.users ?? [])]))
      await mark(
        [...targets.users()].filter((user) => !told.has(user)),
        error
      )
    }
    return { tenant: pause, targets: again }
  }
}
