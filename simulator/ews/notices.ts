/** Subscriptions and what has happened since, kept beside the mailboxes and told of by them. */
import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import type { Change, Mailbox, Mailboxes } from '../mailboxes.ts'

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
  readonly types: ReadonlySet<EventType>
  /** It is forgotten when nobody has asked for so long. */
  readonly minutes: number
  /** How many the budget allows. */
  readonly most: number
}

export interface Subscription extends SubscriptionInput {
  readonly id: string
  /** The number of the latest event. */
  heard: number
  /** Epoch milliseconds. */
  expires: number
  readonly waiting: Happening[]
}

export interface Happening {
  readonly subscription: string
  readonly type: EventType
  readonly mailbox: Mailbox
  readonly event: string
  readonly change: number
  readonly at: number
  readonly number: number
}

/** Milliseconds between signs of life. */
const heartbeat = 30_000
const mostKept = 10_000
const types = { created: 'CreatedEvent', updated: 'ModifiedEvent', deleted: 'DeletedEvent' } as const

export class Notices {
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #byMailbox = new Map<string, Set<Subscription>>()
  readonly #streams = new Map<string, number>()
  readonly #bell = new EventEmitter<{ rung: [] }>()
  readonly #clock: () => number
  readonly #ended = new Set<string>()

  constructor(mailboxes: Mailboxes, clock: () => number) {
    this.#clock = clock
    this.#bell.setMaxListeners(0)
    mailboxes.on('changed', (change) => this.#heard(change))
  }

  /** Null when the budget is spent. */
  subscribe(input: SubscriptionInput): Subscription | null {
    this.#forgetOld()
    let held = 0
    for (const each of this.#subscriptions.values()) if (each.budget === input.budget) held += 1
    if (held >= input.most) return null
    const id = Buffer.from(`ex01.hanvisa.example ${randomUUID()}`).toString('base64')
    const made: Subscription = { ...input, id, heard: 0, expires: 0, waiting: [] }
    this.#subscriptions.set(id, made)
    const ofMailbox = this.#byMailbox.get(keyOf(input.mailbox)) ?? new Set()
    this.#byMailbox.set(keyOf(input.mailbox), ofMailbox.add(made))
    this.#touch(made)
    return made
  }

  /** Whoever asks for it keeps it alive. */
  get(id: string): Subscription | undefined {
    this.#forgetOld()
    const found = this.#subscriptions.get(id)
    if (found) this.#touch(found)
    return found
  }

  unsubscribe(id: string): void {
    const found = this.#subscriptions.get(id)
    this.#subscriptions.delete(id)
    if (found) this.#byMailbox.get(keyOf(found.mailbox))?.delete(found)
  }

  /** Of the tenant, or of all: as when a server starts anew or a database fails over. Streams are closed. */
  drop(tenant?: string): void {
    for (const { id, mailbox } of [...this.#subscriptions.values()]) {
      if (tenant === undefined || mailbox.tenant === tenant) this.unsubscribe(id)
    }
    this.closeStreams(tenant)
  }

  /** With a last word, as when their time is over. */
  closeStreams(tenant?: string): void {
    this.#ended.add(tenant ?? '')
    this.#bell.emit('rung')
    this.#ended.clear()
  }

  /** How many there are now. */
  count(tenant: string): number {
    return [...this.#subscriptions.values()].filter(({ mailbox }) => mailbox.tenant === tenant).length
  }

  since({ waiting }: Subscription, number: number): Happening[] {
    return waiting.filter((each) => each.number > number)
  }

  /** A stream begins; false when there are as many as may be. Whoever enters must leave. */
  enter(budget: string, most: number): boolean {
    const present = this.#streams.get(budget) ?? 0
    if (present >= most) return false
    this.#streams.set(budget, present + 1)
    return true
  }

  leave(budget: string): void {
    this.#streams.set(budget, (this.#streams.get(budget) ?? 1) - 1)
  }

  /** What happens, as it happens; nothing as a sign of life. Ends with the minutes, by order, or with the client. */
  async *listen(
    live: readonly Subscription[],
    tenant: string,
    minutes: number,
    gone: AbortSignal
  ): AsyncGenerator<Happening[]> {
    const over = Date.now() + minutes * 60_000
    let ended = false
    let rung = false
    let wake: () => void = () => {}
    const ring = () => {
      if (this.#ended.has('') || this.#ended.has(tenant)) ended = true
      rung = true
      wake()
    }
    this.#bell.on('rung', ring)
    gone.addEventListener('abort', ring, { once: true })
    try {
      for (;;) {
        const happened = live.flatMap(({ waiting }) => waiting.splice(0))
        if (gone.aborted) return
        if (happened.length > 0) yield happened
        if (ended) return
        if (rung) {
          rung = false
          continue
        }
        const left = over - Date.now()
        if (left <= 0) return
        const idle = await new Promise<boolean>((resolve) => {
          const timer = setTimeout(() => resolve(true), Math.min(heartbeat, left))
          wake = () => {
            clearTimeout(timer)
            resolve(false)
          }
        })
        for (const each of live) this.#touch(each)
        if (idle && Date.now() < over) yield []
      }
    } finally {
      this.#bell.off('rung', ring)
      gone.removeEventListener('abort', ring)
    }
  }

  #heard({ mailbox, event, kind }: Change): void {
    const listeners = this.#byMailbox.get(keyOf(mailbox))
    if (!listeners || listeners.size === 0) return
    for (const subscription of listeners) {
      for (const type of [types[kind], 'FreeBusyChangedEvent'] as const) {
        if (!subscription.types.has(type) || subscription.waiting.length >= mostKept) continue
        subscription.heard += 1
        subscription.waiting.push({
          subscription: subscription.id,
          type,
          mailbox,
          event,
          change: mailbox.change,
          at: this.#clock(),
          number: subscription.heard
        })
      }
    }
    this.#bell.emit('rung')
  }

  #touch(subscription: Subscription): void {
    subscription.expires = this.#clock() + subscription.minutes * 60_000
  }

  #forgetOld(): void {
    const now = this.#clock()
    for (const { id, expires } of this.#subscriptions.values()) if (expires < now) this.unsubscribe(id)
  }
}

function keyOf({ tenant, address }: Mailbox): string {
  return `${tenant}\n${address.toLowerCase()}`
}
