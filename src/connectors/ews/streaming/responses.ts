/** What Exchange answers to Subscribe, and what it says on a stream: of edits, of subscriptions that it lost, of its end. */

import type { Visitor } from '../../net/xml-reader.ts'
import { createStatusReader, type ResponseStatus } from '../soap/response.ts'

export interface SubscribeReader extends Visitor {
  /** Null where there is none: see the status. */
  readonly subscription: string | null
  readonly status: ResponseStatus | null
}

// The depths are counted from the envelope: 3 the response, 5 a message, 6 its members.
export function subscribeReader(): SubscribeReader {
  const statusReader = createStatusReader()
  let subscription: string | null = null
  let isAnswered = false
  return {
    get subscription() {
      return subscription
    },
    get status() {
      return isAnswered ? statusReader.status() : null
    },
    open(name, depth, attributes) {
      if (depth > 5) statusReader.open(name, attributes)
    },
    close(name, depth, text) {
      if (depth === 5) isAnswered = true
      else if (depth === 6 && name === 'SubscriptionId') subscription = idOf(text)
      else if (depth > 5) statusReader.close(name, text)
    }
  }
}

export interface StreamHandlers {
  /** The server has said something. */
  onHeartbeat(): void
  /** From now on the server sends notifications on this stream. */
  onOpen(): void
  onEdited(subscriptions: ReadonlySet<string>): void
  /** Null: every one of the stream. */
  onSubscriptionsLost(subscriptions: ReadonlySet<string> | null): void
  /** It refuses what has nothing to do with single subscriptions. */
  onRefused(status: ResponseStatus): void
}

export interface StreamReader extends Visitor {
  /** The server has closed the stream: no later notification is lost, because the next stream receives it. */
  readonly isClosed: boolean
}

export function streamReader(handlers: StreamHandlers): StreamReader {
  const statusReader = createStatusReader()
  let closed = false
  let status = ''
  let notified = ''
  let edited = new Set<string>()
  let lost = new Set<string>()

  function message(): void {
    handlers.onHeartbeat()
    const said = statusReader.status()
    if (said.code === 'NoError') {
      if (status === 'OK') handlers.onOpen()
      if (edited.size > 0) handlers.onEdited(edited)
    } else if (lost.size > 0) handlers.onSubscriptionsLost(lost)
    else if (lostSubscriptionCodes.has(said.code)) handlers.onSubscriptionsLost(null)
    // Another stream has taken over; this one has sent what it had to.
    else if (said.code === 'ErrorNewEventStreamConnectionOpened') closed = true
    else handlers.onRefused(said)
    if (status === 'Closed') closed = true
  }

  return {
    get isClosed() {
      return closed
    },
    open(name, depth, attributes) {
      if (depth === 5) {
        statusReader.reset()
        status = notified = ''
        edited = new Set()
        lost = new Set()
      } else if (depth > 5) statusReader.open(name, attributes)
    },
    close(name, depth, text) {
      if (depth === 5) message()
      else if (depth === 6) {
        if (name === 'ConnectionStatus') status = text.trim()
        else statusReader.close(name, text)
      } else if (depth === 7) {
        if (name === 'Notification') notified = ''
        // Of ErrorSubscriptionIds; in which namespace depends on the version.
        else if (name === 'SubscriptionId') lost.add(idOf(text))
        else statusReader.close(name, text)
      } else if (depth === 8) {
        if (name === 'SubscriptionId') notified = idOf(text)
        else if (name !== 'StatusEvent' && name.endsWith('Event')) edited.add(notified)
      }
    }
  }
}

/** The subscription is no more, or has lost what happened: another one is needed. */
const lostSubscriptionCodes = new Set([
  'ErrorSubscriptionNotFound',
  'ErrorInvalidSubscription',
  'ErrorExpiredSubscription',
  'ErrorSubscriptionAccessDenied',
  'ErrorSubscriptionUnsubscribed',
  'ErrorReadEventsFailed',
  'ErrorMissedNotificationEvents'
])

function idOf(text: string): string {
  return text.trim()
}
