/** Every figure that `/metrics` gives, in one list. All labels are bounded, however many tenants and users there are. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { AlarmMetrics } from '../alarms/alarm-metrics.ts'
import type { DropReason } from '../connectors/notification.ts'
import { type SyncCode, syncCodes } from '../errors.ts'
import { createAlarmMetrics } from './alarm-gauges.ts'
import { addKeyHorizon } from './key-horizon.ts'
import { createNameCounters, type NameMetrics } from './name-counters.ts'
import { createSyncCounters, type SyncFindings } from './sync-counters.ts'

/** Of the tenants, only those furthest behind are named. */
const MAX_TENANTS = 50
const LAG_BOUNDS = [30, 60, 120, 300, 600, 1800, 3600]
/** Seconds. Answers from memory take well below a millisecond, a long poll up to 55 s. */
const LATENCY_BUCKETS = [0.0005, 0.001, 0.005, 0.025, 0.1, 0.5, 2, 10, 60]

export interface HealthFigures {
  readonly store: { readonly reachable: boolean; readonly emptied: boolean }
  readonly shards: number | null
  /** By sync code, those that fail as a whole. */
  readonly failingConnections: ReadonlyMap<SyncCode, number> | null
}

export interface Metrics extends AlarmMetrics, NameMetrics, SyncFindings {
  /** A calendar was read (or not). `code` is absent where it was. */
  countRead(connector: string, outcome: 'read' | 'unchanged' | 'failed', code?: SyncCode): void
  /** Statuses that went out as changes. */
  countChanges(count: number): void
  /** `source` is asked at each scrape: how far each tenant's least fresh wanted calendar is behind, in seconds. */
  observeFreshnessLag(source: () => Iterable<readonly [tenant: string, seconds: number]>): void
  /** `source` is asked at each scrape: calendars that wait, and batches that are being read. */
  observeQueue(source: () => { readonly waiting: number; readonly running: number }): void
  /** Notifications from webhooks (graph) or streams (ews): accepted, or dropped and why. */
  countNotifications(connector: string, outcome: 'accepted' | DropReason, count: number): void
  /** A reconciliation compared a calendar's availability with that of its last read. */
  countReconciliation(connector: string, outcome: 'same' | 'different' | 'unknown'): void
  /** `source` is asked at each scrape: calendars with a subscription, and those that should have one and are polled. */
  observeSubscriptions(
    source: () => Iterable<
      readonly [connector: string, count: { readonly active: number; readonly inactive: number }]
    >
  ): void
  /** `source` is asked at each scrape: mailboxes that fail again and again over a connection that works. */
  observeUnreadableMailboxes(source: () => number): void
  /** `source` is asked at each scrape: connections that fail as a whole, by code. */
  observeConnections(source: () => ReadonlyMap<SyncCode, number>): void
  /** `source` is asked at each scrape: when each tenant's credential ends, in epoch milliseconds; tenant '': the provider's. */
  observeCredentials(
    source: () => Iterable<readonly [tenant: string, connector: string, endsAt: number]>
  ): void
  /** `source` is asked at each scrape: how many API keys end within so many days. */
  observeApiKeys(source: (days: number) => number): void
  /** `source` is asked at each scrape: how many of the tenants' shards this process owns. */
  observeShards(source: () => number): void
  /** `source` is asked at each scrape. `emptied`: what was kept is gone, and must be restored or put again. */
  observeStore(source: () => { readonly reachable: boolean; readonly emptied: boolean }): void
  /** `source` is asked at each scrape: open streams of server-sent events. */
  observeStreams(source: () => number): void
  /** What these gauges show now; null for what this process has no part in. */
  readHealth(): HealthFigures
  /** How to time the answers of one route. */
  timing(method: string, route: string): (status: number, milliseconds: number) => void
  /** The exposition text and its content type. */
  render(): Promise<{ readonly type: string; readonly text: string }>
}

export function openMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })

  const reads = new Counter({
    name: 'hanvisa_reads_total',
    help: 'Calendars read, by connector, outcome (read, unchanged, failed) and sync code',
    labelNames: ['connector', 'outcome', 'code'],
    registers
  })
  const changes = new Counter({
    name: 'hanvisa_changes_served_total',
    help: 'Statuses handed out as changes',
    registers
  })
  const latency = new Histogram({
    name: 'hanvisa_http_seconds',
    help: 'Time to answer, by route pattern and status class',
    labelNames: ['method', 'route', 'status'],
    buckets: LATENCY_BUCKETS,
    registers
  })
  const notifications = new Counter({
    name: 'hanvisa_notifications_total',
    help: 'Notifications of edits, by connector and outcome (accepted; dropped as malformed, invalid_signature, replayed, unknown)',
    labelNames: ['connector', 'outcome'],
    registers
  })
  const reconciliations = new Counter({
    name: 'hanvisa_reconciliations_total',
    help: 'Calendars whose availability a reconciliation compared (same, different), or could not (unknown)',
    labelNames: ['connector', 'outcome'],
    registers
  })
  const observed = createObservedGauges(registers)
  let queue = () => ({ waiting: 0, running: 0 })
  new Gauge({
    name: 'hanvisa_queue',
    help: 'Calendars that wait to be read (waiting), and batches of them that are being read (running)',
    labelNames: ['state'],
    registers,
    collect() {
      const { waiting, running } = queue()
      this.set({ state: 'waiting' }, waiting)
      this.set({ state: 'running' }, running)
    }
  })
  let freshness: () => Iterable<readonly [string, number]> = () => []
  new Gauge({
    name: 'hanvisa_freshness_lag_seconds',
    help: `How long ago the least fresh calendar was last known to be as it is, for the ${MAX_TENANTS} tenants furthest behind`,
    labelNames: ['tenant'],
    registers,
    collect() {
      const worst = [...freshness()].sort((a, b) => b[1] - a[1]).slice(0, MAX_TENANTS)
      this.reset()
      for (const [tenant, seconds] of worst) this.set({ tenant }, seconds)
    }
  })
  new Gauge({
    name: 'hanvisa_tenants_by_freshness_lag',
    help: 'Tenants whose least fresh calendar was known to be as it is at most `le` seconds ago',
    labelNames: ['le'],
    registers,
    collect() {
      const lags = [...freshness()].map(([, seconds]) => seconds)
      for (const bound of LAG_BOUNDS)
        this.set({ le: String(bound) }, lags.filter((lag) => lag <= bound).length)
      this.set({ le: '+Inf' }, lags.length)
    }
  })

  return {
    countRead: (connector, outcome, code) => reads.inc({ connector, outcome, code: code ?? '' }),
    countChanges: (count) => changes.inc(count),
    observeFreshnessLag: (source) => {
      freshness = source
    },
    observeQueue: (source) => {
      queue = source
    },
    countNotifications: (connector, outcome, count) => notifications.inc({ connector, outcome }, count),
    countReconciliation: (connector, outcome) => reconciliations.inc({ connector, outcome }),
    ...observed,
    ...createAlarmMetrics(registers),
    ...createNameCounters(registers),
    ...createSyncCounters(registers),
    timing(method, route) {
      const classes = ['1xx', '2xx', '3xx', '4xx', '5xx'].map((status) =>
        latency.labels({ method, route, status })
      )
      return (status, milliseconds) => classes[Math.floor(status / 100) - 1]?.observe(milliseconds / 1000)
    },
    render: async () => ({ type: registry.contentType, text: await registry.metrics() })
  }
}

