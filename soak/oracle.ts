/** What the calendars and overrides imply, worked out from them alone: the measure that consumers are held to. */

import { buildTimeline } from '../src/domain/build-timeline.ts'
import type { CalendarEvent } from '../src/domain/calendar-event.ts'
import { type CompiledRules, compileUserTriggers, decide } from '../src/domain/decide.ts'
import { applyOverride } from '../src/domain/override.ts'
import { type StatusFields, statusAt } from '../src/domain/status.ts'

export interface Meeting {
  readonly subject: string
  /** Epoch milliseconds. */
  readonly start: number
  readonly end: number
}

/** One person: what stands in the calendar, and the override that the service acknowledged last. */
export interface SoakUser {
  readonly tenant: string
  readonly user: string
  readonly meetings: Map<string, Meeting>
  override: { readonly diversion: string; readonly until: number | null; readonly at: number } | null
}

export function expectedStatus(
  { meetings, override }: SoakUser,
  rules: CompiledRules,
  at: number
): StatusFields {
  const own = compileUserTriggers([], rules)
  const decisions = [...meetings].flatMap(
    ([id, meeting]) => decide(calendarEventOf(id, meeting), rules, own) ?? []
  )
  const calendar = buildTimeline(decisions, rules, null)
  if (override === null) return statusAt(calendar, at)
  const { diversion, until, at: from } = override
  const phone = rules.rules.diversions.find(({ code }) => code === diversion)!.phone
  return statusAt(applyOverride(calendar, { diversion, from, until }, phone), at)
}

function calendarEventOf(id: string, { subject, start, end }: Meeting): CalendarEvent {
  return {
    id,
    subject,
    start,
    end,
    allDay: false,
    busy: 'busy',
    visibility: 'normal',
    cancelled: false,
    response: 'organizer',
    categories: []
  }
}
