/** Waits for work no longer than a deadline, or than a signal allows. The work itself continues: give it a signal to end it. */
import { type After, machineTimers } from './timers.ts'

/** The deadline came before the work ended. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded'
}

/** The outcome of `work`; rejects with DeadlineExceeded after `deadlineMs`. */
export function withDeadline<T>(
  work: Promise<T>,
  deadlineMs: number,
  after: After = machineTimers.after
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = after(deadlineMs, () => reject(new DeadlineExceeded(`no end within ${deadlineMs} ms`)))
    work.finally(cancel).then(resolve, reject)
  })
}

/** Whether `work` ended, well or not, within `deadlineMs`. Never rejects: who asks does not use the outcome. */
export async function endsWithin(
  work: Promise<unknown>,
  deadlineMs: number,
  after: After = machineTimers.after
): Promise<boolean> {
  try {
    await withDeadline(work, deadlineMs, after)
    return true
  } catch (error) {
    return !(error instanceof DeadlineExceeded)
  }
}

/** The outcome of `work`; rejects with the signal's reason when that is aborted first. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    work.finally(() => signal.removeEventListener('abort', onAbort)).then(resolve, reject)
  })
}
