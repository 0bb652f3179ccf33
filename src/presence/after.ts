/** Waiting, as presence does it: never longer than a minute or so, and keeping no process alive. */

/** Calls once, after so many milliseconds. Returns how to cancel. */
export type After = (milliseconds: number, call: () => void) => () => void

export const machineAfter: After = (milliseconds, call) => {
  const timer = setTimeout(call, milliseconds)
  timer.unref()
  return () => clearTimeout(timer)
}
