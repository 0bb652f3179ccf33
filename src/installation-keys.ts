/** The two keys of an installation: as set, else as made at first start in the data folder. */
import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { adminKeyRule, type Config, isAdminKey, masterKeyIn, masterKeyRule } from './config.ts'
import { SetupError } from './errors.ts'

export interface InstallationKeys {
  readonly adminKey: string
  /** 32 bytes. */
  readonly masterKey: Buffer
}

interface Log {
  info(facts: object, message: string): void
}

/** The log says where a key was written, never the key. Throws SetupError. */
export async function openKeys(
  { adminKey, masterKey, dataDir }: Pick<Config, 'adminKey' | 'masterKey' | 'dataDir'>,
  log: Log
): Promise<InstallationKeys> {
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
      }))
  }
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
