/** One user in memory, and what is shown of them at an instant. */
import type { Absence } from '../domain/absence.ts'
import type { Instant } from '../domain/calendar-event.ts'
import { Catalogue } from '../domain/catalogue.ts'
import { layOverride, layTimeline } from '../domain/effective-timeline.ts'
import { FLOOR_DAYS, type Floor } from '../domain/hours/floor.ts'
import { Floors } from '../domain/hours/floors.ts'
import type { OfficeHours } from '../domain/hours/office-hours.ts'
import { Mask } from '../domain/mask.ts'
import type { Override } from '../domain/override.ts'
import type { RuleSet } from '../domain/rule-set.ts'
import { nextTransition, type StatusFields, statusAt } from '../domain/status.ts'
import { type SyncRecord, staleAt, syncStateAt } from '../domain/sync-state.ts'
import { type Cause, causeKey, firstEndingAfter } from '../domain/timeline.ts'
import { type EffectiveTimeline, emptyTimeline } from '../domain/timeline-runs.ts'
import type { TenantSnapshot, UserRecord } from '../storage/store.ts'
import { pollSecondsOf } from '../storage/tenant-connections.ts'
import { type Audience, isMaskedFor } from './audience.ts'
import { makeStatus, type Status } from './status-members.ts'
import { StatusWriter } from './status-writer.ts'

/** What of the tenant shows in every Status. */
export interface TenantContext {
  readonly language: string
  readonly timeZone: string
  /** ISO 3166: whose numbers are written without `+`; null: nobody said. */
  readonly country: string | null
  readonly catalogue: Catalogue
  readonly floors: Floors
  /** Milliseconds after which an unconfirmed timeline is stale: its mailbox's connection says. */
  readonly staleAfterOf: (sync: SyncRecord) => number
  readonly writer: StatusWriter
  readonly mask: Mask
}

/** What a tenant has whose connection is gone: then no timeline is held that could become stale. */
const DEFAULT_POLL_SECONDS = 120
const MAX_SHARED_CAUSES = 10_000
const DAY_MS = 86_400_000

export function tenantContextOf(
  { tenant, rules, connection }: Pick<TenantSnapshot, 'tenant' | 'rules' | 'connection'>,
  defaultRules: RuleSet
): TenantContext {
  const ruleSet = rules?.effective ?? defaultRules
  const catalogue = new Catalogue(ruleSet.diversions)
  return {
    language: tenant.language,
    timeZone: tenant.timeZone,
    country: tenant.country ?? null,
    catalogue,
    floors: new Floors(tenant, catalogue),
    staleAfterOf: (sync) => 2_000 * (pollSecondsOf(sync, connection) ?? DEFAULT_POLL_SECONDS),
    writer: createWriter(catalogue, tenant.language),
    mask: new Mask(ruleSet)
  }
}

/** The same with labels in a language. */
export function inLanguage(context: TenantContext, language: string): TenantContext {
  return { ...context, language, writer: createWriter(context.catalogue, language) }
}

function createWriter(catalogue: Catalogue, language: string): StatusWriter {
  return new StatusWriter({ language, findDiversion: (code) => catalogue.find(code) })
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
  /** By id. */
  readonly absences: readonly Absence[]
  /** The user's own; absent: the tenant's. */
  readonly officeHours?: OfficeHours
  readonly floor: Floor | null
  /** When the floor is to be laid anew; Infinity without one. */
  floorDueAt: Instant
  /** What counts of all of these. */
  effective: EffectiveTimeline
  readonly sync: SyncRecord
  /** The next transition after the instant up to which the view has come; Infinity where there is none. */
  nextTransition: Instant
  /** Where the user stands in the heap of transitions; Infinity: nowhere. */
  plannedAt: Instant
  /** The present Status as JSON: it holds until `nextTransition`. */
  cachedJson: string | null
  /** `effective` as masked audiences see it, once one has asked; the very same object where nothing is masked. */
  masked: EffectiveTimeline | null
}

/** What of a record a view holds. */
export interface ShownRecord extends Omit<UserRecord, 'user'> {
  readonly user: Pick<
    UserRecord['user'],
    'id' | 'extension' | 'displayName' | 'numbers' | 'timeZone' | 'officeHours'
  >
}

/** What a state is of: an instant, and since when the user was planned. */
export interface StateOptions {
  readonly at: Instant
  readonly plannedAt?: Instant | undefined
}

export function userStateOf(
  record: ShownRecord,
  context: TenantContext,
  shareCause: (cause: Cause) => Cause,
  { at, plannedAt = Infinity }: StateOptions
): UserState {
  const { user, timeline, override, absences, sync } = record
  const floor = context.floors.of(user)
  const calendar: EffectiveTimeline =
    timeline === null
      ? emptyTimeline
      : {
          boundaries: timeline.boundaries,
          causes: timeline.causes.map(shareCause),
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
    absences,
    ...(user.officeHours !== undefined && { officeHours: user.officeHours }),
    floor,
    ...layAll({ calendar, absences, floor, override }, context, at),
    sync,
    nextTransition: Infinity,
    plannedAt,
    cachedJson: null,
    masked: null
  }
}

