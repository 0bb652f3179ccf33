/** Which of many literal beginnings does a subject have, after white space, reply marks and tags, case ignored? */
import type { Steps } from '../../lib/steps.ts'
import { NO_TRIGGER } from '../rule-set.ts'
import { isLetterBefore, normalize, SPACE, skipSpace, unitAt, unitsOf, wordFolds } from './case-folding.ts'
import { afterMark } from './subject-start.ts'
import type { FindFirst, IndexedText } from './word-automaton.ts'

interface Node {
  index: number
  readonly next: Map<number, Node>
  /** Of texts whose own sign (`HEM:`) begins here, null where none does: white space before it in the subject does not matter. */
  sign: Map<number, Node> | null
}

/** The smallest index of the texts that the normalized subject begins with. Of equal texts the first one counts. */
export function* buildPrefixTree(texts: readonly IndexedText[]): Steps<FindFirst> {
  const root = newNode()
  for (const text of texts) {
    addText(root, text)
    yield
  }
  if (root.next.size === 0 && root.sign === null) return () => NO_TRIGGER
  return findIn(root)
}

function findIn(root: Node): FindFirst {
  return (subject) => {
    // A prefix may stand after any run of marks, also after none: `VS:` itself can be a trigger.
    let first = NO_TRIGGER
    for (let at = skipSpace(subject, 0); at !== -1; at = afterMark(subject, at)) {
      first = Math.min(first, matchAt(root, subject, at))
    }
    return first
  }
}

function addText(root: Node, { text, index }: IndexedText): void {
  const { words, sign } = splitSign(text)
  let node = root
  for (const unit of unitsOf(words)) node = childOf(node.next, wordFolds[unit]!)
  for (const [place, unit] of [...unitsOf(sign)].entries()) {
    if (place === 0) node.sign ??= new Map()
    node = childOf(place === 0 ? node.sign! : node.next, wordFolds[unit]!)
  }
  node.index = Math.min(node.index, index)
}

/** The sign is what the text ends in that is neither letter nor white space. Any run of white space is one space. */
function splitSign(given: string): { words: string; sign: string } {
  const text = normalize(given)
    .replace(/^\p{White_Space}+/u, '')
    .replace(/\p{White_Space}+/gu, ' ')
  let end = text.length
  while (end > 0 && text[end - 1] !== ' ' && !isLetterBefore(text, end)) end--
  const words = text.slice(0, end)
  return end === text.length ? { words, sign: '' } : { words: words.trimEnd(), sign: text.slice(end) }
}

function newNode(): Node {
  return { index: NO_TRIGGER, next: new Map(), sign: null }
}

function childOf(edges: Map<number, Node>, symbol: number): Node {
  const known = edges.get(symbol)
  if (known !== undefined) return known
  const made = newNode()
  edges.set(symbol, made)
  return made
}

function matchAt(from: Node, subject: string, start: number): number {
  let first = NO_TRIGGER
  let node: Node | undefined = from
  let at = start
  while (node !== undefined) {
    if (node.index < first) first = node.index
    const afterSpace = skipSpace(subject, at)
    if (node.sign !== null && afterSpace < subject.length) {
      const signed = node.sign.get(wordFolds[unitAt(subject, afterSpace)]!)
      // A sign holds neither signs of its own nor white space: this goes no deeper.
      if (signed !== undefined) first = Math.min(first, matchAt(signed, subject, afterSpace + 1))
    }
    if (at >= subject.length) break
    node = node.next.get(afterSpace > at ? SPACE : wordFolds[unitAt(subject, at)]!)
    at = Math.max(afterSpace, at + 1)
  }
  return first
}
