/**
 * Finds whole words among many in one pass: the automaton of Aho and Corasick (CACM 18(6), 1975) over case-folded
 * characters, with any run of white space as one space. A word whose first character is a letter can begin only where no
 * letter stands before; the automaton knows that from its state, so that most of a subject is passed over letter by letter.
 */

import type { Steps } from '../../lib/steps.ts'
import { NO_TRIGGER } from '../rule-set.ts'
import { FIRST_COMBINING, isLetterAt, letters, normalize, SPACE, unitAt, wordFolds } from './case-folding.ts'

export interface IndexedText {
  readonly text: string
  readonly index: number
}

/** The smallest index of the texts that the normalized subject has, or NO_TRIGGER. */
export type FindFirst = (subject: string) => number

/** The classes of characters that no trigger has. */
const OTHER = 0
const OTHER_LETTER = 1
const SPACE_CLASS = 2

/** Entries: 4 MB. Sixty triggers need some 20,000; thousands of long ones in many scripts go without a table. */
const MAX_TABLE_ENTRIES = 2 ** 20

interface State {
  readonly next: Map<number, State>
  /** The longest proper end of what was seen that is a beginning of a word too. */
  suffix: State | null
  readonly endsInSpace: boolean
  /** The trigger whose text ends here; of equal texts the first. */
  index: number
  /** Whether the text's last character is a letter, so that none may follow. */
  guardedAfter: boolean
  /** The nearest state, by way of suffixes and this one itself, in which a text ends. */
  ending: State | null
  /** Its number in the table; states with an ending have the highest. */
  number: number
}

/** States that are worked on in one step. */
const STATES_PER_STEP = 32

export function* buildWordAutomaton(texts: readonly IndexedText[]): Steps<FindFirst> {
  if (texts.length === 0) return () => NO_TRIGGER
  const automaton = new Automaton()
  yield* automaton.addAll(texts)
  const table = yield* automaton.buildTable()
  return table === null ? (subject) => automaton.find(subject) : findByTable(automaton, table)
}

function findByTable(automaton: Automaton, table: StepTable): FindFirst {
  const { steps, classes, withinRow, firstEndingRow, endings } = table
  return (subject) => {
    let found = NO_TRIGGER
    let row = 0
    for (let at = 0; at < subject.length; at++) {
      const unit = unitAt(subject, at)
      if (unit >= FIRST_COMBINING) return automaton.find(subject)
      row = steps[row + classes[unit]!]!
      if (row === withinRow) {
        // The rest of a word that is none of the triggers'.
        while (at + 1 < subject.length && letters[unitAt(subject, at + 1)] === 1) at++
      } else if (row >= firstEndingRow) {
        found = automaton.firstEnding(endings[row]!, subject, at + 1, found)
      }
    }
    return found
  }
}

interface StepTable {
  readonly steps: Int32Array
  readonly classes: Uint16Array
  readonly withinRow: number
  readonly firstEndingRow: number
  /** By row. */
  readonly endings: readonly (State | undefined)[]
}

class Automaton {
  /** Nothing of a word was seen, and no letter stands before: any word may begin. */
  readonly #start = newState(false)
  /** Nothing of a word was seen, and a letter stands before: only what does not begin with a letter may begin. */
  readonly #within = newState(false)
  /** All states, so that each comes after the shorter ones that it depends on. */
  readonly #shortestFirst: State[] = [this.#start, this.#within]
  readonly #classes = new Map<number, number>([[SPACE, SPACE_CLASS]])
  /** By class: whether its characters are letters. */
  readonly #isLetter: boolean[] = [false, true, false]