type Sources = Pick<
  Metrics,
  | 'observeSubscriptions'
  | 'observeUnreadableMailboxes'
  | 'observeConnections'
  | 'observeCredentials'
  | 'observeApiKeys'
  | 'observeShards'
  | 'observeStreams'
  | 'observeStore'
  | 'readHealth'
>

/** Gauges whose figures others hold. */
function createObservedGauges(registers: Registry[]): Sources {
  let subscriptions: Parameters<Metrics['observeSubscriptions']>[0] = () => []
  let unreadable = () => 0
  let connections: Parameters<Metrics['observeConnections']>[0] | null = null
  const credentials: Parameters<Metrics['observeCredentials']>[0][] = []
  let keys: (days: number) => number = () => 0
  addKeyHorizon(registers, (days) => keys(days))
  let shards: (() => number) | null = null
  let streams = () => 0
  let store = () => ({ reachable: true, emptied: false })
  new Gauge({
    name: 'hanvisa_subscriptions',
    help: 'Calendars with a subscription (active), and those that should have one and are polled meanwhile (inactive)',
    labelNames: ['connector', 'state'],
    registers,
    collect() {
      this.reset()
      for (const [connector, { active, inactive }] of subscriptions()) {
        this.set({ connector, state: 'active' }, active)
        this.set({ connector, state: 'inactive' }, inactive)
      }
    }
  })
  new Gauge({
    name: 'hanvisa_unreadable_mailboxes',
    help: 'Mailboxes that failed three times in a row or more, while their connection works',
    registers,
    collect() {
      this.set(unreadable())
    }
  })
  new Gauge({
    name: 'hanvisa_connections_failing',
    help: 'Connections that fail as a whole, by sync code',
    labelNames: ['code'],
    registers,
    collect() {
      this.reset()
      for (const code of syncCodes) this.set({ code }, connections?.().get(code) ?? 0)
    }
  })
  new Gauge({
    name: 'hanvisa_credential_expires_timestamp_seconds',
    help: `When the secret, certificate or password of a connection ends, or (tenant "") that of the provider’s application, for the ${MAX_TENANTS} tenants whose ends come first`,
    labelNames: ['tenant', 'connector'],
    registers,
    collect() {
      const first = credentials
        .flatMap((source) => [...source()])
        .sort((a, b) => a[2] - b[2])
        .slice(0, MAX_TENANTS)
      this.reset()
      for (const [tenant, connector, endsAt] of first) this.set({ tenant, connector }, endsAt / 1000)
    }
  })
  new Gauge({
    name: 'hanvisa_shards_held',
    help: 'Shards of the tenants that this process owns',
    registers,
    collect() {
      this.set(shards?.() ?? 0)
    }
  })
  new Gauge({
    name: 'hanvisa_event_streams',
    help: 'Open streams of server-sent events',
    registers,
    collect() {
      this.set(streams())
    }
  })
  new Gauge({
    name: 'hanvisa_store_reachable',
    help: '1 while what keeps the data can be reached',
    registers,
    collect() {
      this.set(store().reachable ? 1 : 0)
    }
  })
  new Gauge({
    name: 'hanvisa_store_emptied',
    help: '1 after what was kept was found gone: restore it, or put the configuration again',
    registers,
    collect() {
      this.set(store().emptied ? 1 : 0)
    }
  })
  return {
    observeSubscriptions: (source) => {
      subscriptions = source
    },
    observeUnreadableMailboxes: (source) => {
      unreadable = source
    },
    observeConnections: (source) => {
      connections = source
    },
    observeCredentials: (source) => {
      credentials.push(source)
    },
    observeApiKeys: (source) => {
      keys = source
    },
    observeShards: (source) => {
      shards = source
    },
    observeStreams: (source) => {
      streams = source
    },
    observeStore: (source) => {
      store = source
    },
    readHealth: () => ({
      store: store(),
      shards: shards?.() ?? null,
      failingConnections: connections?.() ?? null
    })
  }
}
