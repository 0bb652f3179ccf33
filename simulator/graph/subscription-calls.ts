/** `/subscriptions`: making, listing, renewing and ending them, as Graph answers an application. */

import { randomUUID } from 'node:crypto'
import type { EntraDirectories } from '../directories.ts'
import type { Route } from '../faults.ts'
import { graphRefusal } from '../hosting.ts'
import type { Mailboxes } from '../mailboxes.ts'
import type { ProtocolRequest, ProtocolResponse } from '../protocol-message.ts'
import type { Grant } from '../tokens.ts'
import type { ChangeNotifications } from './change-notifications.ts'
import type { Deliveries } from './deliveries.ts'
import { errorResponse, type Ids } from './errors.ts'
import {
  type InputError,
  readObject,
  readRenewal,
  readSubscriptionRequest,
  type SubscriptionRequest,
  userIn
} from './subscription-input.ts'
import { type GraphSubscription, type GraphSubscriptionStore, readChanges } from './subscriptions.ts'

export interface SubscriptionCallDeps {
  readonly directories: EntraDirectories
  readonly mailboxes: Mailboxes
  readonly subscriptions: GraphSubscriptionStore
  readonly deliveries: Deliveries
  readonly graphNotifications: ChangeNotifications
  readonly graphRoot: string
}

export interface SubscriptionTarget {
  readonly route: Extract<Route, `${string}Subscription${string}`>
  /** Null where the call is not about one. */
  readonly id: string | null
}

interface SubscriptionCall {
  readonly needs: SubscriptionCallDeps
  readonly call: ProtocolRequest
  readonly grant: Grant
  readonly ids: Ids
}

/** ReadBasic is not enough for it (subscription-post-subscriptions, "Permissions"). */
const roles = ['Calendars.Read', 'Calendars.ReadWrite']

/** Null when it is no call of this kind. */
export function subscriptionTarget({ method, segments }: ProtocolRequest): SubscriptionTarget | null {
  const [first, id = null, third, ...more] = segments
  if (first !== 'subscriptions' || more.length > 0) return null
  const route = id === null ? ofAll[method] : third === undefined ? ofOne[method] : undefined
  if (route) return { route, id }
  return third === 'reauthorize' && method === 'POST' ? { route: 'reauthorizeSubscription', id } : null
}

const ofAll: Readonly<Record<string, SubscriptionTarget['route']>> = {
  POST: 'createSubscription',
  GET: 'listSubscriptions'
}
const ofOne: Readonly<Record<string, SubscriptionTarget['route']>> = {
  GET: 'getSubscription',
  PATCH: 'renewSubscription',
  DELETE: 'deleteSubscription'
}

/** The name of the mailbox that the call is about, as far as it says. */
export function subscribedMailbox(
  needs: SubscriptionCallDeps,
  call: ProtocolRequest,
  { id }: SubscriptionTarget
): string | null {
  if (id !== null) return needs.subscriptions.get(id)?.mailbox ?? null
  return call.method === 'POST' ? userIn(readObject(call.body)?.resource) : null
}

export async function subscriptionCall(
  asked: SubscriptionCall,
  { route, id }: SubscriptionTarget
): Promise<ProtocolResponse> {
  const { needs, grant, ids } = asked
  if (grant.roles.length === 0) {
    return errorResponse(ids, 401, 'NoPermissionsInAccessToken', 'The token contains no permissions.')
  }
  if (route === 'createSubscription') return create(asked)
  if (route === 'listSubscriptions') return list(asked)
  const found = needs.subscriptions.get(id ?? '')
  const own = found?.tenant === grant.tenant && found.clientId.toLowerCase() === grant.clientId.toLowerCase()
  if (!found || !own) return errorResponse(ids, 404, 'ResourceNotFound', 'The object was not found.')
  if (route === 'getSubscription') return entity(asked, found, 200)
  if (route === 'renewSubscription') return renew(asked, found)
  if (route === 'deleteSubscription') needs.subscriptions.remove(found.id)
  else needs.graphNotifications.authorized(found)
  return { status: 204, headers: {}, body: Buffer.alloc(0) }
}

async function create(asked: SubscriptionCall): Promise<ProtocolResponse> {
  const { needs, call, grant, ids } = asked
  const { subscriptions, deliveries, directories, mailboxes } = needs
  const wanted = readSubscriptionRequest(call.body, subscriptions.limits, ids.now)
  if ('code' in wanted) return refused(ids, wanted)
  const denied = 'Access is denied. Check credentials and try again.'
  if (!grant.roles.some((role) => roles.includes(role))) return failed(ids, 403, 'Forbidden', denied)
  const mailbox = mailboxes.find(grant.tenant, wanted.user)
  if (!mailbox) return failed(ids, 404, 'NotFound', `The requested user '${wanted.user}' is invalid.`)
  const refusal = graphRefusal(mailbox.hosting)
  if (refusal?.status === 401) return failed(ids, 401, 'Unauthorized', '')
  if (refusal !== null) {
    const absent = 'The mailbox is either inactive, soft-deleted, or is hosted on-premise.'
    return failed(ids, 404, 'NotFound', absent)
  }
  const scope = directories.find(grant.tenant)?.apps.get(grant.clientId.toLowerCase())?.mailboxes
  if (scope && !scope.has(mailbox.address.toLowerCase())) return failed(ids, 403, 'Forbidden', denied)
  const inTheWay = () => conflict(asked, wanted, mailbox.address)
  const before = inTheWay()
  if (before) return before
  for (const url of [wanted.notificationUrl, wanted.lifecycleNotificationUrl]) {
    const refusal = url === null ? null : await handshake(asked, deliveries, url)
    if (refusal) return refusal
  }
  // Another may have come first while the addresses were asked.
  const after = inTheWay()
  if (after) return after
  const { user: _, ...rest } = wanted
  const immutableIds = /IdType\s*=\s*"?ImmutableId/i.test(call.headers.prefer ?? '')
  const { tenant, clientId } = grant
  const made = subscriptions.add({ ...rest, tenant, clientId, mailbox: mailbox.address, immutableIds })
  return entity(asked, made, 201)
}

