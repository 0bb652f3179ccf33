/** What one event gives: a diversion by the first trigger that it meets, else by its busy status, else nothing. */
import type { CalendarEvent, Span } from './calendar-event.ts'
import { AVAILABLE, type Phone } from './diversion.ts'
import { compileTriggers, type Matcher } from './matching/trigger-matcher.ts'
import { type MappedStatus, mappedStatuses, NO_TRIGGER, type RuleSet, type Trigger } from './rule-set.ts'
import type { Cause, TriggerSource } from './timeline.ts'

export interface Decision extends Span {
  readonly cause: Cause
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
  /** A diversion's place in the catalogue; the highest is 0. */
  readonly rank: ReadonlyMap<string, number>
  readonly availability: Readonly<Record<MappedStatus, CausePair | null>>
}

/** A user's own triggers made ready, against one CompiledRules. */
export type UserTriggers = CompiledTriggers

interface CompiledTriggers {
  readonly matcher: Matcher
  /** By index; null for one whose diversion has left the catalogue. */
  readonly causes: readonly (CausePair | null)[]
}

/** The ground of an open event and that of a private one, made once so that a million intervals share them. */
interface CausePair {
  readonly open: Cause
  readonly private: Cause
}

export function compileRules(rules: RuleSet, version: number): CompiledRules {
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
    triggers: compile(rules.triggers, 'tenant', phones),
    rank: new Map(rules.diversions.map(({ code }, index) => [code, index])),
    availability: Object.fromEntries(
      mappedStatuses.map((status, index) => [status, byAvailability(status, index)])
    ) as Record<MappedStatus, CausePair | null>
  }
}

export function compileUserTriggers(triggers: readonly Trigger[], { rules }: CompiledRules): UserTriggers {
  if (triggers.length === 0) return noTriggers
  return compile(triggers, 'user', new Map(rules.diversions.map(({ code, phone }) => [code, phone])))
}

/** The decision for one event, or null where nothing diverts. */
export function decide(
  event: CalendarEvent,
  rules: CompiledRules,
  userTriggers: UserTriggers
): Decision | null {
  const result = evaluate(event, rules, userTriggers)
  return typeof result === 'string' ? null : { start: event.start, end: event.end, cause: result }
}

/** As `decide`, but says why nothing diverts. */
export function evaluate(
  event: CalendarEvent,
  rules: CompiledRules,
  userTriggers: UserTriggers
): Cause | NoDiversion {
  if (event.cancelled) return 'cancelled'
  if (event.response === 'declined') return 'declined'
  if (!(event.start < event.end)) return 'zero-length'
  const policy = rules.rules
  const isPrivate = event.visibility !== 'normal'
  if (isPrivate && policy.private === 'ignore') return 'private-ignored'
  if (event.allDay && policy.allDay === 'ignore') return 'all-day-ignored'

  const pair =
    triggersApply(event, policy) && (!isPrivate || policy.private === 'match')
      ? (firstTrigger(event, userTriggers) ?? firstTrigger(event, rules.triggers))
      : undefined
  if (pair) return isPrivate ? pair.private : pair.open

  const away = event.busy === 'oof' || event.busy === 'workingElsewhere'
  if (event.allDay && policy.allDay === 'trigger-or-oof' && !away) return 'all-day-without-trigger'
  const byStatus = rules.availability[event.busy === 'unknown' ? 'busy' : event.busy]
  if (byStatus === null) return 'availability'
  return isPrivate ? byStatus.private : byStatus.open
}

/** A stranger's invitation works nobody's phone: unanswered, it counts by availability only. */
function triggersApply(event: CalendarEvent, policy: RuleSet): boolean {
  return policy.invitations === 'all' || (event.response !== 'tentative' && event.response !== 'notResponded')
}

function firstTrigger(event: CalendarEvent, { matcher, causes }: CompiledTriggers): CausePair | null {
  if (causes.length === 0) return null
  const index = matcher.find(event.subject, event.categories)
  return index === NO_TRIGGER ? null : causes[index]!
}

const noTriggers: CompiledTriggers = { matcher: compileTriggers([]), causes: [] }

function compile(
  triggers: readonly Trigger[],
  from: TriggerSource,
  phones: ReadonlyMap<string, Phone>
): CompiledTriggers {
  const usable = triggers.map((trigger) =>
    phones.has(trigger.diversion) ? trigger : { ...trigger, text: '' }
  )
  return {
    matcher: compileTriggers(usable),
    causes: triggers.map(({ diversion, phone }, index) => {
      const ofCatalogue = phones.get(diversion)
      if (ofCatalogue === undefined) return null
      const open = diversion === AVAILABLE ? 'open' : (phone ?? ofCatalogue)
      return makeCausePair({ diversion, phone: open, from, index })
    })
  }
}

function makeCausePair(cause: Omit<Cause, 'private'>): CausePair {
  return { open: { ...cause, private: false }, private: { ...cause, private: true } }
}