  #add(text: string, index: number): void {
    const symbols = symbolsOf(text.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, ''))
    let state = this.#start
    for (const { symbol, isLetter } of symbols) {
      let symbolClass = this.#classes.get(symbol)
      if (symbolClass === undefined) {
        symbolClass = this.#isLetter.push(isLetter) - 1
        this.#classes.set(symbol, symbolClass)
      }
      let next = state.next.get(symbolClass)
      if (next === undefined) {
        next = newState(symbol === SPACE)
        state.next.set(symbolClass, next)
      }
      state = next
    }
    if (state === this.#start || state.index <= index) return
    state.index = index
    state.guardedAfter = symbols.at(-1)!.isLetter
  }

  /** To be called once. */
  *addAll(texts: readonly IndexedText[]): Steps<void> {
    for (const { text, index } of texts) {
      this.#add(normalize(text), index)
      yield
    }
    yield* this.#linkSuffixes()
  }

  /** Breadth first, so that shorter states are linked before those that lead to them. */
  *#linkSuffixes(): Steps<void> {
    const queue = this.#shortestFirst
    let linked = 0
    for (const state of queue) {
      if (++linked % STATES_PER_STEP === 0) yield
      for (const [symbolClass, next] of state.next) {
        const root = this.#isLetter[symbolClass] === true ? this.#within : this.#start
        next.suffix = state === this.#start ? root : this.#step(state.suffix!, symbolClass)
        next.ending = next.index === NO_TRIGGER ? next.suffix.ending : next
        queue.push(next)
      }
    }
  }

  #step(from: State, symbolClass: number): State {
    const isLetter = this.#isLetter[symbolClass] === true
    for (let state = from; ; state = state.suffix!) {
      if (state === this.#start || state === this.#within) {
        const begun = state === this.#within && isLetter ? undefined : this.#start.next.get(symbolClass)
        return begun ?? (isLetter ? this.#within : this.#start)
      }
      const next = state.next.get(symbolClass)
      if (next !== undefined) return next
      if (state.endsInSpace && symbolClass === SPACE_CLASS) return state
    }
  }

  /** For subjects of any characters. */
  find(subject: string): number {
    let found = NO_TRIGGER
    let state = this.#start
    let end = 0
    for (const { symbol, isLetter, length } of symbolsIn(subject)) {
      end += length
      state = this.#step(state, this.#classes.get(symbol) ?? (isLetter ? OTHER_LETTER : OTHER))
      if (state.ending !== null) found = this.firstEnding(state.ending, subject, end, found)
    }
    return found
  }

  /** The smallest index, `found` included, of the texts that end at `end` and may end there. */
  firstEnding(from: State, subject: string, end: number, found: number): number {
    const isLetterAfter = end < subject.length && isLetterAt(subject, end)
    let first = found
    for (let state: State | null = from; state !== null; state = state.suffix?.ending ?? null) {
      if (state.index < first && !(state.guardedAfter && isLetterAfter)) first = state.index
    }
    return first
  }

  /** For subjects of characters below FIRST_COMBINING, a row of steps by class for each state; null if it were too large. */
  *buildTable(): Steps<StepTable | null> {
    const width = this.#isLetter.length
    if (this.#shortestFirst.length * width > MAX_TABLE_ENTRIES) return null
    const isEnding = ({ ending }: State) => ending !== null
    const ordered = [
      ...this.#shortestFirst.filter((state) => !isEnding(state)),
      ...this.#shortestFirst.filter(isEnding)
    ]
    ordered.forEach((state, number) => {
      state.number = number
    })
    const steps = new Int32Array(ordered.length * width)
    const endings: (State | undefined)[] = []
    let filled = 0
    for (const state of this.#shortestFirst) {
      if (++filled % STATES_PER_STEP === 0) yield
      const row = state.number * width
      if (state.ending !== null) endings[row] = state.ending
      if (state.suffix === null) {
        for (let symbolClass = 0; symbolClass < width; symbolClass++) {
          steps[row + symbolClass] = this.#step(state, symbolClass).number * width
        }
        continue
      }
      // Where a state leads nowhere of its own, it leads where its suffix does.
      const suffixRow = state.suffix.number * width
      steps.copyWithin(row, suffixRow, suffixRow + width)
      if (state.endsInSpace) steps[row + SPACE_CLASS] = row
      for (const [symbolClass, next] of state.next) steps[row + symbolClass] = next.number * width
    }
    const classes = Uint16Array.from({ length: FIRST_COMBINING }, (_, unit) => {
      return this.#classes.get(wordFolds[unit]!) ?? (letters[unit] === 1 ? OTHER_LETTER : OTHER)
    })
    const firstEndingRow = ordered.findIndex(isEnding) * width
    return { steps, classes, withinRow: this.#within.number * width, firstEndingRow, endings }
  }
}

function newState(endsInSpace: boolean): State {
  return {
    next: new Map(),
    suffix: null,
    endsInSpace,
    index: NO_TRIGGER,
    guardedAfter: false,
    ending: null,
    number: 0
  }
}

interface Symbol {
  /** The case-folded code point; any white space is SPACE. */
  readonly symbol: number
  readonly isLetter: boolean
  /** In code units. */
  readonly length: number
}

/** A run of white space is one. */
function symbolsOf(text: string): Symbol[] {
  const symbols: Symbol[] = []
  for (const one of symbolsIn(text)) {
    if (one.symbol !== SPACE || symbols.at(-1)?.symbol !== SPACE) symbols.push(one)
  }
  return symbols
}

function* symbolsIn(text: string): Generator<Symbol> {
  for (let at = 0; at < text.length; ) {
    const point = text.codePointAt(at)!
    const length = point > 0xffff ? 2 : 1
    yield { symbol: length === 2 ? point : wordFolds[point]!, isLetter: isLetterAt(text, at), length }
    at += length
  }
}
