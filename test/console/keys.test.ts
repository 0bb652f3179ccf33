/** What an operator and a provider do about keys and customers: a key for the switch, its replacement, its end; a customer is made. */
import t from '../group/tap.ts'
import { longTests } from '../support/long-tests.ts'
import { openConsole } from './console-fixture.ts'

const console = await openConsole(t)

t.test('the switch gets a key, a new one while the old one is good, and loses it', async (t) => {
  if (console === null) return
  const { service } = console
  const statusWith = async (key: string) =>
    (await service.call('GET', '/v1/tenants/acme/statuses', undefined, { authorization: `Bearer ${key}` }))
      .status
  const { page, complaints } = await console.signIn('acme/keys')
  await page.getByText('There is no key yet', { exact: false }).waitFor()
  const shownKey = async () => {
    await page.getByText('Copy the key now', { exact: false }).waitFor()
    const key = (await page.getByRole('dialog').locator('code').textContent()) ?? ''
    await page.getByRole('button', { name: 'I have copied it' }).click()
    return key
  }

  await page.getByRole('button', { name: 'Make a key' }).click()
  await page.keyboard.type('Asterisk in Malmö')
  await page.keyboard.press('Enter')
  const first = await shownKey()
  t.equal(await statusWith(first), 200, 'a name and Enter make a key that opens the statuses')
  t.notMatch(await page.content(), new RegExp(first), 'it is seen once')

  await page.getByRole('button', { name: 'Replace the key “Asterisk in Malmö”' }).click()
  await page.getByLabel('The old key stays good for').selectOption({ label: '7 days' })
  await page.getByRole('button', { name: 'Replace', exact: true }).click()
  const second = await shownKey()
  t.same([await statusWith(first), await statusWith(second)], [200, 200])
  await page.getByText('The key before it is good until', { exact: false }).waitFor()

  await page.getByRole('button', { name: 'Revoke the key “Asterisk in Malmö”' }).click()
  const revoke = page.getByRole('button', { name: 'Revoke', exact: true })
  t.equal(await revoke.isDisabled(), true, 'it is asked for by name')
  await page.getByLabel('Type “Asterisk in Malmö” to go on').fill('Asterisk in Malmö')
  await revoke.click()
  await page.getByText('There is no key yet', { exact: false }).waitFor()
  t.equal(await statusWith(second), 401)
  t.same(complaints, [])
})

t.test('what the service refuses stands at its field, and Escape leaves without a key', async (t) => {
  if (console === null) return
  const { page } = await console.signIn('acme/keys')
  await page.getByRole('button', { name: 'Make a key' }).click()
  await page.getByLabel('Name').fill('Phone of nobody')
  await page.getByLabel('For').selectOption({ label: 'Softphone' })
  await page.getByLabel('User id').fill('nobody')
  await page.getByRole('dialog').getByRole('button', { name: 'Make a key' }).click()
  await page.getByRole('alert').getByText('nobody', { exact: false }).waitFor()
  await page.keyboard.press('Escape')
  t.equal(await page.getByRole('dialog').count(), 0)
  t.equal(
    await page.evaluate('document.activeElement.textContent'),
    'Make a key',
    'the focus is where it was'
  )
  t.same((await console.service.call('GET', '/v1/tenants/acme/keys')).body.keys, [])
})

t.test('a provider makes a customer, changes and removes it, finds one of many, and signs out', async (t) => {
  if (console === null) return
  const { page, complaints } = await console.signIn('')
  await page.getByRole('button', { name: 'New customer' }).click()
  await page.getByLabel('Name', { exact: true }).fill('Acme')
  await page.getByText('Another customer has this id', { exact: false }).waitFor()
  await page.getByLabel('Name', { exact: true }).fill('Åkeri & Söner AB')
  await page.getByLabel('Time zone').selectOption('Europe/Helsinki')
  await page.getByRole('dialog').getByRole('button', { name: 'New customer' }).click()
  await page.getByRole('link', { name: 'Now' }).waitFor()
  const { body } = await console.service.call('GET', '/v1/tenants/akeri-soner-ab')
  t.match(body, { name: 'Åkeri & Söner AB', timeZone: 'Europe/Helsinki', language: 'en' })
  await page.getByRole('link', { name: 'Customers' }).click()
  await page.getByRole('link', { name: 'Åkeri & Söner AB' }).waitFor()
  const { call } = console.service
  const hours = { week: { mon: [['08:00', '17:00']] }, outside: null }
  await call('PUT', '/v1/tenants/akeri-soner-ab', { ...body, officeHours: hours })
  await page.getByRole('button', { name: 'Change Åkeri & Söner AB' }).click()
  await page.getByLabel('Name', { exact: true }).fill('Åkeri AB')
  await page.getByRole('dialog').getByLabel('Language').selectOption({ label: 'Suomi' })
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('link', { name: 'Åkeri AB' }).waitFor()
  t.match((await call('GET', '/v1/tenants/akeri-soner-ab')).body, {
    name: 'Åkeri AB',
    timeZone: 'Europe/Helsinki',
    language: 'fi',
    officeHours: hours
  })
  await page.getByRole('button', { name: 'Change Åkeri AB' }).click()
  await page.getByRole('button', { name: 'Remove Åkeri AB' }).click()
  await page.getByLabel('Type “Åkeri AB” to go on').fill('Åkeri AB')
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: 'Åkeri AB' }).waitFor({ state: 'detached' })
  t.equal((await call('GET', '/v1/tenants/akeri-soner-ab')).status, 404)
  // With the one that is there.
  const count = longTests ? 10_000 : 210
  const ids = Array.from({ length: count }, (_, i) => `c${i}`)
  const customer = { name: 'One of many', timeZone: 'UTC', language: 'en' }
  await Promise.all(ids.map((id) => call('PUT', `/v1/tenants/${id}`, customer)))
  await page.reload()
  await page.getByText(`and ${count + 1 - 200} more: type a part of the name`).waitFor()
  await page.getByRole('searchbox').fill(ids.at(-1)!)
  await page.getByRole('link', { name: `One of many ${ids.at(-1)}` }).waitFor()
  await page.getByRole('button', { name: 'Language, appearance and sign-out' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByLabel('Key', { exact: true }).waitFor()
  t.same(complaints, [])
})
