/**
 * A regular expression that says of most subjects, at machine speed, that no word of many is in them. What it lets through is
 * put to the automaton, which decides: this may say yes too often, and never no wrongly (a law in the test).
 */
import { foldOf, isLetterAt, isLetterBefore, isSpaceUnit, normalize, unitAt } from './case-folding.ts'
import type { IndexedText } from './word-automaton.ts'

/** Whether the subject, as it was given, can have one of the words, a reply mark, a tag, or anything to normalize. */
export type MayMatch = (subject: string) => boolean

/** Longer subjects (Exchange allows 255 characters) go straight to the automaton, whose cost is linear. */
const MAX_SUBJECT_LENGTH = 512
/** Characters of all words together; an expression of many more would take long to compile. */
const MAX_TOTAL_LENGTH = 5_000

const LATIN1 = 0x100
/** All that needs a closer look: the colon of marks, the bracket of tags, `_` (it is in `\b` what it is not here), and U+00AD. */
const suspicious = '[^\\0-9;-Z\\\\-^`-\\xac\\xae-\\xff]'
const space = '[\\t-\\r \\x85\\xa0]+'
/** The letters, digits and marks below U+0100. */
const letter = `[0-9A-Za-z${escapeUnits([...Array(LATIN1).keys()].filter((unit) => unit > 0x7f && isLetterAt(String.fromCharCode(unit), 0)))}]`

/** By fold, a character below U+0100 that has it. */
const latin1ByFold = new Map(
  [...Array(LATIN1).keys()].reverse().map((unit) => [foldOf(unit), escapeUnits([unit])] as const)
)

interface Node {
  readonly next: Map<string, Node>
  /** What must follow where a word ends; null where none does. */
  end: string | null
}

export function compileWordFilter(texts: readonly IndexedText[]): MayMatch {
  if (texts.reduce((sum, { text }) => sum + text.length, 0) > MAX_TOTAL_LENGTH) return () => true
  // A word that begins with an ASCII letter can be looked for at word boundaries alone.
  const bounded: Node = { next: new Map(), end: null }
  const unbounded: Node = { next: new Map(), end: null }
  for (const { text } of texts) {
    const word = normalize(text).replace(/^\p{White_Space}+|\p{White_Space}+$/gu, '')
    const parts = toLatin1(word)
    if (parts !== null) addWord(/^[0-9a-z]/i.test(word) ? bounded : unbounded, parts, word)
  }
  const alternatives = [suspicious]
  if (bounded.next.size > 0) alternatives.push(`\\b${write(bounded)}`)
  if (unbounded.next.size > 0) alternatives.push(write(unbounded))
  // Without the flag `u`: characters that only `iu` holds equal are above U+00FF, and those are suspicious.
  const expression = new RegExp(alternatives.join('|'), 'i')
  return (subject) => subject.length > MAX_SUBJECT_LENGTH || expression.test(subject)
}

/** The word's characters as patterns; null where a subject below U+0100 cannot have it. */
function toLatin1(word: string): string[] | null {
  const parts: string[] = []
  for (let at = 0; at < word.length; at++) {
    const unit = unitAt(word, at)
    const part = isSpaceUnit(unit) ? space : latin1ByFold.get(foldOf(unit))
    if (part === undefined) return null
    if (part !== space || parts.at(-1) !== space) parts.push(part)
  }
  return parts
}

function addWord(root: Node, parts: readonly string[], word: string): void {
  let node = root
  for (const part of parts) {
    let next = node.next.get(part)
    if (next === undefined) {
      next = { next: new Map(), end: null }
      node.next.set(part, next)
    }
    node = next
  }
  node.end = isLetterBefore(word, word.length) ? `(?!${letter})` : ''
}

function write({ next, end }: Node): string {
  if (end === '') return ''
  const alternatives = [...next].map(([part, node]) => part + write(node))
  if (end !== null) alternatives.push(end)
  return alternatives.length === 1 ? alternatives[0]! : `(?:${alternatives.join('|')})`
}

function escapeUnits(units: readonly number[]): string {
  return units.map((unit) => `\\x${unit.toString(16).padStart(2, '0')}`).join('')
}
