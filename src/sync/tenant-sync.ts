/** The sync of one tenant, in the process that owns it: a ConnectionSync for each of its connections, and where each mailbox is. */
import type { Connector } from '../connectors/connector.ts'
import type { CalendarNotification } from '../connectors/notification.ts'
import { redactError } from '../lib/redact-error.ts'
import type { StoredConnection } from '../storage/store.ts'
import { connectionIdOf, defaultConnectionId } from '../storage/tenant-connections.ts'
import { absentConnection, type ConnectionState } from './connection/connection-health.ts'
import { ConnectionSync } from './connection-sync.ts'
import { MailboxPlacement } from './placement/mailbox-placement.ts'
import type { BatchResult, Priority, SyncQueue } from './queue/queue.ts'
import { queueIdOf } from './queue/queue-id.ts'
import type { SyncDeps } from './sync-deps.ts'
import { TenantFigures } from './tenant-figures.ts'

const nothing: BatchResult = { tenant: null, targets: new Map() }

export class TenantSync {
  readonly #id: string
  readonly #deps: SyncDeps
  readonly #queue: SyncQueue
  readonly #onGone: () => void
  readonly #placement: MailboxPlacement
  /** By id, in the tenant's order. A tenant without a connection has one that is absent. */
  #connections: ReadonlyMap<string, ConnectionSync>
  /** Those that were removed and have not ended yet. */
  readonly #ending = new Set<Promise<void>>()
  readonly figures: TenantFigures

  /** `onGone` is called when there is no such tenant (any more). */
  constructor(id: string, deps: SyncDeps, queue: SyncQueue, onGone: () => void) {
    this.#id = id
    this.#deps = deps
    this.#queue = queue
    this.#onGone = onGone
    this.#placement = new MailboxPlacement(id, {
      ...deps,
      connections: () => this.#all().map(({ mailboxes }) => mailboxes)
    })
    this.figures = new TenantFigures(() => this.#all().map(({ figures }) => figures))
    this.#connections = new Map()
    this.#connections = new Map([[defaultConnectionId, this.#open(defaultConnectionId)]])
  }

  /** The connector of a connection; of the first without a name. */
  connector(connection?: string): Connector | null {
    return this.#find(connection)?.connector ?? null
  }

  /** The state of a connection; of the first without a name. */
  connection(connection?: string): ConnectionState {
    return this.#find(connection)?.state ?? absentConnection(this.#deps.clock())
  }

  connectionFigures(): Iterable<ConnectionSync['figures']> {
    return this.#all().map(({ figures }) => figures)
  }

  /** Calls that name a connection are told of that alone. */
  connectionStates(): Iterable<ConnectionState> {
    return this.#all().map(({ state }) => state)
  }

  /** The tenant, its rules or its connections may have changed. */
  invalidate(): void {
    for (const one of this.#all()) one.invalidate()
  }

  /** Resolves when every change so far is applied. */
  async whenIdle(): Promise<void> {
    for (let seen: ReadonlyMap<string, ConnectionSync> | null = null; seen !== this.#connections; ) {
      seen = this.#connections
      await Promise.all(this.#all().map((one) => one.whenIdle()))
    }
  }

  /** Resolves to how many calendars wait to be read for it. */
  async readNow(users?: readonly string[]): Promise<number> {
    await this.whenIdle()
    this.#placement.retry(users)
    const counts = await Promise.all(this.#all().map((one) => one.readNow(users)))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  /** As `readNow`, of targets. Those that are not ours are passed over. */
  async readTargets(keys: readonly string[], priority: Priority): Promise<number> {
    await this.whenIdle()
    const counts = await Promise.all(this.#all().map((one) => one.readTargets(keys, priority)))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  /** As `SyncQueue.whenDone`, over all connections. */
  async whenDone(keys: readonly string[]): Promise<boolean> {
    const done = await Promise.all(
      this.#all().map(({ id }) => this.#queue.whenDone(queueIdOf(this.#id, id), keys))
    )
    return done.every((isDone) => isDone)
  }

  /** The connection (without a name: each) was seen to work: a pause of our own making is over. */
  resume(connection?: string): void {
    for (const one of this.#all()) if (connection === undefined || one.id === connection) one.resume()
  }

  /** As `TenantNotifications.onNotification`. */
  onNotification(notification: CalendarNotification): boolean {
    const all = this.#all()
    const own = all.find((one) => one.hasSubscription(notification.targetId)) ?? all[0]
    return own?.onNotification(notification) ?? false
  }

  batchSize(connection = defaultConnectionId): number {
    return this.#connections.get(connection)?.batchSize() ?? 1
  }

  async read(
    keys: readonly string[],
    signal: AbortSignal,
    connection = defaultConnectionId
  ): Promise<BatchResult> {
    return (await this.#connections.get(connection)?.read(keys, signal)) ?? nothing
  }

  /** Polls and reconciles who is due, and looks for mailboxes. */
  runDue(): void {
    for (const one of this.#connections.values()) one.runDue()
    this.#placement.runDue(this.#deps.timers.now())
  }

  /** Polls everybody. */
  pollAll(): void {
    for (const one of this.#connections.values()) one.pollAll()
  }

  /** Publishes the states of the connections again. */
  publishStatus(): void {
    for (const one of this.#connections.values()) one.publishStatus()
  }

  async close(): Promise<void> {
    await this.#placement.close()
    await Promise.all([...this.#all().map((one) => one.close()), ...this.#ending])
  }

  #all(): readonly ConnectionSync[] {
    return [...this.#connections.values()]
  }

  #find(connection: string | undefined): ConnectionSync | undefined {
    return connection === undefined ? this.#all()[0] : this.#connections.get(connection)
  }

  #open(connection: string): ConnectionSync {
    return new ConnectionSync(this.#id, connection, {
      ...this.#deps,
      queue: this.#queue,
      placement: this.#placement,
      onGone: this.#onGone,
      onConnections: (connections) => this.#apply(connections)
    })
  }

  #apply(connections: readonly StoredConnection[]): void {
    const ids = connections.length === 0 ? [defaultConnectionId] : connections.map(connectionIdOf)
    const before = this.#connections
    this.#placement.retry()
    if (ids.join('/') === [...before.keys()].join('/')) return
    this.#connections = new Map(ids.map((id) => [id, before.get(id) ?? this.#open(id)]))
    for (const [id, one] of before) if (!this.#connections.has(id)) this.#end(one)
  }

  /** It first learns itself that its connection is gone, and ends its subscriptions. */
  #end(one: ConnectionSync): void {
    const ending = one
      .whenIdle()
      .then(() => one.close())
      .catch((error) =>
        this.#deps.log.warn({ tenant: this.#id, ...redactError(error) }, 'a connection did not end')
      )
      .then(() => void this.#ending.delete(ending))
    this.#ending.add(ending)
  }
}
