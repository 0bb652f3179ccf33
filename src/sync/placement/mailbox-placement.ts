/**
 * Over which of a tenant's connections each mailbox is read. It is learned: a new mailbox is asked for over all of them; one that its
 * connection has no longer, as that said twice, over the others. Nothing else moves a mailbox, transient trouble never.
 */
import type { Instant } from '../../domain/calendar-event.ts'
import { RemoteError } from '../../errors.ts'
import { type Log, redactError } from '../../lib/redact-error.ts'
import type { Timers } from '../../lib/timers.ts'
import type { Store, UserRecord } from '../../storage/store.ts'
import { saveFailures } from '../batch/build-outcome.ts'
import { MailboxSearch } from './mailbox-search.ts'
import type { ProbeAnswer } from './probe-mailboxes.ts'

/** A connection as the placement sees it. */
export interface ProbedConnection {
  readonly id: string
  /** Whether it could be asked now. */
  readonly isReady: boolean
  /** Mailboxes of one probe. */
  readonly probeSize: number
  /** In the order of the records; null: the user has no mailbox that is to be read. */
  probe(records: readonly UserRecord[]): Promise<readonly (ProbeAnswer | null)[]>
}

export interface MailboxPlacementDeps {
  readonly store: Store
  readonly clock: () => Instant
  readonly timers: Timers
  readonly log: Log
  readonly metrics: { countMailboxMove(): void }
  /** In the order of the tenant. */
  readonly connections: () => readonly ProbedConnection[]
}

/** Milliseconds between the beginnings of two probes: 2 a second for a tenant. */
const probeIntervalMs = 500
/** Milliseconds until a connection that said nothing is asked again. */
const silenceMs = 60_000
/** Milliseconds until all are asked again where none has the mailbox. */
const nowhereMs = 3_600_000

interface Wanted {
  readonly user: string
  search: MailboxSearch
  /** Not before, on the monotonic clock. */
  dueAt: number
  isAsking: boolean
  /** No connection had it when all were last asked. */
  wasNowhere: boolean
}

