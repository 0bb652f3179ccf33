/** Runs a program with all that it starts as one process group (POSIX), which ends when we do, however that comes about. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'

const fatal = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs `node ARGUMENTS`; resolves to its exit code (128 and the number of the signal that ended it) once nothing of its
 * group is left. Its temporary folder is its own, and removed.
 */
export async function runInGroup(args: readonly string[]): Promise<number> {
  const temporary = await mkdtemp(join(tmpdir(), 'hanvisa-run-'))
  const child = spawn(process.execPath, args, {
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, TMPDIR: temporary }
  })
  const killGroup = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // ESRCH: nobody of it is left.
    }
  }
  const onSignal = (signal: (typeof fatal)[number]) => process.exit(128 + constants.signals[signal])
  process.once('exit', killGroup)
  for (const signal of fatal) process.on(signal, onSignal)
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal])
  } finally {
    killGroup()
    process.off('exit', killGroup)
    for (const signal of fatal) process.off(signal, onSignal)
    await rm(temporary, { recursive: true, force: true })
  }
}

/** For the program that is run so: ends its whole group when whoever runs it is gone without a word (SIGKILL). */
export function endWithRunner(): void {
  process.once('disconnect', () => process.kill(-process.pid, 'SIGKILL'))
  process.channel?.unref()
}
