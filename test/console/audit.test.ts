/** The page of the audit: what was done last, by whom, and what it was before; and an audit that was tampered with. */
import t from '../group/tap.ts'
import { openConsole } from './console-fixture.ts'

const console = await openConsole(t)

t.test('who changed an extension, and from what', async (t) => {
  if (console === null) return
  const { call } = console.service
  await call('PATCH', '/v1/tenants/acme/users/bo', { extension: '1099' })
  const { body: key } = await call('POST', '/v1/tenants/acme/keys', { name: 'Desk', role: 'switch' })
  const asDesk = { authorization: `Bearer ${key.key}` }
  await call('PUT', '/v1/tenants/acme/users/anna/override', { diversion: 'vacation' }, asDesk)
  const { page, complaints } = await console.signIn('acme/audit')
  const entries = page.getByRole('list', { name: 'Audit' }).getByRole('listitem')
  await page.getByText(/All \d+ entries are as they were written/).waitFor()
  await entries.first().getByText('Set by hand: saved').waitFor()
  t.match(await entries.first().textContent(), /anna.*Desk/s, 'the newest stands first')

  await page.getByLabel('What was done').selectOption({ label: 'User: changed' })
  await entries.first().getByText('bo', { exact: true }).waitFor()
  t.equal(await entries.count(), 1)
  await page.getByText(/\d values?/).click()
  await page.getByRole('row', { name: /extension 1071 1099/ }).waitFor()

  await page.getByLabel('What was done').selectOption({ label: 'Anything' })
  await page.getByRole('button', { name: 'Desk' }).click()
  await page.getByRole('button', { name: /Only by/ }).waitFor()
  await entries.nth(1).waitFor({ state: 'detached' })
  t.match(await entries.first().textContent(), /Set by hand/)
  t.same(complaints, [])
})

t.test('more than a page is read backwards to the first entry, each once', async (t) => {
  if (console === null) return
  const { call } = console.service
  for (let i = 0; i < 110; i++) {
    await call('PATCH', '/v1/tenants/acme/users/bo', { extension: String(2000 + i) })
  }
  const { page } = await console.signIn('acme/audit')
  const entries = page.getByRole('list', { name: 'Audit' }).getByRole('listitem')
  await entries.nth(99).waitFor()
  t.equal(await entries.count(), 100)
  await page.getByRole('button', { name: 'Show older' }).click()
  await entries.getByText('Customer: saved').waitFor()
  const { body } = await call('GET', '/v1/tenants/acme/audit')
  // Of what was begun the entry after it says how it ended.
  const ended = body.entries.filter(({ outcome }: { outcome: string }) => outcome !== 'begun')
  t.equal(await entries.count(), ended.length)
  t.equal(await page.getByRole('button', { name: 'Show older' }).count(), 0)
})
