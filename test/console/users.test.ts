/** What an operator does with users in the console: from a sheet seen before it is saved, one by one, and many at a time. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import t from '../group/tap.ts'
import { startTestService } from '../support/service.ts'
import { until } from '../support/until.ts'
import { openConsole, signInScript } from './console-fixture.ts'

const users = '/v1/tenants/acme/users'
const kept = { dataDir: t.testdir(), masterKey: randomBytes(32) }
const console = await openConsole(t, kept)

async function choose(page: Page, ...lines: string[]) {
  const buffer = Buffer.from(`${lines.join('\r\n')}\r\n`)
  await page.getByLabel('Choose a file').setInputFiles({ name: 'sheet.csv', mimeType: 'text/csv', buffer })
}

const header = 'user;displayName;extension;mailbox;syncEnabled'

t.test('a sheet is seen row by row, mended, and saved', async (t) => {
  if (console === null) return
  const { call } = console.service
  const { page, complaints } = await console.signIn('acme/users')
  await page.getByRole('link', { name: 'Import' }).click()
  await choose(
    page,
    header,
    'disa; "Ek; Disa" ;1080;disa.ics;ja',
    '',
    'egil;<b>Egil</b>;1081.0;;nej',
    'frida;Frida Å;1082;frida.ics;kanske'
  )
  await page.getByText('2 of 3 rows cannot be taken', { exact: false }).waitFor()
  const rows = page.getByRole('region', { name: 'Rows of the file' }).getByRole('row')
  t.equal(await rows.count(), 3, 'the header, and the rows with problems')
  t.match(await rows.nth(1).textContent(), /4.*extension.*wrote as a decimal.*<b>Egil<\/b>/s)
  t.match(await rows.nth(2).textContent(), /5.*syncEnabled/s)
  t.equal(await page.getByRole('button', { name: /Save/ }).count(), 0)
  await page.getByText('All rows (3)').click()
  t.match(await rows.nth(1).textContent(), /Ek; Disa/)
  t.equal((await call('GET', `${users}/disa`)).status, 404, 'nothing was saved')

  await page.getByRole('button', { name: 'Choose another file' }).click()
  await choose(
    page,
    header,
    'anna;Anna Ek;1070;anna.ics;true',
    'bo;Bo Öst;1099;bo.ics;true',
    'disa;"Ek; Disa";1080;disa.ics;ja'
  )
  await page.getByText('Every row is good: 1 new, 1 changed, 1 as before, 0 removed').waitFor()
  await page.getByRole('button', { name: 'Save 2 changes' }).click()
  await page.getByText('Done: 1 new, 1 changed', { exact: false }).waitFor()
  t.match((await call('GET', `${users}/disa`)).body, { displayName: 'Ek; Disa', extension: '1080' })
  await page.getByRole('link', { name: 'To the users' }).click()
  await page.getByRole('row', { name: /Ek; Disa/ }).waitFor()
  t.same(complaints, [])
})

t.test('a sheet that removes people is asked for by name; what is no sheet is refused', async (t) => {
  if (console === null) return
  const { call } = console.service
  const { page } = await console.signIn('acme/users/import')
  await choose(page, 'PK\u0003\u0004 an Excel workbook')
  await page.getByText('is an Excel workbook: save it as CSV', { exact: false }).waitFor()
  await page.getByRole('button', { name: 'Choose another file' }).click()
  await choose(
    page,
    header,
    'anna;Anna Ek;1070;anna.ics;true',
    'bo;Bo Öst;1071;bo.ics;true',
    'cia;Cia Åberg;1072;missing.ics;true'
  )
  await page.getByText('Remove users who are not in the file').click()
  await page.getByText('1 removed', { exact: false }).waitFor()
  await page.getByRole('row', { name: /Removed disa/ }).waitFor()
  await page.getByRole('button', { name: /Save \d changes/ }).click()
  await page.getByLabel('Type “Acme AB” to go on').fill('Acme AB')
  await page.getByRole('dialog').getByRole('button', { name: /Save/ }).click()
  await page.getByText('1 removed', { exact: false }).waitFor()
  t.equal((await call('GET', `${users}/disa`)).status, 404)
})

t.test('a user is added, edited and removed; what is wrong stands at its field', async (t) => {
  if (console === null) return
  const { call } = console.service
  const { page, complaints } = await console.signIn('acme/users')
  await page.getByRole('button', { name: 'Add a user' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill('Gry Dal')
  await dialog.getByLabel('Extension').fill('1090')
  await dialog.getByLabel('User id').fill('anna')
  await dialog.getByLabel('Numbers').fill('070-123')
  const submit = dialog.getByRole('button', { name: 'Add a user' })
  await submit.click()
  await dialog.getByText('Another user has this id', { exact: false }).waitFor()
  await dialog.getByLabel('User id').fill('gry')
  await submit.click()
  await dialog.getByLabel('Numbers').and(dialog.locator('[aria-invalid=true]')).waitFor()
  t.equal(await dialog.locator('[aria-invalid=true]').count(), 1, 'the id is another one now')
  await dialog.getByLabel('Numbers').fill('+4670123456')
  await submit.click()
  await page.getByRole('button', { name: 'Edit Gry Dal' }).click()
  await dialog.getByLabel('Extension').fill('1091')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('row', { name: /Gry Dal 1091/ }).waitFor()
  t.match((await call('GET', `${users}/gry`)).body, { extension: '1091', numbers: ['+4670123456'] })
  await page.getByRole('button', { name: 'Edit Gry Dal' }).click()
  await dialog.getByRole('button', { name: 'Remove this user' }).click()
  await dialog.getByLabel('Type “Gry Dal” to go on').fill('Gry Dal')
  await dialog.getByRole('button', { name: 'Remove this user' }).click()
  await page.getByRole('row', { name: /Gry Dal/ }).waitFor({ state: 'detached' })
  t.equal((await call('GET', `${users}/gry`)).status, 404)
  t.same(complaints, [])
})

t.test('calendars are enabled for many at once, with an undo, and exported', async (t) => {
  if (console === null) return
  const { call } = console.service
  const many = Array.from({ length: 130 }, (_, i) => `m${i};Many ${i};3${1000 + i};m${i}.ics;false`)
  const csv = [header, ...many, `none;=No Mailbox;3999;;false`].join('\r\n')
  t.equal((await call('POST', `${users}/import`, csv, { 'content-type': 'text/csv' })).status, 200)
  const enabled = async () =>
    (await call('GET', users)).body.users.filter((user: { syncEnabled: boolean }) => user.syncEnabled).length
  const before = await enabled()
  const { page, complaints } = await console.signIn('acme/users')
  await page.getByText('Whose calendar is not read').click()
  await page.getByRole('row', { name: /Anna Ek/ }).waitFor({ state: 'detached' })
  await page.getByLabel('Choose all that are shown').check()
  await page.getByText('131 chosen').first().waitFor()
  await page.getByRole('button', { name: 'Read their calendars' }).click()
  await page.getByText('The calendars of 130 more are read.').waitFor()
  t.equal(await enabled(), before + 130, 'nobody without a mailbox')
  await page.getByRole('button', { name: 'Undo' }).click()
  await until('they are as before', async () => (await enabled()) === before)
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export' }).click()
  ])
  t.match(await readFile(await download.path(), 'utf8'), /none,'=No Mailbox,3999/)
  t.same(complaints, [])
})

t.test(
  'a service that goes away in mid-edit: what was typed stays, and is saved once it is back',
  async (t) => {
    if (console === null) return
    const { service } = console
    const { page, complaints } = await console.signIn('acme/users')
    await page.getByRole('button', { name: 'Edit Anna Ek' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Extension').fill('1500')
    const port = Number(new URL(service.origin).port)
    await service.close()
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText('The service does not answer', { exact: false }).waitFor()
    t.equal(await dialog.getByLabel('Extension').inputValue(), '1500')
    const again = await startTestService(t, { ...kept, port })
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('row', { name: /Anna Ek 1500/ }).waitFor()
    t.match((await again.call('GET', `${users}/anna`)).body, { extension: '1500' })

    await page.getByRole('button', { name: 'Edit Anna Ek' }).click()
    const { body: own } = await again.call('POST', '/v1/tenants/acme/keys', {
      name: 'Olle',
      role: 'operator'
    })
    await page.evaluate(signInScript(own.key))
    await again.call('DELETE', `/v1/tenants/acme/keys/${own.id}`)
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByText('The session has ended', { exact: false }).waitFor()
    t.same(complaints, [])
  }
)
