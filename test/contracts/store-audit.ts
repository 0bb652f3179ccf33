/** The part of the store contract that is about the audit: entries with their writes, the chain, and what goes with a user. */
import type { Test } from 'tap'
import { initialSyncRecord } from '../../src/domain/sync-state.ts'
import type { AuditDraft, AuditHead, AuditPart, AuditRecord } from '../../src/storage/audit.ts'
import { type ChainBreak, ChainCheck, hashOfEntry } from '../../src/storage/audit-chain.ts'
import { type Store, TenantGone } from '../../src/storage/store.ts'
import type { OpenStore } from './open-store.ts'
import { sampleConnection, sampleImport, sampleRules, sampleTenant, sampleUser } from './store-samples.ts'

const PAGE = 50

export function sampleDraft(change: Partial<AuditDraft> = {}): AuditDraft {
  return {
    at: 1,
    action: 'user.put',
    outcome: 'done',
    actor: { kind: 'key', id: 'k1', name: 'Switch', role: 'switch' },
    address: '192.0.2.1',
    target: {},
    before: null,
    after: { number: 1.5, text: 'Åsa "\\\u2028' },
    parts: [],
    ...change
  }
}

export async function readAudit(store: Store, tenant: string | null): Promise<AuditRecord[]> {
  const found: AuditRecord[] = []
  for (;;) {
    const some = await store.audit.page(tenant, { after: found.at(-1)?.entry.position ?? 0, limit: PAGE })
    found.push(...some)
    if (some.length < PAGE) return found
  }
}

/** Where the chain breaks; null: nowhere. */
export function findBreak(records: readonly AuditRecord[], head: AuditHead): ChainBreak | null {
  const check = new ChainCheck(head)
  for (const record of records) {
    const found = check.next(record)
    if (found !== null) return found
  }
  return check.end(head)
}

async function breakIn(store: Store, tenant: string | null): Promise<ChainBreak | null> {
  return findBreak(await readAudit(store, tenant), await store.audit.head(tenant))
}

const partOf = (user: string, text = user): AuditPart => ({ user, before: null, after: { text } })
const saving = (id: string) => [{ user: sampleUser(id), sync: initialSyncRecord(true, 1) }]

