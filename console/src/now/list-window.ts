/** Which rows of a long list are in sight: the heights are known, so each place is a sum. */

export interface ListRow {
  readonly index: number
  /** Pixels from the list's beginning. */
  readonly start: number
  readonly size: number
}

/** Rows beyond either edge that exist already when one scrolls to them. */
const OVERSCAN = 8

/** Pixels: where each row begins, and last where the list ends. */
export function toOffsets(sizes: readonly number[]): Float64Array {
  const offsets = new Float64Array(sizes.length + 1)
  sizes.forEach((size, index) => {
    offsets[index + 1] = offsets[index]! + size
  })
  return offsets
}

/** The rows between `top` and `top + height`, and a few around them. */
export function rowsInSight(offsets: Float64Array, top: number, height: number): readonly ListRow[] {
  const count = offsets.length - 1
  const first = Math.max(0, indexAt(offsets, top) - OVERSCAN)
  const last = Math.min(count - 1, indexAt(offsets, top + height) + OVERSCAN)
  const rows: ListRow[] = []
  for (let index = first; index <= last; index++) {
    const start = offsets[index]!
    rows.push({ index, start, size: offsets[index + 1]! - start })
  }
  return rows
}

/** The rows of `next`, those that `former` has too as its objects. */
export function keepSame(former: readonly ListRow[], next: readonly ListRow[]): readonly ListRow[] {
  const known = new Map(former.map((row) => [row.index, row]))
  return next.map((row) => {
    const same = known.get(row.index)
    return same?.start === row.start && same.size === row.size ? same : row
  })
}

/** The row that holds that pixel, by bisection. */
function indexAt(offsets: Float64Array, pixel: number): number {
  let low = 0
  let high = offsets.length - 1
  while (low + 1 < high) {
    const middle = (low + high) >> 1
    if (offsets[middle]! <= pixel) low = middle
    else high = middle
  }
  return low
}
