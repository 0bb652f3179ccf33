/** Graph's subscriptions: which mailbox is watched, for which application, until when; found without searching. */
import { randomUUID } from 'node:crypto'
import { type Candidate, isSelected, type Selection } from '../seeded-random.ts'

export const changeTypes = ['created', 'updated', 'deleted'] as const
export type ChangeType = (typeof changeTypes)[number]

export interface GraphSubscriptionInput {
  readonly tenant: string
  readonly clientId: string
  /** The mailbox's primary address. */
  readonly mailbox: string
  /** As it was asked for. */
  readonly resource: string
  /** As it was asked for. */
  readonly changeType: string
  readonly notificationUrl: string
  readonly lifecycleNotificationUrl: string | null
  readonly clientState: string | null
  readonly latestSupportedTlsVersion: string
  /** Notifications name events by immutable ids. */
  readonly immutableIds: boolean
  /** Epoch milliseconds. */
  readonly expires: number
}

export interface GraphSubscription extends Omit<GraphSubscriptionInput, 'expires' | 'notificationUrl'> {
  readonly id: string
  /** Counts all that were ever made: their order in lists. */
  readonly number: number
  readonly changes: ReadonlySet<ChangeType>
  expires: number
  notificationUrl: string
  /** Nothing is notified until it is authorised again. */
  isPaused: boolean
}

export interface SubscriptionLimits {
  /** Of all applications together. */
  readonly perMailbox: number
  /** Minutes. */
  readonly longest: number
  /** Minutes: less is raised to this. */
  readonly shortest: number
  /** Subscriptions on one page of a list. */
  readonly pageSize: number
  /** Milliseconds that an address has to say the token. */
  readonly handshake: number
}

const usual: SubscriptionLimits = {
  perMailbox: 1000,
  longest: 10_080,
  shortest: 45,
  pageSize: 100,
  handshake: 10_000
}

export class GraphSubscriptionStore {
  #limits = usual
  #made = 0
  readonly #clock: () => number
  readonly #byId = new Map<string, GraphSubscription>()
  readonly #byMailbox = new Map<string, Set<GraphSubscription>>()
  readonly #byApp = new Map<string, Set<GraphSubscription>>()

  constructor(clock: () => number) {
    this.#clock = clock
  }

  get limits(): SubscriptionLimits {
    return this.#limits
  }

  /** What is not given stays. */
  configure(changed: Partial<SubscriptionLimits>): SubscriptionLimits {
    this.#limits = { ...this.#limits, ...changed }
    return this.#limits
  }

  add(input: GraphSubscriptionInput): GraphSubscription {
    this.#made += 1
    const made: GraphSubscription = {
      ...input,
      id: randomUUID(),
      number: this.#made,
      changes: changesIn(input.changeType),
      isPaused: false
    }
    this.#byId.set(made.id, made)
    within(this.#byMailbox, mailboxKey(made.tenant, made.mailbox)).add(made)
    within(this.#byApp, appKey(made.tenant, made.clientId)).add(made)
    return made
  }

  /** Undefined when it has expired, too. */
  get(id: string): GraphSubscription | undefined {
    const found = this.#byId.get(id.toLowerCase())
    return found && this.#lives(found) ? found : undefined
  }

  of(tenant: string, mailbox: string): GraphSubscription[] {
    const found = this.#byMailbox.get(mailboxKey(tenant, mailbox))
    return found ? [...found].filter((each) => this.#lives(each)) : []
  }

  /** In the order in which they were made. */
  ofApp(tenant: string, clientId: string): GraphSubscription[] {
    const found = this.#byApp.get(appKey(tenant, clientId))
    return found ? [...found].filter((each) => this.#lives(each)) : []
  }

  list(which: Selection = {}): GraphSubscription[] {
    return [...this.#byId.values()].filter((each) => this.#lives(each) && isSelected(which, candidate(each)))
  }

  count(tenant?: string): number {
    return this.list(tenant === undefined ? {} : { tenant }).length
  }

  /** Without a word to anybody. */
  remove(id: string): boolean {
    const found = this.#byId.get(id.toLowerCase())
    if (!found) return false
    this.#byId.delete(found.id)
    leave(this.#byMailbox, mailboxKey(found.tenant, found.mailbox), found)
    leave(this.#byApp, appKey(found.tenant, found.clientId), found)
    return true
  }

  clear(tenant?: string): void {
    for (const { id } of this.list(tenant === undefined ? {} : { tenant })) this.remove(id)
    if (tenant === undefined) this.#limits = usual
  }

  #lives({ id, expires }: GraphSubscription): boolean {
    if (expires > this.#clock()) return true
    this.remove(id)
    return false
  }
}

/** Null in what is not `created`, `updated` and `deleted`, parted by commas. */
export function readChanges(text: string): ReadonlySet<ChangeType> | null {
  const names = text.split(',').map((name) => name.trim().toLowerCase())
  return names.every((name) => changeTypes.some((each) => each === name)) ? changesIn(text) : null
}

function changesIn(text: string): ReadonlySet<ChangeType> {
  const names = text.toLowerCase()
  return new Set(changeTypes.filter((each) => names.includes(each)))
}

/** By the mailbox, not by the id, which is another in every run. */
function candidate({ tenant, mailbox }: GraphSubscription): Candidate {
  return { tenant, address: mailbox.toLowerCase(), id: `${tenant} ${mailbox}` }
}

function within(map: Map<string, Set<GraphSubscription>>, key: string): Set<GraphSubscription> {
  const held = map.get(key) ?? new Set()
  map.set(key, held)
  return held
}

function leave(map: Map<string, Set<GraphSubscription>>, key: string, subscription: GraphSubscription): void {
  const held = map.get(key)
  held?.delete(subscription)
  if (held?.size === 0) map.delete(key)
}

function mailboxKey(tenant: string, address: string): string {
  return `${tenant}\n${address.toLowerCase()}`
}

function appKey(tenant: string, clientId: string): string {
  return `${tenant}\n${clientId.toLowerCase()}`
}
