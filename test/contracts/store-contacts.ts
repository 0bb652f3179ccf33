/** The part of the store contract that is about caller names: on or off, lists of contacts, and what is found by a number. */
import type { Test } from 'tap'
import {
  type CallerNamesRecord,
  type ContactRecord,
  type ContactStore,
  personalList
} from '../../src/storage/contacts.ts'
import { TenantGone } from '../../src/storage/store.ts'
import type { OpenStore } from './open-store.ts'
import { readAudit, sampleDraft } from './store-audit.ts'
import { sampleTenant, sampleUser } from './store-samples.ts'

export const sampleCallerNames = (change: Partial<CallerNamesRecord> = {}): CallerNamesRecord => ({
  strip: ['0'],
  shared: { list: 'shared/a', contacts: 2, numbers: 3, importedAt: 4.5 },
  changedAt: 5,
  ...change
})

export const sampleContact = (
  id: string,
  numbers: readonly string[],
  change: Partial<ContactRecord> = {}
): ContactRecord => ({
  contact: id,
  numbers,
  sealed: `sealed of ${id}`,
  changedAt: 1.5,
  ...change
})

export async function contactContract(t: Test, open: OpenStore): Promise<void> {
  const openOn = async (t: Test) => {
    const opened = await open(t)
    for (const id of ['acme', 'beta']) {
      await opened.store.saveTenant(sampleTenant(id), 1)
      await opened.store.contacts.saveSettings(id, sampleCallerNames())
    }
    return opened
  }
  const found = async ({ find }: ContactStore, list: string, number: string, tenant = 'acme') =>
    (await find(tenant, list, number)).map((one) => one.contact).sort()
  const all = async ({ eachSlice }: ContactStore, list: string, tenant = 'acme') => {
    const contacts: ContactRecord[] = []
    for await (const some of eachSlice(tenant, list)) contacts.push(...some)
    return contacts.sort((one, other) => (one.contact < other.contact ? -1 : 1))
  }

  await t.test('caller names are off until they are turned on, and then as they were saved', async (t) => {
    const { store, reopen } = await open(t)
    await store.saveTenant(sampleTenant('acme'), 1)
    const { contacts } = store
    t.equal(await contacts.settings('acme'), null)
    t.equal(
      await contacts.save('acme', 'shared/a', [sampleContact('k', ['1'])]),
      false,
      'nothing is kept while they are off'
    )
    t.same(await contacts.lists('acme'), [])
    const before = (await readAudit(store, 'acme')).length
    t.equal(await store.withEntry(sampleDraft()).contacts.saveSettings('acme', sampleCallerNames()), false)
    t.equal(await contacts.saveSettings('acme', sampleCallerNames({ shared: null })), true)
    t.equal((await readAudit(store, 'acme')).length, before + 1, 'with its entry in the audit')
    await t.rejects(contacts.saveSettings('gone', sampleCallerNames()), TenantGone)
    await t.rejects(contacts.save('gone', 'shared/a', []), TenantGone)
    t.equal(await contacts.settings('gone'), null)
    t.same(await contacts.find('gone', 'shared/a', '1'), [])
    t.same(await (await reopen()).contacts.settings('acme'), sampleCallerNames({ shared: null }))
  })

  await t.test('a contact is found by each of its numbers, in its list and tenant alone', async (t) => {
    const { store, reopen } = await openOn(t)
    const { contacts } = store
    const karin = sampleContact('k', ['1', '2'])
    t.equal(
      await contacts.save('acme', 'shared/a', [karin, sampleContact('b', ['2']), sampleContact('n', [])]),
      true
    )
    await contacts.save('acme', 'shared/ab', [sampleContact('other', ['1'])])
    await contacts.save('beta', 'shared/a', [sampleContact('theirs', ['1'])])
    const { contacts: again } = await reopen()
    t.same(await again.find('acme', 'shared/a', '1'), [karin])
    t.same(await found(again, 'shared/a', '2'), ['b', 'k'])
    t.same(await found(again, 'shared/a', '3'), [])
    t.same(await found(again, 'shared/ab', '1'), ['other'])
    t.same(await found(again, 'shared/a', '1', 'beta'), ['theirs'])
    t.same(
      (await all(again, 'shared/a')).map((one) => one.contact),
      ['b', 'k', 'n']
    )
    t.same([...(await again.lists('acme'))].sort(), ['shared/a', 'shared/ab'])
  })

  await t.test('a contact that changes or goes is not found by its old numbers', async (t) => {
    const { contacts } = (await openOn(t)).store
    const many = Array.from({ length: 700 }, (_, index) => sampleContact(`c${index}`, [`${index}`, 'main']))
    await contacts.save('acme', 'user/anna', many)
    t.equal((await found(contacts, 'user/anna', 'main')).length, many.length)
    await contacts.save('acme', 'user/anna', [sampleContact('c1', ['new'])])
    t.same(await found(contacts, 'user/anna', '1'), [])
    t.same(await found(contacts, 'user/anna', 'new'), ['c1'])
    await contacts.removeContacts('acme', 'user/anna', ['c2', 'nobody'])
    await contacts.removeContacts('gone', 'user/anna', ['c2'])
    t.same(await found(contacts, 'user/anna', '2'), [])
    t.equal((await found(contacts, 'user/anna', 'main')).length, many.length - 2)
    await contacts.removeList('acme', 'user/anna')
    t.same(await all(contacts, 'user/anna'), [])
    t.same(await found(contacts, 'user/anna', '3'), [])
    t.same(await contacts.lists('acme'), [])
    await contacts.save('acme', 'user/anna', [sampleContact('z', ['9'])])
    t.same(await found(contacts, 'user/anna', 'main'), [], 'nor in a later list of the name')
  })

  await t.test('what is sealed anew is passed over where it was changed meanwhile', async (t) => {
    const { contacts } = (await openOn(t)).store
    const [karin, bo] = [sampleContact('k', ['1']), sampleContact('b', ['1', '2'])]
    await contacts.save('acme', 'shared/a', [karin, bo])
    await contacts.save('acme', 'shared/a', [sampleContact('b', ['2'], { sealed: 'newer' })])
    const resealed = [karin, bo, sampleContact('gone', ['1'])].map((before) => ({ before, sealed: 'anew' }))
    await contacts.saveResealed('acme', 'shared/a', resealed)
    t.same(
      (await all(contacts, 'shared/a')).map(({ contact: id, sealed, numbers }) => [id, sealed, numbers]),
      [
        ['b', 'newer', ['2']],
        ['k', 'anew', ['1']]
      ]
    )
    t.same(await found(contacts, 'shared/a', '1'), ['k'])
  })

  await t.test('a user’s own contacts go with the user, and no one’s else', async (t) => {
    const { store } = await openOn(t)
    const users = ['anna', 'ann'].map((id) => ({ user: sampleUser(id), sync: null }))
    await store.saveUsers('acme', users, 1)
    for (const id of ['anna', 'ann']) {
      await store.contacts.save('acme', personalList(id), [
        sampleContact('kanariekontakt', ['kanarienummer'])
      ])
    }
    await store.removeUsers('acme', ['anna'], 2)
    t.same(await store.contacts.lists('acme'), [personalList('ann')])
    await store.saveUsers('acme', users, 3)
    await store.contacts.save('acme', personalList('anna'), [sampleContact('k', ['1'])])
    t.same(
      await found(store.contacts, personalList('anna'), 'kanarienummer'),
      [],
      'nor to the next of that id'
    )
    t.same(await found(store.contacts, personalList('ann'), 'kanarienummer'), ['kanariekontakt'])
  })

  await t.test('turned off, or with the tenant, everything goes', async (t) => {
    const { store, reopen } = await openOn(t)
    for (const [what, remove] of [
      ['off', () => store.contacts.saveSettings('acme', null)],
      ['gone', () => store.removeTenant('acme')]
    ] as const) {
      await store.saveTenant(sampleTenant('acme'), 1)
      await store.contacts.saveSettings('acme', sampleCallerNames())
      await store.contacts.save('acme', 'shared/a', [sampleContact('kanariekontakt', ['kanarienummer'])])
      await store.contacts.save('acme', 'user/anna', [sampleContact('k', ['1'])])
      t.equal(await remove(), true, what)
      await store.saveTenant(sampleTenant('acme'), 1)
      t.equal(await store.contacts.settings('acme'), null)
      await store.contacts.saveSettings('acme', sampleCallerNames())
      t.same(await store.contacts.lists('acme'), [])
      t.same(await all(store.contacts, 'shared/a'), [])
      t.same(await found(store.contacts, 'user/anna', '1'), [])
      t.equal(await store.contacts.saveSettings('acme', null), true)
      t.equal(await store.contacts.saveSettings('acme', null), false)
    }
    t.same(await (await reopen()).contacts.settings('beta'), sampleCallerNames())
  })
}
