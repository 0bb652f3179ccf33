/** What an attendant does in the console, with what is on the screen alone: find, look, set, take back. */
import { randomBytes } from 'node:crypto'
import t from '../group/tap.ts'
import { startTestService } from '../support/service.ts'
import { until } from '../support/until.ts'
import { openConsole, subjectOfAnna } from './console-fixture.ts'

const kept = { dataDir: t.testdir(), masterKey: randomBytes(32) }
const console = await openConsole(t, kept)

t.test('a key that is not valid is refused with what to do, and a valid one opens the page', async (t) => {
  if (console === null) return
  const { page, complaints } = await console.browser.open()
  await page.goto(`${console.service.origin}/console/`)
  await page.getByLabel('Key', { exact: true }).fill('hvk_wrong')
  await page.getByRole('button', { name: 'Sign in with the key' }).click()
  await page.getByRole('alert').getByText('This key is not valid').waitFor()
  await page.getByLabel('Key', { exact: true }).fill(console.service.key)
  await page.getByRole('button', { name: 'Sign in with the key' }).click()
  await page.getByRole('link', { name: 'Acme AB' }).click()
  await page.getByRole('option', { name: /Anna Ek/ }).waitFor()
  t.same(complaints, [], 'no script failed, and nothing broke the content security policy')
})

t.test('who answers for extension 1070, and when they are back', async (t) => {
  if (console === null) return
  const { page, complaints } = await console.signIn('acme/now')
  await page.getByRole('option').nth(2).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('1070')
  await page.getByText('1 of 3').waitFor()
  const anna = page.getByRole('option', { name: /Anna Ek/ })
  t.match(await anna.textContent(), /1070.*Lunch.*\d\d:\d\d/s, 'what holds, and until when')
  await page.getByRole('searchbox').fill('aberg')
  await page.getByRole('option', { name: /Cia Åberg/ }).waitFor()
  t.equal(await page.getByRole('option').count(), 1, 'found without diacritics')
  await page.getByRole('searchbox').fill('')
  await anna.click()
  await page.getByRole('heading', { name: 'Anna Ek' }).waitFor()
  await page
    .getByText('In the subject stands “Lunch”', { exact: false })
    .or(page.getByText('Lunch').first())
    .waitFor()
  t.notMatch(await page.content(), /lawyer|divorce/, 'and never the subject')
  t.ok(subjectOfAnna.includes('lawyer'))
  t.same(complaints, [])
})

t.test('a diversion is set in two keystrokes, undone, and taken back', async (t) => {
  if (console === null) return
  const { call } = console.service
  const overrideOf = async () => (await call('GET', '/v1/tenants/acme/users/bo/timeline')).body.override
  const { page } = await console.signIn('acme/now')
  const bo = page.getByRole('option', { name: /Bo Öst/ })
  await bo.waitFor()
  await page.getByRole('searchbox').press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await until('the row of Bo has the focus', () => page.locator('[data-user=bo]:focus').count())
  await page.keyboard.press('o')
  await page.getByRole('menu').waitFor()
  await page.keyboard.press('4')
  const { body: catalogue } = await call('GET', '/v1/tenants/acme/diversions')
  const fourth = catalogue.diversions[3]
  await bo.getByText(fourth.labels.en).waitFor()
  t.match(await overrideOf(), { diversion: fourth.code })
  await page.getByRole('button', { name: 'Undo' }).click()
  await until('the override is gone', async () => (await overrideOf()) === null)
  await call('PUT', '/v1/tenants/acme/users/bo/override', { diversion: 'meeting' })
  await bo.getByText('Meeting').waitFor()
  await bo.focus()
  await page.keyboard.press('Delete')
  await until('the override is gone', async () => (await overrideOf()) === null)
})

