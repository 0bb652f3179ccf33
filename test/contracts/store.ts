/** What every store must do, whatever keeps it. An adapter's test file opens one and calls `storeContract`. */
import type { Test } from 'tap'
import type { Override } from '../../src/domain/override.ts'
import { initialSyncRecord } from '../../src/domain/sync-state.ts'
import { StoreUnavailable, TenantGone } from '../../src/storage/store.ts'
import type { OpenStore } from './open-store.ts'
import { alarmContract } from './store-alarms.ts'
import { apiKeyContract } from './store-api-keys.ts'
import { auditContract } from './store-audit.ts'
import { consumerContract } from './store-consumers.ts'
import { contactContract } from './store-contacts.ts'
import { logContract } from './store-log.ts'
import { followsItsModel } from './store-model.ts'
import { overlapContract } from './store-overlap.ts'
import {
  plain,
  sampleAbsence,
  sampleCause,
  sampleConnection,
  sampleImport,
  sampleRules,
  sampleSync,
  sampleTenant,
  sampleTimeline,
  sampleUser
} from './store-samples.ts'
import { sessionContract } from './store-sessions.ts'

export async function storeContract(t: Test, open: OpenStore): Promise<void> {
  await t.test('a tenant that is not there reads as nothing, and nothing is written below it', async (t) => {
    const { store } = await open(t)
    for (const id of ['nobody', '', 'x'.repeat(10_000)]) {
      t.equal(await store.tenant(id), null)
      t.equal(await store.connection(id), null)
      t.equal(await store.importProgress(id), null)
      t.equal(await store.rules(id), null)
      t.equal(await store.rules(id, 1), null)
      t.strictSame(await store.ruleVersions(id), [])
      t.strictSame(await store.users(id, { limit: 10 }), [])
      t.equal(await store.record(id, 'anna'), null)
      t.strictSame(await store.records(id, ['anna', id]), [null, null])
      t.equal(await store.snapshot(id), null)
      t.equal(await store.log(id, 0), null)
      t.equal(await store.removeTenant(id), false)
    }
    await t.rejects(store.saveConnection('nobody', sampleConnection(), true, 1), TenantGone)
    await t.rejects(store.saveRules('nobody', 0, sampleRules(1)), TenantGone)
    await t.rejects(
      store.saveUsers('nobody', [{ user: sampleUser('anna'), sync: initialSyncRecord(true, 1) }], 1),
      TenantGone
    )
    await t.rejects(store.removeUsers('nobody', ['anna'], 1), TenantGone)
    await t.rejects(store.saveImportProgress('nobody', sampleImport()), TenantGone)
    await t.rejects(store.saveOverride('nobody', 'anna', null, 1), TenantGone)
    await t.rejects(store.saveAbsences('nobody', [{ user: 'anna', absences: [] }], 1), TenantGone)
    await t.rejects(store.saveReadings('nobody', [], 1), TenantGone)
    t.strictSame(await store.tenants({ limit: 10 }), [])
  })

  await t.test('tenants and users page by id, each tenant apart from those with similar names', async (t) => {
    const { store } = await open(t)
    const ids = ['Acme', 'a', 'a-b', 'a.b', 'a@b', 'ab', 'acme', 'acme-2', '10', '9']
    for (const id of ids) t.equal(await store.saveTenant(sampleTenant(id), 1), true)
    for (const id of ids) {
      await store.saveUsers(
        id,
        ids.map((name) => ({
          user: sampleUser(name, { displayName: `${name} of ${id}` }),
          sync: initialSyncRecord(true, 1)
        })),
        1
      )
    }
    const sorted = [...ids].sort()
    const paged: string[] = []
    for (let after: string | undefined; ; after = paged.at(-1)) {
      const page = await store.tenants(after === undefined ? { limit: 3 } : { limit: 3, after })
      paged.push(...page.map(({ id }) => id))
      if (page.length < 3) break
    }
    t.strictSame(paged, sorted)
    for (const id of ids) {
      const first = await store.users(id, { limit: 4 })
      const rest = await store.users(id, { limit: 100, after: first[3]?.id ?? '' })
      t.strictSame(
        [...first, ...rest].map(({ displayName }) => displayName),
        sorted.map((name) => `${name} of ${id}`)
      )
    }
    t.strictSame(
      (await store.users('a', { limit: 9, after: 'aa' })).map(({ id }) => id),
      ['ab', 'acme', 'acme-2'],
      'the id after which a page begins need not be there'
    )
    t.strictSame(await store.users('a', { limit: 9, after: `b${'x'.repeat(10_000)}` }), [])
    await store.removeTenant('a')
    t.equal(await store.record('a', 'ab'), null)
    t.equal((await store.users('a-b', { limit: 100 })).length, ids.length)
  })

  await t.test('everything comes back as it went in, also after a restart', async (t) => {
    const { store, reopen } = await open(t)
    const anna = sampleUser('anna', {
      displayName: 'Å\u0000\ud800 "quoted" 😀',
      mailbox: { sealed: 'v1.xyz', shown: 'calendar.example/…' },
      triggers: [
        { match: 'word', text: 'LUN', diversion: 'lunch' },
        { match: 'prefix', text: 'MÖT;', diversion: 'meeting', phone: 'open' }
      ],
      timeZone: 'Pacific/Auckland'
    })
    const many = Array.from({ length: 300 }, (_, index) =>
      sampleCause(index, {
        from: 'user',
        private: index % 2 === 0,
        forwardTo: index % 3 === 0 ? '+46701234567' : null
      })
    )
    const timeline = sampleTimeline(many, { truncatedAt: 1.8e12 + 0.5, rulesVersion: 70_000 })
    const fault = { code: 'throttled', hint: 'Wait.' }
    const home = { connection: 'cloud', since: 7, proof: 'moved' } as const
    const sync = { ...sampleSync(0, 9), failedSince: 11, fault, refusedForwards: 2, home }
    const override: Override = {
      diversion: 'available',
      from: 5,
      until: 9,
      phone: 'open',
      backEarlyFrom: 'vacation'
    }
    await store.saveTenant(sampleTenant('acme', 'Åkes & Söner'), 1)
    await store.saveConnection(
      'acme',
      sampleConnection({ open: { cloud: { login: 'https://x' } } }),
      false,
      2
    )
    const further = [sampleConnection({ id: 'cloud', order: 1 }), sampleConnection({ id: 'old', order: 2 })]
    await store.saveTenant(sampleTenant('several'), 1)
    await store.saveConnection('several', { ...sampleConnection(), further }, false, 2)
    t.strictSame(await store.connection('several'), { ...sampleConnection(), further })
    await store.saveRules('acme', 0, sampleRules(3))
    await store.saveUsers('acme', [{ user: anna, sync: initialSyncRecord(true, 1) }], 4)
    await store.saveUsers(
      'acme',
      [{ user: sampleUser('bo', { mailbox: null }), sync: initialSyncRecord(false, 1) }],
      4
    )
    await store.saveOverride('acme', 'bo', override, 5)
    const absences = [sampleAbsence('a'), sampleAbsence('b', { phone: 'open' })]
    await store.saveAbsences('acme', [{ user: 'bo', absences }], 5)
    await store.saveReadings('acme', [{ user: 'anna', sync, timeline: timeline, visible: true }], 6)

    const before = await store.snapshot('acme')
    t.strictSame(before?.tenant, sampleTenant('acme', 'Åkes & Söner'))
    t.strictSame(before?.connection, sampleConnection({ open: { cloud: { login: 'https://x' } } }))
    t.strictSame(before?.rules, { version: 1, ...sampleRules(3) })
    t.strictSame(before?.users.map(plain), [
      plain({ user: anna, override: null, absences: [], timeline: timeline, sync }),
      {
        user: sampleUser('bo', { mailbox: null }),
        override,
        absences,
        timeline: null,
        sync: initialSyncRecord(false, 1)
      }
    ])
    const again = await reopen()
    const after = await again.snapshot('acme')
    t.strictSame({ ...after, users: after?.users.map(plain) }, { ...before, users: before?.users.map(plain) })
    t.strictSame(plain(await again.record('acme', 'anna')), plain(after?.users[0]))
    t.strictSame(
      (await again.records('acme', ['zoe', 'bo', 'anna'])).map((one) => one?.user.id ?? null),
      [null, 'bo', 'anna']
    )
  })

  await t.test(
    'a timeline without intervals is held, and equal causes come back as one object',
    async (t) => {
      const { store } = await open(t)
      await store.saveTenant(sampleTenant('acme'), 1)
      const names = ['anna', 'bo', 'cy']
      await store.saveUsers(
        'acme',
        names.map((id) => ({ user: sampleUser(id), sync: initialSyncRecord(true, 1) })),
        1
      )
      const causes = [sampleCause(0), sampleCause(1), sampleCause(0)]
      const timelines = [sampleTimeline([]), sampleTimeline(causes), sampleTimeline(causes)]
      await store.saveReadings(
        'acme',
        names.map((id, index) => ({
          user: id,
          sync: sampleSync(0, 2),
          timeline: timelines[index] ?? 'same',
          visible: true
        })),
        2
      )
      const [anna, bo, cy] =
        (await store.snapshot('acme'))?.users.map((record) => record.timeline?.causes) ?? []
      t.strictSame(anna, [])
      t.equal(bo?.[0], bo?.[2])
      t.equal(bo?.[1], cy?.[1])
      t.not(bo?.[0], bo?.[1])
    }
  )

  await t.test('a reading counts only for the generation that was read', async (t) => {
    const { store } = await open(t)
    await store.saveTenant(sampleTenant('acme'), 1)
    await store.saveUsers('acme', [{ user: sampleUser('anna'), sync: initialSyncRecord(true, 1) }], 1)
    const outcome = (generation: number) => [
      {
        user: 'anna',
        sync: sampleSync(generation, 2),
        timeline: sampleTimeline([sampleCause(0)]),
        visible: true
      }
    ]
    const generation = async () => (await store.record('acme', 'anna'))?.sync.generation ?? -1
    const dropped = async (why: string, old: number) => {
      const record = await store.record('acme', 'anna')
      t.equal(record?.timeline, null, `${why}: the timeline is dropped`)
      t.equal(record?.sync.confirmedAt, null)
      t.strictSame(
        await store.saveReadings('acme', outcome(old), 3),
        [],
        `${why}: what was on its way is passed over`
      )
      t.strictSame(await store.saveReadings('acme', outcome(await generation()), 3), ['anna'])
    }
    t.strictSame(await store.saveReadings('acme', outcome(0), 2), ['anna'])

    let old = await generation()
    await store.saveUsers('acme', [{ user: sampleUser('anna', { extension: '7' }), sync: null }], 2)
    t.equal((await store.record('acme', 'anna'))?.timeline?.causes.length, 1, 'a new extension drops nothing')
    await store.saveConnection('acme', sampleConnection(), false, 2)
    t.equal(await generation(), old)

    await store.saveConnection('acme', sampleConnection(), true, 2)
    await dropped('a new connection', old)
    old = await generation()
    await store.saveConnection('acme', null, true, 2)
    await dropped('no connection', old)
    old = await generation()
    await store.saveUsers('acme', [{ user: sampleUser('anna'), sync: initialSyncRecord(true, 2, old) }], 2)
    await dropped('a new mailbox', old)
    old = await generation()
    await store.saveOverride('acme', 'anna', { diversion: 'sick', from: 1, until: null }, 2)
    await store.saveAbsences('acme', [{ user: 'anna', absences: [sampleAbsence('a')] }], 2)
    await store.removeUsers('acme', ['anna'], 2)
    t.strictSame(await store.saveReadings('acme', outcome(old), 3), [])
    await store.saveUsers('acme', [{ user: sampleUser('anna'), sync: initialSyncRecord(true, 2) }], 2)
    t.equal((await store.record('acme', 'anna'))?.override, null)
    t.strictSame((await store.record('acme', 'anna'))?.absences, [])
    await dropped('a user of the same name', old)
    t.strictSame(await store.saveReadings('acme', [{ ...outcome(0)[0]!, user: 'zoe' }], 3), [])
  })

  await t.test('a large tenant is removed whole, and read again whole', async (t) => {
    const { store } = await open(t)
    await store.saveTenant(sampleTenant('acme'), 1)
    const ids = Array.from({ length: 1000 }, (_, index) => `user-${String(index).padStart(4, '0')}`)
    const users = ids.map((id) => ({ user: sampleUser(id), sync: initialSyncRecord(true, 1) }))
    await store.saveUsers('acme', users, 1)
    const timeline = sampleTimeline([])
    const outcomes = ids.map((user, index) => ({
      user,
      sync: sampleSync(0, 2),
      timeline,
      visible: index === 0
    }))
    await store.saveReadings('acme', outcomes, 2)
    t.equal((await store.records('acme', ids)).filter((record) => record?.timeline).length, 1000)
    await store.saveConnection('acme', sampleConnection(), true, 3)
    const records = await store.records('acme', ids)
    t.ok(records.every((record) => record?.timeline === null && record.sync.generation === 1))
    t.strictSame(await store.saveReadings('acme', outcomes, 4), [], 'what was read before counts no more')

    const [removed, isNew] = await Promise.all([
      store.removeTenant('acme'),
      store.saveTenant(sampleTenant('acme'), 5)
    ])
    t.strictSame([removed, isNew], [true, true])
    t.strictSame(await store.users('acme', { limit: 10 }), [])
    t.strictSame((await store.snapshot('acme'))?.users, [])
    await store.saveUsers('acme', [{ user: sampleUser('anna'), sync: null }], 6)
    t.equal((await store.users('acme', { limit: 10 })).length, 1, 'nothing that went takes anybody along')
  })

  await t.test('of imports the newest is kept, and goes with the tenant', async (t) => {
    const { store } = await open(t)
    await store.saveTenant(sampleTenant('acme'), 1)
    t.equal(await store.importProgress('acme'), null)
    await store.saveImportProgress('acme', sampleImport())
    await store.saveImportProgress('acme', sampleImport({ id: 'second', state: 'done', mode: 'replace' }))
    t.strictSame(
      await store.importProgress('acme'),
      sampleImport({ id: 'second', state: 'done', mode: 'replace' })
    )
    t.equal((await store.snapshot('acme'))?.position, 1, 'it is no entry in the change log')
    await store.removeTenant('acme')
    await store.saveTenant(sampleTenant('acme'), 2)
    t.equal(await store.importProgress('acme'), null)
  })

  await t.test('rules are appended only upon the version that the writer knew', async (t) => {
    const { store } = await open(t)
    await store.saveTenant(sampleTenant('acme'), 1)
    t.equal(await store.saveRules('acme', 1, sampleRules(1)), null)
    const both = await Promise.all([
      store.saveRules('acme', 0, sampleRules(1)),
      store.saveRules('acme', 0, sampleRules(2))
    ])
    t.equal(both.filter((saved) => saved !== null).length, 1)
    for (let version = 1; version < 120; version++)
      await store.saveRules('acme', version, sampleRules(version))
    const versions = (await store.ruleVersions('acme')).map(({ version }) => version)
    t.strictSame(
      versions.slice(0, 100),
      Array.from({ length: 100 }, (_, index) => 120 - index),
      'newest first'
    )
    t.equal((await store.rules('acme'))?.version, 120)
    t.equal((await store.rules('acme', 60))?.at, 59)
    t.strictSame((await store.rules('acme', 60))?.by, sampleRules(59).by, 'who put it')
    t.equal(await store.rules('acme', 121), null)
    const withoutAuthor = await store.saveRules('acme', 120, { ...sampleRules(1), by: null })
    t.equal(withoutAuthor?.by, null)
    t.equal((await store.rules('acme'))?.by, null)
  })

  await logContract(t, open)
  await overlapContract(t, open)
  await apiKeyContract(t, open)
  await sessionContract(t, open)
  await auditContract(t, open)
  await consumerContract(t, open)
  await contactContract(t, open)
  await alarmContract(t, open)

  await t.test('nothing is stored but what the port takes', async (t) => {
    const { store, storedBytes } = await open(t)
    const secret = { subject: 'CANARY', location: 'CANARY' }
    await store.saveTenant({ ...sampleTenant('acme'), ...secret }, 1)
    await store.saveConnection('acme', { ...sampleConnection(), ...secret }, true, 1)
    const mailbox = { address: 'asa@acme.example', ...secret }
    const trigger = { match: 'word' as const, text: 'LUN', diversion: 'lunch', ...secret }
    const asa = { ...sampleUser('asa', { mailbox, triggers: [trigger] }), ...secret }
    await store.saveUsers('acme', [{ user: asa, sync: { ...initialSyncRecord(true, 1), ...secret } }], 1)
    await store.saveOverride(
      'acme',
      'asa',
      { diversion: 'sick', from: 1, until: null, ...secret } as never,
      1
    )
    const sync = { ...sampleSync(0, 2), fault: { code: 'throttled', hint: 'Wait.', ...secret }, ...secret }
    const held = { ...sampleTimeline([{ ...sampleCause(3), ...secret }]), ...secret }
    await store.saveReadings(
      'acme',
      [{ user: 'asa', sync, timeline: held, visible: true, ...secret } as never],
      2
    )
    await store.saveRules('acme', 0, { ...sampleRules(1), ...secret })
    const bytes = await storedBytes()
    t.ok(bytes.includes('asa@acme.example'), 'what was to be stored is there')
    t.notOk(bytes.includes('CANARY'))
    t.notOk(bytes.includes(Buffer.from('CANARY', 'utf16le')))
  })

  await t.test('a store that is closed says so, and has stored what was asked of it before', async (t) => {
    const { store, reopen } = await open(t)
    const saves = ['a', 'b', 'c'].map((id) => store.saveTenant(sampleTenant(id), 1))
    const again = await reopen()
    await Promise.all(saves)
    t.equal((await again.tenants({ limit: 9 })).length, 3)
    await t.rejects(store.saveTenant(sampleTenant('d'), 1), StoreUnavailable)
    await t.rejects(store.tenant('a'), StoreUnavailable)
    await t.rejects(store.apiKeys.list(null, { limit: 9 }), StoreUnavailable)
    await t.rejects(store.apiKeys.remove(null, 'k'), StoreUnavailable)
  })

  await t.test('whatever is done in whatever order, it is what a plain model of it is', (t) =>
    followsItsModel(t, open)
  )
}
