/** Subscribe, Unsubscribe, GetEvents and GetStreamingEvents: who may have them, and what they look like. */
import { setImmediate } from 'node:timers/promises'
import { ConnectionAborted } from '../protocol-message.ts'
import { chunked, manyBytes } from './chunks.ts'
import {
  attempt,
  errorResponseMessage,
  ItemError,
  responseMessages,
  SoapFault,
  streamedEnvelope,
  success
} from './envelope.ts'
import { folderChangeKey, folderIdOf, openFolder } from './folders.ts'
import { changeKeyOf, itemIdOf } from './properties.ts'
import type { RequestContext } from './request-context.ts'
import { type EventType, eventTypes, type MailboxEvent, type SimulatedSubscription } from './subscription.ts'
import type { SubscriptionStore } from './subscription-store.ts'
import { type ExchangeVersion, supports } from './versions.ts'
import { all, descendantAt, escapeText, textAt } from './xml.ts'

const mostPerStream = 200
const mostPerNotification = 50

export function subscribe(context: RequestContext, store: SubscriptionStore): string {
  const { operation, installation, caller, schema } = context
  const request = operation.children[0]
  const streaming = request?.name === 'StreamingSubscriptionRequest'
  if (!request || !['PullSubscriptionRequest', 'StreamingSubscriptionRequest'].includes(request.name)) {
    throw new SoapFault(
      'ErrorInvalidSubscriptionRequest',
      'The simulator has pull and streaming subscriptions only.'
    )
  }
  if (streaming && !supports(schema, 'Exchange2010_SP1')) {
    throw new SoapFault(
      'ErrorSchemaValidation',
      'The request failed schema validation: no such subscription is known.'
    )
  }
  const types = new Set(all(descendantAt(request, 'EventTypes'), 'EventType').map(({ text }) => text))
  const known = eventTypes.filter((type) => types.has(type))
  if (known.length === 0 || (types.has('FreeBusyChangedEvent') && !supports(schema, 'Exchange2010_SP1'))) {
    throw new SoapFault('ErrorSchemaValidation', 'The request failed schema validation: EventTypes.')
  }
  const message = attempt('Subscribe', '', () => {
    const folders = descendantAt(request, 'FolderIds')?.children ?? []
    const opened = folders.map((id) => openFolder(context, id))
    const mailbox = opened[0]?.mailbox ?? caller.mailbox
    if (!mailbox || opened.some((each) => each.mailbox !== mailbox)) {
      throw new ItemError('ErrorInvalidSubscriptionRequest', 'A subscription is of one mailbox.')
    }
    if (opened.some(({ right }) => right !== 'fullAccess')) {
      throw new ItemError(
        'ErrorSubscriptionDelegateAccessNotSupported',
        'Subscriptions are not supported for delegate user access.'
      )
    }
    const { version, tenant } = installation
    // Before 2010 SP2 RU4 the account pays for whom it impersonates, too.
    const charged = supports(version.schema, 'Exchange2010_SP2') ? caller.address : caller.account
    const made = store.subscribe({
      mailbox,
      owner: caller.account,
      budget: `${tenant} ${charged}`,
      streaming,
      server: context.server,
      types: new Set<EventType>(known),
      minutes: streaming ? 30 : Number(textAt(request, 'Timeout') ?? 30),
      most: installation.subscriptions
    })
    if (!made) {
      throw new ItemError(
        'ErrorExceededSubscriptionCount',
        'You have exceeded the available subscriptions for your account.'
      )
    }
    const watermark = streaming ? '' : `<m:Watermark>${watermarkOf(made.eventCount)}</m:Watermark>`
    return `<m:SubscriptionId>${made.id}</m:SubscriptionId>${watermark}`
  })
  return responseMessages('Subscribe', [message])
}

export function unsubscribe(context: RequestContext, store: SubscriptionStore): string {
  const message = attempt('Unsubscribe', '', () => {
    const { id } = owned(context, store)
    store.unsubscribe(id)
    return ''
  })
  return responseMessages('Unsubscribe', [message])
}

