/** Finds the first of many triggers that a subject (or a category) meets, in one pass however many there are. */
import { runAtOnce, type Steps } from '../../lib/steps.ts'
import { NO_TRIGGER, type Trigger, type TriggerMatch } from '../rule-set.ts'
import { foldCase, isEmptyText } from './case-folding.ts'
import { buildPrefixTree } from './prefix-tree.ts'
import { buildWordAutomaton, type FindFirst, type IndexedText } from './word-automaton.ts'
import { compileWordFilter, type MayMatch } from './word-filter.ts'

export interface Matcher {
  /** False: the subject, as it was given, is normalized, has neither mark nor tag, and meets no `word`. */
  mayMatch(subject: string): boolean
  /** The index of the first trigger that is met, or NO_TRIGGER. The subject is normalized (`normalize`). */
  find(subject: string, categories: readonly string[]): number
  /** The same of a subject of which `mayMatch` is false. */
  findWithoutWords(subject: string, categories: readonly string[]): number
}

/** Compiles triggers. Their text is literal throughout; the cost is linear in it, and so is that of matching. */
export function* compileTriggersInSteps(triggers: readonly Trigger[]): Steps<Matcher> {
  const texts: Record<TriggerMatch, IndexedText[]> = { word: [], prefix: [], category: [] }
  for (const [index, { match, text }] of triggers.entries()) {
    if (!isEmptyText(text)) texts[match].push({ text, index })
    yield
  }
  const firstWord = yield* buildWordAutomaton(texts.word)
  const firstPrefix = yield* buildPrefixTree(texts.prefix)
  const byCategory = new Map<string, number>()
  for (const { text, index } of texts.category) {
    const category = foldCase(text)
    if (!byCategory.has(category)) byCategory.set(category, index)
    yield
  }
  return createMatcher(firstWord, firstPrefix, byCategory, compileWordFilter(texts.word))
}

export function compileTriggers(triggers: readonly Trigger[]): Matcher {
  return runAtOnce(compileTriggersInSteps(triggers))
}

function createMatcher(
  firstWord: FindFirst,
  firstPrefix: FindFirst,
  byCategory: ReadonlyMap<string, number>,
  mayMatch: MayMatch
): Matcher {
  const withCategories = (found: number, categories: readonly string[]) => {
    let first = found
    if (byCategory.size === 0) return first
    for (const category of categories) {
      first = Math.min(first, byCategory.get(foldCase(category)) ?? NO_TRIGGER)
    }
    return first
  }
  return {
    mayMatch,
    find: (subject, categories) =>
      withCategories(Math.min(firstWord(subject), firstPrefix(subject)), categories),
    findWithoutWords: (subject, categories) => withCategories(firstPrefix(subject), categories)
  }
}
