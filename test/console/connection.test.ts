/** How a customer's calendars are connected in the console: tried against the simulator's Exchange, with what goes wrong first. */

import { startSimulator } from '../../simulator/simulator.ts'
import t from '../group/tap.ts'
import { until } from '../support/until.ts'
import { openConsole } from './console-fixture.ts'

const directory = '3f1b2a3c-0000-4000-8000-00000000000c'
const root = '/v1/tenants/acme'

const console = await openConsole(t, {
  publicUrl: 'https://hanvisa.example.com',
  providerApplication: { clientId: 'the-application', clientSecret: 'secret', endsAt: null, cloud: 'global' }
})
const simulator = await startSimulator()
t.teardown(() => simulator.close())

function signInWith(password: string) {
  simulator.installations.put(directory, {
    schemes: ['basic'],
    accounts: [{ user: 'svc', password, address: 'svc@acme.example' }]
  })
}

t.test('Exchange is connected, its password replaced in time, and no secret shown', async (t) => {
  if (console === null) return
  const { call } = console.service
  simulator.directories.put({ id: directory, apps: [] })
  signInWith('right-password')
  const rights = { 'svc@acme.example': 'reviewer' } as const
  simulator.mailboxes.put(directory, { address: 'anna@acme.example', rights, events: [] })
  await call('PATCH', `${root}/users/anna`, { mailbox: 'anna@acme.example' })
  const { page, complaints } = await console.signIn('acme/connection')

  await page.getByRole('button', { name: 'Choose another kind' }).click()
  await page.getByRole('button', { name: 'Exchange on premises' }).click()
  await page.getByLabel('Address of EWS').fill(`${simulator.origin}/${directory}/EWS/Exchange.asmx`)
  await page.getByLabel('Signs in by').selectOption({ label: 'Basic' })
  await page.getByLabel('Account').fill('svc')
  await page.getByLabel('Password').fill('wrong-password')
  await page.getByText('Version, certificate, polling').click()
  await page.getByLabel('Certificate of the server').fill(simulator.ca)
  await page.getByLabel('User id').fill('anna')
  await page.getByText('what was read is dropped', { exact: false }).waitFor()
  await page.getByRole('button', { name: 'Save and test' }).click()
  const test = page.getByRole('region', { name: 'Test' })
  await test.getByText('Failed at: Sign-in').waitFor()
  t.ok(await test.getByText('secret_invalid').count(), 'with its code and what to do about it')
  t.ok(await test.getByText('Its certificate is trusted').count(), 'what went well before stands there too')
  t.notMatch(await page.content(), /wrong-password/)

  await page.getByRole('button', { name: 'Replace: Password' }).click()
  await page.getByLabel('Password').fill('right-password')
  const inTwentyDays = new Date(Date.now() + 20.5 * 86_400_000).toISOString().slice(0, 10)
  await page.getByLabel('Expires on').fill(inTwentyDays)
  await page.getByRole('button', { name: 'Save and test' }).click()
  await test.getByText('Everything works').waitFor()
  await page.getByText(/The credential ends in (19|20) days/).waitFor()
  t.notMatch(await page.content(), /right-password/)

  signInWith('newer-password')
  await page.getByRole('button', { name: 'Replace: Password' }).click()
  await page.getByText('is used until you save', { exact: false }).waitFor()
  await page.getByLabel('Password').fill('newer-password')
  await page.getByLabel('Expires on').fill('2099-12-31')
  await page.getByRole('button', { name: 'Save and test' }).click()
  // The result of the test before stands there until the next begins.
  await until('it is saved', async () => {
    const { body } = await call('GET', `${root}/connection`)
    return body.secretExpires === '2099-12-31'
  })
  await test.getByText('Everything works').waitFor()
  const { body } = await call('GET', `${root}/connection`)
  t.match(body, { kind: 'ews', secrets: ['auth/password'] })
  t.same(complaints, [])
})