function owned(
  { operation, caller, server }: RequestContext,
  store: SubscriptionStore
): SimulatedSubscription {
  const subscription = store.get(textAt(operation, 'SubscriptionId') ?? '')
  if (subscription?.server !== server)
    throw new ItemError('ErrorSubscriptionNotFound', 'The specified subscription was not found.')
  if (subscription.owner !== caller.account) {
    throw new ItemError('ErrorSubscriptionAccessDenied', 'Access to the subscription is denied.')
  }
  return subscription
}

export function getEvents(context: RequestContext, store: SubscriptionStore): string {
  const { operation } = context
  const message = attempt('GetEvents', '', () => {
    const subscription = owned(context, store)
    const since = readWatermark(textAt(operation, 'Watermark') ?? '')
    if (since === null || since > subscription.eventCount) {
      throw new ItemError(
        'ErrorInvalidWatermark',
        'The watermark used for creating this subscription was not found.'
      )
    }
    const waiting = store.since(subscription, since)
    const shown = waiting.slice(0, mostPerNotification)
    const events = shown.map((each) => eventOf(each, true)).join('')
    const idle = `<t:StatusEvent><t:Watermark>${watermarkOf(subscription.eventCount)}</t:Watermark></t:StatusEvent>`
    return `<m:Notification><t:SubscriptionId>${subscription.id}</t:SubscriptionId><t:PreviousWatermark>${watermarkOf(since)}</t:PreviousWatermark><t:MoreEvents>${shown.length < waiting.length}</t:MoreEvents>${events || idle}</m:Notification>`
  })
  return responseMessages('GetEvents', [message])
}

/** Documents one after the other, until the time is over, the server closes, or the client goes. */
export function getStreamingEvents(context: RequestContext, store: SubscriptionStore): AsyncIterable<Buffer> {
  const { operation, installation, caller } = context
  const minutes = Number(textAt(operation, 'ConnectionTimeout'))
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > 30) {
    throw new SoapFault('ErrorSchemaValidation', 'The request failed schema validation: ConnectionTimeout.')
  }
  const ids = all(descendantAt(operation, 'SubscriptionIds'), 'SubscriptionId').map(({ text }) => text)
  if (ids.length === 0 || ids.length > mostPerStream) {
    throw new SoapFault(
      'ErrorInvalidSubscription',
      `A connection takes from 1 to ${mostPerStream} subscriptions.`
    )
  }
  const budget = `${installation.tenant} ${caller.address}`
  if (store.streams.full(budget, installation.streams)) {
    throw new SoapFault(
      'ErrorExceededConnectionCount',
      'You have exceeded the available concurrent connections for your account.  Try again once your other requests have completed.'
    )
  }
  return stream(context, store, ids, minutes, budget)
}

async function* stream(
  { installation: { version }, caller, server, call }: RequestContext,
  store: SubscriptionStore,
  ids: readonly string[],
  minutes: number,
  budget: string
): AsyncGenerator<Buffer> {
  const { streams } = store
  const say = (...messages: string[]) => {
    const { chunks, seed } = streams.settings
    const odd = chunks === 'split' || chunks === 'mixed' ? manyBytes : ''
    const documents = messages.map((each) =>
      streamedEnvelope(version, responseMessages('GetStreamingEvents', [each]), odd)
    )
    return inTurns(chunked(documents, chunks, seed))
  }
  // Here and not before: what is never begun, because the connection was reset, need not leave either.
  streams.enter(budget)
  try {
    const active = ids.flatMap((id) => {
      const found = store.get(id)
      const own = found?.owner === caller.account && found.server === server
      return found?.streaming && own ? [found] : []
    })
    const dead = ids.filter((id) => !active.some((each) => each.id === id))
    if (dead.length > 0) yield* say(deadOnes(dead, active.length === 0))
    if (active.length === 0) return await hangUp(streams.settings.hangsUp, call.signal)
    yield* say(success('GetStreamingEvents', '<m:ConnectionStatus>OK</m:ConnectionStatus>'))
    for await (const update of streams.listen(active, minutes, call.signal)) {
      if (update.kind === 'broken')
        throw new ConnectionAborted(update.how === 'cut' ? half(version, active) : null)
      if (update.kind === 'dead') yield* say(deadOnes(update.ids, update.over))
      if (update.kind === 'dead' && update.over) return await hangUp(streams.settings.hangsUp, call.signal)
      if (update.kind === 'heartbeat') yield* say(responseMessage(heartbeat(active)))
      if (update.kind !== 'happened') continue
      const notifications = notificationsOf(update.happened)
      const several = streams.settings.chunks === 'joined' || streams.settings.chunks === 'mixed'
      yield* several
        ? say(...notifications.map(responseMessage), responseMessage(heartbeat(active)))
        : say(responseMessage(notifications.join('')))
    }
    if (call.signal.aborted) return
    yield* say(success('GetStreamingEvents', '<m:ConnectionStatus>Closed</m:ConnectionStatus>'))
    await hangUp(streams.settings.hangsUp, call.signal)
  } finally {
    streams.leave(budget)
  }
}

