/**
 * Sends what the recipients of one owner (a tenant, or the provider) are to be told. A message is claimed in the store before it is
 * sent, so that of two processes one sends it; a claim of a process that died ends by itself, and the message goes out again under
 * the same id.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Instant } from '../domain/calendar-event.ts'
import type { Log } from '../lib/redact-error.ts'
import type {
  AlarmDeliveryRecord,
  AlarmListRecord,
  AlarmRecipientRecord,
  AlarmStateRecord
} from '../storage/alarms.ts'
import { alarmPurpose } from '../storage/secrets/alarm-secrets.ts'
import type { Unsealer } from '../storage/secrets/seal.ts'
import type { Store } from '../storage/store.ts'
import { changeDocument, changeList, changeState } from './alarm-documents.ts'
import type { AlarmMetrics } from './alarm-metrics.ts'
import { splitCause } from './causes.ts'
import { type AlarmMessage, composeDigest, composeNews, maxNamedUsers } from './compose.ts'
import type { ComposeContext } from './describe-alarm.ts'
import { countMessages, emptyOverview } from './overview.ts'
import {
  type DeliveryPlan,
  type DueMessage,
  defaultSettings,
  markSilent,
  newDelivery,
  type PlanOptions,
  planDelivery,
  type TellableAlarm
} from './plan-delivery.ts'
import type { AlarmSender, Channel, SendResult } from './senders/alarm-sender.ts'

/** Milliseconds after which a message whose process says nothing more is sent by another. */
const claimMs = 3 * 60_000
/** Milliseconds until a message is tried again that was one too many for the installation. */
const limitWaitMs = 5 * 60_000
const DAY_MS = 86_400_000

export interface DeliveryDeps {
  readonly store: Pick<Store, 'alarms' | 'tenant'>
  readonly senders: ReadonlyMap<Channel, AlarmSender>
  readonly unsealer: Unsealer
  /** Without a slash at its end; null: messages have no links. */
  readonly publicUrl: string | null
  /** Ids of some users that are affected. */
  readonly affectedUsers: (tenant: string, limit: number) => readonly string[]
  readonly clock: () => Instant
  readonly metrics: Pick<AlarmMetrics, 'countAlarmMessage'>
  readonly log: Pick<Log, 'warn'>
}

/** Whose recipients: null is the provider. */
export interface DeliveryOwner {
  readonly tenant: string | null
  readonly name: string
  readonly zone: string
}

/** Gives what the recipients may be told of, from the state as it is in the store. */
export type AlarmsOf = (state: AlarmStateRecord) => readonly TellableAlarm[]

export async function deliver(owner: DeliveryOwner, alarmsOf: AlarmsOf, deps: DeliveryDeps): Promise<void> {
  const { store, senders } = deps
  const list = await store.alarms.lists.read(owner.tenant)
  const ready = list?.recipients.filter(
    ({ confirmed, refused, channel }) => confirmed && !refused && senders.has(channel as Channel)
  )
  if (list === null || ready === undefined) return
  await forgetRemoved(owner, list, deps)
  for (const recipient of ready) await deliverTo(recipient, list, { owner, alarmsOf, deps })
}

interface DeliverTo {
  readonly owner: DeliveryOwner
  readonly alarmsOf: AlarmsOf
  readonly deps: DeliveryDeps
}

async function deliverTo(
  recipient: AlarmRecipientRecord,
  list: AlarmListRecord,
  work: DeliverTo
): Promise<void> {
  const claimed = await claim(recipient, list, work)
  if (claimed === null) return
  const { owner, deps } = work
  const { due, alarms, dropped } = claimed
  const message = await composeFor(recipient, due, { alarms, dropped }, work)
  const sender = deps.senders.get(recipient.channel as Channel)!
  const result = await sendTo(sender, owner.tenant, recipient, message, deps)
  deps.metrics.countAlarmMessage(recipient.channel, result.code)
  await record(recipient, claimed, result, work)
}

