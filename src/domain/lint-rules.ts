/** What in a RuleSet is allowed and hardly meant: triggers that never fire, everyday words, near misses, missing labels. */
import { runAtOnce, type Steps } from '../lib/steps.ts'
import { type Diversion, hasLabel } from './diversion.ts'
import { everydayWords } from './everyday-words.ts'
import { foldCase, isEmptyText } from './matching/case-folding.ts'
import { isCancelledSubject } from './matching/subject-start.ts'
import { compileTriggersInSteps, type Matcher } from './matching/trigger-matcher.ts'
import type { RuleSet, Trigger, TriggerMatch } from './rule-set.ts'

export const lintCodes = ['never_fires', 'everyday_word', 'near_miss', 'label_missing'] as const
export type LintCode = (typeof lintCodes)[number]

export interface LintFinding {
  readonly code: LintCode
  /** The place of it, as `triggers/3` or `diversions/0/labels`. */
  readonly field: string
  /** The place of the other trigger that it is about: the one that takes its events, or the one that it nearly is. */
  readonly other: string | null
  readonly message: string
}

interface Placed {
  readonly trigger: Trigger
  readonly field: string
}

/** `language` is the tenant's: labels are asked for in it. The rules are valid (`validateRuleSet`). */
export function lintRules(rules: RuleSet, language: string): LintFinding[] {
  return runAtOnce(lintInSteps(rules, language))
}

/** The same, trigger by trigger, so that the caller can yield the event loop between two of thousands. */
export function* lintInSteps(rules: RuleSet, language: string): Steps<LintFinding[]> {
  const placed: Placed[] = [
    ...rules.extraTriggers.map((trigger, index) => ({ trigger, field: `extraTriggers/${index}` })),
    ...rules.triggers.map((trigger, index) => ({ trigger, field: `triggers/${index}` }))
  ]
  return [
    ...(yield* findNeverFiring(placed)),
    ...findEverydayWords(placed),
    ...(yield* findNearMisses(placed)),
    ...findMissingLabels(rules.diversions, language)
  ]
}

/** One matcher for all triggers of a kind: each text is put to it, and what it finds first is what takes its events. */
function* findNeverFiring(placed: readonly Placed[]): Steps<LintFinding[]> {
  const matcherOf = (match: TriggerMatch): Steps<Matcher> =>
    compileTriggersInSteps(
      placed.map(({ trigger }) => (trigger.match === match ? trigger : { ...trigger, text: '' }))
    )
  const matchers = {
    word: yield* matcherOf('word'),
    prefix: yield* matcherOf('prefix'),
    category: yield* matcherOf('category')
  }
  const findings: LintFinding[] = []
  for (const [index, { trigger, field }] of placed.entries()) {
    yield
    const { match, text } = trigger
    if (match === 'prefix' && isCancelledSubject(foldCase(text))) {
      const message = `"${text}" never fires: events whose subject begins so are cancelled`
      findings.push({ code: 'never_fires', field, other: null, message })
      continue
    }
    const taker = findTaker(trigger, matchers)
    const first = placed[taker]
    if (first === undefined || taker >= index) continue
    const message = `"${text}" never fires: "${first.trigger.text}" stands before it and takes all its events`
    findings.push({ code: 'never_fires', field, other: first.field, message })
  }
  return findings
}

/** The index of the first trigger that matches whatever the trigger matches; it may be the trigger itself. */
function findTaker({ match, text }: Trigger, matchers: Readonly<Record<TriggerMatch, Matcher>>): number {
  const subject = foldCase(text)
  if (match === 'category') return matchers.category.find('', [text])
  if (match === 'word') return matchers.word.find(subject, [])
  // Anything may follow a prefix, a letter too.
  const word = matchers.word.find(`${subject}x`, [])
  const isTaken = word === matchers.word.find(`${subject}y`, []) && word === matchers.word.find(subject, [])
  const prefix = matchers.prefix.find(subject, [])
  return isTaken ? Math.min(word, prefix) : prefix
}

