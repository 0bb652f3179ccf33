/** Watches calendar files through their folders: written, replaced by a rename, deleted and created, all are edits. */
import { existsSync, type FSWatcher, statSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'

/** An edit is over after `quietMs` without another event of its file; one that never ends is reported every `maxDelayMs`. */
const quietMs = 150
const maxDelayMs = 2_000
/** After this time a folder that went away is looked for again. */
const retryMs = 1_000

interface WatchedFolder {
  readonly watcher: FSWatcher
  readonly files: Set<WatchedFile>
}

/** One file and its subscriber. */
interface WatchedFile {
  readonly path: string
  readonly debounce: Debounce
  /** The folder that is watched for it: its own, or while that is missing the nearest above. */
  at: string
}

export class FileWatcher {
  readonly #root: string
  readonly #folders = new Map<string, WatchedFolder>()
  readonly #watches = new Set<WatchedFile>()
  #retryTimer: NodeJS.Timeout | undefined

  /** Files are below `root`, which need not exist yet; its own parent is to be there some time. */
  constructor(root: string) {
    this.#root = root
  }

  /** Returns the function that stops it. */
  watch(path: string, onChange: () => void): () => void {
    const one: WatchedFile = { path, debounce: new Debounce(onChange), at: '' }
    this.#watches.add(one)
    this.#attach(one)
    return () => {
      one.debounce.stop()
      this.#watches.delete(one)
      this.#detach(one)
    }
  }

  close(): void {
    clearTimeout(this.#retryTimer)
    for (const one of this.#watches) one.debounce.stop()
    for (const { watcher } of this.#folders.values()) watcher.close()
    this.#watches.clear()
    this.#folders.clear()
  }

  #attach(one: WatchedFile): void {
    let folder = dirname(one.path)
    while (!isFolder(folder) && folder !== dirname(folder) && folder !== dirname(dirname(this.#root))) {
      folder = dirname(folder)
    }
    const watched = this.#folders.get(folder) ?? this.#watchFolder(folder)
    if (watched === null) {
      this.#retryLater()
      return
    }
    watched.files.add(one)
    one.at = folder
    // The file may have been made before its folder was watched.
    if (folder !== dirname(one.path) && existsSync(one.path)) this.#move(one)
  }

  #detach(one: WatchedFile): void {
    const folder = this.#folders.get(one.at)
    folder?.files.delete(one)
    if (folder?.files.size === 0) {
      folder.watcher.close()
      this.#folders.delete(one.at)
    }
    one.at = ''
  }

  #move(one: WatchedFile): void {
    this.#detach(one)
    this.#attach(one)
    one.debounce.trigger()
  }

  #watchFolder(folder: string): WatchedFolder | null {
    try {
      const watcher = watch(folder, { persistent: false })
      const opened: WatchedFolder = { watcher, files: new Set() }
      this.#folders.set(folder, opened)
      watcher.on('change', (_, name) => this.#onChange(folder, opened, name === null ? null : String(name)))
      watcher.on('error', () => this.#onFolderLost(folder, opened))
      return opened
    } catch {
      return null
    }
  }

  #onChange(folder: string, { files: interested }: WatchedFolder, name: string | null): void {
    // A folder that was moved or deleted reports itself by its own name.
    if (!isFolder(folder)) {
      this.#onFolderLost(folder, this.#folders.get(folder))
      return
    }
    for (const one of [...interested]) {
      if (dirname(one.path) !== folder) {
        if (isFolder(dirname(one.path)) || name === null || one.path.startsWith(`${folder}/${name}/`))
          this.#move(one)
      } else if (name === null || name === basename(one.path)) {
        one.debounce.trigger()
      }
    }
  }

  #onFolderLost(folder: string, lost: WatchedFolder | undefined): void {
    if (lost === undefined) return
    lost.watcher.close()
    this.#folders.delete(folder)
    for (const one of [...lost.files]) {
      one.at = ''
      this.#attach(one)
      one.debounce.trigger()
    }
  }

  #retryLater(): void {
    clearTimeout(this.#retryTimer)
    this.#retryTimer = setTimeout(() => {
      for (const one of this.#watches) if (one.at === '') this.#attach(one)
    }, retryMs).unref()
  }
}

/** Calls back once a run of edits is over; an edit during the call begins another run, so the last is never lost. */
class Debounce {
  readonly #onChange: () => void
  #timer: NodeJS.Timeout | undefined
  #since = 0

  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  trigger(): void {
    const now = Date.now()
    if (this.#timer === undefined) this.#since = now
    clearTimeout(this.#timer)
    const wait = Math.max(0, Math.min(quietMs, this.#since + maxDelayMs - now))
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#onChange()
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