t.test('the guide has the customer’s own values, to be pasted as they are', async (t) => {
  if (console === null) return
  const { page, complaints } = await console.signIn('acme/connection')
  const guide = page.getByRole('region', { name: 'What the customer does' })
  await page.getByRole('button', { name: 'Choose another kind' }).click()
  await page.getByRole('button', { name: 'Exchange on premises' }).click()
  await page.getByLabel('Account').fill("ACME\\o'hara")
  await guide.getByText("-User 'ACME\\o''hara' -AccessRights Reviewer", { exact: false }).waitFor()
  await page.getByLabel('Reads by').selectOption({ label: 'Impersonation' })
  await guide.getByText('New-ManagementRoleAssignment', { exact: false }).waitFor()
  await guide.getByText('Exchange 2007', { exact: true }).click()
  await guide.getByText('ms-Exch-EPI-May-Impersonate', { exact: false }).waitFor()

  await page.getByRole('button', { name: 'Choose another kind' }).click()
  await page.getByRole('button', { name: 'Microsoft 365, own application' }).click()
  t.equal(await guide.getByRole('button', { name: 'Grant admin consent' }).isDisabled(), true)
  await page.getByLabel('Directory (tenant) id').fill('contoso.com')
  await page.getByLabel('Application (client) id').fill('0f6a3d1c-1b2a-4c3d-8e9f-a0b1c2d3e4f5')
  t.equal(
    await guide.getByRole('link', { name: 'Grant admin consent' }).getAttribute('href'),
    'https://login.microsoftonline.com/contoso.com/adminconsent?client_id=0f6a3d1c-1b2a-4c3d-8e9f-a0b1c2d3e4f5'
  )
  await guide.getByText('Some mailboxes', { exact: true }).click()
  await guide.getByLabel('Object id').fill('99999999-1b2a-4c3d-8e9f-a0b1c2d3e4f5')
  await guide.getByText("-App '99999999-1b2a-4c3d-8e9f-a0b1c2d3e4f5'", { exact: false }).waitFor()
  await page.getByRole('button', { name: 'Discard' }).click()
  await page.getByRole('heading', { name: 'Exchange on premises' }).waitFor()
  t.same(complaints, [])
})

t.test('what the service refuses stands at its field, and a connection goes only by name', async (t) => {
  if (console === null) return
  const { call } = console.service
  const { page } = await console.signIn('acme/connection')
  await page.getByRole('button', { name: 'Choose another kind' }).click()
  await page.getByRole('button', { name: /By consent/ }).click()
  await page.getByText('the link is good for any directory', { exact: false }).waitFor()
  await page.getByLabel('directory (tenant) id in Entra').fill('no directory')
  await page.getByRole('button', { name: 'Make the link for the administrator' }).click()
  await page.getByRole('alert').getByText('directoryId', { exact: false }).waitFor()
  const directoryId = '72f988bf-86f1-41af-91ab-2d7cd011db47'
  await page.getByLabel('directory (tenant) id in Entra').fill(directoryId)
  await page.getByRole('button', { name: 'Make the link for the administrator' }).click()
  const link = page.getByRole('link', { name: 'I am the administrator: open it' })
  t.match(
    await link.getAttribute('href'),
    new RegExp(`/${directoryId}/v2.0/adminconsent.client_id=the-application`)
  )
  t.equal((await call('GET', root)).body.directoryId, directoryId)
  await page.getByRole('button', { name: 'Choose another kind' }).click()
  await page.getByRole('button', { name: 'CalDAV' }).click()
  await page.getByLabel('Address of the server').fill('ftp://dav.example.se/')
  await page.getByLabel('Account', { exact: true }).fill('svc')
  await page.getByLabel('Password').fill('secret')
  await page.getByRole('button', { name: 'Save and test' }).click()
  await page.locator('input[aria-invalid=true]').first().waitFor()
  t.equal(
    await page.locator('input[aria-invalid=true]').first().inputValue(),
    'ftp://dav.example.se/',
    'what was typed stays'
  )
  await page.getByRole('button', { name: 'Discard' }).click()
  await page.getByRole('button', { name: 'Remove the connection' }).click()
  await page.getByLabel('Type “Acme AB” to go on').fill('Acme AB')
  await page.getByRole('dialog').getByRole('button', { name: 'Remove the connection' }).click()
  await page.getByRole('heading', { name: 'Where are the calendars?' }).waitFor()
  t.equal((await call('GET', `${root}/connection`)).status, 404)
})
