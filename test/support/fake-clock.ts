/** A clock and timers that a test moves by hand: everything that falls due on the way is called in its order. */
import type { Timers } from '../../src/lib/timers.ts'

export interface FakeClock {
  /** Wall clock, epoch milliseconds. */
  readonly clock: () => number
  readonly timers: Timers
  /** Lets both clocks run, waiting before each step until everything is idle, so that no work is outrun. */
  run(milliseconds: number): Promise<void>
  /** Sets the wall clock alone, as an operator or NTP does. */
  set(by: number): void
}

/** `start` is what the wall clock says at first, epoch milliseconds. */
export function createFakeClock(
  isIdle: () => boolean = () => true,
  start: number = Date.UTC(2026, 10, 23, 8)
): FakeClock {
  let wall = start
  let now = 0
  let serial = 0
  const waiting = new Map<number, { readonly at: number; readonly call: () => void }>()
  return {
    clock: () => wall,
    timers: {
      now: () => now,
      after(milliseconds, call) {
        const id = serial++
        waiting.set(id, { at: now + Math.max(0, milliseconds), call })
        return () => waiting.delete(id)
      }
    },
    async run(milliseconds) {
      const end = now + milliseconds
      await whenIdle()
      for (;;) {
        let first: number | null = null
        for (const [id, { at }] of waiting) {
          if (at <= end && (first === null || at < waiting.get(first)!.at)) first = id
        }
        if (first === null) break
        const { at, call } = waiting.get(first)!
        waiting.delete(first)
        wall += Math.max(0, at - now)
        now = Math.max(now, at)
        call()
        await whenIdle()
      }
      wall += end - now
      now = end
    },
    set(by) {
      wall += by
    }
  }

  async function whenIdle(): Promise<void> {
    await yieldToEventLoop()
    while (!isIdle()) await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** Lets everything that only waits for promises and for the next turn of the loop go on. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
