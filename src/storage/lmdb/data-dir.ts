/** The data folder on disk: makes it, holds it, and refuses, in a sentence, one that must not be written to. */
import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { SetupError } from '../../errors.ts'
import { lockFolder } from './data-dir-lock.ts'
import { findDamage } from './verify-data-file.ts'

export interface LockedDataDir {
  /** The real path. */
  readonly path: string
  /** To be called once what a new folder must hold is on disk. */
  complete(): Promise<void>
  release(): Promise<void>
}

/** What lies in the folder, and how. A version reads its own format and those before it. */
const FORMAT = 1
const FORMAT_FILE = 'format.json'
const DATA_FILE = 'data.mdb'
const LOCK_FILE = 'lock.mdb'

/** Another process holds the folder. */
export class FolderInUse extends SetupError {}

/** Makes the folder where it is missing and holds it until `release`. Throws SetupError. */
export async function lockDataDir(folder: string): Promise<LockedDataDir> {
  const path = await withSetupError(folder, async () => {
    await makeFolder(resolve(folder))
    await tryWriting(folder)
    return realpath(folder)
  })
  const release = await withSetupError(folder, () => lockFolder(path))
  if (release === null) {
    throw new FolderInUse(
      `${folder} is in use by another running Hanvisa: stop that one, or name another folder in HANVISA_DATA_DIR.`
    )
  }
  try {
    const state = await withSetupError(folder, async () => {
      const found = await inspect(path)
      await prepareLockFile(path)
      return found
    })
    return {
      path,
      complete: () => withSetupError(folder, () => (state === 'new' ? finish(path) : Promise.resolve())),
      release
    }
  } catch (error) {
    await release()
    throw error
  }
}

/** Writes the whole file or leaves the old one; on disk when it resolves. Only the service's user may read it. */
export async function writeDurably(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(draft, file)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
  const folder = await open(dirname(file), 'r')
  await folder.sync().finally(() => folder.close())
}

/** Runs a step of setting up and turns what the file system says into what the operator can do about it. */
export async function withSetupError<T>(folder: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    if (error instanceof SetupError) throw error
    const { code = '', message } = error as NodeJS.ErrnoException
    throw new SetupError(sentence(folder, code, message), { cause: error })
  }
}

function sentence(folder: string, code: string, message: string): string {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `${folder} cannot be written by this user (${code}): give the service's user the right to write there, or name another folder in HANVISA_DATA_DIR.`
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return `The disk that holds ${folder} is full (${code}): free some space and start again.`
    case 'ENOTDIR':
    case 'EEXIST':
      return `${folder} is no folder: name one in HANVISA_DATA_DIR.`
    default:
      return `${folder} cannot be used (${message}): name another folder in HANVISA_DATA_DIR.`
  }
}

/** With its parents. Not `recursive`, which never comes back from a link that leads nowhere, nor from /proc. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error
    await makeFolder(dirname(folder))
    await mkdir(folder, { mode: 0o700 })
  }
}

/** Room for lmdb's own small files and for the first commits. */
const ROOM_NEEDED = 1024 * 1024

async function tryWriting(folder: string): Promise<void> {
  const probe = join(folder, `probe.${randomBytes(6).toString('hex')}`)
  try {
    const handle = await open(probe, 'wx', 0o600)
    try {
      await handle.writeFile(Buffer.alloc(ROOM_NEEDED, 1))
      await handle.sync()
    } finally {
      await handle.close()
    }
  } finally {
    await rm(probe, { force: true })
  }
}

interface Format {
  readonly format?: unknown
  /** True while the folder is made: nothing in it was ever acknowledged. */
  readonly unfinished?: boolean
}

async function inspect(path: string): Promise<'new' | 'used'> {
  const format = await readFormat(path)
  const dataFile = join(path, DATA_FILE)
  const data = await stat(dataFile).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (format === null) {
    if (data !== null) throw damaged(path, `${FORMAT_FILE} is missing`)
    await writeFormat(path, { unfinished: true })
    await makeEmpty(dataFile)
    return 'new'
  } else if (typeof format.format !== 'number') {
    throw damaged(path, `${FORMAT_FILE} cannot be read`)
  } else if (format.format > FORMAT) {
    throw new SetupError(
      `${path} was written by a newer Hanvisa (format ${format.format}, this one knows ${FORMAT}): start that ` +
        'version, or name another folder in HANVISA_DATA_DIR.'
    )
  } else if (format.unfinished === true) {
    await makeEmpty(dataFile)
    return 'new'
  } else if (data === null) {
    throw damaged(path, `${DATA_FILE} is missing`)
  } else {
    await (await open(dataFile, 'r+')).close()
    const damage = findDamage(dataFile)
    if (damage !== null) throw damaged(path, `${DATA_FILE} ${damage}`)
  }
  return 'used'
}

async function finish(path: string): Promise<void> {
  const data = await open(join(path, DATA_FILE), 'r+')
  await data.sync().finally(() => data.close())
  await writeFormat(path, {})
}

/** Creates the file here, because lmdb would make it readable for every account. lmdb treats an empty file as new. */
function makeEmpty(dataFile: string): Promise<void> {
  return writeFile(dataFile, '', { mode: 0o600 })
}

async function readFormat(path: string): Promise<Format | null> {
  const text = await readFile(join(path, FORMAT_FILE), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (text === null) return null
  try {
    const format: unknown = JSON.parse(text)
    return typeof format === 'object' && format !== null ? format : {}
  } catch {
    return {}
  }
}

function writeFormat(path: string, state: { unfinished?: boolean }): Promise<void> {
  return writeDurably(join(path, FORMAT_FILE), `${JSON.stringify({ format: FORMAT, ...state })}\n`)
}

/**
 * lmdb maps its lock file and writes to it through the map, where a hole that finds the disk full kills the process.
 * Written out beforehand it has no holes. Nobody else is in the folder, so that what it says is of no use any more.
 */
async function prepareLockFile(path: string): Promise<void> {
  await writeFile(join(path, LOCK_FILE), Buffer.alloc(16 * 1024), { mode: 0o600 })
}

function damaged(path: string, what: string): SetupError {
  return new SetupError(
    `${path} is damaged (${what}): put back the whole folder from a backup, or name an empty one in ` +
      'HANVISA_DATA_DIR to begin anew.'
  )
}
