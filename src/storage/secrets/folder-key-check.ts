/** The key check of an embedded installation: the file `key-check` in the data folder, which one process alone writes. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withSetupError, writeDurably } from '../lmdb/data-dir.ts'
import type { KeyCheck, KeyCheckStore } from './master-keys.ts'

/** Call this while the folder is held, that is after `openLmdb`. Throws SetupError. */
export async function openFolderKeyCheck(folder: string): Promise<KeyCheckStore> {
  const file = join(folder, 'key-check')
  let check = await withSetupError(folder, async () => parseKeyCheck(await textIn(file)))
  const write = (next: KeyCheck) =>
    withSetupError(folder, async () => {
      await writeDurably(file, `${next.current}\n${next.next === null ? '' : `${next.next}\n`}`)
      check = next
      return next
    })
  return {
    read: async () => check,
    create: async (current) => check ?? write({ current, next: null }),
    begin: async (current, next) =>
      check?.current === current && check.next === null ? write({ current, next }) : check!,
    async finish(next) {
      if (check?.next === next) await write({ current: next, next: null })
    }
  }
}

/** Two lines while a rotation is under way, else one. */
export function parseKeyCheck(text: string | null): KeyCheck | null {
  const [current, next = null] = text?.split('\n').filter((line) => line.trim() !== '') ?? []
  return current === undefined ? null : { current, next }
}

async function textIn(file: string): Promise<string | null> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
}
