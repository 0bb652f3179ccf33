/** The subscriptions that Graph already has for this tenant: adopted, deleted to make room, or without a calendar. */
import { RemoteError } from '../../../errors.ts'
import { networkError } from '../../net/http-client.ts'
import type { GraphResponse } from '../client/batch-response.ts'
import type { GraphClient } from '../client/graph-client.ts'
import { graphResponseError } from '../errors.ts'
import type { NotificationUrls } from '../notifications/url.ts'
import { coversAllChanges, isReusable, type ListedSubscription, listSubscriptions } from './requests.ts'
import type { SubscriptionState } from './subscription-state.ts'
import type { SubscriptionStates } from './subscription-states.ts'

export interface FoundForCalendar {
  /** What is as it would be made anew. */
  readonly held: ListedSubscription | null
  /** The ids of others for the same calendar. */
  readonly others: readonly string[]
}

export interface ExistingSubscriptionsDeps {
  readonly client: GraphClient
  readonly graph: string
  readonly clientId: string
  readonly notificationUrls: NotificationUrls
  readonly clock: () => number
}

/** Milliseconds. Of a subscription with less to live another is made. */
const minRemainingMs = 60_000

export class ExistingSubscriptions {
  readonly #deps: ExistingSubscriptionsDeps
  readonly #states: SubscriptionStates
  readonly #byTarget = new Map<string, ListedSubscription[]>()
  /** Mailboxes in lower case that a 409 was met for. */
  readonly #sought = new Set<string>()
  /** Who else subscribes, by mailbox in lower case. */
  readonly #otherOwners = new Map<string, 'otherTenant' | 'unknown'>()
  #isRead = false

  constructor(deps: ExistingSubscriptionsDeps, states: SubscriptionStates) {
    this.#deps = deps
    this.#states = states
  }

  /** False until the list was read, and again after `seek`. */
  get isRead(): boolean {
    return this.#isRead
  }

  /** Null when it was read. */
  async read(signal: AbortSignal): Promise<RemoteError | null> {
    this.#byTarget.clear()
    this.#otherOwners.clear()
    const errorOf = (response: GraphResponse) =>
      graphResponseError(response, 'The list of subscriptions', this.#deps.clientId)
    try {
      await listSubscriptions({ ...this.#deps, errorOf }, signal, (listed) => this.#note(listed))
    } catch (error) {
      return error instanceof RemoteError ? error : networkError('Microsoft Graph', error)
    }
    this.#isRead = true
    return null
  }

  /** Asks for another reading: Graph holds one for this calendar that is not known here. */
  seek({ mailbox }: SubscriptionState): void {
    this.#sought.add(mailbox.toLowerCase())
    this.#isRead = false
  }

  /** What was found for a calendar; it is handed out once. */
  take(state: SubscriptionState): FoundForCalendar {
    const found = this.#byTarget.get(state.targetId) ?? []
    this.#byTarget.delete(state.targetId)
    const endpoint = this.#deps.notificationUrls.endpointOf(state.targetId)
    const minExpiry = this.#deps.clock() + minRemainingMs
    const [held = null] = found
      .filter((one) => isReusable(one, state.mailbox, endpoint) && one.expires > minExpiry)
      .sort((a, b) => b.expires - a.expires)
    const inTheWay = this.#sought.delete(state.mailbox.toLowerCase()) ? this.#takeUnused(state.mailbox) : []
    const others = [...found, ...inTheWay].filter((one) => one !== held).map(({ id }) => id)
    return { held, others }
  }

  /** The other subscriber that was found: another tenant of this installation, or unknown; null without one. */
  otherOwnerOf(mailbox: string): 'otherTenant' | 'unknown' | null {
    return this.#otherOwners.get(mailbox.toLowerCase()) ?? null
  }

  /** This tenant's subscriptions without a calendar; returned once. */
  takeOrphans(): readonly ListedSubscription[] {
    const left = [...this.#byTarget.values()].flat()
    this.#byTarget.clear()
    return left.filter(({ notificationUrl }) => {
      const owner = this.#deps.notificationUrls.ownerOf(notificationUrl)
      return owner.whose === 'ours' && owner.current && this.#states.get(owner.targetId) === undefined
    })
  }

  #note(listed: ListedSubscription): void {
    const owner = this.#deps.notificationUrls.ownerOf(listed.notificationUrl)
    if (owner.whose !== 'ours') {
      if (listed.mailbox !== null && coversAllChanges(listed))
        this.#otherOwners.set(listed.mailbox, owner.whose)
      return
    }
    if (this.#states.get(owner.targetId)?.id === listed.id) return
    const known = this.#byTarget.get(owner.targetId)
    if (known === undefined) this.#byTarget.set(owner.targetId, [listed])
    else known.push(listed)
  }

  /** Subscriptions to this mailbox under other names, none of which is in use: its user had another time zone, say. */
  #takeUnused(mailbox: string): ListedSubscription[] {
    const unused: ListedSubscription[] = []
    for (const [targetId, listed] of this.#byTarget) {
      const others = listed.filter((one) => one.mailbox !== mailbox.toLowerCase())
      if (others.length < listed.length) this.#byTarget.set(targetId, others)
      unused.push(...listed.filter((one) => !others.includes(one)))
    }
    return unused
  }
}
