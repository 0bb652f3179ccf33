/** What one event gives: a diversion by the first trigger that it meets, else by its busy status, else nothing. */
import { runAtOnce, type Steps } from '../lib/steps.ts'
import type { CalendarEvent, Span } from './calendar-event.ts'
import { AVAILABLE, type Phone } from './diversion.ts'
import { findForwardTarget, normalizePrefixes } from './forward-target.ts'
import { Mask } from './mask.ts'
import { normalize } from './matching/case-folding.ts'
import { isCancelledSubject } from './matching/subject-start.ts'
import { compileTriggers, compileTriggersInSteps, type Matcher } from './matching/trigger-matcher.ts'
import {
  allTriggers,
  type MappedStatus,
  mappedStatuses,
  NO_TRIGGER,
  type RuleSet,
  type Trigger
} from './rule-set.ts'
import type { Cause, TriggerSource } from './timeline.ts'
import { floorToSecond } from './whole-seconds.ts'

export interface Decision extends Span {
  readonly cause: Cause
  /** The event named a number to forward to, which the rules do not allow: it sets nothing. */
  readonly forwardRefused: boolean
}

/** Why an event gives nothing. */
export type NoDiversion =
  | 'cancelled'
  | 'declined'
  | 'zero-length'
  | 'private-ignored'
  | 'all-day-ignored'
  | 'all-day-without-trigger'
  | 'availability'

/** A RuleSet made ready. To be kept for as long as its version is in force. */
export interface CompiledRules {
  readonly rules: RuleSet
  readonly version: number
  readonly triggers: CompiledTriggers
  readonly mask: Mask
  /** A diversion's place in the catalogue; the highest is 0. */
  readonly rank: ReadonlyMap<string, number>
  readonly availability: Readonly<Record<MappedStatus, CausePair | null>>
  /** How a number to forward to must begin; null: no subject sets one. */
  readonly forwardAllowed: readonly string[] | null
}

/** A user's own triggers made ready, against one CompiledRules. */
export type UserTriggers = CompiledTriggers

interface CompiledTriggers {
  readonly matcher: Matcher
  /** By index; null for one whose diversion has left the catalogue. */
  readonly causes: readonly (CausePair | null)[]
}

/** The cause of an open event and that of a private one, made once so that a million intervals share them. */
interface CausePair {
  readonly open: Cause
  readonly private: Cause
}

export function compileRules(rules: RuleSet, version: number): CompiledRules {
  return runAtOnce(compileRulesInSteps(rules, version))
}

/** The same in steps: of thousands of triggers it takes 50 ms. */
export function* compileRulesInSteps(rules: RuleSet, version: number): Steps<CompiledRules> {
  const phones = new Map(rules.diversions.map(({ code, phone }) => [code, phone]))
  const byAvailability = (status: MappedStatus, index: number): CausePair | null => {
    const diversion = rules.availability[status]
    const phone = diversion === null ? undefined : phones.get(diversion)
    return diversion === null || phone === undefined
      ? null
      : makeCausePair({ diversion, phone, from: 'availability', index })
  }
  return {
    rules,
    version,
    triggers: yield* compile(allTriggers(rules), 'tenant', phones),
    mask: new Mask(rules),
    rank: new Map(rules.diversions.map(({ code }, index) => [code, index])),
    availability: Object.fromEntries(
      mappedStatuses.map((status, index) => [status, byAvailability(status, index)])
    ) as Record<MappedStatus, CausePair | null>,
    forwardAllowed: rules.forwardTargets === 'off' ? null : normalizePrefixes(rules.forwardAllowed)
  }
}

export function compileUserTriggers(triggers: readonly Trigger[], { rules }: CompiledRules): UserTriggers {
  if (triggers.length === 0) return noTriggers
  const phones = new Map(rules.diversions.map(({ code, phone }) => [code, phone]))
  return runAtOnce(compile(triggers, 'user', phones))
}

/** The decision for one event, or null where nothing diverts. */
export function decide(
  event: CalendarEvent,
  rules: CompiledRules,
  userTriggers: UserTriggers
): Decision | null {
  const result = evaluate(event, rules, userTriggers)
  return typeof result === 'string' ? null : result
}