function findEverydayWords(placed: readonly Placed[]): LintFinding[] {
  return placed.flatMap(({ trigger: { match, text }, field }): LintFinding[] => {
    const language = match === 'category' ? undefined : everydayWords.get(foldCase(text.trim()))
    if (language === undefined) return []
    const message = `"${text}" is an everyday word (${language}), and many a subject has it: add a sign, as in "${text.trim()}:"`
    return [{ code: 'everyday_word', field, other: null, message }]
  })
}

/** White space before the sign, letters in the wrong order, and in words of five letters or more one letter's difference. */
function* findNearMisses(placed: readonly Placed[]): Steps<LintFinding[]> {
  const findings: LintFinding[] = []
  const seen = new Map<string, { word: string; text: string; field: string }[]>()
  for (const { trigger, field } of placed) {
    yield
    if (trigger.match !== 'prefix' || isEmptyText(trigger.text)) continue
    const { text } = trigger
    const spaced = /\p{White_Space}+([^\p{L}\p{N}\p{M}\p{White_Space}]+)$/u.exec(text)
    if (spaced !== null) {
      const tight = `${text.slice(0, spaced.index)}${spaced[1]}`
      const message = `"${text}" has white space before its sign, which is matched as "${tight}": write it so`
      findings.push({ code: 'near_miss', field, other: null, message })
    }
    const word = foldCase(text).replace(/\p{White_Space}+/gu, '')
    if (word.length > MAX_WORD_LENGTH) continue
    const variants = variantsOf(word)
    const candidates = variants.flatMap((variant) => seen.get(variant) ?? [])
    const near = candidates.find((other) => isNearMiss(word, other.word))
    if (near !== undefined) {
      const message = `"${text}" is nearly "${near.text}": if one is a slip of the pen, remove it`
      findings.push({ code: 'near_miss', field, other: near.field, message })
    }
    for (const variant of variants) {
      const those = seen.get(variant)
      if (those === undefined) seen.set(variant, [{ word, text, field }])
      else if (those.length < MAX_CANDIDATES) those.push({ word, text, field })
    }
  }
  return findings
}

/** Longer texts are sentences, which no typing error turns into another trigger. */
const MAX_WORD_LENGTH = 40
/** Of the words that share a variant the first are enough to find one that is near. */
const MAX_CANDIDATES = 8

/** The word, and the word without each of its characters: words that differ by one share one of these. */
function variantsOf(word: string): string[] {
  return [word, ...Array.from(word, (_, index) => word.slice(0, index) + word.slice(index + 1))]
}

const MIN_LETTERS = 5

function isNearMiss(one: string, other: string): boolean {
  if (one === other || lettersOf(one) === lettersOf(other)) return false
  if (isTransposed(one, other)) return true
  return Math.min(lettersOf(one).length, lettersOf(other).length) >= MIN_LETTERS && isOneEdit(one, other)
}

function lettersOf(word: string): string {
  return word.replace(/[^\p{L}\p{N}\p{M}]+/gu, '')
}

function isTransposed(one: string, other: string): boolean {
  if (one.length !== other.length) return false
  let at = 0
  while (one[at] === other[at]) at++
  return one[at] === other[at + 1] && one[at + 1] === other[at] && one.slice(at + 2) === other.slice(at + 2)
}

function isOneEdit(one: string, other: string): boolean {
  const [shorter, longer] = one.length <= other.length ? [one, other] : [other, one]
  if (longer.length - shorter.length > 1) return false
  let at = 0
  while (at < shorter.length && shorter[at] === longer[at]) at++
  return shorter.slice(shorter.length === longer.length ? at + 1 : at) === longer.slice(at + 1)
}

function findMissingLabels(diversions: readonly Diversion[], language: string): LintFinding[] {
  return diversions.flatMap((diversion, index): LintFinding[] => {
    if (hasLabel(diversion, language)) return []
    const message = `"${diversion.code}" has no label in the tenant's language, "${language}": another language's is shown`
    return [{ code: 'label_missing', field: `diversions/${index}/labels`, other: null, message }]
  })
}
