/** Tries rules out on events, or on a user's calendar as it is now. Nothing is saved, and no subject comes out. */
import type { Static } from 'typebox'
import type { Preview, PreviewEvent, PreviewRequest } from '../api/schemas/previews.ts'
import type { CalendarEvent } from '../domain/calendar-event.ts'
import {
  type CompiledRules,
  compileRules,
  compileUserTriggers,
  type Decision,
  evaluate
} from '../domain/decide.ts'
import { type Explanation, explain, explainNothing } from '../domain/explain.ts'
import type { Trigger } from '../domain/rule-set.ts'
import { statusAt } from '../domain/status.ts'
import { buildTimeline, mergeIntervals, type Timeline } from '../domain/timeline.ts'
import { RemoteError, RequestError } from '../errors.ts'
import { formatInstant, parseInstant } from '../lib/rfc3339.ts'
import { unsealMailbox } from '../storage/secrets/connection-secrets.ts'
import type { UserRecord } from '../storage/store.ts'
import { windowAt } from '../sync/scheduling/window.ts'
import type { DirectoryNeeds } from './management.ts'
import { rulesMade } from './resolve-rules.ts'
import { knownRules } from './rules.ts'
import { knownTenant } from './tenants.ts'
import { knownRecord } from './users.ts'

type Body = Static<typeof PreviewRequest>
type Answer = Static<typeof Preview>

/** Milliseconds that reading a calendar for a preview may take. */
const READ_DEADLINE = 45_000

export interface Previews {
  /** `signal` is aborted when nobody waits for the answer any more. */
  preview(tenant: string, body: Body, signal: AbortSignal): Promise<Answer>
}

export function previews(needs: DirectoryNeeds): Previews {
  const { store, packs } = needs
  return {
    async preview(id, body, signal) {
      const tenant = await knownTenant(store, id)
      const ruleSet =
        body.rules === undefined
          ? (await knownRules(store, packs, id)).effective
          : rulesMade(body.rules, packs, 'rules/')
      const record = body.user === undefined ? null : await knownRecord(store, id, body.user)
      const { events, unreadAt } =
        body.events === undefined
          ? await readNow(needs, id, tenant.timeZone, record, signal)
          : { events: body.events.map(eventOf), unreadAt: null }

      const rules = compileRules(ruleSet, 0)
      const own = record?.user.triggers ?? []
      const judged = judgeAll(events, rules, own, tenant.language)
      const decisions = judged.flatMap(({ decision }) => (decision === null ? [] : [decision]))
      const timeline = buildTimeline(decisions, rules, unreadAt)
      return {
        decisions: judged.map(({ event, decision, explanation }) => ({
          event,
          diversion: decision?.cause.diversion ?? null,
          rule: explanation.rule,
          because: explanation.because
        })),
        timeline: merged(timeline),
        ...(body.at !== undefined && { status: heldAt(timeline, body.at) })
      }
    }
  }
}

interface Judged {
  readonly event: string
  readonly decision: Decision | null
  readonly explanation: Explanation
}

function judgeAll(
  events: readonly CalendarEvent[],
  rules: CompiledRules,
  ownTriggers: readonly Trigger[],
  language: string
): Judged[] {
  const own = compileUserTriggers(ownTriggers, rules)
  return events.map((event) => {
    const verdict = evaluate(event, rules, own)
    if (typeof verdict === 'string') {
      return { event: event.id, decision: null, explanation: explainNothing(verdict, language) }
    }
    const triggers = verdict.from === 'user' ? ownTriggers : rules.rules.triggers
    return {
      event: event.id,
      decision: { start: event.start, end: event.end, cause: verdict },
      explanation: explain(verdict, triggers, language)
    }
  })
}

function merged(timeline: Timeline): Answer['timeline'] {
  return mergeIntervals(timeline, Number.NEGATIVE_INFINITY).map(({ start, end, diversion, phone }) => ({
    start: formatInstant(start),
    end: end === timeline.truncatedAt ? null : formatInstant(end),
    diversion,
    phone
  }))
}

function heldAt(timeline: Timeline, at: string): NonNullable<Answer['status']> {
  const { diversion, phone, since, until, reachableAt, next } = statusAt(timeline, instant(at))
  const orNull = (value: number | null) => (value === null ? null : formatInstant(value))
  return {
    diversion,
    phone,
    since: orNull(since),
    until: orNull(until),
    reachableAt: orNull(reachableAt),
    next:
      next === null
        ? null
        : { diversion: next.diversion, from: formatInstant(next.from), until: orNull(next.until) }
  }
}

function eventOf(event: Static<typeof PreviewEvent>, index: number): CalendarEvent {
  const start = instant(event.start)
  const end = instant(event.end)
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
async function readNow(
  { sync, sealer, clock }: DirectoryNeeds,
  tenant: string,
  tenantZone: string,
  record: UserRecord | null,
  signal: AbortSignal
): Promise<{ events: CalendarEvent[]; unreadAt: number | null }> {
  if (record === null)
    throw refused('events', 'is missing: state events, or a "user" whose calendar is to be read')
  const { id, mailbox, timeZone } = record.user
  if (mailbox === null) throw refused('user', `"${id}" has no mailbox: give them one, or state "events"`)
  const connector = await sync.connector(tenant)
  if (connector === null) {
    throw refused('user', `cannot be read: there is no connection yet (PUT /v1/tenants/${tenant}/connection)`)
  }
  const [reading] = await connector.read({
    targets: [{ mailbox: unsealMailbox(tenant, mailbox, sealer), timeZone: timeZone ?? tenantZone }],
    window: windowAt(clock()),
    subjects: true,
    signal: AbortSignal.any([signal, AbortSignal.timeout(READ_DEADLINE)])
  })
  if (reading?.outcome === 'failed') throw reading.error
  if (reading?.outcome !== 'read')
    throw new RemoteError('protocol_error', 'The calendar gave no answer: try again.')
  return {
    events: reading.events.map((event, index) => ({ ...event, id: String(index) })),
    unreadAt: reading.truncatedAt
  }
}

/** The schema has checked the form. */
function instant(text: string): number {
  return parseInstant(text) ?? Number.NaN
}

function refused(field: string, message: string): RequestError {
  return new RequestError('invalid_request', '', [{ field, message }])
}
