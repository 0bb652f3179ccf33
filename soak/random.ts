/** Seeded random numbers: the same seed gives the same run, as far as the machine allows. */

export interface RandomSource {
  /** In [0, 1). */
  next(): number
  /** A whole number from `least` up to, and not including, `end`. */
  integer(least: number, end: number): number
  of<T>(list: readonly T[]): T
}

/** A linear congruential generator (Numerical Recipes' constants), its upper bits: good enough to choose victims by. */
export function createRandom(seed: number): RandomSource {
  let state = (seed * 2_654_435_761) >>> 0
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  for (let warm = 0; warm < 8; warm++) next()
  return {
    next,
    integer: (least, end) => least + Math.floor(next() * (end - least)),
    of: (list) => list[Math.floor(next() * list.length)]!
  }
}
