/**
 * Alarms over all tenants. The same cause in many tenants within minutes is the provider's trouble (the network, Microsoft): one
 * message to the provider, and for a while none to the tenants. Pure.
 */
import type { Instant } from '../domain/calendar-event.ts'
import type {
  AlarmEpisodeRecord,
  AlarmFloodRecord,
  AlarmOverviewRecord,
  RaisedAlarmRecord
} from '../storage/alarms.ts'
import { causeOf, isCause } from './causes.ts'
import type { TellableAlarm } from './plan-delivery.ts'

/** So many tenants within so many milliseconds are a flood. */
export const floodTenants = 20
export const floodWindowMs = 10 * 60_000
/** Milliseconds for which the tenants' own messages are held. */
export const floodHoldMs = 30 * 60_000
/** A flood is over once it is raised in less than this share of the tenants that it was raised in. */
const floodEndShare = 0.2
/** Raised alarms that are kept here: what is above is still told to its tenant. */
const maxRaised = 2_000
/** Messages of all tenants to all recipients. */
export const maxPerInstallationAndHour = 500
const HOUR_MS = 3_600_000

export const emptyOverview: AlarmOverviewRecord = {
  version: 0,
  raised: [],
  floods: [],
  lastFlood: 0,
  hour: { beganAt: 0, messages: 0 }
}

/** What stands here of a tenant's alarms. */
export function toRaised(tenant: string, episodes: readonly AlarmEpisodeRecord[]): RaisedAlarmRecord[] {
  return episodes.flatMap((one) => {
    const { cause, episode, severity, beganAt, raisedAt, users, of } = one
    if (raisedAt === null || !isCause(cause)) return []
    if (causeOf(cause).tenant === 'digest' && causeOf(cause).provider === 'never') return []
    return [{ tenant, cause, episode, severity, beganAt, raisedAt, users, of }]
  })
}

/** `changed`: by tenant, what is raised there now. */
export function updateOverview(
  overview: AlarmOverviewRecord,
  changed: ReadonlyMap<string, readonly RaisedAlarmRecord[]>,
  now: Instant
): AlarmOverviewRecord {
  const others = overview.raised.filter(({ tenant }) => !changed.has(tenant))
  const raised = [...others, ...[...changed.values()].flat()].slice(0, maxRaised)
  const running = new Map(overview.floods.map((flood) => [flood.cause, flood]))
  let { lastFlood } = overview
  const floods: AlarmFloodRecord[] = []
  for (const cause of new Set([...running.keys(), ...raised.map((one) => one.cause)])) {
    const of = raised.filter((one) => one.cause === cause)
    // What comes nearer day by day is each tenant's own.
    if (!isCause(cause) || typeof causeOf(cause).severity !== 'string') continue
    const before = running.get(cause)
    if (before !== undefined) {
      const most = Math.max(before.most, of.length)
      if (of.length > 0 && of.length >= floodEndShare * most) floods.push({ ...before, most })
      continue
    }
    const recent = of.filter(({ raisedAt }) => now - raisedAt < floodWindowMs)
    if (recent.length < floodTenants) continue
    lastFlood += 1
    floods.push({ cause, number: lastFlood, since: now, most: recent.length })
  }
  return { ...overview, raised, floods, lastFlood }
}

/** Whether a tenant's message of this cause waits, because the provider is told of it. */
export function isHeldByFlood({ floods }: AlarmOverviewRecord, cause: string, now: Instant): boolean {
  return floods.some((flood) => flood.cause === cause && now - flood.since < floodHoldMs)
}

/** What the provider is told of: floods as one, else each tenant's alarm. */
export function providerAlarms({ raised, floods }: AlarmOverviewRecord): TellableAlarm[] {
  const flooded = new Set(floods.map(({ cause }) => cause))
  const single = raised.flatMap((one): TellableAlarm[] => {
    if (!isCause(one.cause) || causeOf(one.cause).provider === 'never') return []
    return [
      {
        ...one,
        cause: `${one.cause}@${one.tenant}`,
        state: 'firing',
        since: one.raisedAt,
        calmSince: null,
        levelAt: one.raisedAt,
        level: 1,
        code: one.cause,
        endsAt: null,
        inDigestOnly: false,
        isHeld: flooded.has(one.cause)
      }
    ]
  })
  return [...single, ...floods.map((flood) => floodAlarm(flood, raised))]
}

function floodAlarm(
  { cause, number, since, most }: AlarmFloodRecord,
  raised: readonly RaisedAlarmRecord[]
): TellableAlarm {
  const of = raised.filter((one) => one.cause === cause)
  return {
    cause: `flood:${cause}`,
    state: 'firing',
    since,
    calmSince: null,
    beganAt: of.reduce((first, one) => Math.min(first, one.beganAt), since),
    raisedAt: since,
    levelAt: since,
    episode: `f${number}`,
    level: 1,
    severity: 'critical',
    code: cause,
    users: of.length,
    of: most,
    endsAt: null,
    inDigestOnly: false,
    isHeld: false
  }
}

/** Counts messages; null: so many are too many within this hour. */
export function countMessages(
  overview: AlarmOverviewRecord,
  messages: number,
  now: Instant
): AlarmOverviewRecord | null {
  const isSameHour = now - overview.hour.beganAt < HOUR_MS
  const hour = isSameHour ? overview.hour : { beganAt: now, messages: 0 }
  if (hour.messages + messages > maxPerInstallationAndHour) return null
  return { ...overview, hour: { ...hour, messages: hour.messages + messages } }
}
