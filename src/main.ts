#!/usr/bin/env node
/** The program: `hanvisa` is the service, `hanvisa try` shows one calendar. The only reader of process.env. */
import closeWithGrace from 'close-with-grace'
import { pino } from 'pino'
import { readConfig } from './config.ts'
import { SetupError } from './errors.ts'
import { packFolder, startService } from './service.ts'
import { runTry } from './try.ts'

const usage = `usage: hanvisa                                                   the service
       hanvisa try FILE.ics|URL [--pack NAME] [--zone ZONE]      what one calendar comes to
`

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}

async function run([command, ...rest]: string[]): Promise<number> {
  if (command === undefined) return serve()
  if (command === 'try') {
    return runTry(rest, { stdout: process.stdout, stderr: process.stderr, packFolder, clock: Date.now })
  }
  const asked = command === '--help' || command === 'help'
  ;(asked ? process.stdout : process.stderr).write(usage)
  return asked ? 0 : 2
}

async function serve(): Promise<number> {
  const config = readConfig(process.env)
  const log = pino({ level: config.logLevel })
  const service = await startService(config, log, process.env)
  log.info({ origin: service.origin, docs: `${service.origin}/docs` }, 'listening')
  closeWithGrace({ delay: 10_000, logger: false }, async ({ err: error, signal }) => {
    if (error) log.fatal({ error: error.stack }, 'a defect: please report it')
    else log.info({ signal }, 'closing')
    await service.close()
  })
  return 0
}