/** All that counts, as of an instant, and until when that goes on. */
function layAll(
  { override, ...sources }: Pick<UserState, 'calendar' | 'absences' | 'floor' | 'override'>,
  { catalogue }: TenantContext,
  at: Instant
): Pick<UserState, 'effective' | 'floorDueAt'> {
  return {
    effective: layOverride(layTimeline(sources, catalogue, at), override, catalogue),
    floorDueAt: sources.floor === null ? Infinity : at + FLOOR_DAYS * DAY_MS
  }
}

/** Lays the floor anew where it is due: what is shown stays the same, and what was beyond its end comes in. */
export function renewFloor(user: UserState, context: TenantContext, at: Instant): void {
  if (user.floorDueAt > at) return
  Object.assign(user, layAll(user, context, at))
  user.masked = null
}

/** Equal causes are one object: a service holds millions of intervals and a few dozen causes. */
export function createCauseSharing(): (cause: Cause) => Cause {
  const causes = new Map<string, Cause>()
  return (cause) => {
    const key = causeKey(cause)
    const known = causes.get(key)
    if (known !== undefined) return known
    // Emptied when full, which is harmless.
    if (causes.size >= MAX_SHARED_CAUSES) causes.clear()
    causes.set(key, cause)
    return cause
  }
}

/** What counts, as the audience sees it. */
export function timelineFor(user: UserState, { mask }: TenantContext, audience: Audience): EffectiveTimeline {
  if (mask.isEmpty || !isMaskedFor(audience, user.id)) return user.effective
  user.masked ??= mask.apply(user.effective)
  return user.masked
}

/** The calendar alone, as the audience sees it. */
export function calendarFor(user: UserState, { mask }: TenantContext, audience: Audience): EffectiveTimeline {
  return isMaskedFor(audience, user.id) ? mask.apply(user.calendar) : user.calendar
}

/** What is set by hand, as the audience sees it. */
export function overrideFor(
  { id, override }: UserState,
  { mask }: TenantContext,
  audience: Audience
): Override | null {
  if (override === null || !isMaskedFor(audience, id)) return override
  return { ...override, diversion: mask.shownCode(override.diversion) }
}

/** What is entered for a time to come, as the audience sees it. */
export function absencesFor(
  { id, absences }: UserState,
  { mask }: TenantContext,
  audience: Audience
): readonly Absence[] {
  if (mask.isEmpty || !isMaskedFor(audience, id)) return absences
  return absences.map((absence) => ({ ...absence, diversion: mask.shownCode(absence.diversion) }))
}

export interface StatusJsonOptions {
  readonly at: Instant
  readonly audience: Audience
  /** `nextTransition` is the next after `at`, so that the JSON can be kept until then. */
  readonly isPresent: boolean
}

export function statusJson(
  user: UserState,
  context: TenantContext,
  { at, audience, isPresent }: StatusJsonOptions
): string {
  const timeline = timelineFor(user, context, audience)
  const canKeep = isPresent && at < user.nextTransition && timeline === user.effective
  if (canKeep && user.cachedJson !== null) return user.cachedJson
  const sync = syncStateAt(user.sync, context.staleAfterOf(user.sync), at)
  const json = context.writer.write(user, user.timeZone ?? context.timeZone, statusAt(timeline, at), sync)
  if (canKeep) user.cachedJson = json
  return json
}

/** `now`: the sync state is that of now, whatever instant the fields are of. */
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
    findDiversion: (code) => context.catalogue.find(code),
    sync: syncStateAt(user.sync, context.staleAfterOf(user.sync), now)
  })
}

/** The next instant after `at` at which time alone changes something that the Status shows; else Infinity. */
export function transitionAfter(
  user: UserState,
  { staleAfterOf }: TenantContext,
  at: Instant,
  timeline = user.effective
): Instant {
  const ofCalendar = nextTransition(timeline, at)
  const stale = staleAt(user.sync, staleAfterOf(user.sync))
  return stale !== null && stale > at ? Math.min(ofCalendar, stale) : ofCalendar
}

/** The latest instant up to and including `at` at which time alone changed something that the Status shows; else 0. */
export function transitionUpTo(user: UserState, { staleAfterOf }: TenantContext, at: Instant): Instant {
  const ofCalendar = calendarTransitionUpTo(user.effective, at)
  const stale = staleAt(user.sync, staleAfterOf(user.sync))
  return stale !== null && stale <= at ? Math.max(ofCalendar, stale) : ofCalendar
}

/** Not every start or end is a transition: intervals that show the same may touch. */
function calendarTransitionUpTo(effective: EffectiveTimeline, at: Instant): Instant {
  for (let index = 2 * firstEndingAfter(effective, at); index >= 0; index--) {
    const instant = effective.boundaries[index] ?? Infinity
    if (instant <= at && nextTransition(effective, instant - 1) === instant) return instant
  }
  return 0
}
