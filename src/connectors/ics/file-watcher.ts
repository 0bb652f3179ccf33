/** Watches calendar files through their folders: written, replaced by a rename, deleted and created, all are edits. */
import { existsSync, type FSWatcher, statSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'

/** Quiet for so long, and an edit is over; an edit that never ends is told of every two seconds. */
const QUIET = 150
const LONGEST = 2_000
/** How soon a folder that went away is looked for again. */
const AGAIN = 1_000

interface Folder {
  readonly watcher: FSWatcher
  readonly interested: Set<Watch>
}

/** One file and who wants to know. */
interface Watch {
  readonly path: string
  readonly tell: Debounced
  /** The folder that is watched for it: its own, or while that is missing the nearest above. */
  at: string
}

export class FileWatch {
  readonly #root: string
  readonly #folders = new Map<string, Folder>()
  readonly #watches = new Set<Watch>()
  #again: NodeJS.Timeout | undefined

  /** Files are below `root`, which need not exist yet; its own parent is to be there some time. */
  constructor(root: string) {
    this.#root = root
  }

  /** Returns how to stop. */
  watch(path: string, changed: () => void): () => void {
    const one: Watch = { path, tell: new Debounced(changed), at: '' }
    this.#watches.add(one)
    this.#attach(one)
    return () => {
      one.tell.stop()
      this.#watches.delete(one)
      this.#detach(one)
    }
  }

  close(): void {
    clearTimeout(this.#again)
    for (const one of this.#watches) one.tell.stop()
    for (const { watcher } of this.#folders.values()) watcher.close()
    this.#watches.clear()
    this.#folders.clear()
  }

  #attach(one: Watch): void {
    let folder = dirname(one.path)
    while (!isFolder(folder) && folder !== dirname(folder) && folder !== dirname(dirname(this.#root))) {
      folder = dirname(folder)
    }
    const watched = this.#folders.get(folder) ?? this.#open(folder)
    if (watched === null) {
      this.#later()
      return
    }
    watched.interested.add(one)
    one.at = folder
    // It may have come between the look and the watch.
    if (folder !== dirname(one.path) && existsSync(one.path)) this.#move(one)
  }

  #detach(one: Watch): void {
    const folder = this.#folders.get(one.at)
    folder?.interested.delete(one)
    if (folder?.interested.size === 0) {
      folder.watcher.close()
      this.#folders.delete(one.at)
    }
    one.at = ''
  }

  #move(one: Watch): void {
    this.#detach(one)
    this.#attach(one)
    one.tell.edited()
  }

  #open(folder: string): Folder | null {
    try {
      const watcher = watch(folder, { persistent: false })
      const opened: Folder = { watcher, interested: new Set() }
      this.#folders.set(folder, opened)
      watcher.on('change', (_, name) => this.#seen(folder, opened, name === null ? null : String(name)))
      watcher.on('error', () => this.#lost(folder, opened))
      return opened
    } catch {
      return null
    }
  }

  #seen(folder: string, { interested }: Folder, name: string | null): void {
    // A folder that was moved or deleted reports itself by its own name.
    if (!isFolder(folder)) {
      this.#lost(folder, this.#folders.get(folder))
      return
    }
    for (const one of [...interested]) {
      if (dirname(one.path) !== folder) {
        if (isFolder(dirname(one.path)) || name === null || one.path.startsWith(`${folder}/${name}/`))
          this.#move(one)
      } else if (name === null || name === basename(one.path)) {
        one.tell.edited()
      }
    }
  }

  #lost(folder: string, lost: Folder | undefined): void {
    if (lost === undefined) return
    lost.watcher.close()
    this.#folders.delete(folder)
    for (const one of [...lost.interested]) {
      one.at = ''
      this.#attach(one)
      one.tell.edited()
    }
  }

  #later(): void {
    clearTimeout(this.#again)
    this.#again = setTimeout(() => {
      for (const one of this.#watches) if (one.at === '') this.#attach(one)
    }, AGAIN).unref()
  }
}

/** Tells once a run of edits is over; an edit during the telling begins another run, so the last is never lost. */
class Debounced {
  readonly #changed: () => void
  #timer: NodeJS.Timeout | undefined
  #since = 0

  constructor(changed: () => void) {
    this.#changed = changed
  }

  edited(): void {
    const now = Date.now()
    if (this.#timer === undefined) this.#since = now
    clearTimeout(this.#timer)
    const wait = Math.max(0, Math.min(QUIET, this.#since + LONGEST - now))
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#changed()
    }, wait)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
