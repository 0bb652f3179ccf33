/** What is different between two RuleSets: diversions by their code, triggers by what they match, everything else by its name. */
import type { RuleSet } from './rule-set.ts'

export const ruleChangeKinds = ['added', 'removed', 'changed', 'reordered'] as const

export interface RuleChange {
  /** `diversions`, `triggers`, `availability` and so on. */
  readonly member: string
  /** Which of them: a code, `word LUNCH`, a busy status; null where the member is one value, or is in another order. */
  readonly key: string | null
  readonly kind: (typeof ruleChangeKinds)[number]
  /** Null where it is new; of `reordered` the keys. */
  readonly before: unknown
  /** Null where it is gone; of `reordered` the keys. */
  readonly after: unknown
}

type Entries = ReadonlyMap<string, unknown>

/** In the order of the members. */
export function compareRules(before: RuleSet, after: RuleSet): RuleChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])] as (keyof RuleSet)[]
  return names.flatMap((member) => {
    const [one, other] = [entriesOf(before[member]), entriesOf(after[member])]
    if (one !== null && other !== null)
      return compareEntries(member, one, other, Array.isArray(before[member]))
    if (isSame(before[member], after[member])) return []
    const values = { before: before[member] ?? null, after: after[member] ?? null }
    return [{ member, key: null, kind: 'changed' as const, ...values }]
  })
}

function compareEntries(member: string, before: Entries, after: Entries, isList: boolean): RuleChange[] {
  const changes: RuleChange[] = []
  for (const [key, value] of before) {
    if (!after.has(key)) changes.push({ member, key, kind: 'removed', before: value, after: null })
    else if (!isSame(value, after.get(key)))
      changes.push({ member, key, kind: 'changed', before: value, after: after.get(key) })
  }
  for (const [key, value] of after) {
    if (!before.has(key)) changes.push({ member, key, kind: 'added', before: null, after: value })
  }
  // In a list the order decides; in a map it says nothing.
  const common = (one: Entries, other: Entries) => [...one.keys()].filter((key) => other.has(key))
  const [one, other] = [common(before, after), common(after, before)]
  if (isList && !isSame(one, other)) {
    changes.push({ member, key: null, kind: 'reordered', before: one, after: other })
  }
  return changes
}

/** Null: it is one value. */
function entriesOf(value: unknown): Entries | null {
  if (!Array.isArray(value)) {
    const isMap = typeof value === 'object' && value !== null
    return isMap ? new Map(Object.entries(value)) : null
  }
  const entries = new Map<string, unknown>()
  for (const item of value) {
    const key = keyOf(item)
    // Of two alike the first one counts: a second could never match.
    if (!entries.has(key)) entries.set(key, item)
  }
  return entries
}

function keyOf(item: unknown): string {
  if (typeof item !== 'object' || item === null) return String(item)
  const { code, match, text } = item as { code?: string; match?: string; text?: string }
  return code ?? (match === undefined ? JSON.stringify(item) : `${match} ${text}`)
}

/** Members of rules are JSON; their order says nothing. */
function isSame(one: unknown, other: unknown): boolean {
  return sortedText(one) === sortedText(other)
}

function sortedText(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner
  )
}