/** As `decide`, but says why nothing diverts. */
export function evaluate(
  event: CalendarEvent,
  rules: CompiledRules,
  userTriggers: UserTriggers
): Decision | NoDiversion {
  const start = floorToSecond(event.start)
  const end = floorToSecond(event.end)
  if (event.cancelled) return 'cancelled'
  // Most subjects match no rule, and one cheap test shows it.
  const mayMatch = rules.triggers.matcher.mayMatch(event.subject)
  const subject = mayMatch ? normalize(event.subject) : event.subject
  if (mayMatch && isCancelledSubject(subject)) return 'cancelled'
  if (event.response === 'declined') return 'declined'
  if (!(start < end)) return 'zero-length'
  const policy = rules.rules
  const isPrivate = event.visibility !== 'normal'
  if (isPrivate && policy.private === 'ignore') return 'private-ignored'
  if (event.allDay && policy.allDay === 'ignore') return 'all-day-ignored'

  const pair =
    triggersApply(event, policy) && (!isPrivate || policy.private === 'match')
      ? (firstTrigger(subject, event, userTriggers, true) ??
        firstTrigger(subject, event, rules.triggers, mayMatch))
      : null
  if (pair !== null) {
    const cause = isPrivate ? pair.private : pair.open
    const target = rules.forwardAllowed === null ? null : findForwardTarget(subject)
    if (target === null) return { start, end, cause, forwardRefused: false }
    const forwardRefused = !isForwardAllowed(target, cause, rules)
    return { start, end, cause: forwardRefused ? cause : { ...cause, forwardTo: target }, forwardRefused }
  }

  const away = event.busy === 'oof' || event.busy === 'workingElsewhere'
  if (event.allDay && policy.allDay === 'trigger-or-oof' && !away) return 'all-day-without-trigger'
  const byStatus = rules.availability[event.busy === 'unknown' ? 'busy' : event.busy]
  if (byStatus === null) return 'availability'
  return { start, end, cause: isPrivate ? byStatus.private : byStatus.open, forwardRefused: false }
}

/** Only numbers that the operator lists: others in subjects are how toll fraud is done. Of a private event none. */
function isForwardAllowed(target: string, cause: Cause, { forwardAllowed }: CompiledRules): boolean {
  return (
    !cause.private && forwardAllowed !== null && forwardAllowed.some((prefix) => target.startsWith(prefix))
  )
}

/** A stranger's invitation must not control a phone: while unanswered, it counts by availability only. */
function triggersApply(event: CalendarEvent, policy: RuleSet): boolean {
  return policy.invitations === 'all' || (event.response !== 'tentative' && event.response !== 'notResponded')
}

function firstTrigger(
  subject: string,
  { categories }: CalendarEvent,
  { matcher, causes }: CompiledTriggers,
  mayMatch: boolean
): CausePair | null {
  if (causes.length === 0) return null
  const index = mayMatch ? matcher.find(subject, categories) : matcher.findWithoutWords(subject, categories)
  return index === NO_TRIGGER ? null : causes[index]!
}

const noTriggers: CompiledTriggers = { matcher: compileTriggers([]), causes: [] }

function* compile(
  triggers: readonly Trigger[],
  from: TriggerSource,
  phones: ReadonlyMap<string, Phone>
): Steps<CompiledTriggers> {
  const usable = triggers.map((trigger) =>
    phones.has(trigger.diversion) ? trigger : { ...trigger, text: '' }
  )
  return {
    matcher: yield* compileTriggersInSteps(usable),
    causes: triggers.map(({ diversion, phone }, index) => {
      const ofCatalogue = phones.get(diversion)
      if (ofCatalogue === undefined) return null
      const open = diversion === AVAILABLE ? 'open' : (phone ?? ofCatalogue)
      return makeCausePair({ diversion, phone: open, from, index })
    })
  }
}

function makeCausePair(given: Omit<Cause, 'private' | 'forwardTo'>): CausePair {
  const cause = { ...given, forwardTo: null }
  return { open: { ...cause, private: false }, private: { ...cause, private: true } }
}