export class MailboxPlacement {
  readonly #tenant: string
  readonly #deps: MailboxPlacementDeps
  readonly #wanted = new Map<string, Wanted>()
  #nextProbeAt = Number.NEGATIVE_INFINITY
  #running: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(tenant: string, deps: MailboxPlacementDeps) {
    this.#tenant = tenant
    this.#deps = deps
  }

  /** How many mailboxes are looked for. */
  get size(): number {
    return this.#wanted.size
  }

  /** Of no connection it is known that it has the mailbox. */
  onUnplaced(user: string): void {
    if (!this.#wanted.has(user)) this.#want(user, null)
  }

  /** The connection has said twice that it has these users' mailbox no longer. */
  onAbsent(users: Iterable<string>, from: string): void {
    for (const user of users) {
      if (this.#wanted.get(user)?.search.from !== from) this.#want(user, from)
    }
  }

  /** The mailbox was read where it was: it is not looked for. */
  onRead(users: Iterable<string>): void {
    for (const user of users) this.#wanted.delete(user)
  }

  /** Whether they were looked for, and no other connection has their mailbox. */
  wasFoundNowhere(users: Iterable<string>): boolean {
    for (const user of users) if (this.#wanted.get(user)?.wasNowhere === true) return true
    return false
  }

  /** Asks at once for those that were found nowhere. */
  retry(users?: readonly string[]): void {
    const now = this.#deps.timers.now()
    for (const user of users ?? [...this.#wanted.keys()]) {
      const wanted = this.#wanted.get(user)
      if (wanted !== undefined) wanted.dueAt = now
    }
  }

  /** Begins the next probe, where one is due. */
  runDue(now: number): void {
    if (this.#wanted.size === 0 || now < this.#nextProbeAt || this.#closed) return
    const probe = this.#nextProbe(now)
    if (probe === null) return
    this.#nextProbeAt = now + probeIntervalMs
    for (const wanted of probe.wanted) wanted.isAsking = true
    const running = this.#ask(probe.connection, probe.wanted).catch((error) => {
      this.#deps.log.warn(
        { tenant: this.#tenant, ...redactError(error) },
        'mailboxes could not be looked for; trying again'
      )
      this.#postpone(probe.wanted, silenceMs)
    })
    this.#running = Promise.all([this.#running, running])
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#wanted.clear()
    await this.#running
  }

  #want(user: string, from: string | null): void {
    this.#wanted.set(user, {
      user,
      search: new MailboxSearch(from),
      dueAt: 0,
      isAsking: false,
      wasNowhere: false
    })
  }

  /** The first connection that somebody waits for, with as many of those as go into one call. */
  #nextProbe(now: number): { readonly connection: ProbedConnection; readonly wanted: Wanted[] } | null {
    const connections = this.#deps.connections()
    if (connections.length < 2) return null
    const ids = connections.map(({ id }) => id)
    let chosen: { readonly connection: ProbedConnection; readonly wanted: Wanted[] } | null = null
    for (const wanted of this.#wanted.values()) {
      if (wanted.isAsking || wanted.dueAt > now) continue
      const next = wanted.search.next(ids)
      const connection = connections.find(({ id }) => id === next)
      if (connection?.isReady !== true) continue
      chosen ??= { connection, wanted: [] }
      if (chosen.connection === connection) chosen.wanted.push(wanted)
      if (chosen.wanted.length >= chosen.connection.probeSize) break
    }
    return chosen
  }

  async #ask(connection: ProbedConnection, all: readonly Wanted[]): Promise<void> {
    const records = await this.#deps.store.records(
      this.#tenant,
      all.map(({ user }) => user)
    )
    const asked = all.flatMap((wanted, index) => {
      const record = records[index] ?? null
      if (record?.sync.enabled) return [{ wanted, record }]
      this.#forget(wanted)
      return []
    })
    if (asked.length === 0) return
    const answers = await connection.probe(asked.map(({ record }) => record))
    const ids = this.#deps.connections().map(({ id }) => id)
    for (const [index, { wanted, record }] of asked.entries()) {
      const answer = answers[index] ?? null
      wanted.isAsking = false
      if (this.#wanted.get(wanted.user) !== wanted) continue
      if (answer === null) this.#forget(wanted)
      else {
        wanted.search.onAnswer(connection.id, answer)
        if (answer.kind === 'silent') this.#postpone([wanted], silenceMs)
        await this.#conclude(wanted, record, ids)
      }
    }
  }

  async #conclude(wanted: Wanted, before: UserRecord, connections: readonly string[]): Promise<void> {
    const { search, user } = wanted
    const outcome = search.outcome(connections)
    if (outcome.kind === 'open') return
    if (outcome.kind === 'home') {
      const isSaved = await this.#settle(before, outcome)
      if (isSaved) this.#forget(wanted)
      else this.#restart(wanted, silenceMs)
      return
    }
    wanted.wasNowhere = true
    if (search.from === null) await this.#saveNowhere(user)
    this.#restart(wanted, nowhereMs)
  }

  /** Timeline and freshness stay as they are, until the mailbox is read at its new home. */
  async #settle(
    { user, sync: before }: UserRecord,
    { connection, proof }: { readonly connection: string; readonly proof: UserHome['proof'] }
  ): Promise<boolean> {
    const { store, clock, log, metrics } = this.#deps
    const held = await store.record(this.#tenant, user.id)
    const now = clock()
    if (held === null || held.sync.generation !== before.generation) return true
    const sync = { ...held.sync, home: { connection, since: now, proof } }
    const outcome = { user: user.id, sync, timeline: 'same', visible: false } as const
    if ((await store.saveReadings(this.#tenant, [outcome], now)).length === 0) return false
    if (proof === 'moved') {
      metrics.countMailboxMove()
      log.info({ tenant: this.#tenant, user: user.id, connection }, 'a mailbox has moved')
    }
    return true
  }

  #saveNowhere(user: string): Promise<void> {
    const { store, clock } = this.#deps
    return saveFailures(store, this.#tenant, [user], nowhere, { pollMs: nowhereMs, clock })
  }

  #restart(wanted: Wanted, delayMs: number): void {
    wanted.search = new MailboxSearch(wanted.search.from)
    this.#postpone([wanted], delayMs)
  }

  #postpone(all: readonly Wanted[], delayMs: number): void {
    const dueAt = this.#deps.timers.now() + delayMs
    for (const wanted of all) {
      wanted.isAsking = false
      wanted.dueAt = dueAt
    }
  }

  #forget(wanted: Wanted): void {
    if (this.#wanted.get(wanted.user) === wanted) this.#wanted.delete(wanted.user)
  }
}

type UserHome = NonNullable<UserRecord['sync']['home']>

const nowhere = new RemoteError(
  'mailbox_unknown',
  "None of the tenant's connections has this mailbox: correct the user's mailbox. All of them are asked again every hour."
)
