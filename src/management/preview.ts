/** Tries rules out on events, or on a user's calendar as it is now. Nothing is saved, and no subject comes out. */
import { buildTimeline, type ReadExtent } from '../domain/build-timeline.ts'
import type { CalendarEvent } from '../domain/calendar-event.ts'
import {
  type CompiledRules,
  compileRulesInSteps,
  compileUserTriggers,
  type Decision,
  evaluate
} from '../domain/decide.ts'
import type { Phone } from '../domain/diversion.ts'
import { type Explanation, explain, explainNothing } from '../domain/explain.ts'
import { allTriggers, type RuleSet, type Trigger } from '../domain/rule-set.ts'
import { statusAt, type UntilKind } from '../domain/status.ts'
import { mergeIntervals, type Timeline } from '../domain/timeline.ts'
import { windowAt } from '../domain/window.ts'
import { RemoteError, RequestError } from '../errors.ts'
import { formatInstant, parseInstant } from '../lib/rfc3339.ts'
import { runInSlices } from '../lib/time-slices.ts'
import type { Tenant, UserRecord } from '../storage/store.ts'
import { calendarTarget } from './calendar-target.ts'
import type { ManagementDeps } from './management-deps.ts'
import { resolveRules, type StatedRules } from './resolve-rules.ts'
import { requireRules } from './rules.ts'
import { requireTenant } from './tenants.ts'
import { requireUserRecord } from './users.ts'

/** An event to try the rules on; what may be left out has a usual value. Times are RFC 3339. */
export type PreviewEvent = { readonly start: string; readonly end: string } & Partial<
  Omit<CalendarEvent, 'start' | 'end'>
>

export interface PreviewBody {
  /** Those in force unless stated. */
  readonly rules?: StatedRules
  readonly user?: string
  /** Without, the calendar of `user` is read now. */
  readonly events?: readonly PreviewEvent[]
  readonly at?: string
}

export interface PreviewResponse {
  readonly decisions: readonly {
    readonly event: string
    readonly diversion: string | null
    readonly rule: Explanation['rule']
    readonly because: string
  }[]
  readonly timeline: readonly PreviewInterval[]
  /** What would hold at `at`. */
  readonly status?: PreviewStatus
}

export interface PreviewInterval {
  readonly start: string
  readonly end: string | null
  readonly diversion: string
  readonly phone: Phone
}

export interface PreviewStatus {
  readonly diversion: string
  readonly phone: Phone
  readonly since: string | null
  readonly until: string | null
  readonly untilKind: UntilKind
  readonly reachableAt: string | null
  readonly forwardTo: string | null
  readonly next: { readonly diversion: string; readonly from: string; readonly until: string | null } | null
}

/** Milliseconds that reading a calendar for a preview may take. */
const READ_TIMEOUT_MS = 45_000

export interface RulePreview {
  /** `signal` is aborted when the caller has disconnected. */
  preview(tenant: string, body: PreviewBody, signal: AbortSignal): Promise<PreviewResponse>
}

export function createRulePreview(deps: ManagementDeps): RulePreview {
  const { store, packs, audit } = deps
  return {
    async preview(id, body, signal) {
      const tenant = await requireTenant(store, id)
      const { effective: stored } = await requireRules(store, packs, id)
      const supplied = body.rules === undefined ? null : resolveRules(body.rules, packs, 'rules/')
      const record = body.user === undefined ? null : await requireUserRecord(store, id, body.user)
      if (record !== null) await audit.record(id, { parts: [{ user: record.user.id }] })
      const { events, extent } =
        body.events === undefined
          ? await readUserCalendar(deps, tenant, record, signal)
          : { events: body.events.map(toCalendarEvent), extent: null }

      const guarded = supplied === null || body.events !== undefined ? null : guardRules(supplied, stored)
      const rules = await runInSlices(compileRulesInSteps(guarded?.open ?? supplied ?? stored, 0))
      const privateRules =
        guarded === null ? rules : await runInSlices(compileRulesInSteps(guarded.private, 0))
      const own = record?.user.triggers ?? []
      const judged = evaluateAll(events, { rules, privateRules }, own, tenant.language)
      const decisions = judged.flatMap(({ decision }) => (decision === null ? [] : [decision]))
      const timeline = buildTimeline(decisions, rules, extent)
      return {
        decisions: judged.map(({ event, decision, explanation }) => ({
          event,
          diversion: decision?.cause.diversion ?? null,
          rule: explanation.rule,
          because: explanation.because
        })),
        timeline: toIntervals(timeline),
        ...(body.at !== undefined && { status: statusFieldsAt(timeline, body.at) })
      }
    }
  }
}

/**
 * The supplied rules, restricted for use on a user's calendar: a caller who supplies a trigger for each letter must not be able to
 * read subjects. The tenant's policies of private events and of forward targets hold, and no supplied trigger is applied to
 * private events. (The catalogue and the availability map reveal nothing of a subject.)
 */
