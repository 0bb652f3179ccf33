/** A clock that a test sets. */
export function settableClock(start: number) {
  let now = start
  const clock = () => now
  clock.set = (instant: number) => {
    now = instant
  }
  return clock
}
