/** The subscriptions that Graph holds already for this tenant: to be taken over, to make room, or left by nobody. */
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

export interface ExistingSubscriptions {
  /** False until the list was read, and again after `seek`. */
  readonly isRead: boolean
  /** Null when it was read. */
  read(signal: AbortSignal): Promise<RemoteError | null>
  /** Asks for another reading: Graph holds one for this calendar that is not known here. */
  seek(calendar: SubscriptionState): void
  /** What was found for a calendar; it is handed out once. */
  take(calendar: SubscriptionState): FoundForCalendar
  /** Who else was found to subscribe to it: another tenant of this installation, or anybody; null for nobody. */
  holderOf(mailbox: string): 'neighbour' | 'stranger' | null
  /** What nobody watches; it is handed out once. */
  orphans(): readonly ListedSubscription[]
}

/** Milliseconds. Of a subscription with less to live another is made. */
const shortest = 60_000

export function createExistingSubscriptions(
  deps: {
    readonly client: GraphClient
    readonly graph: string
    readonly clientId: string
    readonly notificationUrls: NotificationUrls
    readonly clock: () => number
  },
  calendars: SubscriptionStates
): ExistingSubscriptions {
  const { notificationUrls: addresses, clock } = deps
  const byTarget = new Map<string, ListedSubscription[]>()
  /** Mailboxes in lower case that a 409 was met for. */
  const sought = new Set<string>()
  /** By mailbox in lower case. */
  const holders = new Map<string, 'neighbour' | 'stranger'>()
  let isRead = false
  const errorOf = (answer: GraphResponse) =>
    graphResponseError(answer, 'The list of subscriptions', deps.clientId)

  return {
    get isRead() {
      return isRead
    },
    async read(signal) {
      byTarget.clear()
      holders.clear()
      try {
        await listSubscriptions({ ...deps, errorOf }, signal, note)
      } catch (error) {
        return error instanceof RemoteError ? error : networkError('Microsoft Graph', error)
      }
      isRead = true
      return null
    },
    seek({ mailbox }) {
      sought.add(mailbox.toLowerCase())
      isRead = false
    },
    take(calendar) {
      const found = byTarget.get(calendar.name) ?? []
      byTarget.delete(calendar.name)
      const address = addresses.endpointOf(calendar.name)
      const [held = null] = found
        .filter((one) => isReusable(one, calendar.mailbox, address) && one.expires > clock() + shortest)
        .sort((a, b) => b.expires - a.expires)
      const inTheWay = sought.delete(calendar.mailbox.toLowerCase()) ? leftIn(calendar.mailbox) : []
      const others = [...found, ...inTheWay].filter((one) => one !== held).map(({ id }) => id)
      return { held, others }
    },
    holderOf: (mailbox) => holders.get(mailbox.toLowerCase()) ?? null,
    orphans() {
      const left = [...byTarget.values()].flat()
      byTarget.clear()
      return left.filter(({ notificationUrl }) => {
        const owner = addresses.ownerOf(notificationUrl)
        return owner.whose === 'ours' && owner.current && calendars.get(owner.targetId) === undefined
      })
    }
  }

  function note(one: ListedSubscription): void {
    const owner = addresses.ownerOf(one.notificationUrl)
    if (owner.whose !== 'ours') {
      if (one.mailbox !== null && coversAllChanges(one)) holders.set(one.mailbox, owner.whose)
      return
    }
    if (calendars.get(owner.targetId)?.id === one.id) return
    const known = byTarget.get(owner.targetId)
    if (known === undefined) byTarget.set(owner.targetId, [one])
    else known.push(one)
  }

  /** Subscriptions to this mailbox under other names, none of which is in use: its user had another time zone, say. */
  function leftIn(mailbox: string): ListedSubscription[] {
    const left: ListedSubscription[] = []
    for (const [target, listed] of byTarget) {
      const others = listed.filter((one) => one.mailbox !== mailbox.toLowerCase())
      if (others.length < listed.length) byTarget.set(target, others)
      left.push(...listed.filter((one) => !others.includes(one)))
    }
    return left
  }
}
