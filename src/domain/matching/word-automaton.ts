/**
 * Finds whole words among many in one pass: the automaton of Aho and Corasick (CACM 18(6), 1975) over folded code
 * units, with any run of white space as one space and the borders of words asked for at each find.
 */

import { NO_TRIGGER } from '../rule-set.ts'
import {
  FIRST_COMBINING,
  isLetterAt,
  isLetterBefore,
  normalize,
  SPACE,
  unitsOf,
  wordFolds
} from './case-folding.ts'

export interface IndexedText {
  readonly text: string
  readonly index: number
}

/** The smallest index of the words that stand in the subject, or NO_TRIGGER. */
export type FindFirst = (subject: string) => number

/** A word, as the state in which it ends knows it. */
interface Word {
  readonly index: number
  /** In symbols: a run of white space is one. */
  readonly length: number
  /** Whether the text's own edge is a letter, so that none may stand beside it. */
  readonly guardedBefore: boolean
  readonly guardedAfter: boolean
}

const ROOT = 0
/** The class of every symbol that is in no word. */
const OTHER = 0
/** Entries: 4 MB. Sixty triggers need some 20,000; thousands of long ones in many scripts go without a table. */
const MAX_TABLE_ENTRIES = 2 ** 20

/** Of equal texts the first one counts. */
export function buildWordAutomaton(texts: readonly IndexedText[]): FindFirst {
  const { children, words, classOf, classCount } = buildWordTree(texts)
  const count = children.length
  const steps = count * classCount <= MAX_TABLE_ENTRIES ? new Int32Array(count * classCount) : null
  const suffix = new Int32Array(count)
  /** The nearest state, by way of suffixes and itself, in which a word ends; ROOT when there is none. */
  const ending = new Int32Array(count)
  const shorterEnding = new Int32Array(count)
  const queue = [ROOT]
  for (const state of queue) {
    steps?.copyWithin(state * classCount, suffix[state]! * classCount, (suffix[state]! + 1) * classCount)
    for (const [symbolClass, next] of children[state]!) {
      suffix[next] = state === ROOT ? ROOT : stepBySuffixes(suffix[state]!, symbolClass)
      if (steps) steps[state * classCount + symbolClass] = next
      queue.push(next)
    }
    shorterEnding[state] = ending[suffix[state]!]!
    ending[state] = words[state] === undefined ? shorterEnding[state]! : state
  }

  const spaceClass = classOf(SPACE)
  /** Classes of the code units that need no normalizing: fold, white space and class in one look. */
  const near = Uint16Array.from({ length: FIRST_COMBINING }, (_, unit) => classOf(wordFolds[unit]!))

  if (count === 1) return () => NO_TRIGGER
  return steps === null ? (subject) => findSlowly(normalize(subject)) : findFast

  function findFast(subject: string): number {
    const table = steps!
    let found = NO_TRIGGER
    let state = ROOT
    let previous = OTHER
    for (let place = 0; place < subject.length; place++) {
      const unit = subject.charCodeAt(place)
      if (unit >= FIRST_COMBINING) return findSlowly(normalize(subject))
      const symbolClass = near[unit]!
      if (symbolClass === spaceClass && previous === spaceClass && symbolClass !== OTHER) continue
      previous = symbolClass
      state = table[state * classCount + symbolClass]!
      if (ending[state] !== ROOT) found = firstEnding(subject, place, state, found)
    }
    return found
  }

  function findSlowly(subject: string): number {
    let found = NO_TRIGGER
    let state = ROOT
    let previous = -1
    for (let place = 0; place < subject.length; place++) {
      const symbol = wordFolds[subject.charCodeAt(place)]!
      if (symbol === SPACE && previous === SPACE) continue
      previous = symbol
      state = stepBySuffixes(state, classOf(symbol))
      if (ending[state] !== ROOT) found = firstEnding(subject, place, state, found)
    }
    return found
  }

  function stepBySuffixes(from: number, symbolClass: number): number {
    for (let state = from; ; state = suffix[state]!) {
      const next = children[state]!.get(symbolClass)
      if (next !== undefined) return next
      if (state === ROOT) return ROOT
    }
  }

  /** The smallest index, `found` included, of the words that end at `place` and have their borders there. */
  function firstEnding(subject: string, place: number, state: number, found: number): number {
    let first = found
    for (let end = ending[state]!; end !== ROOT; end = shorterEnding[end]!) {
      const word = words[end]!
      if (word.index >= first) continue
      if (word.guardedAfter && place + 1 < subject.length && isLetterAt(subject, place + 1)) continue
      if (word.guardedBefore && isLetterBefore(subject, startOf(subject, place, word.length))) continue
      first = word.index
    }
    return first
  }
}

/** Where the word of so many symbols begins that ends at `place`. */
function startOf(subject: string, place: number, length: number): number {
  let start = place
  for (let left = length - 1; left > 0; left--) {
    start--
    if (!isSpaceAt(subject, start)) continue
    while (start > 0 && isSpaceAt(subject, start - 1)) start--
  }
  return start
}

function isSpaceAt(subject: string, place: number): boolean {
  return wordFolds[subject.charCodeAt(place)] === SPACE
}

function buildWordTree(texts: readonly IndexedText[]) {
  const classes = new Map<number, number>()
  const children: Map<number, number>[] = [new Map()]
  const words: (Word | undefined)[] = [undefined]
  for (const { text: given, index } of texts) {
    const text = normalize(given.trim())
    const symbols = symbolsOf(text)
    let state = ROOT
    for (const symbol of symbols) {
      const symbolClass = classes.get(symbol) ?? classes.size + 1
      classes.set(symbol, symbolClass)
      let next = children[state]!.get(symbolClass)
      if (next === undefined) {
        next = children.push(new Map()) - 1
        children[state]!.set(symbolClass, next)
      }
      state = next
    }
    words[state] ??= {
      index,
      length: symbols.length,
      guardedBefore: isLetterAt(text, 0),
      guardedAfter: isLetterBefore(text, text.length)
    }
  }
  return {
    children,
    words,
    classOf: (symbol: number) => classes.get(symbol) ?? OTHER,
    classCount: classes.size + 1
  }
}

function symbolsOf(text: string): number[] {
  const symbols: number[] = []
  for (const unit of unitsOf(text)) {
    const symbol = wordFolds[unit]!
    if (symbol !== SPACE || symbols.at(-1) !== SPACE) symbols.push(symbol)
  }
  return symbols
}
