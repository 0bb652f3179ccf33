/**
 * What a recipient is to be told now: the alarms as they are, against what they were last told. So a message that waited and has
 * become untrue is never sent, and a process that takes over goes on where the one before was. Pure.
 */
import type { Instant } from '../domain/calendar-event.ts'
import type {
  AlarmDeliveryRecord,
  AlarmEpisodeRecord,
  AlarmRecipientRecord,
  AlarmSettingsRecord,
  AlarmToldRecord
} from '../storage/alarms.ts'
import { causeOf, isCause, splitCause } from './causes.ts'
import { digestDayAt, isQuiet } from './quiet-hours.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** Milliseconds for which a raised alarm waits for others, so that they become one message. */
export const groupWaitMs = 2 * MINUTE_MS

/** Messages to one recipient. */
export const messageLimits: Readonly<Record<string, { readonly perHour: number; readonly perDay: number }>> =
  {
    email: { perHour: 6, perDay: 20 },
    webhook: { perHour: 6, perDay: 20 },
    sms: { perHour: 3, perDay: 10 }
  }
/** Milliseconds after its time until which a digest is sent: a process may have been away. */
const maxDigestDelayMs = 2 * HOUR_MS
/** Messages of one tenant to all its recipients. */
export const maxPerTenantAndDay = 50

export const defaultSettings: AlarmSettingsRecord = {
  share: 0.2,
  minutes: 30,
  reminderHours: 24,
  muteUntil: null
}

/** An alarm that a recipient may be told of; `cause` tells it from the others. */
export interface TellableAlarm extends AlarmEpisodeRecord {
  /** It stands in the digest alone. */
  readonly inDigestOnly: boolean
  /** What is held back: it is not told now, and neither is its end. */
  readonly isHeld: boolean
}

export const newsTypes = ['raised', 'reminder', 'over'] as const

export interface News {
  readonly type: (typeof newsTypes)[number]
  readonly cause: string
  readonly episode: string
  readonly severity: string
  readonly beganAt: Instant
  /** Null: it is over. */
  readonly alarm: TellableAlarm | null
  /** How many messages of the episode went before this one. */
  readonly messagesBefore: number
}

/** One message. Of `news` the gravest come first. */
export type DueMessage =
  | { readonly kind: 'news'; readonly news: readonly News[] }
  | { readonly kind: 'digest'; readonly day: string }

export interface DeliveryPlan {
  readonly due: DueMessage | null
  /** The record as it is before the message is sent, and once it was. */
  readonly unsent: AlarmDeliveryRecord
  readonly sent: AlarmDeliveryRecord
}

export interface PlanOptions {
  readonly alarms: readonly TellableAlarm[]
  readonly settings: AlarmSettingsRecord
  readonly mutes: Readonly<Record<string, Instant>>
  readonly zone: string
  /** Messages of all the tenant's recipients within the last day. */
  readonly sentByTenant: number
  readonly now: Instant
}

export function newDelivery(recipient: string): AlarmDeliveryRecord {
  return { recipient, told: [], sentAt: [], dropped: 0, digestDay: null, failures: 0, busyUntil: null }
}

export function planDelivery(
  recipient: AlarmRecipientRecord,
  record: AlarmDeliveryRecord,
  options: PlanOptions
): DeliveryPlan {
  const { now } = options
  const sentAt = record.sentAt.filter((at) => now - at < DAY_MS)
  const told = new Map(record.told.map((one) => [one.cause, one]))
  const found = findNews(recipient, told, options)
  const isDue = found.some(({ type, alarm }) => type !== 'raised' || now - alarm!.levelAt >= groupWaitMs)
  const news = isDue ? found : []
  const digest = planDigest(recipient, record, options)
  let unsent: AlarmDeliveryRecord = {
    ...record,
    sentAt,
    told: keepTold(told, options),
    digestDay: digest.seenDay
  }
  if (news.length > 0 && !isOverLimit(recipient, unsent, options)) {
    const sent = afterMessage({ ...unsent, told: applyNews(unsent.told, news, now, false) }, now)
    return { due: { kind: 'news', news }, unsent, sent }
  }
  if (news.length > 0) unsent = markSilent(unsent, news, now)
  const day = digest.dueDay
  if (day === null) return { due: null, unsent, sent: unsent }
  return {
    due: { kind: 'digest', day },
    unsent,
    sent: afterMessage({ ...unsent, digestDay: day, dropped: 0 }, now)
  }
}

function afterMessage(delivery: AlarmDeliveryRecord, now: Instant): AlarmDeliveryRecord {
  return { ...delivery, sentAt: [...delivery.sentAt, now], failures: 0, busyUntil: null }
}

/** What is told in place of messages that cannot be sent. */
export function markSilent(
  delivery: AlarmDeliveryRecord,
  news: readonly News[],
  now: Instant
): AlarmDeliveryRecord {
  return {
    ...delivery,
    told: applyNews(delivery.told, news, now, true),
    dropped: delivery.dropped + 1,
    failures: 0,
    busyUntil: null
  }
}

