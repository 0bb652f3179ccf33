/** A consumer that comes back after an outage in which each of 100,000 users changed three times: each costs one send. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import type { ConsumerPeer } from '../src/delivery/consumer.ts'
import { ConsumerRunner } from '../src/delivery/consumer-runner.ts'
import { DeliveryError } from '../src/delivery/delivery-error.ts'
import type { AnyConsumerKind } from '../src/delivery/kinds.ts'
import { initialSyncRecord } from '../src/domain/sync-state.ts'
import { machineTimers } from '../src/lib/timers.ts'
import { StatusService } from '../src/status/status-service.ts'
import { TenantFeeds } from '../src/status/subscribe.ts'
import { openLmdb } from '../src/storage/lmdb/lmdb.ts'
import { sampleConsumer } from '../test/contracts/store-consumers.ts'
import { rulesWith } from '../test/support/rule-fixtures.ts'
import { fixtureUser } from '../test/support/tenant-fixture.ts'
import { printRow } from './paired-runs.ts'

const USERS = 100_000
const USERS_PER_WRITE = 1_000
const UNPACED = 1e9

const kind: AnyConsumerKind = {
  kind: 'bench',
  members: {},
  example: {},
  secretMembers: [],
  passingSecrets: [],
  makeSecrets: () => ({}),
  destinationMembers: [],
  keeps: 'states',
  maxUsersPerSend: 1,
  maxSendsAtOnce: 32,
  defaultPerSecond: UNPACED,
  sendTimeoutMs: 60_000,
  retryDelaysMs: [500],
  disableAfterMs: null,
  validate: () => [],
  hostsOf: () => [],
  complete: () => ({}),
  openPeer: () => {
    throw new Error('the bench opens it')
  }
}

export async function benchConsumerOutage(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hanvisa-bench-'))
  const store = await openLmdb({ folder })
  const service = new StatusService({ store, defaultRules: rulesWith() })
  await store.saveTenant({ id: 'acme', name: 'Acme', timeZone: 'Europe/Stockholm', language: 'sv' }, 1)
  const rename = async (name: string) => {
    for (let from = 0; from < USERS; from += USERS_PER_WRITE) {
      const users = Array.from({ length: USERS_PER_WRITE }, (_, index) => {
        const user = { ...fixtureUser(`u${from + index}`), displayName: name }
        return { user, sync: name === 'first' ? initialSyncRecord(false, 1) : null }
      })
      await store.saveUsers('acme', users, Date.now())
    }
  }
  await rename('first')
  const record = sampleConsumer('pbx', { kind: 'bench' })
  await store.consumers.save('acme', record, null, false)
  let sends = 0
  let isDown = false
  const peer: ConsumerPeer = {
    async send(states) {
      if (isDown) throw new DeliveryError('unreachable', 'It is down.')
      sends += states.length
      return states.map(({ user }) => ({ user, outcome: 'ok' }))
    },
    ping: async () => {},
    check: async () => [],
    close: async () => {}
  }
  const runner = new ConsumerRunner({
    tenant: 'acme',
    record,
    kind,
    common: { users: 'all', privacy: 'label', sensitive: false, perSecond: UNPACED, enabled: true },
    openPeer: () => peer,
    statusService: service,
    feeds: new TenantFeeds(service),
    store: store.consumers,
    clock: Date.now,
    timers: machineTimers,
    log: { info: () => {}, warn: () => {}, error: () => {} }
  })
  runner.start()
  const idle = async (least: number) => {
    while (sends < least || runner.progress().behindSince !== null) await after(20)
  }
  await idle(USERS)
  isDown = true
  for (const name of ['second', 'third', 'fourth']) await rename(name)
  const before = { sends, at: performance.now(), cpu: process.cpuUsage() }
  isDown = false
  await idle(before.sends + USERS)
  const { user, system } = process.cpuUsage(before.cpu)
  const seconds = (performance.now() - before.at) / 1000
  const perUser = (sends - before.sends) / USERS
  printRow(
    `${USERS} users' states after an outage`,
    `${seconds.toFixed(1)} s, ${((user + system) / 1000 / USERS).toFixed(3)} ms CPU each`,
    '–',
    `${perUser.toFixed(3)} sends a user`,
    '1 send a user'
  )
  await runner.close()
  service.close()
  await store.close()
  await rm(folder, { recursive: true, force: true })
}
