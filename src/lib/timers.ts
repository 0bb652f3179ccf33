/** Time that only goes forward, for everything that waits: setting the machine's clock neither stops nor hurries it. */

/** Calls once, after so many milliseconds; keeps no process alive. Returns how to cancel. */
export type After = (milliseconds: number, call: () => void) => () => void

export interface Timers {
  /** Monotonic milliseconds, from any origin. */
  now(): number
  readonly after: After
}

/** Node's timers fire at once when they are asked to wait longer. */
const longest = 2 ** 31 - 1

export const machineTimers: Timers = {
  now: () => performance.now(),
  after(milliseconds, call) {
    const timer = setTimeout(call, Math.min(Math.max(0, milliseconds), longest))
    timer.unref()
    return () => clearTimeout(timer)
  }
}
