/**
 * What an idle hour of polling asks of Exchange: sync itself, over the connector and TCP, with a clock that is moved by
 * hand as fast as the replies come. The simulator counts.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ewsConnector } from '../src/connectors/ews/connector.ts'
import { openOutbound } from '../src/connectors/outbound.ts'
import { unread } from '../src/core/sync-state.ts'
import { sealConnection } from '../src/directory/sealing.ts'
import { loadPacks } from '../src/packs.ts'
import { packFolder } from '../src/service.ts'
import { openLmdb } from '../src/store/lmdb.ts'
import { sealer } from '../src/store/seal.ts'
import { openSync } from '../src/sync/sync.ts'
import { handClock } from '../test/sync/hand-clock.ts'
import type { EwsSimulator } from './ews-simulator.ts'
import { userRecord } from './people.ts'
import { row } from './rounds.ts'

const MAILBOXES = 500
const HOUR = 3_600_000

export async function benchEwsHour(simulator: EwsSimulator): Promise<void> {
  let running = () => 0
  const time = handClock(() => running() === 0)
  const at = time.clock()
  const filled = await simulator.fill('hour', MAILBOXES, 2, at)
  const folder = await mkdtemp(join(tmpdir(), 'hanvisa-bench-'))
  const store = await openLmdb({ folder })
  const seal = sealer(randomBytes(32))
  await store.saveTenant({ id: 'acme', name: 'Acme', timeZone: 'Europe/Stockholm', language: 'sv' }, at)
  const connection = filled.connection('delegate')
  await store.saveConnection('acme', sealConnection('acme', connection, seal, at), true, at)
  const users = filled.mailboxes.map((address, number) => ({
    user: { ...userRecord(number, 0, at, at).user, mailbox: { address } },
    sync: unread(true, at)
  }))
  await store.saveUsers('acme', users, at)

  const outbound = openOutbound({ allowPrivateTargets: true })
  const failed: string[] = []
  const say = () => {}
  const sync = await openSync({
    store,
    openConnector: () => ewsConnector({ connection, outbound, allowPrivateTargets: true, clock: time.clock }),
    sealer: seal,
    defaultRules: (await loadPacks(packFolder)).get('infracom')!,
    clock: time.clock,
    timers: time.timers,
    log: { info: say, warn: say, error: say },
    metrics: {
      countRead: (_connector, outcome, code) => void (outcome === 'failed' && failed.push(code ?? '')),
      watchFreshness: () => {},
      watchQueue: (depth) => {
        running = () => depth().running
      }
    }
  })
  try {
    await time.run(HOUR / 20)
    await filled.forget()
    await time.run(HOUR)
    const { calls, handshakes } = await filled.asked()
    if (failed.length > 0) throw new Error(`reads failed: ${failed.join(' ')}`)
    row(
      'Reviewer at 60 s, requests/mailbox and hour',
      (calls / MAILBOXES).toFixed(3),
      `${calls} calls`,
      `${handshakes} handshakes`,
      `≤ 0.6 (${MAILBOXES} mailboxes, an hour by a clock moved by hand)`
    )
  } finally {
    const closing = sync.close()
    await time.run(10_000)
    await closing
    await outbound.close()
    await store.close()
    await rm(folder, { recursive: true })
  }
}
