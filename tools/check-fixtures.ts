/** `npm run check:fixtures -- FOLDER`: runs the connectors' parsers over real payloads and fails on any surprise. */
import { join } from 'node:path'
import { checkEwsFixtures } from './check-fixtures/ews.ts'
import { type CheckedFile, checkGraphFixtures } from './check-fixtures/graph.ts'
import { checkIcsFixtures } from './check-fixtures/ics.ts'

/** For all files of a folder together; a parser that hangs ends here. */
const DEADLINE = 120_000

const kinds: Readonly<Record<string, (folder: string) => Promise<readonly CheckedFile[]>>> = {
  ics: checkIcsFixtures,
  graph: checkGraphFixtures,
  ews: checkEwsFixtures
}

const [folder] = process.argv.slice(2)
if (folder === undefined) {
  process.stderr.write('usage: npm run check:fixtures -- FOLDER   (which holds ics, graph and ews)\n')
  process.exitCode = 2
} else {
  // Exits at once where a parser is still busy: it hangs.
  process.exit(await check(folder))
}

async function check(root: string): Promise<number> {
  let faults = 0
  for (const [kind, run] of Object.entries(kinds)) {
    let files: readonly CheckedFile[]
    try {
      files = await within(DEADLINE, run(join(root, kind)))
    } catch (error) {
      files = [{ file: '*', found: 'nothing', fault: String(error) }]
    }
    for (const { file, found, fault } of files) {
      process.stdout.write(`${fault === null ? 'ok   ' : 'FAULT'} ${kind}/${file}: ${found}\n`)
      if (fault !== null) process.stdout.write(`      ${fault}\n`)
    }
    faults += files.filter(({ fault }) => fault !== null).length
  }
  process.stdout.write(faults === 0 ? 'All as expected.\n' : `${faults} not as expected.\n`)
  return faults === 0 ? 0 : 1
}

async function within<Result>(milliseconds: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took longer than ${milliseconds / 1000} s`)), milliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
