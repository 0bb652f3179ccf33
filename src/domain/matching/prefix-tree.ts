/** Which of many literal beginnings does a subject have, after white space and reply marks, case ignored? */

import { NO_TRIGGER } from '../rule-set.ts'
import { FIRST_COMBINING, foldOf, isLetterUnit, isSpaceUnit, normalize, unitsOf } from './case-folding.ts'
import type { FindFirst, IndexedText } from './word-automaton.ts'

interface Node {
  index: number
  readonly next: Map<number, Node>
}

/** Marks that mail programs put before a subject: Swedish, Danish, Norwegian, Finnish and English. */
const replyMark = /(?:RE|SV|VS|FWD?|VB|TR|VL):\s*/iuy

/** The smallest index of the texts that the subject begins with. Of equal texts the first one counts. */
export function buildPrefixTree(texts: readonly IndexedText[]): FindFirst {
  const root = buildTree(texts)
  if (root.next.size === 0) return () => NO_TRIGGER
  return (subject) => {
    const text = needsNormalizing(subject) ? normalize(subject) : subject
    let at = 0
    while (isSpaceUnit(text.charCodeAt(at))) at++
    // A prefix may stand after any run of marks, also after none: `VS:` itself can be a trigger.
    let first = matchAt(root, text, at)
    while (isLetterUnit(text.charCodeAt(at))) {
      replyMark.lastIndex = at
      if (!replyMark.test(text)) break
      at = replyMark.lastIndex
      first = Math.min(first, matchAt(root, text, at))
    }
    return first
  }
}

function buildTree(texts: readonly IndexedText[]): Node {
  const root: Node = { index: NO_TRIGGER, next: new Map() }
  for (const { text, index } of texts) {
    let node = root
    for (const unit of unitsOf(normalize(text.trimStart()))) {
      const fold = foldOf(unit)
      let next = node.next.get(fold)
      if (next === undefined) {
        next = { index: NO_TRIGGER, next: new Map() }
        node.next.set(fold, next)
      }
      node = next
    }
    node.index = Math.min(node.index, index)
  }
  return root
}

function matchAt(root: Node, text: string, at: number): number {
  let first = NO_TRIGGER
  let node: Node | undefined = root
  for (let place = at; place < text.length; place++) {
    node = node.next.get(foldOf(text.charCodeAt(place)))
    if (node === undefined) break
    if (node.index < first) first = node.index
  }
  return first
}

function needsNormalizing(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) >= FIRST_COMBINING) return true
  }
  return false
}
