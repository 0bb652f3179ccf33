/** One user as presence holds them, and what is shown of them at an instant. */
import type { Instant } from '../domain/calendar-event.ts'
import { type Diversion, FALLBACK_CODE } from '../domain/diversion.ts'
import { applyOverride, type Override } from '../domain/override.ts'
import type { RuleSet } from '../domain/rule-set.ts'
import { nextTransition, type StatusFields, statusAt } from '../domain/status.ts'
import { type SyncRecord, staleAt, syncStateAt } from '../domain/sync-state.ts'
import { type Cause, firstEndingAfter } from '../domain/timeline.ts'
import { type EffectiveTimeline, emptyTimeline } from '../domain/timeline-runs.ts'
import type { TenantSnapshot, UserRecord } from '../storage/store.ts'
import { makeStatus, type Status } from './status-members.ts'

/** What of the tenant shows in everybody's Status. */
export interface TenantContext {
  readonly language: string
  readonly timeZone: string
  readonly diversions: ReadonlyMap<string, Diversion>
  /** Milliseconds after which an unconfirmed timeline is stale. */
  readonly staleAfter: number
}

/** What a tenant has whose connection is gone: then no timeline is held that could become stale. */
const DEFAULT_POLL_SECONDS = 120

export function tenantContextOf(
  { tenant, rules, connection }: Pick<TenantSnapshot, 'tenant' | 'rules' | 'connection'>,
  defaultRules: RuleSet
): TenantContext {
  const { diversions } = rules?.effective ?? defaultRules
  return {
    language: tenant.language,
    timeZone: tenant.timeZone,
    diversions: new Map(diversions.map((diversion) => [diversion.code, diversion])),
    staleAfter: 2_000 * (connection?.pollSeconds ?? DEFAULT_POLL_SECONDS)
  }
}

export interface UserState {
  readonly id: string
  readonly extension: string
  readonly displayName: string
  readonly numbers: readonly string[]
  /** Null: the tenant's. */
  readonly timeZone: string | null
  /** The calendar alone. */
  readonly calendar: EffectiveTimeline
  readonly rulesVersion: number
  readonly override: Override | null
  /** The calendar with the override laid over it. */
  readonly effective: EffectiveTimeline
  readonly sync: SyncRecord
  /** The next border in time after the instant up to which the view has come; Infinity where there is none. */
  nextTransition: Instant
  /** The Status as JSON, for as long as it holds. */
  cachedJson: { readonly json: string; readonly from: Instant; readonly before: Instant } | null
}

/** `share` gives one object for all equal grounds: a service holds millions of intervals and a few dozen grounds. */
export function userStateOf(
  record: UserRecord,
  scene: TenantContext,
  share: (ground: Cause) => Cause
): UserState {
  const { user, timeline, override, sync } = record
  const calendar: EffectiveTimeline =
    timeline === null
      ? emptyTimeline
      : {
          boundaries: timeline.boundaries,
          causes: timeline.causes.map(share),
          truncatedAt: timeline.truncatedAt
        }
  return {
    id: user.id,
    extension: user.extension,
    displayName: user.displayName,
    numbers: user.numbers,
    timeZone: user.timeZone,
    calendar,
    rulesVersion: timeline?.rulesVersion ?? 0,
    override,
    effective:
      override === null
        ? calendar
        : applyOverride(calendar, override, diversionOf(override.diversion, scene).phone),
    sync,
    nextTransition: Infinity,
    cachedJson: null
  }
}

/** The catalogue's entry; for a code that is gone the stand-in, until the calendar is read again. */
export function diversionOf(code: string, { diversions }: TenantContext): Diversion {
  return (
    diversions.get(code) ??
    diversions.get(FALLBACK_CODE) ?? { code: FALLBACK_CODE, labels: {}, phone: 'closed' }
  )
}

export function statusOf(person: UserState, scene: TenantContext, at: Instant): Status {
  return toStatus(person, statusAt(person.effective, at), scene, at)
}

/** The same as JSON, made anew only when it has turned. */
export function statusJson(person: UserState, scene: TenantContext, at: Instant): string {
  const { cachedJson: written } = person
  if (written !== null && written.from <= at && at < written.before) return written.json
  const json = JSON.stringify(statusOf(person, scene, at))
  person.cachedJson = { json, from: at, before: person.nextTransition }
  return json
}

/** `now`: how well the calendar is mirrored is told as of now, whatever instant the fields are of. */
export function toStatus(
  user: UserState,
  fields: StatusFields,
  context: TenantContext,
  now: Instant
): Status {
  return makeStatus({
    user,
    timeZone: user.timeZone ?? context.timeZone,
    language: context.language,
    fields,
    findDiversion: (code) => diversionOf(code, context),
    sync: syncStateAt(user.sync, context.staleAfter, now)
  })
}

/** The next instant after `at` at which time alone turns something that the Status shows; else Infinity. */
export function transitionAfter(person: UserState, scene: TenantContext, at: Instant): Instant {
  const border = nextTransition(person.effective, at)
  const stale = staleAt(person.sync, scene.staleAfter)
  return stale !== null && stale > at ? Math.min(border, stale) : border
}

/** The latest instant up to and including `at` at which time alone turned something that the Status shows; else 0. */
export function transitionUpTo(person: UserState, scene: TenantContext, at: Instant): Instant {
  const stale = staleAt(person.sync, scene.staleAfter)
  const border = calendarBorderUpTo(person.effective, at)
  return stale !== null && stale <= at ? Math.max(border, stale) : border
}

/** Not every start or end is a border: intervals that show the same may touch. */
function calendarBorderUpTo(laid: EffectiveTimeline, at: Instant): Instant {
  for (let index = 2 * firstEndingAfter(laid, at); index >= 0; index--) {
    const instant = laid.boundaries[index] ?? Infinity
    if (instant <= at && nextTransition(laid, instant - 1) === instant) return instant
  }
  return 0
}
