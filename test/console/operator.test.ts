/** What an operator does in the console: edit rules with the effect in sight, find what cannot be read. */
import t from '../group/tap.ts'
import { until } from '../support/until.ts'
import { openConsole } from './console-fixture.ts'

const console = await openConsole(t)

t.test('a word for lunch in Norwegian: tried, compared with real life, saved, and rolled back', async (t) => {
  if (console === null) return
  const { call } = console.service
  const versionOf = async () => (await call('GET', '/v1/tenants/acme/rules')).body.version
  const before = await versionOf()
  const { page, complaints } = await console.signIn('acme/rules')
  await page.getByLabel('A subject as somebody would write it').fill('Lunsj ute')
  await page
    .getByText('“UTE”', { exact: false })
    .or(page.getByText('”UTE”', { exact: false }))
    .first()
    .waitFor()
  await page.getByRole('button', { name: 'Add a trigger' }).click()
  const last = page
    .getByRole('listitem')
    .filter({ has: page.getByLabel('Text') })
    .last()
  await last.getByLabel('Text').fill('Lunsj')
  await last.getByLabel('Diversion').selectOption({ label: 'Lunch' })
  for (let place = 0; place < 30; place++) await last.page().keyboard.press('Alt+ArrowUp')
  await page.getByText('Not saved yet').waitFor()
  await page.getByRole('button', { name: 'Compare' }).click()
  await page.getByText(/\d of 3 would change|Nothing would change/).waitFor()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText(`Saved as version ${before + 1}`, { exact: false }).waitFor()
  t.equal(await versionOf(), before + 1)
  await page.getByRole('button', { name: 'Restore' }).first().click()
  await until('the former rules hold again', async () => (await versionOf()) === before + 2)
  const { body } = await call('GET', '/v1/tenants/acme/rules')
  t.notOk(body.effective.triggers.some(({ text }: { text: string }) => text === 'Lunsj'))
  t.same(complaints, [])
})

t.test('two operators at once: the second is asked, and overwrites nothing', async (t) => {
  if (console === null) return
  const { call } = console.service
  const { version: before } = (await call('GET', '/v1/tenants/acme/rules')).body
  const { page } = await console.signIn('acme/rules')
  await page.getByRole('combobox', { name: 'Busy', exact: true }).selectOption({ label: 'Busy' })
  await call('PUT', '/v1/tenants/acme/rules', { pack: '3kontakt' })
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Somebody else saved meanwhile', { exact: false }).waitFor()
  t.equal((await call('GET', '/v1/tenants/acme/rules')).body.pack, '3kontakt')
  await page.getByRole('button', { name: 'Take theirs, drop mine' }).click()
  await page
    .getByText(`Version ${before + 1}`, { exact: true })
    .first()
    .waitFor()
  t.equal(await page.getByRole('button', { name: 'Save', exact: true }).isDisabled(), true)
})

t.test('every user whose calendar cannot be read, and what to do about it', async (t) => {
  if (console === null) return
  await until('the missing file is noticed', async () => {
    const { body } = await console.service.call('GET', '/v1/tenants/acme/sync?state=failed')
    return body.users.length === 1
  })
  const { page, complaints } = await console.signIn('acme/users')
  await page.getByText('Whose mailbox cannot be read').click()
  await page.getByRole('row', { name: /Anna Ek/ }).waitFor({ state: 'detached' })
  await page.getByRole('row', { name: /Cia Åberg/ }).waitFor()
  t.equal(await page.getByRole('row').count(), 2, 'a heading and one user')
  await page.getByRole('link', { name: 'Health' }).click()
  await page.getByText('mailbox_unknown').waitFor()
  await page.getByRole('link', { name: 'Cia Åberg' }).click()
  await page.getByText('What to do').waitFor()
  t.same(complaints, [])
})

t.test('a person’s own word is added, and removed with an undo', async () => {
  if (console === null) return
  const { call } = console.service
  const words = async () =>
    (await call('GET', '/v1/tenants/acme/users/anna/triggers')).body.triggers.map(
      ({ text }: { text: string }) => text
    )
  const { page } = await console.signIn('acme/people/anna')
  await page.getByLabel('Word').fill('GYM')
  await page.getByRole('button', { name: 'Add' }).click()
  await until('the word is kept', async () => (await words()).includes('GYM'))
  await page.getByRole('button', { name: 'Remove GYM' }).click()
  await until('the word is gone', async () => !(await words()).includes('GYM'))
  await page.getByRole('button', { name: 'Undo' }).click()
  await until('the word is back', async () => (await words()).includes('GYM'))
})

t.test(
  'office hours: a proposal is saved, a wrong time stands at its day, and they go by name',
  async (t) => {
    if (console === null) return
    const hours = async () => (await console.service.call('GET', '/v1/tenants/acme')).body.officeHours
    const { page, complaints } = await console.signIn('acme/hours')
    await page.getByLabel('Monday').fill('8-12, 13-17')
    await page.getByLabel('Friday').fill('8-25')
    await page.getByLabel('Public holidays of').selectOption({ label: 'Sweden' })
    await page.getByLabel('Days of your own').fill('2026-12-23 12:00 Christmas lunch')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('alert').getByText('officeHours', { exact: false }).waitFor()
    await page.getByLabel('Friday').fill('8-15.30')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('The office hours are saved.').waitFor()
    t.same(await hours(), {
      week: {
        mon: [
          ['08:00', '12:00'],
          ['13:00', '17:00']
        ],
        tue: [['08:00', '17:00']],
        wed: [['08:00', '17:00']],
        thu: [['08:00', '17:00']],
        fri: [['08:00', '15:30']]
      },
      holidays: {
        country: 'SE',
        add: [{ date: '2026-12-23', name: 'Christmas lunch', until: '12:00' }]
      },
      outside: null
    })
    await page.getByRole('button', { name: 'Remove the office hours' }).click()
    await page.getByLabel('Type “Acme AB” to go on').fill('Acme AB')
    await page.keyboard.press('Enter')
    await page.getByText('There are no office hours yet', { exact: false }).waitFor()
    t.equal(await hours(), undefined)

    const ofBo = async () => (await console.service.call('GET', '/v1/tenants/acme/users/bo')).body.officeHours
    await page.goto(`${console.service.origin}/console/acme/people/bo`)
    await page.getByRole('button', { name: 'Own hours' }).click()
    await page.getByLabel('Saturday').fill('10-14')
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    await page.getByText('Sat 10:00-14:00').waitFor()
    t.match(await ofBo(), { week: { sat: [['10:00', '14:00']] } })
    await page.getByRole('button', { name: 'As the customer’s again' }).click()
    await page.getByText('As the customer’s.', { exact: true }).waitFor()
    t.notOk(await ofBo())
    const followed = page.getByRole('status').filter({ hasText: 'They are as the customer’s again.' })
    await followed.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('Sat 10:00-14:00').waitFor()
    t.same(complaints, [])
  }
)
