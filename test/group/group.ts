/**
 * Runs the test files it is given one after the other in this process, each as a subtest: they share the start of Node,
 * the loading of modules and the compilation of schemas. tap.ts gives each file its subtest.
 */
import { relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import root from 'tap'
import { cpuTime } from './cpu-time.ts'
import { beginFile } from './tap.ts'

/** It ends what hangs. */
const timeout = 600_000

for (const file of process.argv.slice(2)) {
  const name = relative(resolve('dist'), file)
  // As tap names the folder of a file that runs alone.
  const testdir = resolve('.tap/fixtures', name.replaceAll('/', '-'))
  const before = cpuTime()
  await root.test(name, { testdir, timeout }, async (test) => {
    beginFile(test)
    await import(pathToFileURL(file).href)
  })
  const after = cpuTime()
  const own = (after.own - before.own).toFixed(1)
  const programs = (after.programs - before.programs).toFixed(1)
  root.comment(`${name}: ${own} s of CPU, and ${programs} s in programs that it started`)
}
