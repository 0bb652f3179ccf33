#!/usr/bin/env node
/** The program: the service, and what operators do once or by hand. The only reader of process.env. */
import closeWithGrace from 'close-with-grace'
import { pino } from 'pino'
import { readConfig, readSettings } from './config.ts'
import { SetupError } from './errors.ts'

const usage = `usage: hanvisa                                                   the service
       hanvisa try FILE.ics|URL [--pack NAME] [--zone ZONE] [--owner ADDRESS]
                                                                 what one calendar comes to
       hanvisa rotate-key                                        seals all secrets under a new master key
       hanvisa migrate --from DATA_DIR [--to redis://HOST:6379]  an embedded installation into Redis
       hanvisa keys make|list|revoke [--url URL]                 API keys, of a running service or a stopped one
       hanvisa audit verify [FILE] [--expect POSITION:HASH]      whether an audit is as it was written
`

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}

/** Each command loads what it needs: all of the service takes five times as long as `keys` does. */
async function run([command, ...rest]: string[]): Promise<number> {
  if (command === undefined) return serve()
  if (command === 'try') {
    const { previewCalendar } = await import('./cli/preview-calendar.ts')
    const { packFolder } = await import('./composition.ts')
    return previewCalendar(rest, {
      stdout: process.stdout,
      stderr: process.stderr,
      packFolder,
      clock: Date.now
    })
  }
  if (command === 'migrate') {
    const redisUrl = readSettings(process.env, ['HANVISA_REDIS_URL']).HANVISA_REDIS_URL ?? undefined
    const { runMigrate } = await import('./cli/migrate.ts')
    return runMigrate(rest, { stdout: process.stdout, stderr: process.stderr, redisUrl })
  }
  if (command === 'keys') {
    const names = ['HANVISA_REDIS_URL', 'HANVISA_DATA_DIR', 'HANVISA_ADMIN_KEY'] as const
    const settings = readSettings(process.env, names)
    const { runKeys } = await import('./cli/keys.ts')
    return runKeys(rest, { stdout: process.stdout, stderr: process.stderr, settings, clock: Date.now })
  }
  if (command === 'audit') {
    const { runAudit } = await import('./cli/audit.ts')
    return runAudit(rest, { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr })
  }
  if (command === 'rotate-key') {
    const read = () => readConfig(process.env)
    const { runRotateKey } = await import('./cli/rotate-key.ts')
    return runRotateKey(rest, { stdout: process.stdout, stderr: process.stderr, readConfig: read })
  }
  const asked = command === '--help' || command === 'help'
  ;(asked ? process.stdout : process.stderr).write(usage)
  return asked ? 0 : 2
}

async function serve(): Promise<number> {
  const config = readConfig(process.env)
  const { startService } = await import('./composition.ts')
  const log = pino({ level: config.logLevel })
  const service = await startService(config, log, process.env)
  log.info({ origin: service.origin, docs: `${service.origin}/docs` }, 'listening')
  // What is kept is handed over within five seconds, what was asked is answered.
  closeWithGrace({ delay: 20_000, logger: false }, async ({ err: error, signal }) => {
    if (error) log.fatal({ error: error.stack }, 'a defect: please report it')
    else log.info({ signal }, 'closing')
    await service.close()
  })
  return 0
}