function findNews(
  recipient: AlarmRecipientRecord,
  told: ReadonlyMap<string, AlarmToldRecord>,
  { alarms, settings, mutes, zone, now }: PlanOptions
): News[] {
  const { minSeverity, quiet } = recipient
  if (settings.muteUntil !== null && settings.muteUntil > now) return []
  const waits = quiet !== null && isQuiet(quiet, zone, now)
  const may = (cause: string, severity: string) => {
    if ((mutes[splitCause(cause).base] ?? 0) > now) return false
    if (severity !== 'critical' && minSeverity === 'critical') return false
    return !waits || (severity === 'critical' && !quiet.criticalToo)
  }
  const raised = raisedByCause(alarms)
  const news: News[] = []
  for (const alarm of alarms) {
    if (alarm.raisedAt === null || alarm.inDigestOnly || alarm.isHeld) continue
    if (!may(alarm.cause, alarm.severity)) continue
    const before = told.get(alarm.cause)
    const isKnown = before?.episode === alarm.episode
    const facts = {
      cause: alarm.cause,
      episode: alarm.episode,
      severity: alarm.severity,
      beganAt: alarm.beganAt,
      alarm,
      messagesBefore: isKnown ? before.messages : 0
    }
    // What has just ceased is not told as new.
    if (!isKnown && alarm.state === 'clearing') continue
    if (!isKnown || alarm.level > before.level) news.push({ type: 'raised', ...facts })
    else if (alarm.severity === 'critical' && now - before.at >= settings.reminderHours * HOUR_MS)
      news.push({ type: 'reminder', ...facts })
  }
  for (const { cause, episode, severity, beganAt, messages, silent } of told.values()) {
    if (raised.has(cause) || silent || endsSilently(cause) || !may(cause, severity)) continue
    news.push({ type: 'over', cause, episode, severity, beganAt, alarm: null, messagesBefore: messages })
  }
  return news.sort((a, b) => rankOf(a) - rankOf(b) || a.beganAt - b.beganAt)
}

/** Of what is over and is not told, nothing is kept; of what has gone back, its level. */
function keepTold(told: ReadonlyMap<string, AlarmToldRecord>, { alarms }: PlanOptions): AlarmToldRecord[] {
  const raised = raisedByCause(alarms)
  return [...told.values()].flatMap((one) => {
    const alarm = raised.get(one.cause)
    if (alarm === undefined) return one.silent || endsSilently(one.cause) ? [] : [one]
    const hasGoneBack = alarm.episode === one.episode && alarm.level < one.level
    return [hasGoneBack ? { ...one, level: alarm.level } : one]
  })
}

function raisedByCause(alarms: readonly TellableAlarm[]): ReadonlyMap<string, TellableAlarm> {
  return new Map(alarms.filter(({ raisedAt }) => raisedAt !== null).map((one) => [one.cause, one]))
}

function endsSilently(cause: string): boolean {
  return isCause(cause) && causeOf(cause).endsSilently === true
}

function applyNews(
  told: readonly AlarmToldRecord[],
  news: readonly News[],
  now: Instant,
  silent: boolean
): AlarmToldRecord[] {
  const after = new Map(told.map((one) => [one.cause, one]))
  for (const { type, cause, episode, severity, beganAt, alarm, messagesBefore } of news) {
    if (type === 'over') after.delete(cause)
    else {
      after.set(cause, {
        cause,
        episode,
        level: alarm?.level ?? 1,
        severity,
        beganAt,
        at: now,
        messages: silent ? messagesBefore : messagesBefore + 1,
        silent: silent && messagesBefore === 0
      })
    }
  }
  return [...after.values()]
}

function isOverLimit(
  { channel }: AlarmRecipientRecord,
  { sentAt }: AlarmDeliveryRecord,
  { sentByTenant, now }: PlanOptions
): boolean {
  const limits = messageLimits[channel]!
  const lastHour = sentAt.filter((at) => now - at < HOUR_MS).length
  return lastHour >= limits.perHour || sentAt.length >= limits.perDay || sentByTenant >= maxPerTenantAndDay
}

/** The first digest of a recipient is that of the next day. */
function planDigest(
  { digest, channel }: AlarmRecipientRecord,
  delivery: AlarmDeliveryRecord,
  { zone, alarms, settings, now }: PlanOptions
): { readonly seenDay: string | null; readonly dueDay: string | null } {
  if (digest === null || channel === 'sms') return { seenDay: null, dueDay: null }
  const today = digestDayAt(digest, zone, now)
  const { digestDay, dropped } = delivery
  if (today === null) return { seenDay: digestDay ?? 'none', dueDay: null }
  if (digestDay === null || digestDay === today.day) return { seenDay: today.day, dueDay: null }
  const isMuted = settings.muteUntil !== null && settings.muteUntil > now
  const hasNews = alarms.some(({ raisedAt }) => raisedAt !== null) || dropped > 0
  if (!hasNews || isMuted || now - today.since > maxDigestDelayMs) return { seenDay: today.day, dueDay: null }
  return { seenDay: digestDay, dueDay: today.day }
}

function rankOf({ type, severity }: News): number {
  return (type === 'over' ? 2 : 0) + (severity === 'critical' ? 0 : 1)
}