function guardRules(
  supplied: RuleSet,
  stored: RuleSet
): { readonly open: RuleSet; readonly private: RuleSet } {
  const { private: policy, forwardTargets, forwardAllowed } = stored
  const open = { ...supplied, private: policy, forwardTargets, forwardAllowed }
  return { open, private: { ...open, triggers: [], extraTriggers: [] } }
}

interface EvaluatedEvent {
  readonly event: string
  readonly decision: Decision | null
  readonly explanation: Explanation
}

function evaluateAll(
  events: readonly CalendarEvent[],
  compiled: { readonly rules: CompiledRules; readonly privateRules: CompiledRules },
  ownTriggers: readonly Trigger[],
  language: string
): EvaluatedEvent[] {
  const own = compileUserTriggers(ownTriggers, compiled.rules)
  return events.map((event) => {
    const rules = event.visibility === 'normal' ? compiled.rules : compiled.privateRules
    const verdict = evaluate(event, rules, own)
    if (typeof verdict === 'string') {
      return { event: event.id, decision: null, explanation: explainNothing(verdict, language) }
    }
    const triggers = verdict.cause.from === 'user' ? ownTriggers : allTriggers(rules.rules)
    return { event: event.id, decision: verdict, explanation: explain(verdict.cause, triggers, language) }
  })
}

function toIntervals(timeline: Timeline): PreviewResponse['timeline'] {
  return mergeIntervals(timeline, Number.NEGATIVE_INFINITY).map(({ start, end, diversion, phone }) => ({
    start: formatInstant(start),
    end: timeline.truncatedAt !== null && end >= timeline.truncatedAt ? null : formatInstant(end),
    diversion,
    phone
  }))
}

function statusFieldsAt(timeline: Timeline, at: string): PreviewStatus {
  const { diversion, phone, since, until, untilKind, reachableAt, forwardTo, next } = statusAt(
    timeline,
    toInstant(at)
  )
  const orNull = (value: number | null) => (value === null ? null : formatInstant(value))
  return {
    diversion,
    phone,
    since: orNull(since),
    until: orNull(until),
    untilKind,
    reachableAt: orNull(reachableAt),
    forwardTo,
    next:
      next === null
        ? null
        : { diversion: next.diversion, from: formatInstant(next.from), until: orNull(next.until) }
  }
}

function toCalendarEvent(event: PreviewEvent, index: number): CalendarEvent {
  const start = toInstant(event.start)
  const end = toInstant(event.end)
  if (end < start) {
    throw new RequestError('invalid_request', '', [
      { field: `events/${index}/end`, message: 'is before "start": swap them' }
    ])
  }
  return {
    id: event.id ?? String(index),
    subject: event.subject ?? '',
    start,
    end,
    allDay: event.allDay ?? false,
    busy: event.busy ?? 'busy',
    visibility: event.visibility ?? 'normal',
    cancelled: event.cancelled ?? false,
    response: event.response ?? 'organizer',
    categories: event.categories ?? []
  }
}

/** The user's calendar as it is now. The ids of its events mean nothing outside, so each gets its index. */
async function readUserCalendar(
  { sync, masterKeys, clock }: ManagementDeps,
  tenant: Tenant,
  record: UserRecord | null,
  signal: AbortSignal
): Promise<{ events: CalendarEvent[]; extent: ReadExtent }> {
  if (record === null)
    throw validationError('events', 'is missing: state events, or a "user" whose calendar is to be read')
  const target = calendarTarget(tenant, record.user, masterKeys)
  if (target === null)
    throw validationError('user', `"${record.user.id}" has no mailbox: give them one, or state "events"`)
  const connector = await sync.connector(tenant.id)
  if (connector === null) {
    throw validationError(
      'user',
      `cannot be read: there is no connection yet (PUT /v1/tenants/${tenant.id}/connection)`
    )
  }
  const window = windowAt(clock())
  const [reading] = await connector.read({
    targets: [target],
    window,
    subjects: true,
    signal: AbortSignal.any([signal, AbortSignal.timeout(READ_TIMEOUT_MS)])
  })
  if (reading?.outcome === 'failed') throw reading.error
  if (reading?.outcome !== 'read')
    throw new RemoteError('protocol_error', 'The calendar gave no answer: try again.')
  return {
    events: reading.events.map((event, index) => ({ ...event, id: String(index) })),
    extent: { horizon: window.end, readUntil: window.end }
  }
}

/** The schema has checked the form. */
function toInstant(text: string): number {
  return parseInstant(text) ?? Number.NaN
}

function validationError(field: string, message: string): RequestError {
  return new RequestError('invalid_request', '', [{ field, message }])
}
