/** The newest entries of an endless sequence, each at a mark: a position in a log, or an instant. */

export class RingLog<Entry> {
  readonly #minKept: number
  #marks: number[] = []
  #entries: Entry[] = []
  #weights: number[] = []
  #weight = 0
  #completeAfter: number

  /** Entries that together weigh at least `minKept` are kept. Infinity: it is not known yet since when it is complete. */
  constructor(completeAfter: number, minKept: number) {
    this.#completeAfter = completeAfter
    this.#minKept = minKept
  }

  /** Everything after this mark is here; what came before may be gone. */
  get completeAfter(): number {
    return this.#completeAfter
  }

  /** Says since when it is complete, where that was not known. */
  completeSince(mark: number): void {
    if (this.#completeAfter === Infinity) this.#completeAfter = mark
  }

  /** `mark` is never less than the one before. */
  add(mark: number, entry: Entry, weight = 1): void {
    this.#marks.push(mark)
    this.#entries.push(entry)
    this.#weights.push(weight)
    this.#weight += weight
    if (this.#weight >= 2 * this.#minKept) this.#trim()
  }

  /** The entries after the mark, up to and including the other one. */
  between(after: number, upTo: number): Entry[] {
    return this.#entries.slice(firstAfter(this.#marks, after), firstAfter(this.#marks, upTo))
  }

  /** Entries at one mark go together: `completeAfter` lies between marks. */
  #trim(): void {
    let first = 0
    let weight = this.#weight
    for (let index = 0, rest = weight; index < this.#marks.length; index++) {
      if (index > 0 && this.#marks[index] !== this.#marks[index - 1]) {
        if (rest < this.#minKept) break
        first = index
        weight = rest
      }
      rest -= this.#weights[index]!
    }
    if (first === 0) return
    this.#weight = weight
    this.#completeAfter = this.#marks[first - 1]!
    this.#marks = this.#marks.slice(first)
    this.#entries = this.#entries.slice(first)
    this.#weights = this.#weights.slice(first)
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