interface Claimed {
  readonly due: DueMessage
  readonly alarms: readonly TellableAlarm[]
  readonly dropped: number
  readonly sent: AlarmDeliveryRecord
  readonly unsent: AlarmDeliveryRecord
}

/** Null: nothing is due, or another process is at it. */
async function claim(
  recipient: AlarmRecipientRecord,
  list: AlarmListRecord,
  { owner, alarmsOf, deps }: DeliverTo
): Promise<Claimed | null> {
  const { alarms: documents } = deps.store
  const now = deps.clock()
  let claimed: Claimed | null = null
  await changeState(documents.states, owner.tenant, (state) => {
    claimed = null
    const before = state.deliveries.find((one) => one.recipient === recipient.id) ?? newDelivery(recipient.id)
    if (before.busyUntil !== null && before.busyUntil > now) return state
    const alarms = alarmsOf(state)
    const options: PlanOptions = {
      alarms,
      settings: list.settings ?? defaultSettings,
      mutes: list.mutes,
      zone: recipient.timeZone ?? owner.zone,
      sentByTenant: owner.tenant === null ? 0 : countSent(state, now),
      now
    }
    const { due, unsent, sent }: DeliveryPlan = planDelivery(recipient, before, options)
    if (due === null) return withDelivery(state, { ...unsent, busyUntil: null })
    claimed = { due, alarms, dropped: unsent.dropped, sent, unsent }
    return withDelivery(state, { ...unsent, busyUntil: now + claimMs })
  })
  if (claimed === null || (await isWithinLimit(deps, now))) return claimed
  await changeState(documents.states, owner.tenant, (state) =>
    changeDelivery(state, recipient.id, (one) => ({ ...one, busyUntil: now + limitWaitMs }))
  )
  return null
}

/** Counts a message among those of the installation. */
async function isWithinLimit({ store }: DeliveryDeps, now: Instant): Promise<boolean> {
  let isWithin = true
  await changeDocument(store.alarms.overview, null, emptyOverview, (overview) => {
    const counted = countMessages(overview, 1, now)
    isWithin = counted !== null
    return counted ?? overview
  })
  return isWithin
}

async function composeFor(
  recipient: AlarmRecipientRecord,
  due: DueMessage,
  { alarms, dropped }: Pick<Claimed, 'alarms' | 'dropped'>,
  { owner, deps }: DeliverTo
): Promise<AlarmMessage> {
  const names = new Map<string, string>()
  if (owner.tenant !== null) names.set(owner.tenant, owner.name)
  else for (const id of tenantsIn(alarms, due)) names.set(id, (await deps.store.tenant(id))?.name ?? id)
  const context: ComposeContext = {
    tenant: owner.tenant,
    nameOf: (id) => names.get(id) ?? id,
    zone: recipient.timeZone ?? owner.zone,
    language: recipient.language,
    publicUrl: deps.publicUrl,
    users: owner.tenant === null ? [] : deps.affectedUsers(owner.tenant, maxNamedUsers),
    now: deps.clock()
  }
  return due.kind === 'news'
    ? composeNews(due.news, context)
    : composeDigest(alarms, { day: due.day, dropped }, context)
}

function tenantsIn(alarms: readonly TellableAlarm[], due: DueMessage): Set<string> {
  const causes = [
    ...alarms.map(({ cause }) => cause),
    ...(due.kind === 'news' ? due.news.map(({ cause }) => cause) : [])
  ]
  return new Set(causes.flatMap((cause) => splitCause(cause).tenant ?? []))
}

