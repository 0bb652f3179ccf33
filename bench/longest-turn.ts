/**
 * The longest that one turn of the event loop kept the main thread's processor: what the service itself does to its callers,
 * whatever else the machine runs meanwhile. (Elapsed time would count the other programs.)
 */
import { closeSync, openSync, readSync } from 'node:fs'

export interface LongestTurn<T> {
  readonly result: T
  /** CPU milliseconds of the main thread. */
  readonly longestMs: number
  /** Elapsed seconds of the whole. */
  readonly seconds: number
}

/** Runs the work and looks at the thread's clock once in every turn of the loop. */
export async function measureLongestTurn<T>(work: () => T | Promise<T>): Promise<LongestTurn<T>> {
  const clock = openThreadClock()
  let longestMs = 0
  let running = true
  let last = clock.read()
  const look = () => {
    if (!running) return
    const now = clock.read()
    longestMs = Math.max(longestMs, now - last)
    last = now
    setImmediate(look)
  }
  setImmediate(look)
  const start = performance.now()
  try {
    const result = await work()
    look()
    return { result, longestMs, seconds: (performance.now() - start) / 1000 }
  } finally {
    running = false
    clock.close()
  }
}

/** CPU milliseconds of the main thread; where the system is not Linux, of the whole process, which is more. */
export function openThreadClock(): { read(): number; close(): void } {
  if (process.platform !== 'linux') {
    return { read: () => process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000, close() {} }
  }
  // The thread that Node starts with has the process's id. proc(5): the first figure is nanoseconds on the processor.
  const file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r')
  const buffer = Buffer.alloc(128)
  return {
    read() {
      // The kernel brings the figure up to date when it is asked for the times of the process.
      process.cpuUsage()
      const length = readSync(file, buffer, 0, buffer.length, 0)
      return Number.parseInt(buffer.toString('latin1', 0, length), 10) / 1e6
    },
    close: () => closeSync(file)
  }
}
