/** Who changed, lately: by position in the change log, and by instant for the borders that time brought. */

/** Marks, oldest first: `at` is a position or an instant and never falls. */
export interface RingLog<Entry> {
  /** Everything after this mark is here; what came before may be gone. */
  readonly completeAfter: number
  add(at: number, entry: Entry): void
  /** The entries after the mark, up to and including the other one. */
  between(after: number, upTo: number): Entry[]
}

/** Keeps at least `most` entries. */
export function createRingLog<Entry>(completeAfter: number, minKept: number): RingLog<Entry> {
  let marks: number[] = []
  let entries: Entry[] = []
  let completeFrom = completeAfter

  return {
    get completeAfter() {
      return completeFrom
    },
    add(at, entry) {
      marks.push(at)
      entries.push(entry)
      if (marks.length < 2 * minKept) return
      completeFrom = marks[marks.length - minKept - 1]!
      marks = marks.slice(-minKept)
      entries = entries.slice(-minKept)
    },
    between(after, upTo) {
      return entries.slice(firstAfter(marks, after), firstAfter(marks, upTo))
    }
  }
}

function firstAfter(marks: readonly number[], mark: number): number {
  let low = 0
  let high = marks.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (marks[middle]! > mark) high = middle
    else low = middle + 1
  }
  return low
}
