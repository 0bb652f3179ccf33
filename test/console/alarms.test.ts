/** What an operator does about alarms: sees what is raised and mutes it, adds a recipient, gives the code back, tests and removes it. */

import { noAlarmSenders } from '../../src/config-alarms.ts'
import { startMailServer, textOf } from '../alarms/mail-server.ts'
import t from '../group/tap.ts'
import { startWebhookReceiver } from '../support/webhook-receiver.ts'
import { openConsole } from './console-fixture.ts'

const mail = await startMailServer(t)
const console = await openConsole(t, {
  alarms: {
    ...noAlarmSenders,
    smtp: {
      host: '127.0.0.1',
      port: mail.port,
      secure: false,
      auth: { user: 'hanvisa', pass: 'right' },
      requireTls: false,
      from: { name: 'Hanvisa', address: 'alarms@provider.example' }
    }
  }
})
const root = '/v1/tenants/acme/alarms'
const codeSent = () => /\b(\d{6})\b/.exec(textOf(mail.mails.at(-1)!))![1]!

t.test('a recipient is added, confirmed by the code, tested, edited, and removed', async (t) => {
  if (console === null) return
  const { call } = console.service
  const { page, complaints } = await console.signIn('acme/alarms')
  await page.getByText('Nobody is told yet', { exact: false }).waitFor()
  await page.getByRole('button', { name: 'Add a recipient' }).click()
  await page.keyboard.type('it')
  await page.getByLabel('E-mail address').fill('no address')
  await page.getByLabel('Quiet hours').check()
  await page.getByLabel('From', { exact: true }).fill('1730')
  await page.getByLabel('Sun').uncheck()
  await page.getByLabel('Daily digest').check()
  const add = page.getByRole('dialog').getByRole('button', { name: 'Add a recipient' })
  await add.click()
  await page.getByText('must be one e-mail address', { exact: false }).first().waitFor()
  await page.getByLabel('E-mail address').fill('it@acme.example')
  await add.click()
  await page.getByText('Six digits were sent to it@acme.example', { exact: false }).waitFor()
  const first = codeSent()
  await page.getByLabel('Code').fill(first === '000000' ? '111111' : '000000')
  await page.keyboard.press('Enter')
  await page.getByText('is not the code', { exact: false }).first().waitFor()
  await page.getByLabel('Code').fill(first)
  await page.keyboard.press('Enter')
  await page.getByText('it is told from now on.').waitFor()
  t.match((await call('GET', `${root}/recipients`)).body.recipients, [
    {
      recipient: 'it',
      language: 'en',
      quiet: { from: '17:30', to: '07:00', days: [1, 2, 3, 4, 5, 6], criticalToo: false },
      digest: '07:30',
      confirmed: true
    }
  ])

  await page.getByRole('button', { name: 'Send a test to it' }).click()
  await page.getByText('The test for it was taken.').waitFor()
  await page.getByRole('button', { name: 'it', exact: true }).click()
  t.equal(await page.getByLabel('E-mail address').inputValue(), 'it@acme.example')
  await page.getByLabel('Is told', { exact: true }).selectOption({ label: 'Critical alarms alone' })
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.getByRole('row', { name: /Critical alarms alone/ }).waitFor()

  await page.getByLabel('Stale calendars, from per cent').fill('40')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('The settings are saved.').first().waitFor()
  await page.getByRole('button', { name: 'Send nothing for 24 hours' }).click()
  await page.getByText('Nothing is sent until', { exact: false }).waitFor()
  t.match((await call('GET', `${root}/settings`)).body, { share: 0.4, minutes: 30, muteUntil: /Z$/ })
  await page.getByRole('button', { name: 'Send again' }).click()
  await page.getByText('Nothing is sent until', { exact: false }).waitFor({ state: 'detached' })

  await page.getByRole('button', { name: 'Remove it' }).click()
  await page.getByLabel('Type “it” to go on').fill('it')
  await page.keyboard.press('Enter')
  await page.getByText('Nobody is told yet', { exact: false }).waitFor()
  t.same(complaints, [])
})

t.test('a webhook of the provider has its secret shown once, and its address never again', async (t) => {
  if (console === null) return
  const receiver = await startWebhookReceiver(t)
  const { page, complaints } = await console.signIn('-/alarms')
  await page.getByRole('button', { name: 'Add a recipient' }).click()
  await page.getByLabel('Name').fill('noc')
  await page.getByText('Webhook', { exact: true }).click()
  await page.getByLabel('Address (URL)').fill(receiver.url)
  await page.getByRole('dialog').getByRole('button', { name: 'Add a recipient' }).click()
  await page.getByText('Copy the secret now', { exact: false }).waitFor()
  await page.getByRole('button', { name: 'I have copied it' }).click()
  await page.getByText('Six digits were sent to', { exact: false }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('row', { name: /noc/ }).getByText('Not confirmed').waitFor()
  await page.getByRole('button', { name: 'noc', exact: true }).click()
  t.equal(await page.getByLabel('Address (URL)').inputValue(), '')
  t.same(complaints, [])
})

/** As the document has it: a real one would take the minute between two passes. */
const raised = {
  cause: 'stale',
  severity: 'critical',
  state: 'firing',
  since: '2026-11-23T06:14:00Z',
  episode: 'e12',
  users: 12,
  hint: 'The page of the connection names the calendars, each with what to do.'
}

t.test('what is raised is said with what to do, muted with one key, and told again', async (t) => {
  if (console === null) return
  const { page, complaints } = await console.signIn('acme/now')
  await page.getByRole('option').first().waitFor()
  const mutes: (string | null)[] = []
  await page.route('**/alarms/stale/mute', async (route) => {
    mutes.push(route.request().postDataJSON().until)
    await route.continue()
  })
  await page.route(`**${root}`, (route) =>
    route.fulfill({ json: { alarms: [{ ...raised, mutedUntil: mutes.at(-1) ?? null }] } })
  )
  await page.getByRole('link', { name: 'Alarms' }).click()
  const alarm = page.getByRole('article').filter({ hasText: 'Many calendars are out of date' })
  await alarm.getByText('12 people', { exact: false }).waitFor()
  await alarm.getByText('each with what to do', { exact: false }).waitFor()
  await alarm.getByRole('button', { name: /8 hours/ }).press('Enter')
  await alarm.getByText('Muted until', { exact: false }).waitFor()
  await alarm.getByRole('button', { name: 'Tell again' }).click()
  await alarm.getByText('Tell nobody for').waitFor()
  t.match(mutes, [/Z$/, null])
  t.same(complaints, [], 'and the service took both')
})
