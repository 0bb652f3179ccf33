/**
 * Runs the test files it is given one after the other in this process, each as a subtest: they share the start of Node,
 * the loading of modules and the compilation of schemas. Where a file says `import t from 'tap'`, it gets that subtest.
 */
import { register } from 'node:module'
import { relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { beginFile } from './file-test.ts'

/** It ends what hangs. */
const timeout = 600_000

register('./resolve-tap.js', import.meta.url)

for (const file of process.argv.slice(2)) {
  const name = relative(resolve('dist'), file)
  // As tap names the folder of a file that runs alone.
  const testdir = resolve('.tap/fixtures', name.replaceAll('/', '-'))
  const before = process.cpuUsage()
  await t.test(name, { testdir, timeout }, async (test) => {
    const { href } = pathToFileURL(file)
    beginFile(href, test)
    await import(href)
  })
  const { user, system } = process.cpuUsage(before)
  t.comment(`${name}: ${((user + system) / 1e6).toFixed(1)} s of CPU`)
}