t.test('tomorrow from 8 to 17 is entered from the list, changed on the page, and removed', async (t) => {
  if (console === null) return
  const { call } = console.service
  const path = '/v1/tenants/acme/users/bo/absences'
  const held = async () => (await call('GET', path)).body.absences
  const { page, complaints } = await console.signIn('acme/now')
  await page.getByRole('option', { name: /Bo Öst/ }).focus()
  await page.keyboard.press('a')
  await page.getByRole('dialog').getByText('Absence of Bo Öst').waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.getByText('Bo Öst: Out of office is entered.').waitFor()
  const [entered] = await held()
  const local = (at: string) =>
    new Date(at).toLocaleString('sv', {
      timeZone: 'Europe/Stockholm',
      timeStyle: 'short',
      dateStyle: 'short'
    })
  const tomorrow = local(new Date(Date.now() + 86_400_000).toISOString()).slice(0, 10)
  t.same([local(entered.from), local(entered.until)], [`${tomorrow} 08:00`, `${tomorrow} 17:00`])
  t.equal(await page.locator('[data-user=bo]:focus').count(), 1, 'the focus is where it was')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Out of office', exact: true }).click()
  await page.getByLabel('Diversion', { exact: true }).selectOption({ label: 'Vacation' })
  await page.getByLabel('From', { exact: true }).fill('930')
  await page.getByRole('dialog').getByRole('button', { name: 'Enter' }).click()
  await page.getByRole('button', { name: /^Remove Vacation/ }).waitFor()
  const [changed] = await held()
  t.match(changed, { absence: entered.absence, diversion: 'vacation', until: entered.until })
  t.equal(local(changed.from), `${tomorrow} 09:30`)
  await page.getByRole('button', { name: /^Remove Vacation/ }).click()
  await page.getByText('None ahead', { exact: false }).waitFor()
  const removed = page.getByRole('status').filter({ hasText: 'Vacation is removed.' })
  await removed.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('button', { name: /^Remove Vacation/ }).waitFor()
  t.same(await held(), [changed])
  await call('DELETE', `${path}/${changed.absence}`)
  t.same(complaints, [])
})

t.test('a switch sees everybody, and no page that it may not use; sick is masked for it', async (t) => {
  if (console === null) return
  const { call } = console.service
  const { body } = await call('POST', '/v1/tenants/acme/keys', { name: 'desk', role: 'switch' })
  await call('PUT', '/v1/tenants/acme/users/cia/override', { diversion: 'sick' })
  const { page, complaints } = await console.signIn('', { key: body.key })
  await page.getByRole('option', { name: /Cia Åberg.*Out of office/ }).waitFor()
  t.equal(await page.getByRole('navigation').count(), 0, 'there is no other page for it')
  t.notMatch(await page.content(), /Sick/, 'not even in what one may set')
  t.same(complaints, [])
})

t.test('markup and right-to-left text in a name are shown as they are written', async (t) => {
  if (console === null) return
  const { call } = console.service
  const hostile = '<img src=x onerror=alert(1)>'
  const people = { d: hostile, e: 'עדי כהן', f: `Wilhelmina ${'Wolfeschlegelsteinhausen'.repeat(3)}` }
  for (const [user, displayName] of Object.entries(people)) {
    const body = { displayName, extension: `20${user}`, syncEnabled: false }
    t.equal((await call('PUT', `/v1/tenants/acme/users/${user}`, body)).status, 201)
  }
  const { page, complaints } = await console.signIn('acme/now', { width: 360, height: 740 })
  let dialogs = 0
  page.on('dialog', (dialog) => {
    dialogs++
    void dialog.dismiss()
  })
  for (const name of Object.values(people)) await page.getByText(name, { exact: true }).waitFor()
  const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')
  t.equal(overflow, 0, 'nothing is wider than a screen of 360 pixels')
  t.equal(dialogs, 0)
  t.same(complaints, [])
})

t.test('a service that goes away and comes back: the page says so, and goes on', async (t) => {
  if (console === null) return
  const { page } = await console.signIn('acme/now')
  await page.getByText('Live', { exact: true }).waitFor()
  const port = Number(new URL(console.service.origin).port)
  await console.service.close()
  await page.getByText('No connection', { exact: true }).waitFor()
  t.equal(await page.getByRole('option').count(), 6, 'what was known stays in sight')
  const again = await startTestService(t, { ...kept, port })
  await page.getByText('Live', { exact: true }).waitFor()
  await again.call('PUT', '/v1/tenants/acme/users/anna/override', { diversion: 'vacation' })
  await page.getByRole('option', { name: /Anna Ek.*Vacation/ }).waitFor()
})
