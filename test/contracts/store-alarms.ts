/** The part of the store contract that is about alarms. */
import type { Test } from 'tap'
import type {
  AlarmDocuments,
  AlarmListRecord,
  AlarmOverviewRecord,
  AlarmStateRecord
} from '../../src/storage/alarms.ts'
import { TenantGone } from '../../src/storage/store.ts'
import type { OpenStore } from './open-store.ts'
import { sampleTenant } from './store-samples.ts'

export function sampleAlarmList(more: Partial<AlarmListRecord> = {}): AlarmListRecord {
  return {
    version: 1,
    settings: { share: 0.2, minutes: 30, reminderHours: 24, muteUntil: null },
    mutes: { stale: 7 },
    recipients: [
      {
        id: 'it',
        channel: 'email',
        to: 'sealed',
        format: null,
        secret: null,
        minSeverity: 'warning',
        language: 'sv',
        timeZone: null,
        quiet: { from: '18:00', to: '07:00', days: [1, 2], criticalToo: false },
        digest: '07:30',
        confirmed: false,
        code: { digest: 'd', expiresAt: 9, attempts: 1 },
        refused: false,
        lastResult: { at: 3, ok: true, code: 'sent' }
      }
    ],
    codesSentAt: [1, 2],
    ...more
  }
}

export function sampleAlarmState(more: Partial<AlarmStateRecord> = {}): AlarmStateRecord {
  return {
    version: 1,
    episodes: [
      {
        cause: 'stale',
        state: 'firing',
        since: 1,
        calmSince: null,
        beganAt: 1,
        raisedAt: 2,
        levelAt: 2,
        episode: 'e1',
        level: 1,
        severity: 'critical',
        code: 'unreachable',
        users: 12,
        of: 40,
        endsAt: null
      }
    ],
    lastEpisode: 1,
    deliveries: [
      {
        recipient: 'it',
        told: [
          {
            cause: 'stale',
            episode: 'e1',
            level: 1,
            severity: 'critical',
            beganAt: 1,
            at: 2,
            messages: 1,
            silent: false
          }
        ],
        sentAt: [2],
        dropped: 0,
        digestDay: '2026-12-01',
        failures: 0,
        busyUntil: null
      }
    ],
    ...more
  }
}

const overview: AlarmOverviewRecord = {
  version: 1,
  raised: [
    {
      tenant: 'acme',
      cause: 'stale',
      episode: 'e1',
      severity: 'critical',
      beganAt: 1,
      raisedAt: 2,
      users: 12,
      of: 40
    }
  ],
  floods: [{ cause: 'unreachable', number: 1, since: 3, most: 40 }],
  lastFlood: 1,
  hour: { beganAt: 0, messages: 4 }
}

export async function alarmContract(t: Test, open: OpenStore): Promise<void> {
  await t.test('what is kept of alarms comes back as it was saved, also after a restart', async (t) => {
    const { store, reopen } = await open(t)
    await store.saveTenant(sampleTenant('acme'), 1)
    t.equal(await store.alarms.lists.read('acme'), null)
    t.equal(await store.alarms.states.read(null), null)
    const { lists, states, overview: overviews } = store.alarms
    t.equal(await lists.save('acme', sampleAlarmList()), true)
    t.equal(await lists.save(null, sampleAlarmList({ recipients: [] })), true)
    t.equal(await states.save('acme', sampleAlarmState()), true)
    t.equal(await overviews.save(null, overview), true)
    const again = (await reopen()).alarms
    t.strictSame(await again.lists.read('acme'), sampleAlarmList())
    t.strictSame(await again.lists.read(null), sampleAlarmList({ recipients: [] }))
    t.strictSame(await again.states.read('acme'), sampleAlarmState())
    t.strictSame(await again.overview.read(null), overview)
  })

  await t.test('of several who save over the same version one succeeds', async (t) => {
    const { store, second } = await open(t)
    await store.saveTenant(sampleTenant('acme'), 1)
    const other = (await second?.()) ?? store
    for (const tenant of ['acme', null]) {
      for (const version of [1, 2, 3]) {
        const saved = await Promise.all(
          [store, other, store, other].map(({ alarms }, index) =>
            alarms.states.save(tenant, sampleAlarmState({ version, lastEpisode: index }))
          )
        )
        t.equal(saved.filter(Boolean).length, 1)
        t.match(await other.alarms.states.read(tenant), { version, lastEpisode: saved.indexOf(true) })
      }
      t.equal(await store.alarms.states.save(tenant, sampleAlarmState({ version: 5 })), false)
      t.match(await store.alarms.states.read(tenant), { version: 3 })
    }
  })

  await t.test('a tenant takes its alarms along, and nothing is saved below one that is gone', async (t) => {
    const { store, storedBytes } = await open(t)
    const { alarms } = store
    const all: AlarmDocuments<never>[] = [alarms.lists, alarms.states] as AlarmDocuments<never>[]
    for (const id of ['nobody', 'x'.repeat(10_000)]) {
      for (const documents of all) t.equal(await documents.read(id), null)
    }
    await t.rejects(alarms.lists.save('nobody', sampleAlarmList()), TenantGone)
    await t.rejects(alarms.states.save('nobody', sampleAlarmState()), TenantGone)
    await store.saveTenant(sampleTenant('acme'), 1)
    const marked = { ...sampleAlarmList().recipients[0]!, to: 'sealed-kanarie' }
    await alarms.lists.save('acme', sampleAlarmList({ recipients: [marked] }))
    await alarms.states.save('acme', sampleAlarmState())
    t.ok((await storedBytes()).includes('sealed-kanarie'))
    await store.removeTenant('acme')
    await store.saveTenant(sampleTenant('acme'), 2)
    for (const documents of all) t.equal(await documents.read('acme'), null)
  })
}
