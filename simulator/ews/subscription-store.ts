/** Subscriptions and what has happened since, stored beside the mailboxes and notified by them. */
import { randomUUID } from 'node:crypto'
import type { Mailbox } from '../calendar-item.ts'
import type { DeliveryFaults } from '../delivery-faults.ts'
import type { MailboxChange, Mailboxes } from '../mailboxes.ts'
import { type Candidate, isSelected, type Selection } from '../seeded-random.ts'
import { OpenStreams } from './streams.ts'
import type { MailboxEvent, SimulatedSubscription, SubscriptionInput } from './subscription.ts'

const maxWaiting = 10_000
const types = { created: 'CreatedEvent', updated: 'ModifiedEvent', deleted: 'DeletedEvent' } as const

export class SubscriptionStore {
  readonly streams = new OpenStreams((subscription) => this.#touch(subscription))
  readonly #subscriptions = new Map<string, SimulatedSubscription>()
  readonly #byMailbox = new Map<string, Set<SimulatedSubscription>>()
  readonly #byBudget = new Map<string, number>()
  readonly #clock: () => number
  readonly #deliveryFaults: DeliveryFaults

  constructor(mailboxes: Mailboxes, clock: () => number, deliveryFaults: DeliveryFaults) {
    this.#clock = clock
    this.#deliveryFaults = deliveryFaults
    mailboxes.on('changed', (change) => this.#onChange(change))
  }

  /** Null when the budget is spent. */
  subscribe(input: SubscriptionInput): SimulatedSubscription | null {
    if (this.#held(input.budget) >= input.most) this.#forgetOld()
    if (this.#held(input.budget) >= input.most) return null
    const id = Buffer.from(`ex01.hanvisa.example ${randomUUID()}`).toString('base64')
    const made: SimulatedSubscription = {
      ...input,
      id,
      eventCount: 0,
      expires: 0,
      waiting: [],
      listeners: new Set()
    }
    this.#subscriptions.set(id, made)
    this.#byBudget.set(input.budget, this.#held(input.budget) + 1)
    const ofMailbox = this.#byMailbox.get(keyOf(input.mailbox)) ?? new Set()
    this.#byMailbox.set(keyOf(input.mailbox), ofMailbox.add(made))
    this.#touch(made)
    return made
  }

  /** Whoever asks for it keeps it alive. */
  get(id: string): SimulatedSubscription | undefined {
    const found = this.#subscriptions.get(id)
    if (!found || !this.#lives(found)) return undefined
    this.#touch(found)
    return found
  }

  unsubscribe(id: string): void {
    const found = this.#subscriptions.get(id)
    if (!found) return
    this.#subscriptions.delete(id)
    this.#byBudget.set(found.budget, this.#held(found.budget) - 1)
    const ofMailbox = this.#byMailbox.get(keyOf(found.mailbox))
    ofMailbox?.delete(found)
    if (ofMailbox?.size === 0) this.#byMailbox.delete(keyOf(found.mailbox))
  }

  /** Of the tenant, or of all: as when a server restarts or a database fails over. Streams are closed. */
  dropAll(tenant?: string): void {
    for (const { id, mailbox } of [...this.#subscriptions.values()]) {
      if (tenant === undefined || mailbox.tenant === tenant) this.unsubscribe(id)
    }
    this.closeStreams(tenant)
  }

  /** Ids die; streams say which of theirs, unless it is done silently, and go on while they have others. */
  dropSubscriptions(order: Selection & { readonly silently?: boolean } = {}): number {
    const { silently = false, ...which } = order
    const lost = [...this.#subscriptions.values()].filter(({ mailbox }) =>
      isSelected(which, candidateOf(mailbox))
    )
    for (const each of lost) this.unsubscribe(each.id)
    for (const each of silently ? [] : lost)
      for (const listener of [...each.listeners]) listener.onSubscriptionDropped(each)
    return lost.length
  }

  /** With a last word, as when their time is over. */
  closeStreams(tenant?: string): void {
    this.streams.end('close', tenant === undefined ? {} : { tenant })
  }

  /** How many there are now. */
  count(tenant?: string): number {
    this.#forgetOld()
    if (tenant === undefined) return this.#subscriptions.size
    return [...this.#subscriptions.values()].filter(({ mailbox }) => mailbox.tenant === tenant).length
  }

  since({ waiting }: SimulatedSubscription, number: number): MailboxEvent[] {
    return waiting.filter((each) => each.number > number)
  }

  #onChange(change: MailboxChange): void {
    const { mailbox, event } = change
    const listeners = this.#byMailbox.get(keyOf(mailbox))
    if (!listeners) return
    const at = this.#clock()
    const name = `${mailbox.tenant} ${mailbox.address} ${event} ${mailbox.change}`
    const number = mailbox.change
    for (const subscription of listeners) {
      this.#deliveryFaults.deliver('ews', name, () => append(subscription, change, number, at))
    }
  }

  #held(budget: string): number {
    return this.#byBudget.get(budget) ?? 0
  }

  #touch(subscription: SimulatedSubscription): void {
    subscription.expires = this.#clock() + subscription.minutes * 60_000
  }

  #lives({ id, expires, listeners }: SimulatedSubscription): boolean {
    if (listeners.size > 0 || expires >= this.#clock()) return true
    this.unsubscribe(id)
    return false
  }

  #forgetOld(): void {
    for (const each of [...this.#subscriptions.values()]) this.#lives(each)
  }
}

function append(
  subscription: SimulatedSubscription,
  { mailbox, event, kind }: MailboxChange,
  change: number,
  at: number
) {
  for (const type of [types[kind], 'FreeBusyChangedEvent'] as const) {
    if (!subscription.types.has(type) || subscription.waiting.length >= maxWaiting) continue
    subscription.eventCount += 1
    const number = subscription.eventCount
    subscription.waiting.push({ subscription: subscription.id, type, mailbox, event, change, at, number })
  }
  for (const listener of subscription.listeners) listener.onEvent(subscription)
}

function candidateOf({ tenant, address }: Mailbox): Candidate {
  return { tenant, address: address.toLowerCase(), id: `${tenant} ${address}` }
}

function keyOf({ tenant, address }: Mailbox): string {
  return `${tenant}\n${address.toLowerCase()}`
}
