/** The keys of an installation: as set, else as made in the data folder. */
import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { adminKeyRule, type Config, isAdminKey, masterKeyIn, masterKeyRule } from './config.ts'
import { SetupError } from './errors.ts'

export interface InstallationKeys {
  readonly adminKey: string
  /** 32 bytes. */
  readonly masterKey: Buffer
  /** The key of a rotation that was prepared, is under way, or has just ended; null: there is none. */
  readonly masterKeyNext: Buffer | null
}

interface Log {
  info(facts: object, message: string): void
}

/** The log says where a key was written, never the key. Throws SetupError. */
export async function openKeys(
  config: Pick<Config, 'adminKey' | 'masterKey' | 'masterKeyNext' | 'dataDir'>,
  log: Log
): Promise<InstallationKeys> {
  const { adminKey, masterKey, dataDir } = config
  return {
    adminKey:
      adminKey ??
      (await keptKey({
        path: join(dataDir, 'admin-key'),
        make: () => randomBytes(32).toString('base64url'),
        read: (text) => (isAdminKey(text) ? text : null),
        rule: adminKeyRule,
        log
      })),
    masterKey:
      masterKey ??
      (await keptKey({
        path: join(dataDir, 'master-key'),
        make: () => randomBytes(32).toString('base64'),
        read: masterKeyIn,
        rule: masterKeyRule,
        log
      })),
    masterKeyNext:
      config.masterKeyNext ?? (masterKey === null ? await readKey(join(dataDir, NEXT_FILE)) : null)
  }
}

const NEXT_FILE = 'master-key.next'

/** The master key that a rotation goes over to, in a file of its own: the one that is there, else a new one. */
export async function makeNextMasterKey(dataDir: string, log: Log): Promise<Buffer> {
  return keptKey({
    path: join(dataDir, NEXT_FILE),
    make: () => randomBytes(32).toString('base64'),
    read: masterKeyIn,
    rule: masterKeyRule,
    log
  })
}

/** Puts it in the place of the old one. */
export async function adoptNextMasterKey(dataDir: string): Promise<void> {
  await rename(join(dataDir, NEXT_FILE), join(dataDir, 'master-key'))
  const folder = await open(dataDir, 'r')
  await folder.sync().finally(() => folder.close())
}

async function readKey(path: string): Promise<Buffer | null> {
  const text = await textIn(path)
  if (text === null) return null
  const key = masterKeyIn(text.trim())
  if (key === null) throw new SetupError(`${path} holds no key that can be used: it ${masterKeyRule}.`)
  return key
}

interface KeyFile<T> {
  readonly path: string
  readonly make: () => string
  readonly read: (text: string) => T | null
  readonly rule: string
  readonly log: Log
}

async function keptKey<T>(file: KeyFile<T>): Promise<T> {
  const held = await textIn(file.path)
  if (held === null) {
    if (await written(file.path, file.make()))
      file.log.info({ path: file.path }, 'made a key: keep a copy of it')
    return keptKey(file)
  }
  const key = file.read(held.trim())
  if (key === null) throw new SetupError(`${file.path} holds no key that can be used: it ${file.rule}.`)
  return key
}

async function textIn(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return null
    throw new SetupError(`${path} cannot be read (${code}): give the service the right to read it.`)
  }
}

/** Whole or not at all, and never over one that is there. Says whether it was written. */
async function written(path: string, text: string): Promise<boolean> {
  const draft = `${path}.${process.pid}.new`
  try {
    await mkdir(join(path, '..'), { recursive: true, mode: 0o700 })
    const file = await open(draft, 'w', 0o600)
    try {
      await file.writeFile(`${text}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await link(draft, path)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    throw new SetupError(
      `${path} cannot be written (${code}): make the data folder one that the service may write.`
    )
  } finally {
    await rm(draft, { force: true })
  }
}