/** The same twice, or one too many. */
function conflict(
  { needs, grant, ids }: SubscriptionCall,
  wanted: SubscriptionRequest,
  address: string
): ProtocolResponse | null {
  const { subscriptions } = needs
  const held = subscriptions.of(grant.tenant, address)
  const changes = [...(readChanges(wanted.changeType) ?? [])].join()
  const same = held.find(
    ({ clientId, changes: other }) =>
      clientId.toLowerCase() === grant.clientId.toLowerCase() && [...other].join() === changes
  )
  if (same) {
    const message = `Subscription Id ${same.id} already exists for the requested combination`
    return errorResponse(ids, 409, 'ExtensionError', message)
  }
  const { perMailbox } = subscriptions.limits
  if (held.length < perMailbox) return null
  const full = `The mailbox has reached its limit of ${perMailbox} active subscriptions. Delete unused subscriptions and try again.`
  return failed(ids, 403, 'Forbidden', full)
}

function list({ needs, call, grant, ids }: SubscriptionCall): ProtocolResponse {
  const { subscriptions, graphRoot } = needs
  const after = Number(call.query.get('$skiptoken') ?? 0)
  if (!Number.isInteger(after) || after < 0) {
    return errorResponse(ids, 400, 'BadRequest', 'The $skiptoken is not one of this service.')
  }
  const { pageSize } = subscriptions.limits
  const rest = subscriptions.ofApp(grant.tenant, grant.clientId).filter(({ number }) => number > after)
  const page = rest.slice(0, pageSize)
  const next = `${graphRoot}/v1.0/subscriptions?$skiptoken=${page.at(-1)?.number}`
  return {
    status: 200,
    headers: { 'Cache-Control': 'no-cache' },
    body: {
      '@odata.context': `${graphRoot}/v1.0/$metadata#subscriptions`,
      // Lists omit the secret.
      value: page.map((each) => ({ ...shape(each), clientState: null })),
      ...(rest.length > pageSize ? { '@odata.nextLink': next } : {})
    }
  }
}

async function renew(asked: SubscriptionCall, subscription: GraphSubscription): Promise<ProtocolResponse> {
  const { needs, call, grant, ids } = asked
  const wanted = readRenewal(call.body, needs.subscriptions.limits, ids.now)
  if ('code' in wanted) return refused(ids, wanted)
  if (!grant.roles.some((role) => roles.includes(role))) {
    return failed(ids, 403, 'Forbidden', 'Access is denied. Check credentials and try again.', 'Update')
  }
  if (!needs.mailboxes.find(subscription.tenant, subscription.mailbox)) {
    return errorResponse(ids, 404, 'ResourceNotFound', 'The object was not found.')
  }
  const { notificationUrl } = wanted
  const refusal = notificationUrl === null ? null : await handshake(asked, needs.deliveries, notificationUrl)
  if (refusal) return refusal
  subscription.notificationUrl = notificationUrl ?? subscription.notificationUrl
  subscription.expires = wanted.expires ?? subscription.expires
  needs.graphNotifications.authorized(subscription)
  return entity(asked, subscription, 200)
}

async function handshake(
  { needs, ids }: SubscriptionCall,
  deliveries: Deliveries,
  url: string
): Promise<ProtocolResponse | null> {
  // Spaces and signs: whoever forgets to decode it is found out.
  const token = `Validation: Testing client application reachability for subscription Request-Id: ${randomUUID()}`
  const message = await deliveries.handshake(url, token, needs.subscriptions.limits.handshake)
  return message === null ? null : errorResponse(ids, 400, 'ValidationError', message)
}

function refused(ids: Ids, { code, message }: InputError): ProtocolResponse {
  return errorResponse(ids, 400, code, message)
}

/** What the Outlook service says, handed on by the subscription service. */
function failed(
  ids: Ids,
  status: number,
  name: string,
  reason: string,
  operation = 'Create'
): ProtocolResponse {
  const message = `Operation: ${operation}; Exception: [Status Code: ${name}; Reason: ${reason}]`
  return errorResponse(ids, status, 'ExtensionError', message)
}

function entity(
  { needs: { graphRoot } }: SubscriptionCall,
  subscription: GraphSubscription,
  status: number
): ProtocolResponse {
  const context = `${graphRoot}/v1.0/$metadata#subscriptions/$entity`
  return {
    status,
    headers: { 'Cache-Control': 'no-cache' },
    body: { '@odata.context': context, ...shape(subscription) }
  }
}

function shape(subscription: GraphSubscription) {
  return {
    id: subscription.id,
    resource: subscription.resource,
    applicationId: subscription.clientId,
    changeType: subscription.changeType,
    clientState: subscription.clientState,
    notificationUrl: subscription.notificationUrl,
    notificationQueryOptions: null,
    lifecycleNotificationUrl: subscription.lifecycleNotificationUrl,
    expirationDateTime: `${new Date(subscription.expires).toISOString().slice(0, 23)}0000Z`,
    creatorId: subscription.clientId,
    includeResourceData: null,
    latestSupportedTlsVersion: subscription.latestSupportedTlsVersion,
    encryptionCertificate: null,
    encryptionCertificateId: null,
    notificationUrlAppId: null
  }
}
