/**
 * The life of an alarm: `ok`, `pending`, `firing`, `clearing`, `ok`. Raising and clearing are apart, so that a condition that comes and
 * goes is raised once and over once. Pure: the state comes from the store and goes back there.
 */
import type { Instant } from '../domain/calendar-event.ts'
import type { AlarmEpisodeRecord, AlarmStateRecord } from '../storage/alarms.ts'
import { type CauseName, causeOf, isCause, raiseAfterMs, severityOf } from './causes.ts'
import type { Signal } from './signals.ts'

/** Milliseconds without the condition after which one that is only pending is forgotten. */
const calmMs = 5 * 60_000

export interface EpisodeOptions {
  readonly pollMs: number
  /** For how long the share of stale calendars must hold: the tenant's setting. */
  readonly minutes: number
  readonly now: Instant
}

type Episodes = Pick<AlarmStateRecord, 'episodes' | 'lastEpisode'>

/** The episodes as they are once the signals are taken into account. */
export function updateEpisodes(
  { episodes, lastEpisode }: Episodes,
  signals: readonly Signal[],
  options: EpisodeOptions
): Episodes {
  const known = new Map(episodes.map((one) => [one.cause, one]))
  let last = lastEpisode
  for (const signal of mergeGroups(known, signals)) {
    const { cause } = signal
    const before = known.get(cause)
    if (before === undefined && !signal.isMet) continue
    if (before === undefined) last += 1
    const after = step(before ?? begin(signal, `e${last}`, options.now), signal, options)
    if (after === null) known.delete(cause)
    else known.set(cause, after)
  }
  return { episodes: [...known.values()], lastEpisode: last }
}

/** A raised alarm of a group goes on under its cause while the connection fails for another reason of the same group. */
function mergeGroups(known: ReadonlyMap<string, AlarmEpisodeRecord>, signals: readonly Signal[]): Signal[] {
  return signals.flatMap((signal) => {
    const { group } = causeOf(signal.cause)
    if (group === undefined) return [signal]
    const running = [...known.values()].find((one) => groupOf(one) === group && one.state !== 'pending')
    if (running === undefined) return [signal]
    const met = signals.find((one) => one.isMet && causeOf(one.cause).group === group)
    if (signal.cause !== running.cause) return signal.isMet ? [] : [signal]
    return [met === undefined ? signal : { ...met, cause: signal.cause, code: met.cause }]
  })
}

function groupOf({ cause }: AlarmEpisodeRecord): string | undefined {
  return isCause(cause) ? causeOf(cause).group : undefined
}

function begin({ since, ...signal }: Signal, episode: string, now: Instant): AlarmEpisodeRecord {
  return {
    cause: signal.cause,
    state: 'pending',
    since: now,
    calmSince: null,
    beganAt: Math.min(since ?? now, now),
    raisedAt: null,
    levelAt: now,
    episode,
    level: signal.level,
    severity: severityOf(signal.cause, signal.level),
    code: signal.code,
    users: signal.users,
    of: signal.of,
    endsAt: signal.endsAt
  }
}

/** Null: it is over. */
function step(
  before: AlarmEpisodeRecord,
  signal: Signal,
  { pollMs, minutes, now }: EpisodeOptions
): AlarmEpisodeRecord | null {
  const { clearAfterMs } = causeOf(signal.cause)
  if (!signal.isMet) {
    if (before.state === 'pending') {
      const calmSince = before.calmSince ?? now
      return now - calmSince >= Math.min(calmMs, clearAfterMs) ? null : { ...before, calmSince }
    }
    const clearing =
      before.state === 'clearing' ? before : { ...before, state: 'clearing' as const, since: now }
    return now - clearing.since >= clearAfterMs ? null : clearing
  }
  const present = { ...withLevel(before, signal, now), calmSince: null }
  if (present.state === 'clearing') return { ...present, state: 'firing', since: now }
  const isDue = now - present.beganAt >= raiseAfterMs(signal.cause, pollMs, minutes)
  if (present.state === 'firing' || !signal.isConfirmed || !isDue) return present
  return { ...present, state: 'firing', since: now, raisedAt: now, levelAt: now }
}

/** What comes nearer is told anew. What goes back is told by its end. */
function withLevel(before: AlarmEpisodeRecord, signal: Signal, now: Instant): AlarmEpisodeRecord {
  const { cause, level, users, of, code, endsAt } = signal
  const facts = { ...before, users, of, code, endsAt }
  if (level === before.level) return facts
  return { ...facts, level, severity: severityOf(cause as CauseName, level), levelAt: now }
}
