/** An EWS subscription of the simulator, its events, and who receives them. */
import type { Mailbox } from '../calendar-item.ts'

export const eventTypes = [
  'CreatedEvent',
  'ModifiedEvent',
  'DeletedEvent',
  'MovedEvent',
  'FreeBusyChangedEvent'
] as const

export type EventType = (typeof eventTypes)[number]

export interface SubscriptionInput {
  readonly mailbox: Mailbox
  /** The account that made it; nobody else may use it. */
  readonly owner: string
  /** Whose number of subscriptions it counts against. */
  readonly budget: string
  readonly streaming: boolean
  /** Of the installation's servers the one that keeps it. */
  readonly server: number
  readonly types: ReadonlySet<EventType>
  /** It is forgotten when nobody has asked for so long. */
  readonly minutes: number
  /** How many the budget allows. */
  readonly most: number
}

export interface SimulatedSubscription extends SubscriptionInput {
  readonly id: string
  /** The number of the latest event. */
  eventCount: number
  /** Epoch milliseconds; while somebody listens it lives on. */
  expires: number
  readonly waiting: MailboxEvent[]
  readonly listeners: Set<StreamListener>
}

/** A stream: it is notified, and fetches what waits. */
export interface StreamListener {
  onEvent(subscription: SimulatedSubscription): void
  onSubscriptionDropped(subscription: SimulatedSubscription): void
}

export interface MailboxEvent {
  readonly subscription: string
  readonly type: EventType
  readonly mailbox: Mailbox
  readonly event: string
  readonly change: number
  readonly at: number
  readonly number: number
}