/** Unseals the address and sends. Never rejects. */
export async function sendTo(
  sender: AlarmSender,
  tenant: string | null,
  recipient: AlarmRecipientRecord,
  message: AlarmMessage,
  { unsealer, log }: Pick<DeliveryDeps, 'unsealer'> & { readonly log: Pick<Log, 'warn'> }
): Promise<SendResult> {
  let destination: { readonly to: string; readonly secret: string | null }
  try {
    const open = (sealed: string, member: 'to' | 'secret') =>
      unsealer.open(sealed, alarmPurpose(tenant, recipient.id, member))
    destination = {
      to: open(recipient.to, 'to'),
      secret: recipient.secret === null ? null : open(recipient.secret, 'secret')
    }
  } catch {
    log.warn(
      { tenant, recipient: recipient.id },
      'the address of a recipient of alarms cannot be unsealed: put it again'
    )
    return { code: 'refused', said: null }
  }
  return sender.send({ ...destination, format: recipient.format }, message)
}

async function record(
  recipient: AlarmRecipientRecord,
  { due, sent, unsent }: Claimed,
  { code }: SendResult,
  { owner, deps }: DeliverTo
): Promise<void> {
  const { alarms: documents } = deps.store
  const now = deps.clock()
  const failures = unsent.failures + 1
  const retries = deps.senders.get(recipient.channel as Channel)!.retryAfterMs
  const waitMs = code === 'uncertain' && failures > 1 ? undefined : retries[failures - 1]
  const mayPass = code === 'temporary' || code === 'uncertain' || code === 'auth_failed'
  const isGivenUp = code !== 'sent' && (!mayPass || waitMs === undefined)
  await changeState(documents.states, owner.tenant, (state) =>
    changeDelivery(state, recipient.id, () => {
      if (code === 'sent') return sent
      if (!isGivenUp) return { ...unsent, failures, busyUntil: now + waitMs! }
      if (due.kind === 'news') return markSilent(unsent, due.news, now)
      return { ...unsent, digestDay: due.day, failures: 0, busyUntil: null }
    })
  )
  if (isGivenUp) {
    deps.metrics.countAlarmMessage(recipient.channel, 'givenUp')
    deps.log.warn(
      { tenant: owner.tenant, recipient: recipient.id, code },
      'a message of an alarm was given up'
    )
  }
  await changeList(documents.lists, owner.tenant, (list) => ({
    ...list,
    recipients: list.recipients.map((one) =>
      one.id === recipient.id && one.to === recipient.to
        ? {
            ...one,
            refused: code === 'recipient_refused',
            lastResult: { at: now, ok: code === 'sent', code }
          }
        : one
    )
  }))
}

/** What was told to recipients that are there no more. */
async function forgetRemoved(
  { tenant }: DeliveryOwner,
  list: AlarmListRecord,
  { store }: DeliveryDeps
): Promise<void> {
  const known = new Set(list.recipients.map(({ id }) => id))
  const state = await store.alarms.states.read(tenant)
  if (state === null || state.deliveries.every(({ recipient }) => known.has(recipient))) return
  await changeState(store.alarms.states, tenant, (state) => ({
    ...state,
    deliveries: state.deliveries.filter(({ recipient }) => known.has(recipient))
  }))
}

function withDelivery(state: AlarmStateRecord, delivery: AlarmDeliveryRecord): AlarmStateRecord {
  const before = state.deliveries.find((one) => one.recipient === delivery.recipient)
  if (before === undefined) {
    const isEmpty = isDeepStrictEqual(delivery, newDelivery(delivery.recipient))
    return isEmpty ? state : { ...state, deliveries: [...state.deliveries, delivery] }
  }
  return changeDelivery(state, delivery.recipient, () => delivery)
}

function changeDelivery(
  state: AlarmStateRecord,
  recipient: string,
  change: (delivery: AlarmDeliveryRecord) => AlarmDeliveryRecord
): AlarmStateRecord {
  return {
    ...state,
    deliveries: state.deliveries.map((one) => (one.recipient === recipient ? change(one) : one))
  }
}

function countSent({ deliveries }: AlarmStateRecord, now: Instant): number {
  return deliveries.reduce((sum, { sentAt }) => sum + sentAt.filter((at) => now - at < DAY_MS).length, 0)
}
