/** Sync as it runs, over a real store in a folder of its own and the tests' calendar server, with clocks moved by hand. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Connection, GraphConnection } from '../../src/connectors/connection.ts'
import { kindOf } from '../../src/connectors/kinds.ts'
import type { RuleSet, Trigger } from '../../src/domain/rule-set.ts'
import { initialSyncRecord, syncStateAt } from '../../src/domain/sync-state.ts'
import { openLmdb } from '../../src/storage/lmdb/lmdb.ts'
import { sealConnection, sealMailbox } from '../../src/storage/secrets/connection-secrets.ts'
import { sealer } from '../../src/storage/secrets/seal.ts'
import type { LogEntry, UserRecord } from '../../src/storage/store.ts'
import { SyncController, type SyncOptions } from '../../src/sync/sync-controller.ts'
import { type FakeCalendarServer, startFakeCalendarServer } from './fake-calendar-server.ts'
import { createFakeClock, yieldToEventLoop } from './fake-clock.ts'
import { until as waitUntil } from './until.ts'

export const minuteMs = 60_000
export const hourMs = 60 * minuteMs
/** Seconds. */
export const polling = 60

export const harnessRules: RuleSet = {
  diversions: [
    { code: 'meeting', labels: {}, phone: 'closed' },
    { code: 'lunch', labels: {}, phone: 'closed' },
    { code: 'busy', labels: {}, phone: 'closed' },
    { code: 'available', labels: {}, phone: 'open' }
  ],
  triggers: [{ match: 'word', text: 'MÖT', diversion: 'meeting' }],
  availability: { free: null, tentative: null, busy: 'busy', oof: null, workingElsewhere: null },
  private: 'match',
  allDay: 'trigger-or-oof',
  invitations: 'accepted',
  forwardTargets: 'off',
  forwardAllowed: [],
  extraTriggers: [],
  maskedAs: 'out-of-office'
}

export interface HarnessUser {
  readonly mailbox?: string | null
  readonly syncEnabled?: boolean
  readonly timeZone?: string
  readonly triggers?: readonly Trigger[]
}

export type SyncHarness = Awaited<ReturnType<typeof openSyncHarness>>

