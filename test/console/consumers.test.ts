/** What an operator does about what statuses are pushed to: adds it, tries it, pauses it, sees why it fails, and removes it. */
import t from '../group/tap.ts'
import { startAmi } from '../support/ami-server.ts'
import { startWebhookReceiver } from '../support/webhook-receiver.ts'
import { openConsole } from './console-fixture.ts'

const console = await openConsole(t)
const list = '/v1/tenants/acme/consumers'

t.test('a webhook is added with its secret seen once, tried, paused and resumed, and removed', async (t) => {
  if (console === null) return
  const { service } = console
  const receiver = await startWebhookReceiver(t)
  const { page, complaints } = await console.signIn('acme/consumers')
  await page.getByText('Nothing is pushed to yet', { exact: false }).waitFor()
  await page.getByRole('button', { name: 'Add a consumer' }).click()
  await page.getByRole('button', { name: /^Webhook/ }).press('Enter')
  await page.getByLabel('Name', { exact: true }).fill('intranet')
  await page.getByLabel('Address').fill('ftp://nowhere.example')
  const add = page.getByRole('dialog').getByRole('button', { name: 'Add a consumer' })
  await add.click()
  await page.getByText('must be an https URL', { exact: false }).first().waitFor()
  await page.getByLabel('Address').fill(receiver.url)
  await page.getByLabel('Whose statuses').selectOption({ label: 'Of some extensions' })
  await page.getByLabel('Extensions').fill('107*')
  await add.click()
  await page.getByText('Copy the secret now', { exact: false }).waitFor()
  const secret = (await page.getByRole('dialog').locator('code, pre').first().textContent()) ?? ''
  t.match(secret, /^whsec_/)
  receiver.secret = secret
  await page.getByRole('button', { name: 'I have copied it' }).click()
  const row = page.getByRole('row', { name: /intranet/ })
  await row.getByText('Takes statuses').waitFor()
  t.notMatch(await page.content(), new RegExp(secret.slice(6, 20)), 'it is seen once')

  await page.getByRole('button', { name: 'Test intranet' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Test' }).click()
  await page.getByText('It takes a signed post').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Pause intranet' }).click()
  await row.getByText('Paused').waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await row.getByText('Takes statuses').waitFor()

  await row.getByRole('button', { name: 'intranet', exact: true }).click()
  t.equal(await page.getByLabel('Extensions').inputValue(), '107*')
  await page.getByText('Held, and never shown').waitFor()
  await page.getByLabel('How much is told').selectOption({ label: 'Open or closed alone' })
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  const [held] = (await service.call('GET', list)).body.consumers
  t.match(held, { privacy: 'open-closed', secrets: ['secret'], users: { extension: ['107*'] } })

  await page.getByRole('button', { name: 'More for intranet' }).click()
  await page.getByRole('menuitem', { name: 'Remove' }).click()
  const remove = page.getByRole('dialog').getByRole('button', { name: 'Remove' })
  t.equal(await remove.isDisabled(), true, 'it is asked for by name')
  await page.getByLabel('Type “intranet” to go on').fill('intranet')
  await remove.click()
  await page.getByText('Nothing is pushed to yet', { exact: false }).waitFor()
  t.same(complaints, [])
})

t.test(
  'an Asterisk and a presence server are added; why one fails is said, and a test says at which step',
  async (t) => {
    if (console === null) return
    const { service } = console
    const asterisk = await startAmi(t)
    const { page, complaints } = await console.signIn('acme/consumers')
    await page.getByRole('button', { name: 'Add a consumer' }).click()
    await page.getByRole('button', { name: /^Asterisk/ }).click()
    await page.getByLabel('Name', { exact: true }).fill('pbx')
    await page.getByLabel('Server').fill('127.0.0.1')
    await page.getByLabel('Port').fill(String(asterisk.port))
    await page.getByLabel('Over TLS', { exact: false }).uncheck()
    await page.getByLabel('Account').fill('hanvisa')
    await page.getByLabel('Password').fill('wrong')
    await page.getByText('Presence of each diversion', { exact: false }).press('Enter')
    await page.getByLabel('Presence at All others').selectOption('dnd')
    await page.getByLabel('Entries for the dialplan', { exact: false }).uncheck()
    await page.getByRole('dialog').getByRole('button', { name: 'Add a consumer' }).click()
    const row = page.getByRole('row', { name: /pbx/ })
    await row.getByText('Refuses', { exact: true }).waitFor()
    await row.locator('code').filter({ hasText: 'access_denied' }).waitFor()
    const { body } = await service.call('GET', `${list}/pbx`)
    t.match(body, { set: ['presence', 'device-state'], map: { '*': 'dnd', vacation: 'xa' }, tls: false })
    await page.getByRole('button', { name: 'Test pbx' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Test' }).click()
    await page.getByText('Failed at: It is reached, and signs in').waitFor()
    await page.keyboard.press('Escape')

    await page.getByRole('button', { name: 'Add a consumer' }).click()
    await page.getByRole('button', { name: /^SIP presence/ }).click()
    await page.getByLabel('Name', { exact: true }).fill('kamailio')
    await page.getByLabel('Proxy').fill('sip:127.0.0.1:9')
    await page.getByLabel('Domain').fill('example.se')
    await page.getByRole('dialog').getByRole('button', { name: 'Add a consumer' }).click()
    await page
      .getByRole('row', { name: /kamailio/ })
      .getByText('unreachable')
      .waitFor()
    t.same(complaints, [])
  }
)
