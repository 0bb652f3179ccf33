/** Waiting for what must come, with a deadline that only ends a hang: a busy machine may take a minute over anything. */
import { setTimeout as pause } from 'node:timers/promises'

export const hangMs = 120_000

/** For calls that take a signal: aborts them when they hang. */
export function hangSignal(): AbortSignal {
  return AbortSignal.timeout(hangMs)
}

type Condition<T> = () => T | Promise<T>
type Found<T> = Exclude<T, false | null | undefined>

/**
 * Asks until the answer is truthy, and resolves to that. Rejects after two minutes and says what was waited for: the words
 * given, else the condition as it is written.
 */
export async function until<T>(what: string, condition: Condition<T>): Promise<Found<T>>
export async function until<T>(condition: Condition<T>): Promise<Found<T>>
export async function until<T>(...given: [string, Condition<T>] | [Condition<T>]): Promise<Found<T>> {
  const condition = given.length === 1 ? given[0] : given[1]
  const what = given.length === 1 ? String(condition) : given[0]
  const end = performance.now() + hangMs
  for (;;) {
    const found = await condition()
    if (found) return found as Found<T>
    if (performance.now() > end) throw new Error(`${what}: not within ${hangMs / 1000} s`)
    await pause(5)
  }
}
