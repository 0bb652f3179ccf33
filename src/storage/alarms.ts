/**
 * The port to what is kept of alarms, a part of the store: to whom a tenant's alarms go, which are raised, and what was sent of them.
 * Each document is saved whole, and only over the version that was read: of two processes that act on the same state, one is refused.
 * A tenant's documents go with the tenant. Addresses and secrets arrive sealed.
 */
import type { Instant } from '../domain/calendar-event.ts'

/** What `withTenantLock` takes for a list of recipients: whoever seals anything in it holds this lock. `tenant` is null for the provider. */
export function alarmLockOf(tenant: string | null): string {
  return tenant ?? ':alarms'
}

export interface AlarmQuietHours {
  /** `18:00`, in the recipient's zone. */
  readonly from: string
  /** Not after `from`: on the next day. */
  readonly to: string
  /** On which they begin: 1 is Monday, 7 is Sunday. */
  readonly days: readonly number[]
  /** Whether critical alarms wait too. */
  readonly criticalToo: boolean
}

export interface AlarmSendResult {
  readonly at: Instant
  readonly ok: boolean
  readonly code: string
}

export interface AlarmRecipientRecord {
  readonly id: string
  readonly channel: string
  /** The address, number or URL, sealed. */
  readonly to: string
  /** Of a webhook alone: the form of what is posted. */
  readonly format: string | null
  /** Of a webhook alone: the secret that signs, sealed. */
  readonly secret: string | null
  readonly minSeverity: string
  readonly language: string
  /** IANA name; null: the tenant's, of the provider UTC. */
  readonly timeZone: string | null
  readonly quiet: AlarmQuietHours | null
  /** `07:30`, in the tenant's zone; null: no digest. */
  readonly digest: string | null
  readonly confirmed: boolean
  /** The code that confirms it, as a keyed digest, while it is asked for. */
  readonly code: { readonly digest: string; readonly expiresAt: Instant; readonly attempts: number } | null
  /** The receiver will never accept anything for this address. */
  readonly refused: boolean
  readonly lastResult: AlarmSendResult | null
}

export interface AlarmSettingsRecord {
  readonly share: number
  readonly minutes: number
  readonly reminderHours: number
  readonly muteUntil: Instant | null
}

/** To whom alarms go, and when. */
export interface AlarmListRecord {
  /** Counts up from 1. */
  readonly version: number
  readonly settings: AlarmSettingsRecord | null
  /** Causes that are muted, each with its end. */
  readonly mutes: Readonly<Record<string, Instant>>
  readonly recipients: readonly AlarmRecipientRecord[]
  /** When codes were sent within the last day. */
  readonly codesSentAt: readonly Instant[]
}

export const emptyAlarmList: AlarmListRecord = {
  version: 0,
  settings: null,
  mutes: {},
  recipients: [],
  codesSentAt: []
}

export const episodeStates = ['pending', 'firing', 'clearing'] as const

/** A condition that is not `ok`. */
export interface AlarmEpisodeRecord {
  readonly cause: string
  readonly state: (typeof episodeStates)[number]
  /** When that state began. */
  readonly since: Instant
  /** Within `pending`: since when the condition was not met; null: it is met. */
  readonly calmSince: Instant | null
  /** When the condition was first met. */
  readonly beganAt: Instant
  /** When it became `firing`; null: not yet. */
  readonly raisedAt: Instant | null
  /** When the level became what it is. */
  readonly levelAt: Instant
  /** `e12`: the twelfth of the tenant. */
  readonly episode: string
  /** Of causes that come nearer: 1, then 2 and so on. */
  readonly level: number
  readonly severity: string
  /** The sync code of most that are affected, where the cause is no sync code. */
  readonly code: string | null
  readonly users: number
  readonly of: number
  /** When that which comes nearer is there. */
  readonly endsAt: Instant | null
}

/** What a recipient was last told of one cause. */
export interface AlarmToldRecord {
  readonly cause: string
  readonly episode: string
  readonly level: number
  readonly severity: string
  /** When the condition began. */
  readonly beganAt: Instant
  readonly at: Instant
  /** How many messages of the episode were sent. */
  readonly messages: number
  /** Nothing was sent: too many messages, or no way to send them. */
  readonly silent: boolean
}

export interface AlarmDeliveryRecord {
  readonly recipient: string
  readonly told: readonly AlarmToldRecord[]
  /** When messages were sent within the last day. */
  readonly sentAt: readonly Instant[]
  /** Messages that were one too many since the last digest. */
  readonly dropped: number
  /** The last local day whose digest is done: `2026-12-01`. */
  readonly digestDay: string | null
  /** Failures in a row to send what is due. */
  readonly failures: number
  /** Until then a process is sending, or none tries; null: it is free. */
  readonly busyUntil: Instant | null
}

/** Which alarms of a tenant are raised, and what was sent of them. */
export interface AlarmStateRecord {
  /** Counts up from 1. */
  readonly version: number
  readonly episodes: readonly AlarmEpisodeRecord[]
  /** Counts the episodes. */
  readonly lastEpisode: number
  readonly deliveries: readonly AlarmDeliveryRecord[]
}

export const emptyAlarmState: AlarmStateRecord = { version: 0, episodes: [], lastEpisode: 0, deliveries: [] }

/** An alarm that is raised in a tenant, as the provider is told of it. */
export interface RaisedAlarmRecord {
  readonly tenant: string
  readonly cause: string
  readonly episode: string
  readonly severity: string
  readonly beganAt: Instant
  readonly raisedAt: Instant
  readonly users: number
  readonly of: number
}

/** The same cause in many tenants at once. */
export interface AlarmFloodRecord {
  readonly cause: string
  /** Counts the floods. */
  readonly number: number
  readonly since: Instant
  /** In how many tenants it was raised at the most. */
  readonly most: number
}

/** Alarms over all tenants: for the provider, and for the limits of the installation. */
export interface AlarmOverviewRecord {
  /** Counts up from 1. */
  readonly version: number
  readonly raised: readonly RaisedAlarmRecord[]
  readonly floods: readonly AlarmFloodRecord[]
  readonly lastFlood: number
  readonly hour: { readonly beganAt: Instant; readonly messages: number }
}

export interface AlarmDocuments<T> {
  /** Null: there is none (yet), or no such tenant. */
  read(tenant: string | null): Promise<T | null>
  /**
   * Saves it over the version before, where none is there over nothing; resolves to whether that was there. Throws TenantGone.
   * `tenant` is null for the provider's.
   */
  save(tenant: string | null, document: T): Promise<boolean>
}

export interface AlarmStore {
  readonly lists: AlarmDocuments<AlarmListRecord>
  readonly states: AlarmDocuments<AlarmStateRecord>
  /** The installation's alone: `tenant` is null. */
  readonly overview: AlarmDocuments<AlarmOverviewRecord>
}
