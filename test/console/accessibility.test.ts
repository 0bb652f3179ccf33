/** The console's pages by axe (WCAG 2.2 AA) in both themes, each language in turn; its size; and that it asks nobody else. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import t from '../group/tap.ts'
import { openConsole, signInScript } from './console-fixture.ts'

const languages = ['sv-SE', 'en-GB', 'da-DK', 'nb-NO', 'fi-FI']
/** Each with what is there once it is drawn, after what is clicked before. */
const places: Readonly<Record<string, readonly string[]>> = {
  'sign-in': ['form'],
  '': ['.tenant-list'],
  '-/tenants': ['.tenant-list .button', 'dialog form'],
  'acme/now': ['[role=option]'],
  'acme/people/anna': ['.lanes'],
  'acme/people/bo': ['.absences .button', 'dialog .quick-spans'],
  'acme/rules': ['.trigger-row'],
  'acme/hours': ['form textarea'],
  'acme/users': ['tbody .box input', 'tbody .icon-only', 'dialog form'],
  'acme/users/import': ['.drop'],
  'acme/connection': ['.title-line .quiet', '.kind >> nth=1', '.guide .choice label >> nth=1', '.copy-text'],
  'acme/consumers': ['.button.primary', '.kind >> nth=2', 'dialog details summary', 'dialog .map-row'],
  'acme/keys': ['tbody tr'],
  '-/keys': ['.button.primary', 'dialog form'],
  'acme/health': ['article'],
  'acme/alarms': ['.title-line .primary', 'dialog .check input', 'dialog .week-days'],
  '-/alarms': ['form input'],
  'acme/audit': ['.audit-list summary', '.audit-list tbody tr']
}
const maxFirstLoadBytes = 150_000

interface AxeResults {
  readonly violations: readonly {
    id: string
    nodes: readonly { target: readonly string[]; failureSummary: string }[]
  }[]
}

const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

async function violationsOf(page: Page, runOnly: readonly string[]): Promise<readonly string[]> {
  const { violations } = await page.evaluate(
    (runOnly) =>
      (globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run({ runOnly }),
    runOnly
  )
  return violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join('; ')}`
  )
}

const console = await openConsole(t)

t.test('axe finds nothing on any page, in either theme, in any language', async (t) => {
  if (console === null) return
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  await console.service.call('POST', '/v1/tenants/acme/keys', { name: 'Desk', role: 'switch' })
  let turn = 0
  for (const [place, drawn] of Object.entries(places)) {
    const language = languages[turn++ % languages.length]!
    const key = place === 'sign-in' ? 'none' : console.service.key
    const { page } = await console.signIn(place === 'sign-in' ? '' : place, { language, key })
    for (const clicked of drawn.slice(0, -1)) await page.locator(clicked).first().click()
    await page.locator(drawn.at(-1)!).first().waitFor()
    // From the tool, not from the page: the content security policy allows no other scripts.
    await page.evaluate(axe)
    t.same(await violationsOf(page, standards), [], `${place || 'customers'} in ${language}`)
    // The themes differ in colours alone.
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.locator('[data-theme=dark]').waitFor()
    t.same(await violationsOf(page, ['color-contrast']), [], `${place || 'customers'}, dark`)
    await page.context().close()
  }
})

t.test('the first load is small, and comes from here alone', async (t) => {
  if (console === null) return
  const { page } = await console.browser.open()
  const { origin, key } = console.service
  const elsewhere: string[] = []
  const sizes: Promise<number>[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith(origin)) elsewhere.push(request.url())
  })
  page.on('response', (response) => {
    if (!response.url().includes('/console/')) return
    sizes.push(response.body().then((body) => gzipSync(body).length))
  })
  await page.addInitScript({ content: signInScript(key) })
  const answer = await page.goto(`${origin}/console/acme/now`)
  await page.getByRole('option', { name: /Anna Ek/ }).waitFor()
  await page.waitForLoadState('load')
  t.same(elsewhere, [])
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
  t.ok(bytes > 0 && bytes <= maxFirstLoadBytes, `${bytes} bytes gzipped`)
  const policy = answer?.headers()['content-security-policy'] ?? ''
  t.match(policy, /default-src 'none'/)
  t.notMatch(policy, /unsafe/)
})