export async function auditContract(t: Test, open: OpenStore): Promise<void> {
  await t.test(
    'each visible write appends its entry, and one that changes nothing appends none',
    async (t) => {
      const { store, reopen } = await open(t)
      const numbered = (number: number) => store.withEntry(sampleDraft({ at: number, after: { number } }))
      t.equal(await numbered(1).saveTenant(sampleTenant('acme'), 1), true)
      await numbered(2).saveUsers('acme', saving('anna'), 2)
      await numbered(3).saveRules('acme', 0, sampleRules(1))
      t.equal(await numbered(4).saveRules('acme', 0, sampleRules(1)), null)
      await numbered(5).saveConnection('acme', sampleConnection(), true, 5)
      t.equal(await numbered(6).saveOverride('acme', 'anna', null, 6), true)
      t.equal(await numbered(7).saveOverride('acme', 'nobody', null, 7), false)
      await numbered(8).saveImportProgress('acme', sampleImport())
      t.strictSame(await numbered(9).removeUsers('acme', ['nobody'], 9), [])
      await store.saveUsers('acme', saving('bo'), 10)
      await numbered(11).withTenantLock('acme', (locked) => locked.removeUsers('acme', ['bo'], 11))
      await t.rejects(numbered(12).saveOverride('nobody', 'anna', null, 12), TenantGone)
      const numbers = async (from: Store) =>
        (await readAudit(from, 'acme')).map(({ entry }) => [entry.position, entry.after?.number, entry.at])
      const expected = [1, 2, 3, 5, 6, 11].map((number, index) => [
        index + 1,
        number,
        `1970-01-01T00:00:00.0${String(number).padStart(2, '0')}Z`
      ])
      t.strictSame(await numbers(store), expected)
      t.equal(await breakIn(store, 'acme'), null)
      t.strictSame(await readAudit(store, null), [])
      const again = await reopen()
      t.strictSame(await numbers(again), expected)
      t.equal(await breakIn(again, 'acme'), null)
    }
  )

  await t.test('entries are as they were given, and chained, however many write at once', async (t) => {
    const { store, second } = await open(t)
    await store.saveTenant(sampleTenant('acme'), 1)
    await store.saveTenant(sampleTenant('other'), 1)
    const stores = [store, (await second?.()) ?? store]
    const drafts = Array.from({ length: 24 }, (_, number) => sampleDraft({ after: { number } }))
    await Promise.all(
      drafts.map((draft, index) => {
        const one = stores[index % 2]!
        return index % 3 === 0
          ? one.audit.append('acme', draft)
          : one.withEntry(draft).saveUsers('acme', saving(`user-${index}`), 2)
      })
    )
    await store.audit.append('other', sampleDraft())
    await store.audit.append(
      null,
      sampleDraft({ action: 'tenant.delete', actor: { kind: 'service', id: null, name: null, role: null } })
    )
    const records = await readAudit(store, 'acme')
    t.strictSame(
      records.map(({ entry }) => entry.after?.number).sort((one, other) => Number(one) - Number(other)),
      drafts.map((_, number) => number)
    )
    for (const tenant of ['acme', 'other', null]) t.equal(await breakIn(store, tenant), null)
    const [{ entry, parts } = { entry: null, parts: [] }] = await readAudit(store, 'other')
    const { at: _, parts: __, ...given } = sampleDraft()
    t.strictSame(entry, { position: 1, at: '1970-01-01T00:00:00.001Z', ...given, parts: [], previous: '' })
    t.strictSame(parts, [])
    await t.rejects(store.audit.append('nobody', sampleDraft()), TenantGone)
    t.strictSame(await readAudit(store, 'nobody'), [])
    t.equal((await store.audit.head('nobody')).position, 0)
  })

  await t.test('what it has about a user goes with the user, and the chain holds', async (t) => {
    const { store, storedBytes } = await open(t)
    await store.saveTenant(sampleTenant('acme'), 1)
    const parts = [partOf('anna', 'Annas nummer'), partOf('anna-2', 'Another')]
    await store
      .withEntry(sampleDraft({ parts }))
      .saveUsers('acme', [...saving('anna'), ...saving('anna-2')], 1)
    await store.audit.append('acme', sampleDraft({ parts: [partOf('anna', 'Annas export')] }))
    t.strictSame(
      (await store.audit.ofUser('acme', 'anna')).map((one) => one.parts.map((salted) => salted?.part)),
      [[partOf('anna', 'Annas nummer')], [partOf('anna', 'Annas export')]]
    )
    const before = (await readAudit(store, 'acme')).map(({ entry }) => hashOfEntry(entry))
    await store.withEntry(sampleDraft({ action: 'user.delete' })).removeUsers('acme', ['anna'], 2)
    const records = await readAudit(store, 'acme')
    t.strictSame(
      records.map((one) => one.parts.map((salted) => salted?.part.user ?? null)),
      [[null, 'anna-2'], [null], []]
    )
    t.strictSame(
      records.slice(0, 2).map(({ entry }) => hashOfEntry(entry)),
      before
    )
    t.equal(await breakIn(store, 'acme'), null)
    t.strictSame(await store.audit.ofUser('acme', 'anna'), [])
    t.equal((await store.audit.ofUser('acme', 'anna-2')).length, 1)
    t.ok((await storedBytes()).includes('Another'))

    await store.audit.append('acme', sampleDraft({ parts: [partOf('anna', 'too late')] }))
    t.strictSame(
      (await readAudit(store, 'acme')).at(-1)?.parts,
      [null],
      'of a user who is gone nothing is kept'
    )
    t.notOk((await storedBytes()).includes('too late'))
  })

  await t.test('it goes with the tenant, and a tenant of the same id begins anew', async (t) => {
    const { store } = await open(t)
    await store.saveTenant(sampleTenant('acme'), 1)
    await store.withEntry(sampleDraft({ parts: [partOf('anna')] })).saveUsers('acme', saving('anna'), 1)
    await store.removeTenant('acme')
    t.strictSame(await readAudit(store, 'acme'), [])
    await store.saveTenant(sampleTenant('acme'), 2)
    t.strictSame(await readAudit(store, 'acme'), [])
    t.strictSame(await store.audit.ofUser('acme', 'anna'), [])
    await store.audit.append('acme', sampleDraft())
    t.equal((await readAudit(store, 'acme'))[0]?.entry.previous, '')
  })

  await t.test('entries end with their time, and the chain begins after them', async (t) => {
    const { store } = await open(t)
    await store.saveTenant(sampleTenant('acme'), 1)
    await store.saveUsers('acme', saving('anna'), 1)
    for (const tenant of ['acme', null]) {
      const parts = tenant === null ? [] : [partOf('anna')]
      for (let at = 1; at <= 7; at++) await store.audit.append(tenant, sampleDraft({ at: at * 1000, parts }))
      t.equal(await store.audit.trim(tenant, 1000, 10), 0)
      t.equal(await store.audit.trim(tenant, 5000, 3), 3)
      t.equal(await store.audit.trim(tenant, 5000, 3), 1)
      t.equal(await store.audit.trim(tenant, 5000, 3), 0)
      const left = await readAudit(store, tenant)
      t.strictSame(
        left.map(({ entry }) => entry.position),
        [5, 6, 7]
      )
      t.equal(await breakIn(store, tenant), null)
      t.equal((await store.audit.head(tenant)).trimmed, 4)
      t.same(findBreak(left.slice(1), await store.audit.head(tenant)), { position: 5, reason: 'missing' })
      t.equal(await store.audit.trim(tenant, 100_000, 10), 3)
      t.equal(await breakIn(store, tenant), null)
      await store.audit.append(tenant, sampleDraft({ at: 200_000 }))
      t.equal((await readAudit(store, tenant))[0]?.entry.position, 8)
      t.equal(await breakIn(store, tenant), null)
    }
    t.strictSame(await store.audit.ofUser('acme', 'anna'), [])
  })

  await t.test('an entry that is edited, left out, or cut off shows', async (t) => {
    const { store } = await open(t)
    await store.saveTenant(sampleTenant('acme'), 1)
    await store.saveUsers('acme', saving('anna'), 1)
    for (let at = 1; at <= 4; at++)
      await store.audit.append('acme', sampleDraft({ at, parts: [partOf('anna')] }))
    const records = await readAudit(store, 'acme')
    const head = await store.audit.head('acme')
    const edited = (position: number, change: (record: AuditRecord) => AuditRecord) =>
      findBreak(
        records.map((one) => (one.entry.position === position ? change(one) : one)),
        head
      )
    const action = ({ entry, parts }: AuditRecord) => ({ entry: { ...entry, action: 'x' }, parts })
    t.equal(findBreak(records, head), null)
    t.same(edited(2, action), { position: 2, reason: 'edited' })
    t.same(edited(4, action), { position: 4, reason: 'edited' })
    const swapPart = ({ entry, parts }: AuditRecord) => ({
      entry,
      parts: parts.map((salted) => salted && { ...salted, part: partOf('bo') })
    })
    t.same(edited(3, swapPart), { position: 3, reason: 'part edited' })
    t.same(findBreak(records.toSpliced(1, 1), head), { position: 2, reason: 'missing' })
    t.same(findBreak(records.slice(0, 3), head), { position: 4, reason: 'cut off' })
    t.same(findBreak(records.slice(1), head), { position: 1, reason: 'missing' })
    t.same(findBreak([], head), { position: 1, reason: 'cut off' })
  })
}