/** At once, or when the client goes. */
async function hangUp(atOnce: boolean, gone: AbortSignal): Promise<void> {
  if (atOnce || gone.aborted) return
  await new Promise((resolve) => gone.addEventListener('abort', resolve, { once: true }))
}

/** Each in a turn of its own, so that they arrive apart. */
async function* inTurns(pieces: readonly Buffer[]): AsyncGenerator<Buffer> {
  for (const [at, piece] of pieces.entries()) {
    if (at > 0) await setImmediate()
    yield piece
  }
}

function half(version: ExchangeVersion, active: readonly SimulatedSubscription[]): Buffer {
  const whole = Buffer.from(
    streamedEnvelope(version, responseMessages('GetStreamingEvents', [responseMessage(heartbeat(active))]))
  )
  return whole.subarray(0, Math.floor(whole.length / 2))
}

/** In the namespace in which exchangelib and the Managed API look for ids and notifications; the schema says otherwise. */
function deadOnes(ids: readonly string[], closed: boolean): string {
  const list = ids.map((id) => `<m:SubscriptionId>${escapeText(id)}</m:SubscriptionId>`).join('')
  const error = { code: 'ErrorInvalidSubscription', message: 'The specified subscription ID does not exist.' }
  const status = closed ? '<m:ConnectionStatus>Closed</m:ConnectionStatus>' : ''
  return errorResponseMessage(
    'GetStreamingEvents',
    error,
    `<m:ErrorSubscriptionIds>${list}</m:ErrorSubscriptionIds>${status}`
  )
}

function responseMessage(notifications: string): string {
  return success('GetStreamingEvents', `<m:Notifications>${notifications}</m:Notifications>`)
}

function heartbeat(active: readonly SimulatedSubscription[]): string {
  return notification(active[0]?.id ?? '', '<t:StatusEvent/>')
}

/** One of each subscription. */
function notificationsOf(happened: readonly MailboxEvent[]): string[] {
  const events = new Map<string, string>()
  for (const each of happened) {
    events.set(each.subscription, (events.get(each.subscription) ?? '') + eventOf(each, false))
  }
  return [...events].map(([id, of]) => notification(id, of))
}

function notification(id: string, events: string): string {
  return `<m:Notification><t:SubscriptionId>${id}</t:SubscriptionId>${events}</m:Notification>`
}

function eventOf(
  { type, mailbox, event, change, at: instant, number }: MailboxEvent,
  marked: boolean
): string {
  const mark = marked ? `<t:Watermark>${watermarkOf(number)}</t:Watermark>` : ''
  const time = `${new Date(instant).toISOString().slice(0, 19)}Z`
  return `<t:${type}>${mark}<t:TimeStamp>${time}</t:TimeStamp><t:ItemId Id="${itemIdOf(mailbox, event, null)}" ChangeKey="${changeKeyOf(change)}"/><t:ParentFolderId Id="${folderIdOf(mailbox, 'calendar')}" ChangeKey="${folderChangeKey(mailbox)}"/></t:${type}>`
}

function watermarkOf(number: number): string {
  return Buffer.from(`AAAA${String(number).padStart(9, '0')}`).toString('base64')
}

function readWatermark(text: string): number | null {
  const match = /^AAAA(\d{9})$/.exec(Buffer.from(text, 'base64').toString())
  return match ? Number(match[1]) : null
}
