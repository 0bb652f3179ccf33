/** The console's pages by axe (WCAG 2.2 AA) in both themes, each language in turn; its size; and that it asks nobody else. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { openConsole, signInScript } from './console-fixture.ts'

const languages = ['sv-SE', 'en-GB', 'da-DK', 'nb-NO', 'fi-FI']
/** Each with what is there once it is drawn. */
const places = {
  'sign-in': 'form',
  '': '.tenant-list',
  'acme/now': '[role=option]',
  'acme/people/anna': '.lanes',
  'acme/rules': '.trigger-row',
  'acme/users': 'tbody tr',
  'acme/health': 'article'
}
const maxFirstLoadBytes = 150_000

interface AxeResults {
  readonly violations: readonly {
    id: string
    nodes: readonly { target: readonly string[]; failureSummary: string }[]
  }[]
}

t.test('axe finds nothing on any page, in either theme, in any language', async (t) => {
  const console = await openConsole(t)
  if (console === null) return
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  let turn = 0
  for (const theme of ['light', 'dark'] as const) {
    for (const [place, drawn] of Object.entries(places)) {
      const language = languages[turn++ % languages.length]!
      const key = place === 'sign-in' ? 'none' : console.service.key
      const { page } = await console.signIn(place === 'sign-in' ? '' : place, { language, theme, key })
      await page.locator(drawn).first().waitFor()
      // From the tool, not from the page: the content security policy allows no other scripts.
      await page.evaluate(axe)
      const { violations } = await page.evaluate(() =>
        (globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run({
          runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
        })
      )
      const found = violations.map(
        ({ id, nodes }) =>
          `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join('; ')}`
      )
      t.same(found, [], `${place || 'customers'} in ${language}, ${theme}`)
      await page.context().close()
    }
  }
})

t.test('the first load is small, and comes from here alone', async (t) => {
  const console = await openConsole(t)
  if (console === null) return
  const { page } = await console.browser.open()
  const { origin, key } = console.service
  const elsewhere: string[] = []
  let bytes = 0
  page.on('request', (request) => {
    if (!request.url().startsWith(origin)) elsewhere.push(request.url())
  })
  page.on('response', async (response) => {
    if (/\/console\//.test(response.url())) bytes += gzipSync(await response.body()).length
  })
  await page.addInitScript({ content: signInScript(key) })
  const answer = await page.goto(`${origin}/console/acme/now`)
  await page.getByRole('option', { name: /Anna Ek/ }).waitFor()
  await page.waitForLoadState('load')
  t.same(elsewhere, [])
  t.ok(bytes > 0 && bytes <= maxFirstLoadBytes, `${bytes} bytes gzipped`)
  const policy = answer?.headers()['content-security-policy'] ?? ''
  t.match(policy, /default-src 'none'/)
  t.notMatch(policy, /unsafe/)
})
