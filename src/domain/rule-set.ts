/** The rules by which a tenant's events become diversions. What they mean is in decide.ts and timeline.ts. */
import type { BusyStatus } from './calendar-event.ts'
import { AVAILABLE, type Diversion, type Phone } from './diversion.ts'
import { normalizeNumber } from './forward-target.ts'
import { isEmptyText } from './matching/case-folding.ts'

export const triggerMatches = ['prefix', 'word', 'category'] as const
export type TriggerMatch = (typeof triggerMatches)[number]

/** What a user writes in an event to be diverted. `text` is literal, never a pattern. */
export interface Trigger {
  readonly match: TriggerMatch
  readonly text: string
  readonly diversion: string
  /** Overrules the diversion's own: Trio's `MÖT;` shows the meeting and leaves the phone open. */
  readonly phone?: Phone
}

/** The index of no trigger: larger than any, so that the smallest index is the first match. */
export const NO_TRIGGER = 0x7fffffff

/** The busy statuses that a RuleSet maps; `unknown` is read as `busy`. */
export type MappedStatus = Exclude<BusyStatus, 'unknown'>
export const mappedStatuses: readonly MappedStatus[] = [
  'free',
  'tentative',
  'busy',
  'oof',
  'workingElsewhere'
]

export const privatePolicies = ['match', 'availability-only', 'ignore'] as const
export const allDayPolicies = ['trigger-or-oof', 'divert', 'ignore'] as const
export const invitationPolicies = ['accepted', 'all'] as const
export const forwardPolicies = ['off', 'listed'] as const

export interface RuleSet {
  /** The catalogue, highest first: where events overlap the higher one wins. */
  readonly diversions: readonly Diversion[]
  /** In order: the first that matches wins. */
  readonly triggers: readonly Trigger[]
  /** The diversion that a busy status alone gives, or null for "does not divert". */
  readonly availability: Readonly<Record<MappedStatus, string | null>>
  readonly private: (typeof privatePolicies)[number]
  readonly allDay: (typeof allDayPolicies)[number]
  readonly invitations: (typeof invitationPolicies)[number]
  /** Whether a number in a subject (`>0701234567`) may set where calls go. */
  readonly forwardTargets: (typeof forwardPolicies)[number]
  /** How such a number must begin, as E.164 or as an extension. */
  readonly forwardAllowed: readonly string[]
  /** They stand before `triggers`, so that one more word does not mean restating a pack's twenty. */
  readonly extraTriggers: readonly Trigger[]
  /** The diversion that is shown in place of sensitive ones to those who may not see them. */
  readonly maskedAs: string
}

/** What holds where neither a pack nor an operator states a member. The catalogue has no such thing. */
export const unstatedRules: Omit<RuleSet, 'diversions'> = {
  triggers: [],
  availability: { free: null, tentative: null, busy: null, oof: null, workingElsewhere: null },
  private: 'match',
  allDay: 'trigger-or-oof',
  invitations: 'accepted',
  forwardTargets: 'off',
  forwardAllowed: [],
  extraTriggers: [],
  maskedAs: 'out-of-office'
}

/** All of the RuleSet's triggers in their order: what a Cause's `index` counts in. */
export function allTriggers(rules: Pick<RuleSet, 'extraTriggers' | 'triggers'>): readonly Trigger[] {
  return rules.extraTriggers.length === 0 ? rules.triggers : [...rules.extraTriggers, ...rules.triggers]
}

/** A fault in rules, with the place of it as `triggers/3/diversion`. */
export interface RuleFault {
  readonly field: string
  readonly message: string
}

/** Why a trigger cannot be used, or nothing. Shared by RuleSets and by users' own triggers. */
export function validateTriggers(
  triggers: readonly Trigger[],
  diversions: readonly Diversion[],
  field = 'triggers'
): RuleFault[] {
  const codes = new Set(diversions.map((diversion) => diversion.code))
  return triggers.flatMap((trigger, index) => {
    const faults: RuleFault[] = []
    if (isEmptyText(trigger.text)) {
      faults.push({ field: `${field}/${index}/text`, message: 'is empty: write the text that diverts' })
    } else if (!trigger.text.isWellFormed()) {
      faults.push({ field: `${field}/${index}/text`, message: 'holds half a character (a lone surrogate)' })
    }
    if (trigger.diversion === AVAILABLE && trigger.phone === 'closed') {
      faults.push({ field: `${field}/${index}/phone`, message: 'cannot be closed for "available"' })
    }
    if (!codes.has(trigger.diversion)) {
      faults.push({
        field: `${field}/${index}/diversion`,
        message: `names "${trigger.diversion}", which the catalogue lacks`
      })
    }
    return faults
  })
}

/** Everything that is wrong with a RuleSet beyond its shape; empty when it can be used. */
export function validateRuleSet(rules: RuleSet): RuleFault[] {
  const faults: RuleFault[] = []
  const seen = new Set<string>()
  rules.diversions.forEach((diversion, index) => {
    if (seen.has(diversion.code)) {
      faults.push({ field: `diversions/${index}/code`, message: `"${diversion.code}" stands twice` })
    }
    seen.add(diversion.code)
    if (diversion.code === AVAILABLE && diversion.phone !== 'open') {
      faults.push({ field: `diversions/${index}/phone`, message: 'must be open for "available"' })
    }
    if (diversion.code === AVAILABLE && diversion.sensitive) {
      faults.push({ field: `diversions/${index}/sensitive`, message: 'cannot be true for "available"' })
    }
  })
  if (!seen.has(AVAILABLE)) {
    faults.push({ field: 'diversions', message: 'lacks "available", which holds when nothing else does' })
  }
  for (const status of mappedStatuses) {
    const code = rules.availability[status]
    if (code !== null && !seen.has(code)) {
      faults.push({ field: `availability/${status}`, message: `names "${code}", which the catalogue lacks` })
    }
  }
  rules.forwardAllowed.forEach((prefix, index) => {
    if (normalizeNumber(prefix) === null) {
      faults.push({
        field: `forwardAllowed/${index}`,
        message: 'is no beginning of a number: write digits, with a + first for E.164, as in +4670 or 10'
      })
    }
  })
  return [
    ...faults,
    ...validateMask(rules),
    ...validateTriggers(rules.extraTriggers, rules.diversions, 'extraTriggers'),
    ...validateTriggers(rules.triggers, rules.diversions)
  ]
}

/** A catalogue in which nothing is sensitive needs no stand-in: the one that is not stated may be missing. */
function validateMask({ diversions, maskedAs }: RuleSet): RuleFault[] {
  const sensitive = diversions.filter((diversion) => diversion.sensitive)
  const shown = diversions.find(({ code }) => code === maskedAs)
  const fault = (message: string) => [{ field: 'maskedAs', message }]
  if (shown === undefined) {
    if (sensitive.length === 0 && maskedAs === unstatedRules.maskedAs) return []
    return fault(
      `is "${maskedAs}", which the catalogue lacks: write the code that sensitive diversions are shown as`
    )
  }
  if (maskedAs === AVAILABLE) return fault('cannot be "available": write a code that diverts')
  return shown.sensitive ? fault(`is "${maskedAs}", which is sensitive itself: write another code`) : []
}
