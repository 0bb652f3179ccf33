/** Long work on the event loop in slices, so that everything else gets its turn between two of them. */
import type { Steps } from './steps.ts'

/** Milliseconds of one slice. A turn of the loop should never take 20 ms, and what a slice calls may take some. */
const SLICE_MS = 6
/** Items between two looks at the time, which itself costs something. */
const ITEMS_PER_CHECK = 16

const waiting: (() => void)[] = []
let isScheduled = false

/**
 * Resolves in a later turn of the event loop. Each turn resumes one waiter alone: however much work is under way in slices, a
 * turn holds one slice.
 */
export function nextSlice(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve)
    scheduleResume()
  })
}

function scheduleResume(): void {
  if (isScheduled) return
  isScheduled = true
  setImmediate(() => {
    isScheduled = false
    waiting.shift()?.()
    if (waiting.length > 0) scheduleResume()
  })
}

/** Says when a slice of work is over. */
export class Slice {
  #start = performance.now()
  #items = 0

  /** To be asked after every item, or after so many. */
  isOver(items = 1): boolean {
    this.#items += items
    if (this.#items < ITEMS_PER_CHECK) return false
    this.#items = 0
    return performance.now() - this.#start >= SLICE_MS
  }

  async next(): Promise<void> {
    await nextSlice()
    this.#start = performance.now()
  }
}

/** Works on every item, in order. Few items are done before this returns. */
export async function forEachInSlices<T>(items: Iterable<T>, work: (item: T) => void): Promise<void> {
  const slice = new Slice()
  for (const item of items) {
    work(item)
    if (slice.isOver()) await slice.next()
  }
}

/** Runs a computation that pauses by itself after every so many items. What does not pause is done before this returns. */
export async function runInSlices<T>(steps: Steps<T>): Promise<T> {
  const slice = new Slice()
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    if (slice.isOver(ITEMS_PER_CHECK)) await slice.next()
  }
}

/** The keys of all items of all groups, each once, in order. */
export async function collectInSlices<T>(
  groups: readonly (readonly T[])[],
  keyOf: (item: T) => string
): Promise<Set<string>> {
  const keys = new Set<string>()
  const slice = new Slice()
  for (const group of groups) {
    for (const item of group) {
      keys.add(keyOf(item))
      if (slice.isOver()) await slice.next()
    }
  }
  return keys
}

/** Texts that are joined and encoded in one turn: some 500 kB of Statuses. */
const TEXTS_PER_CHUNK = 1_000
/** Texts that are joined at a time: some 8 kB, which stay in the processor's cache and take half the time of 500 kB. */
const TEXTS_PER_WRITE = 16
const COMMA = 0x2c

/**
 * The texts as UTF-8, with commas between them, after `opening` and before `closing`: a few chunks, since to make one of many
 * megabytes holds the event loop for long.
 */
export async function encodeListInSlices(
  opening: string,
  texts: readonly string[],
  closing: string
): Promise<Buffer[]> {
  const chunks: Buffer[] = []
  let scratch = Buffer.alloc(0)
  for (let from = 0; from === 0 || from < texts.length; from += TEXTS_PER_CHUNK) {
    const end = Math.min(from + TEXTS_PER_CHUNK, texts.length)
    const isLast = end === texts.length
    let length = opening.length + closing.length
    for (let index = from; index < end; index++) length += texts[index]!.length + 1
    // A UTF-16 unit is three bytes at the most.
    if (scratch.length < 3 * length) scratch = Buffer.allocUnsafeSlow(3 * length)
    let size = from === 0 ? scratch.write(opening) : 0
    for (let index = from; index < end; index += TEXTS_PER_WRITE) {
      const group = texts.slice(index, Math.min(index + TEXTS_PER_WRITE, end))
      if (index > 0) scratch[size++] = COMMA
      size += scratch.write(group.join(','), size)
    }
    if (isLast) size += scratch.write(closing, size)
    chunks.push(Buffer.from(scratch.subarray(0, size)))
    if (!isLast) await nextSlice()
  }
  return chunks
}

/** Items that are sorted in one turn: a few milliseconds. */
const ITEMS_PER_RUN = 4000

/** A sorted copy. */
export async function sortInSlices<T>(items: readonly T[], compare: (a: T, b: T) => number): Promise<T[]> {
  let runs: T[][] = []
  for (let from = 0; from < items.length; from += ITEMS_PER_RUN) {
    if (from > 0) await nextSlice()
    runs.push(items.slice(from, from + ITEMS_PER_RUN).sort(compare))
  }
  while (runs.length > 1) {
    const merged: T[][] = []
    for (let index = 0; index < runs.length; index += 2) {
      const [one, other] = [runs[index]!, runs[index + 1]]
      merged.push(other === undefined ? one : await mergeInSlices(one, other, compare))
    }
    runs = merged
  }
  return runs[0] ?? []
}

async function mergeInSlices<T>(
  one: readonly T[],
  other: readonly T[],
  compare: (a: T, b: T) => number
): Promise<T[]> {
  const merged: T[] = []
  const slice = new Slice()
  let left = 0
  let right = 0
  while (left < one.length || right < other.length) {
    const takesLeft = right === other.length || (left < one.length && compare(one[left]!, other[right]!) <= 0)
    merged.push(takesLeft ? one[left++]! : other[right++]!)
    if (slice.isOver()) await slice.next()
  }
  return merged
}
