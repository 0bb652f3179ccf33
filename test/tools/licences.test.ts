/** The licence of each package that the service runs with is known, and the page about them is up to date. */
import { readFile } from 'node:fs/promises'
import { licencesText } from '../../tools/write-licences.ts'
import t from '../group/tap.ts'

t.test('docs/licences.md is what package-lock.json says: else run `npm run licences`', async (t) => {
  t.ok((await readFile('docs/licences.md', 'utf8')) === (await licencesText()))
})
