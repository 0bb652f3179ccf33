/** The calls that make, renew, remove and list subscriptions, and what Graph answers to them. */
import type { Instant } from '../../../domain/calendar-event.ts'
import { RemoteError } from '../../../errors.ts'
import { type GraphResponse, membersOf } from '../client/batch-response.ts'
import type { GraphClient, GraphRequest } from '../client/graph-client.ts'
import { nextPagePath } from '../client/next-page.ts'
import type { NotificationEndpoint } from '../notifications/url.ts'

/** Milliseconds: Graph takes 10,080 minutes (subscription-lifetime); the rest is for clocks that are not right. */
export const lifetimeMs = 10_000 * 60_000

const changeTypes = ['created', 'updated', 'deleted']

/** A subscription at Graph, as far as it is looked at. */
export interface HeldSubscription {
  readonly id: string
  readonly expires: Instant
}

/** One in the list of all that the application has. */
export interface ListedSubscription extends HeldSubscription {
  /** Lower case; null where the resource is not the events of one mailbox. */
  readonly mailbox: string | null
  readonly changeTypes: readonly string[]
  readonly notificationUrl: string
  readonly lifecycleNotificationUrl: string | null
}

/**
 * `mailbox` is whose quota a call uses, and one that hangs is sent apart from the others from then on: reading a
 * calendar is another matter.
 */
const subscriptionQuota = (mailbox: string) => `subscription of ${mailbox.toLowerCase()}`

export function createRequest(mailbox: string, address: NotificationEndpoint, now: Instant): GraphRequest {
  const body = {
    changeType: changeTypes.join(','),
    ...address,
    resource: `/users/${encodeURIComponent(mailbox)}/events`,
    expirationDateTime: new Date(now + lifetimeMs).toISOString()
  }
  return { mailbox: subscriptionQuota(mailbox), path: '/subscriptions', body }
}

/** Also what reauthorises (change-notifications-lifecycle-events). */
export function renewRequest(mailbox: string, id: string, now: Instant): GraphRequest {
  const body = { expirationDateTime: new Date(now + lifetimeMs).toISOString() }
  return {
    mailbox: subscriptionQuota(mailbox),
    method: 'PATCH',
    path: `/subscriptions/${encodeURIComponent(id)}`,
    body
  }
}

export function deleteRequest(mailbox: string, id: string): GraphRequest {
  return {
    mailbox: subscriptionQuota(mailbox),
    method: 'DELETE',
    path: `/subscriptions/${encodeURIComponent(id)}`
  }
}

/** Of an answer to a creation or a renewal; null when it is none. */
export function parseSubscription(body: unknown): HeldSubscription | null {
  const { id, expirationDateTime } = membersOf(body)
  const expires = typeof expirationDateTime === 'string' ? Date.parse(expirationDateTime) : Number.NaN
  return typeof id === 'string' && id !== '' && Number.isFinite(expires) ? { id, expires } : null
}

/** Whether a subscription that was found is what `creation` would make. */
export function isReusable(
  found: ListedSubscription,
  mailbox: string,
  address: NotificationEndpoint
): boolean {
  return (
    isOf(found, mailbox) &&
    found.notificationUrl === address.notificationUrl &&
    found.lifecycleNotificationUrl === address.lifecycleNotificationUrl &&
    coversAllChanges(found)
  )
}

/** Graph takes no two of these for one calendar. */
export function coversAllChanges(found: ListedSubscription): boolean {
  return changeTypes.every((type) => found.changeTypes.includes(type))
}

/** Graph may show the resource by object id, even if it was requested by address; then only the notification address identifies the calendar. */
function isOf({ mailbox }: ListedSubscription, wanted: string): boolean {
  return mailbox === wanted.toLowerCase() || (mailbox !== null && /^[0-9a-f-]{36}$/.test(mailbox))
}

const maxPages = 5_000

/** Hands over the subscriptions that the application has in this directory, page by page. Throws RemoteError. */
export async function listSubscriptions(
  deps: { client: GraphClient; graph: string; errorOf: (answer: GraphResponse) => RemoteError },
  signal: AbortSignal,
  found: (subscription: ListedSubscription) => void
): Promise<void> {
  let path: string | null = '/subscriptions'
  for (let page = 1; path !== null; page += 1) {
    const [answer]: readonly (GraphResponse | RemoteError | undefined)[] = await deps.client.send(
      [{ mailbox: 'subscriptions', path }],
      signal
    )
    if (answer === undefined || answer instanceof RemoteError) throw answer ?? unreadable
    if (answer.status !== 200) throw deps.errorOf(answer)
    const { value, '@odata.nextLink': link } = membersOf(answer.body)
    if (!Array.isArray(value) || page === maxPages) throw unreadable
    for (const item of value) {
      const listed = listedOf(item)
      if (listed !== null) found(listed)
    }
    path = link === undefined || link === null ? null : nextPagePath(link, deps.graph)
  }
}

/** What cannot be read is none of ours. */
function listedOf(item: unknown): ListedSubscription | null {
  const subscription = parseSubscription(item)
  const { resource, changeType, notificationUrl, lifecycleNotificationUrl } = membersOf(item)
  if (subscription === null || typeof notificationUrl !== 'string') return null
  return {
    ...subscription,
    mailbox: typeof resource === 'string' ? mailboxOf(resource) : null,
    changeTypes: typeof changeType === 'string' ? changeType.toLowerCase().split(/\s*,\s*/) : [],
    notificationUrl,
    lifecycleNotificationUrl: typeof lifecycleNotificationUrl === 'string' ? lifecycleNotificationUrl : null
  }
}

/** Written in several ways: `/users/anna@example.se/events`, `Users/GUID/Events`, `users('GUID')/events`. */
function mailboxOf(resource: string): string | null {
  const name = /^\/?users(?:\/([^/]+)|\('([^/]+)'\))\/events$/i.exec(resource)
  const encoded = name?.[1] ?? name?.[2]
  if (encoded === undefined) return null
  try {
    return decodeURIComponent(encoded).toLowerCase()
  } catch {
    return encoded.toLowerCase()
  }
}

const unreadable = new RemoteError(
  'protocol_error',
  "Graph's list of subscriptions is not as documented: report it. Calendars are polled meanwhile.",
  { scope: 'connection' }
)
