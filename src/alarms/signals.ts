/** Which conditions hold in a tenant at this moment, from what sync, keys and consumers know. Pure. */
import type { Instant } from '../domain/calendar-event.ts'
import type { TenantReport } from '../sync/tenant-report.ts'
import {
  type CauseName,
  causeNames,
  causeOf,
  credentialLevels,
  isCause,
  keyLevels,
  levelOf
} from './causes.ts'

/** Whether a condition holds. A cause without a signal is not known at present: its alarm stays as it is. */
export interface Signal {
  readonly cause: CauseName
  readonly isMet: boolean
  /** Since when, where that is known; else from now on. */
  readonly since: Instant | null
  /** It was seen twice, as far as its kind asks for that. */
  readonly isConfirmed: boolean
  /** Counts from 1. */
  readonly level: number
  readonly users: number
  readonly of: number
  readonly code: string | null
  readonly endsAt: Instant | null
}

/** How a consumer's far side takes what is pushed to it, as `GET …/consumers` has it. */
export interface ConsumerState {
  readonly state: 'unverified' | 'active' | 'failing' | 'refused' | 'disabled' | 'paused'
  readonly since: Instant
}

export interface SignalSources {
  readonly report: TenantReport
  /** When the tenant's API keys end. */
  readonly keyEnds: readonly Instant[]
  readonly consumers: readonly ConsumerState[]
  /** From which share of stale calendars on; the tenant's setting. */
  readonly share: number
  readonly now: Instant
}

export interface ProviderSources {
  /** When the provider's own API keys end. */
  readonly keyEnds: readonly Instant[]
  /** When the credential of the provider's application in Entra ends; null: not known, or there is none. */
  readonly applicationEndsAt: Instant | null
}

/** Milliseconds after which a refusal counts as seen twice. */
const confirmMs = 5 * 60_000
/** Fewer stale calendars than these are for the digest. */
const minStaleUsers = 5
/** Below this share calendars no longer count as stale together. */
const calmShare = 0.05
const mailboxCauses = [
  'mailbox_unknown',
  'access_denied',
  'subject_not_readable',
  'mailbox_twice',
  'mailbox_outside'
] as const

export function readSignals({ report, keyEnds, consumers, share, now }: SignalSources): Signal[] {
  return [
    ...connectionSignals(report),
    credentialSignal('secret_expires', { endsAt: report.credentialEndsAt, users: report.users }, now),
    ...calendarSignals(report, share),
    keySignal(keyEnds, now),
    consumerSignal(consumers)
  ]
}

/** The provider has no calendars, but perhaps an application that customers consent to. */
export function readProviderSignals({ keyEnds, applicationEndsAt }: ProviderSources, now: Instant): Signal[] {
  return [
    keySignal(keyEnds, now),
    credentialSignal('application_expires', { endsAt: applicationEndsAt, users: 0 }, now)
  ]
}

function connectionSignals({ connection, users }: TenantReport): Signal[] {
  // Nothing was read over it since it was opened, or since this process began.
  if (connection.state === 'untried') return []
  const { state, code, since, failedAt } = connection
  const failing = state === 'failing' && code !== null && isCause(code) ? code : null
  return causeNames
    .filter((name) => causeOf(name).group !== undefined)
    .map((name) => {
      if (name !== failing) return notMet(name)
      const isRefused = causeOf(name).group === 'refused'
      return met(name, {
        since,
        users,
        of: users,
        isConfirmed: !isRefused || (failedAt ?? since) - since >= confirmMs
      })
    })
}

function credentialSignal(
  cause: 'secret_expires' | 'application_expires',
  { endsAt, users }: { readonly endsAt: Instant | null; readonly users: number },
  now: Instant
): Signal {
  const level = endsAt === null ? 0 : levelOf(credentialLevels, endsAt, now)
  return level === 0 ? notMet(cause) : met(cause, { level, endsAt, users, of: users })
}

/** While the connection as a whole fails, or was not tried yet, nothing is known of single calendars. */
function calendarSignals(report: TenantReport, share: number): Signal[] {
  const { connection, users, staleUsers, unreadableUsers, subscriptions } = report
  if (connection.state === 'failing' || connection.state === 'untried') return []
  const signals: Signal[] = mailboxCauses.map((code) => {
    const count = unreadableUsers.get(code) ?? 0
    return count === 0 ? notMet(code) : met(code, { users: count, of: users })
  })
  if (staleUsers >= Math.max(minStaleUsers, share * users)) {
    signals.push(met('stale', { users: staleUsers, of: users, code: mostFrequent(unreadableUsers) }))
  } else if (staleUsers < calmShare * users || staleUsers === 0) signals.push(notMet('stale'))
  const { active, inactive } = subscriptions
  const total = active + inactive
  const isInactive = inactive > 0 && (inactive >= total / 2 || (inactive > 10 && inactive > total / 10))
  signals.push(
    isInactive
      ? met('subscriptions_inactive', { users: inactive, of: total })
      : notMet('subscriptions_inactive')
  )
  return signals
}

/** Keys that ended are no news. */
function keySignal(keyEnds: readonly Instant[], now: Instant): Signal {
  const ahead = keyEnds.filter((end) => end > now)
  const endsAt = Math.min(...ahead)
  const level = ahead.length === 0 ? 0 : levelOf(keyLevels, endsAt, now)
  if (level === 0) return notMet('key_expires')
  const near = ahead.filter((end) => levelOf(keyLevels, end, now) > 0)
  return met('key_expires', { level, endsAt, users: near.length, of: keyEnds.length })
}

function consumerSignal(consumers: readonly ConsumerState[]): Signal {
  const refused = consumers.filter(({ state }) => state === 'refused' || state === 'failing')
  if (refused.length === 0) return notMet('consumer_refused')
  const since = Math.min(...refused.map((one) => one.since))
  return met('consumer_refused', { since, users: refused.length, of: consumers.length })
}

function met(cause: CauseName, more: Partial<Omit<Signal, 'cause' | 'isMet'>>): Signal {
  return {
    cause,
    isMet: true,
    since: null,
    isConfirmed: true,
    level: 1,
    users: 0,
    of: 0,
    code: null,
    endsAt: null,
    ...more
  }
}

function notMet(cause: CauseName): Signal {
  return { ...met(cause, {}), isMet: false }
}

function mostFrequent(counts: ReadonlyMap<string, number>): string | null {
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null
}
