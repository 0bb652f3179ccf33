/** What raises an alarm: every cause in one table, with when it is raised, when it is over, and who is told. */
import type { SyncCode } from '../errors.ts'

export const severities = ['warning', 'critical'] as const
export type Severity = (typeof severities)[number]

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

export interface AlarmCause {
  /** Of a cause that comes nearer: of each level. */
  readonly severity: Severity | readonly Severity[]
  /** Milliseconds for which it must hold; `poll`: fifteen minutes, or five polls if that is longer; `settings`: the tenant's minutes. */
  readonly raiseAfter: number | 'poll' | 'settings'
  /** Milliseconds for which it must not hold any more until it is over. */
  readonly clearAfterMs: number
  /** `digest`: it stands in the daily digest alone. */
  readonly tenant: 'now' | 'digest' | 'never'
  readonly provider: 'now' | 'never'
  /** Of the causes of one group one at a time is raised: a connection fails for one reason or another. */
  readonly group?: 'refused' | 'transport'
  /** Its end is no news: what was announced has come. */
  readonly endsSilently?: true
}

const refused: AlarmCause = {
  severity: 'critical',
  raiseAfter: 0,
  clearAfterMs: 0,
  tenant: 'now',
  provider: 'never',
  group: 'refused'
}
const transport: AlarmCause = {
  severity: 'critical',
  raiseAfter: 'poll',
  clearAfterMs: 15 * MINUTE_MS,
  tenant: 'now',
  provider: 'now',
  group: 'transport'
}
/** Mailboxes of some users. */
const someMailboxes: AlarmCause = {
  severity: 'warning',
  raiseAfter: 0,
  clearAfterMs: HOUR_MS,
  tenant: 'digest',
  provider: 'never'
}

export const causes = {
  secret_expired: refused,
  secret_invalid: refused,
  consent_missing: refused,
  unreachable: transport,
  protocol_error: transport,
  throttled: transport,
  proxy_refused: transport,
  clock_wrong: transport,
  secret_expires: {
    severity: ['warning', 'warning', 'warning', 'critical'],
    raiseAfter: 0,
    clearAfterMs: 0,
    tenant: 'now',
    provider: 'never'
  },
  application_expires: {
    severity: ['warning', 'warning', 'warning', 'critical'],
    raiseAfter: 0,
    clearAfterMs: 0,
    tenant: 'now',
    provider: 'never'
  },
  stale: {
    severity: 'critical',
    raiseAfter: 'settings',
    clearAfterMs: 15 * MINUTE_MS,
    tenant: 'now',
    provider: 'never'
  },
  subscriptions_inactive: {
    severity: 'warning',
    raiseAfter: 30 * MINUTE_MS,
    clearAfterMs: 15 * MINUTE_MS,
    tenant: 'digest',
    provider: 'now'
  },
  consumer_refused: {
    severity: 'warning',
    raiseAfter: HOUR_MS,
    clearAfterMs: 15 * MINUTE_MS,
    tenant: 'now',
    provider: 'never'
  },
  key_expires: {
    severity: ['warning', 'warning', 'warning'],
    raiseAfter: 0,
    clearAfterMs: 0,
    tenant: 'now',
    provider: 'never',
    endsSilently: true
  },
  mailbox_unknown: someMailboxes,
  access_denied: someMailboxes,
  subject_not_readable: someMailboxes,
  mailbox_twice: someMailboxes,
  mailbox_outside: someMailboxes
} as const satisfies Readonly<Record<SyncCode, AlarmCause>> & Readonly<Record<string, AlarmCause>>

export type CauseName = keyof typeof causes
export const causeNames = Object.keys(causes) as readonly CauseName[]

/** Of what comes nearer day by day. */
export const endingCauses: ReadonlySet<string> = new Set<CauseName>([
  'secret_expires',
  'application_expires',
  'key_expires'
])

/** Days before the end at which a level begins. */
export const credentialLevels = [30, 14, 7, 1] as const
export const keyLevels = [14, 7, 1] as const

export function isCause(name: string): name is CauseName {
  return Object.hasOwn(causes, name)
}

export function causeOf(name: CauseName): AlarmCause {
  return causes[name]
}

/** `level` counts from 1. */
export function severityOf(name: CauseName, level: number): Severity {
  const { severity } = causeOf(name)
  return typeof severity === 'string' ? severity : severity[Math.min(level, severity.length) - 1]!
}

/** Milliseconds for which the cause must hold until it is raised. `minutes` is the tenant's setting. */
export function raiseAfterMs(name: CauseName, pollMs: number, minutes: number): number {
  const { raiseAfter } = causeOf(name)
  if (raiseAfter === 'settings') return minutes * MINUTE_MS
  return raiseAfter === 'poll' ? Math.max(15 * MINUTE_MS, 5 * pollMs) : raiseAfter
}

/** Level 0: not near yet. */
export function levelOf(levels: readonly number[], endsAt: number, now: number): number {
  const days = (endsAt - now) / (24 * HOUR_MS)
  return levels.filter((most) => days <= most).length
}

/** Of what an alarm's cause speaks: `stale`; of the provider's also `unreachable@acme` and `flood:unreachable`. */
export function splitCause(cause: string): {
  readonly base: CauseName
  readonly tenant: string | null
  readonly isFlood: boolean
} {
  const isFlood = cause.startsWith('flood:')
  const rest = isFlood ? cause.slice('flood:'.length) : cause
  const at = rest.indexOf('@')
  const base = at < 0 ? rest : rest.slice(0, at)
  if (!isCause(base)) throw new Error(`"${base}" is no cause of alarms`)
  return { base, tenant: at < 0 ? null : rest.slice(at + 1), isFlood }
}
