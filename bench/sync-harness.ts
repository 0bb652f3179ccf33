/** Sync itself over a store and a connector, by a clock that is moved by hand as fast as the replies come. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packFolder } from '../src/composition.ts'
import type { Connection } from '../src/connectors/connection.ts'
import type { Connector } from '../src/connectors/connector.ts'
import { kindOf } from '../src/connectors/kinds.ts'
import { initialSyncRecord } from '../src/domain/sync-state.ts'
import { loadPacks } from '../src/management/load-packs.ts'
import { openLmdb } from '../src/storage/lmdb/lmdb.ts'
import { sealConnection } from '../src/storage/secrets/connection-secrets.ts'
import { sealer } from '../src/storage/secrets/seal.ts'
import { SyncController } from '../src/sync/sync-controller.ts'
import { createFakeClock, type FakeClock } from '../test/support/fake-clock.ts'
import { benchUserRecord } from './fixtures/user-records.ts'

export interface BenchSyncHarness {
  readonly time: FakeClock
  /** The codes of reads that failed. */
  readonly failures: readonly string[]
  /** Calendars with an active subscription: every edit is notified. */
  activeSubscriptions(): number
  close(): Promise<void>
}

/** The tenant is `acme`. */
export async function openBenchSyncHarness(needs: {
  readonly time: FakeClock
  readonly mailboxes: readonly string[]
  readonly connection: Connection
  readonly connector: () => Connector
  /** Is given the depth of the queue: the clock does not run while somebody is read. */
  readonly observeQueue: (depth: () => { readonly running: number }) => void
}): Promise<BenchSyncHarness> {
  const { time, mailboxes, connection } = needs
  const at = time.clock()
  const folder = await mkdtemp(join(tmpdir(), 'hanvisa-bench-'))
  const store = await openLmdb({ folder })
  const seal = sealer(randomBytes(32))
  await store.saveTenant({ id: 'acme', name: 'Acme', timeZone: 'Europe/Stockholm', language: 'sv' }, at)
  await store.saveConnection(
    'acme',
    sealConnection('acme', connection, kindOf(connection).secretMembers, seal, at),
    true,
    at
  )
  const users = mailboxes.map((address, number) => ({
    user: { ...benchUserRecord(number, 0, at, at).user, mailbox: { address } },
    sync: initialSyncRecord(true, at)
  }))
  await store.saveUsers('acme', users, at)

  const failures: string[] = []
  let activeSubscriptions = () => 0
  const ignore = () => {}
  const sync = await SyncController.open({
    store,
    openConnector: needs.connector,
    sealer: seal,
    defaultRules: (await loadPacks(packFolder)).get('infracom')!,
    clock: time.clock,
    timers: time.timers,
    log: { info: ignore, warn: ignore, error: ignore },
    metrics: {
      countRead: (_connector, outcome, code) => void (outcome === 'failed' && failures.push(code ?? '')),
      countNotifications: ignore,
      countReconciliation: ignore,
      countMissedNotification: ignore,
      countMailboxMove: ignore,
      observeFreshnessLag: ignore,
      observeSubscriptions(source) {
        activeSubscriptions = () => [...source()].reduce((sum, [, count]) => sum + count.active, 0)
      },
      observeUnreadableMailboxes: ignore,
      observeConnections: ignore,
      observeCredentials: ignore,
      observeShards: ignore,
      observeQueue: needs.observeQueue
    }
  })
  return {
    time,
    failures,
    activeSubscriptions: () => activeSubscriptions(),
    async close() {
      const closing = sync.close()
      await time.run(10_000)
      await closing
      await store.close()
      await rm(folder, { recursive: true })
    }
  }
}

/**
 * A clock that stands still while somebody is read, and what sync is given to report that. It begins at the machine's time, since
 * the simulator goes by that: to it a subscription that ends on a fixed date would some day have ended in the past.
 */
export function createReadingClock(): {
  time: FakeClock
  observeQueue: Parameters<typeof openBenchSyncHarness>[0]['observeQueue']
} {
  let running = () => 0
  return {
    time: createFakeClock(() => running() === 0, Date.now()),
    observeQueue(depth) {
      running = () => depth().running
    }
  }
}
