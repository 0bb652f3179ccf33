/** The programs that the demo runs beside itself: started, watched for an end of their own, and stopped. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** How long a child that was asked to stop may take. */
const STOP_TIMEOUT_MS = 5_000
/** Ctrl-C reaches children too, and they may be gone before we see the signal: an end that follows ours at once is no crash. */
const CRASH_GRACE_MS = 500
const MAX_KEPT_LINES = 20

export interface Child {
  readonly name: string
  /** Resolves with the first line that the child prints for which `find` gives something. */
  line<T>(find: (line: string) => T | null): Promise<T>
  stop(): Promise<void>
  /** At once, without asking. */
  kill(): void
}

/** What is run, beside the file and the environment that it inherits. */
export interface ChildOptions {
  readonly arguments: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

/**
 * Starts `node FILE ARGUMENTS`. `onCrash` gets a sentence, with the last lines that the child printed, when it ends
 * without having been asked to.
 */
export function startChild(
  name: string,
  file: string,
  orders: ChildOptions,
  onCrash: (story: string) => void
): Child {
  const child = spawn(process.execPath, [file, ...orders.arguments], {
    env: { ...ownEnvironment(), ...orders.environment },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const last: string[] = []
  const lineListeners = new Set<(line: string) => void>()
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      last.push(line)
      if (last.length > MAX_KEPT_LINES) last.shift()
      for (const tryLine of lineListeners) tryLine(line)
    })
  }

  let stopping = false
  const gone = new Promise((resolve) => child.once('close', resolve))
  child.on('error', (error) => onCrash(`The ${name} could not be started: ${error.message}`))
  child.on('close', (code, signal) => {
    if (stopping) return
    const how = signal === null ? `exit code ${code}` : `signal ${signal}`
    const story = [`The ${name} stopped by itself (${how}). The last it said:`, ...last].join('\n')
    setTimeout(() => stopping || onCrash(story), CRASH_GRACE_MS)
  })

  return {
    name,
    line: (find) =>
      new Promise((resolve) => {
        const tryLine = (line: string) => {
          const found = find(line)
          if (found === null) return
          lineListeners.delete(tryLine)
          resolve(found)
        }
        lineListeners.add(tryLine)
        for (const line of last) tryLine(line)
      }),
    stop: async () => {
      stopping = true
      if (ended(child)) return
      child.kill('SIGTERM')
      const impatient = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
      await gone
      clearTimeout(impatient)
    },
    kill: () => {
      stopping = true
      child.kill('SIGKILL')
    }
  }
}

function ended(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null
}

/** Without settings of a service that this person runs in earnest, and without proxies: all is on this machine. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^HANVISA_|^(https?|all|no)_proxy$/i.test(name))
  )
}
