/** `hanvisa rotate-key`: seals every secret that is kept under a new master key, whether the service runs or not. */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { SetupError } from '../errors.ts'
import { attributionOfCommand } from '../management/audit/command.ts'
import { createAuditRecorder } from '../management/audit/recorder.ts'
import { openStorage } from '../open-storage.ts'
import { FolderInUse } from '../storage/lmdb/data-dir.ts'
import type { ResealReport } from '../storage/secrets/reseal.ts'
import { StoreUnavailable } from '../storage/store.ts'

export interface RotateKeyNeeds {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
  /** Read when the call is a right one. */
  readonly readConfig: () => Config
}

const usage = `usage: hanvisa rotate-key     with the settings that the service has
`

/**
 * The exit code: 0 when everything is sealed under the new key, 1 when it is to be run again, 2 for a wrong call. Throws SetupError,
 * a sentence: there is no new key, or one of the processes does not know it.
 */
export async function runRotateKey(args: readonly string[], needs: RotateKeyNeeds): Promise<number> {
  const { stdout, stderr } = needs
  if (args.length > 0) {
    stderr.write(usage)
    return 2
  }
  const config = needs.readConfig()
  if (config.redisUrl === null) await requireInstallation(config.dataDir)
  try {
    const { resealed, unreadable } = await rotateHereOrThere(config)
    stdout.write(`${resealed} secrets were sealed under the new key.\n`)
    if (unreadable > 0) {
      stderr.write(
        `${unreadable} secrets open under no key that is known, and stay as they are: put those connections and calendar URLs ` +
          'again. GET /v1/tenants/TENANT/sync names them.\n'
      )
    }
    stdout.write(whatNext(config))
    return 0
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
    stderr.write(`${error.message} Nothing is lost: run it again, and it goes on.\n`)
    return 1
  }
}

/** Opening a folder that is not there would make one. */
async function requireInstallation(folder: string): Promise<void> {
  await stat(join(folder, 'key-check')).catch(() => {
    throw new SetupError(`${folder} holds no data of Hanvisa: set HANVISA_DATA_DIR as for the service.`)
  })
}

/** The process that holds the data folder does it itself; on Redis any process can. */
async function rotateHereOrThere(config: Config): Promise<ResealReport> {
  let storage: Awaited<ReturnType<typeof openStorage>>
  try {
    storage = await openStorage(config, silent)
  } catch (error) {
    if (error instanceof FolderInUse) return askService(config)
    throw error
  }
  const by = attributionOfCommand('master-key.rotate')
  const audit = createAuditRecorder(storage.store, by, { packs: new Map(), clock: Date.now })
  try {
    await audit.record(null, {}, 'begun')
    const report = await storage.rotateMasterKey()
    await audit.record(null, { after: { ...report } })
    return report
  } finally {
    await storage.close()
  }
}

const silent = { info: () => {}, warn: () => {}, error: () => {} }

async function askService(config: Config): Promise<ResealReport> {
  const origin = originOf(config)
  const key =
    config.adminKey ?? (await readFile(join(config.dataDir, 'admin-key'), 'utf8').catch(() => '')).trim()
  let response: Response
  let body: Partial<ResealReport> & { readonly detail?: string }
  try {
    response = await fetch(`${origin}/v1/master-key/rotation`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` }
    })
    body = (await response.json()) as typeof body
  } catch {
    throw new StoreUnavailable(
      `The service holds ${config.dataDir} and did not answer at ${origin} (HANVISA_HOST, HANVISA_PORT).`
    )
  }
  const { resealed, unreadable } = body
  if (response.ok && resealed !== undefined && unreadable !== undefined) return { resealed, unreadable }
  throw new SetupError(body.detail ?? `${origin} answered ${response.status}: is it Hanvisa?`)
}

function originOf({ host, port }: Config): string {
  const wildcards: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }
  const name = wildcards[host] ?? host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}

function whatNext({ masterKey, dataDir }: Config): string {
  if (masterKey === null) {
    return `${join(dataDir, 'master-key')} holds the new key: keep a copy of it. Backups of before need the old one.\n`
  }
  return (
    'Now set HANVISA_MASTER_KEY to the new key, unset HANVISA_MASTER_KEY_NEXT, and restart every process. Backups of before ' +
    'need the old key.\n'
  )
}
