/** What Exchange answers to Subscribe, and what it tells on a stream: of edits, of dead subscriptions, of its end. */
import { type Verdict, verdictReader } from '../soap/response.ts'
import type { Visitor } from '../soap/xml-reader.ts'

export interface SubscribeReader extends Visitor {
  /** Null where there is none: see the verdict. */
  readonly subscription: string | null
  readonly verdict: Verdict | null
}

// The depths are counted from the envelope: 3 the response, 5 a message, 6 its members.
export function subscribeReader(): SubscribeReader {
  const verdict = verdictReader()
  let subscription: string | null = null
  let told = false
  return {
    get subscription() {
      return subscription
    },
    get verdict() {
      return told ? verdict.verdict() : null
    },
    open(name, depth, attributes) {
      if (depth > 5) verdict.open(name, attributes)
    },
    close(name, depth, text) {
      if (depth === 5) told = true
      else if (depth === 6 && name === 'SubscriptionId') subscription = idOf(text)
      else if (depth > 5) verdict.close(name, text)
    }
  }
}

export interface StreamHearer {
  /** Something was said: the server lives. */
  sign(): void
  /** From now on edits are told of here. */
  open(): void
  edited(subscriptions: ReadonlySet<string>): void
  /** Null: every one of the stream. */
  dead(subscriptions: ReadonlySet<string> | null): void
  /** It refuses what has nothing to do with single subscriptions. */
  refused(verdict: Verdict): void
}

export interface StreamReader extends Visitor {
  /** The server has said that this was all: nothing that happens later is lost, for the next stream tells of it. */
  readonly closed: boolean
}

export function streamReader(hearer: StreamHearer): StreamReader {
  const verdict = verdictReader()
  let closed = false
  let status = ''
  let notified = ''
  let edited = new Set<string>()
  let dead = new Set<string>()

  function message(): void {
    hearer.sign()
    const said = verdict.verdict()
    if (said.code === 'NoError') {
      if (status === 'OK') hearer.open()
      if (edited.size > 0) hearer.edited(edited)
    } else if (dead.size > 0) hearer.dead(dead)
    else if (deaths.has(said.code)) hearer.dead(null)
    // Another stream has taken over; this one has told what it had to.
    else if (said.code === 'ErrorNewEventStreamConnectionOpened') closed = true
    else hearer.refused(said)
    if (status === 'Closed') closed = true
  }

  return {
    get closed() {
      return closed
    },
    open(name, depth, attributes) {
      if (depth === 5) {
        verdict.reset()
        status = notified = ''
        edited = new Set()
        dead = new Set()
      } else if (depth > 5) verdict.open(name, attributes)
    },
    close(name, depth, text) {
      if (depth === 5) message()
      else if (depth === 6) {
        if (name === 'ConnectionStatus') status = text.trim()
        else verdict.close(name, text)
      } else if (depth === 7) {
        if (name === 'Notification') notified = ''
        // Of ErrorSubscriptionIds; in which namespace depends on the version.
        else if (name === 'SubscriptionId') dead.add(idOf(text))
        else verdict.close(name, text)
      } else if (depth === 8) {
        if (name === 'SubscriptionId') notified = idOf(text)
        else if (name !== 'StatusEvent' && name.endsWith('Event')) edited.add(notified)
      }
    }
  }
}

/** The subscription is no more, or has lost what happened: another one is needed. */
const deaths = new Set([
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
