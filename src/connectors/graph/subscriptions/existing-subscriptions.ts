/** The subscriptions that Graph holds already for this tenant: to be taken over, to make room, or left by nobody. */
import { RemoteError } from '../../../errors.ts'
import { unreachable } from '../../net/http-client.ts'
import type { Answer } from '../client/batch-response.ts'
import type { Calls } from '../client/graph-client.ts'
import { graphError } from '../errors.ts'
import type { TenantAddresses } from '../notifications/url.ts'
import { isWhole, type Listed, listSubscriptions, tellsOfAll } from './requests.ts'
import type { WatchedCalendar } from './subscription-state.ts'
import type { WatchedCalendars } from './subscription-states.ts'

export interface Found {
  /** What is as it would be made anew. */
  readonly held: Listed | null
  /** The ids of others for the same calendar. */
  readonly others: readonly string[]
}

export interface FoundSubscriptions {
  /** False until the list was read, and again after `seek`. */
  readonly isRead: boolean
  /** Null when it was read. */
  read(signal: AbortSignal): Promise<RemoteError | null>
  /** Asks for another reading: Graph holds one for this calendar that is not known here. */
  seek(calendar: WatchedCalendar): void
  /** What was found for a calendar; it is handed out once. */
  take(calendar: WatchedCalendar): Found
  /** Who else was found to subscribe to it: another tenant of this installation, or anybody; null for nobody. */
  holderOf(mailbox: string): 'neighbour' | 'stranger' | null
  /** What nobody watches; it is handed out once. */
  orphans(): readonly Listed[]
}

/** Milliseconds. Of a subscription with less to live another is made. */
const shortest = 60_000

export function foundSubscriptions(
  needs: {
    readonly calls: Calls
    readonly graph: string
    readonly clientId: string
    readonly addresses: TenantAddresses
    readonly clock: () => number
  },
  calendars: WatchedCalendars
): FoundSubscriptions {
  const { addresses, clock } = needs
  const byTarget = new Map<string, Listed[]>()
  /** Mailboxes in lower case that a 409 was met for. */
  const sought = new Set<string>()
  /** By mailbox in lower case. */
  const holders = new Map<string, 'neighbour' | 'stranger'>()
  let isRead = false
  const errorOf = (answer: Answer) => graphError(answer, 'The list of subscriptions', needs.clientId)

  return {
    get isRead() {
      return isRead
    },
    async read(signal) {
      byTarget.clear()
      holders.clear()
      try {
        await listSubscriptions({ ...needs, errorOf }, signal, note)
      } catch (error) {
        return error instanceof RemoteError ? error : unreachable('Microsoft Graph', error)
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
      const address = addresses.of(calendar.name)
      const [held = null] = found
        .filter((one) => isWhole(one, calendar.mailbox, address) && one.expires > clock() + shortest)
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
        return owner.whose === 'ours' && owner.current && calendars.get(owner.target) === undefined
      })
    }
  }

  function note(one: Listed): void {
    const owner = addresses.ownerOf(one.notificationUrl)
    if (owner.whose !== 'ours') {
      if (one.mailbox !== null && tellsOfAll(one)) holders.set(one.mailbox, owner.whose)
      return
    }
    if (calendars.get(owner.target)?.id === one.id) return
    const known = byTarget.get(owner.target)
    if (known === undefined) byTarget.set(owner.target, [one])
    else known.push(one)
  }

  /** Subscriptions to this mailbox under other names, none of which is in use: its user had another time zone, say. */
  function leftIn(mailbox: string): Listed[] {
    const left: Listed[] = []
    for (const [target, listed] of byTarget) {
      const others = listed.filter((one) => one.mailbox !== mailbox.toLowerCase())
      if (others.length < listed.length) byTarget.set(target, others)
      left.push(...listed.filter((one) => !others.includes(one)))
    }
    return left
  }
}
