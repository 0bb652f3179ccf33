/** Finds the first of many triggers that a subject (or a category) meets, in one pass however many there are. */

import { NO_TRIGGER, type Trigger, type TriggerMatch } from '../rule-set.ts'
import { foldCase, isEmptyText } from './case-folding.ts'
import { buildPrefixTree } from './prefix-tree.ts'
import { buildWordAutomaton } from './word-automaton.ts'
import { compileWordFilter } from './word-filter.ts'

export interface Matcher {
  /** False: the subject, as it was given, is normalized, has neither mark nor tag, and meets no `word`. */
  mayMatch(subject: string): boolean
  /** The index of the first trigger that is met, or NO_TRIGGER. The subject is normalized (`normalize`). */
  find(subject: string, categories: readonly string[]): number
  /** The same of a subject of which `mayMatch` is false. */
  findWithoutWords(subject: string, categories: readonly string[]): number
}

/** Compiles triggers. Their text is literal throughout; the cost is linear in it, and so is that of matching. */
export function compileTriggers(triggers: readonly Trigger[]): Matcher {
  const textsOf = (match: TriggerMatch) =>
    triggers
      .map((trigger, index) => ({ ...trigger, index }))
      .filter((trigger) => trigger.match === match && !isEmptyText(trigger.text))
  const firstWord = buildWordAutomaton(textsOf('word'))
  const firstPrefix = buildPrefixTree(textsOf('prefix'))
  const byCategory = new Map<string, number>()
  for (const { text, index } of textsOf('category').reverse()) byCategory.set(foldCase(text), index)

  const withCategories = (found: number, categories: readonly string[]) => {
    let first = found
    if (byCategory.size === 0) return first
    for (const category of categories) {
      first = Math.min(first, byCategory.get(foldCase(category)) ?? NO_TRIGGER)
    }
    return first
  }
  return {
    mayMatch: compileWordFilter(textsOf('word')),
    find: (subject, categories) =>
      withCategories(Math.min(firstWord(subject), firstPrefix(subject)), categories),
    findWithoutWords: (subject, categories) => withCategories(firstPrefix(subject), categories)
  }
}