export async function openSyncHarness(
  t: Test,
  options: Partial<SyncOptions> & { readonly side?: FakeCalendarServer; readonly startAt?: number } = {}
) {
  const folder = await mkdtemp(join(tmpdir(), 'hanvisa-sync-'))
  const store = await openLmdb({ folder })
  const side = options.side ?? (await startFakeCalendarServer())
  let depth = () => ({ waiting: 0, running: 0 })
  // What the calendar server leaves hanging is not awaited.
  const time = createFakeClock(() => depth().running <= side.pending.size, options.startAt)
  const clock = options.clock ?? time.clock
  const seal = sealer(randomBytes(32))
  const said: unknown[] = []
  const reads: string[] = []
  const counts = new Map<string, number>()
  const count = (what: string, by = 1) => void counts.set(what, (counts.get(what) ?? 0) + by)
  let watches: () => Iterable<readonly [string, object]> = () => []
  const say = (facts: object, message: string) => void said.push({ ...facts, message })
  const metrics: SyncOptions['metrics'] = {
    countRead: (_connector, outcome, code) => void reads.push(code ?? outcome),
    countNotifications: (connector, outcome, by) => count(`${connector} notifications ${outcome}`, by),
    countReconciliation: (_connector, outcome) => count(`reconciled ${outcome}`),
    countMissedNotification: () => count('missed'),
    countMailboxMove: () => count('moves'),
    observeFreshnessLag: () => {},
    observeUnreadableMailboxes: () => {},
    observeConnections: () => {},
    observeCredentials: () => {},
    observeShards: () => {},
    observeSubscriptions: (source) => {
      watches = source
    },
    observeQueue: (source) => {
      depth = source
    }
  }
  const start = () =>
    SyncController.open({
      store,
      openConnector: (_tenant, connection) => side.connector(connection as GraphConnection),
      sealer: seal,
      defaultRules: harnessRules,
      clock,
      timers: time.timers,
      log: { info: say, warn: say, error: say },
      metrics,
      ...options
    })
  let sync: Awaited<ReturnType<typeof start>> | null = null
  t.teardown(async () => {
    side.release()
    const closing = sync?.close()
    await time.run(10_000)
    await closing
    await side.close()
    await store.close()
    await rm(folder, { recursive: true })
  })

  return {
    store,
    side,
    time,
    seal,
    said,
    reads,
    metrics,
    /** What metrics counted, by its words. */
    counted: (what: string) => counts.get(what) ?? 0,
    watches: () => [...watches()],
    async open() {
      sync = await start()
      return sync
    },
    async tenant(id: string, secret = 'right', pollSeconds = polling) {
      await store.saveTenant({ id, name: id, timeZone: 'Europe/Stockholm', language: 'sv' }, clock())
      await connect(id, secret, pollSeconds)
    },
    connect,
    /** As management saves them: a calendar that must be read again begins a new generation. */
    async people(tenant: string, people: Readonly<Record<string, HarnessUser>>) {
      const at = clock()
      const saved = Object.entries(people).map(async ([id, given]) => {
        const before = await store.record(tenant, id)
        const address = given.mailbox === undefined ? `${id}@acme.example` : given.mailbox
        const user = {
          id,
          displayName: id,
          extension: '1',
          numbers: [],
          mailbox: address === null ? null : sealMailbox(tenant, id, address, seal),
          syncEnabled: given.syncEnabled ?? true,
          timeZone: given.timeZone ?? null,
          triggers: given.triggers ?? [],
          owner: null,
          triggersSince: at
        }
        const wanted = user.syncEnabled && user.mailbox !== null
        const same =
          before !== null &&
          before.sync.enabled === wanted &&
          JSON.stringify(before.user.mailbox) === JSON.stringify(user.mailbox)
        return { user, sync: same ? null : initialSyncRecord(wanted, at, (before?.sync.generation ?? 0) + 1) }
      })
      await store.saveUsers(tenant, await Promise.all(saved), at)
    },
    async record(tenant: string, user: string): Promise<UserRecord> {
      return (await store.record(tenant, user))!
    },
    async state(tenant: string, user: string): Promise<string> {
      const record = (await store.record(tenant, user))!
      const connection = await store.connection(tenant)
      return syncStateAt(record.sync, 2000 * (connection?.pollSeconds ?? polling), clock()).state
    },
    /** Diversions and the hours (from the clock's start) at which they begin and end. */
    async timeline(tenant: string, user: string): Promise<string[]> {
      const { timeline } = (await store.record(tenant, user))!
      const from = Date.UTC(2026, 10, 23, 8)
      return (timeline?.causes ?? []).map(({ diversion }, index) => {
        const at = [0, 1].map((side) => (timeline!.boundaries[2 * index + side]! - from) / hourMs)
        return `${diversion} ${at.join('–')}`
      })
    },
    async logged(tenant: string): Promise<readonly LogEntry[]> {
      return (await store.log(tenant, 0)) ?? []
    },
    /** Everything that lies in the data folder, as bytes. */
    async bytes(): Promise<Buffer> {
      const files = await readdir(folder, { recursive: true, withFileTypes: true })
      return Buffer.concat(
        await Promise.all(
          files.filter((file) => file.isFile()).map((f) => readFile(`${f.parentPath}/${f.name}`))
        )
      )
    },
    /** Lets time pass in small steps until it is so; the network takes its own time. */
    until
  }

  async function connect(tenant: string, secret: string, pollSeconds = polling): Promise<void> {
    const connection: Connection = {
      kind: 'graph',
      tenantId: 'x',
      clientId: 'y',
      clientSecret: secret,
      cloud: 'global',
      pollSeconds
    }
    const stored = sealConnection(tenant, connection, kindOf(connection).secretMembers, seal, clock())
    await store.saveConnection(tenant, stored, true, clock())
  }

  async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    await waitUntil(async () => {
      await yieldToEventLoop()
      return isSo()
    })
  }
}
