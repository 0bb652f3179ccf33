/** Graph: who may call, which call it is, how many at a time, and which faults apply; alone or in a batch. */

import { randomUUID } from 'node:crypto'
import type { Mailbox } from '../calendar-item.ts'
import type { EntraDirectories } from '../directories.ts'
import type { Faults, Route } from '../faults.ts'
import { graphRefusal } from '../hosting.ts'
import type { Mailboxes } from '../mailboxes.ts'
import type { ProtocolRequest, ProtocolResponse } from '../protocol-message.ts'
import type { Requests } from '../requests.ts'
import type { Grant, TokenIssuer } from '../tokens.ts'
import { idsOf, readGrant, record, tenantNames, withRequestIds } from './authorize.ts'
import { runGraphBatch } from './batch.ts'
import { listCalendarView } from './calendar-view.ts'
import type { ChangeNotifications } from './change-notifications.ts'
import { ConcurrencyCounter } from './concurrency.ts'
import type { Deliveries } from './deliveries.ts'
import { errorResponse, type Ids, orderedError } from './errors.ts'
import { getSchedule, schedulesIn } from './get-schedule.ts'
import { malformedBody } from './malformed.ts'
import {
  type SubscriptionTarget,
  subscribedMailbox,
  subscriptionCall,
  subscriptionTarget
} from './subscription-calls.ts'
import type { GraphSubscriptionStore } from './subscriptions.ts'
import { getUser } from './user.ts'

export interface GraphDeps {
  readonly directories: EntraDirectories
  readonly mailboxes: Mailboxes
  readonly subscriptions: GraphSubscriptionStore
  readonly deliveries: Deliveries
  readonly graphNotifications: ChangeNotifications
  readonly tokens: TokenIssuer
  readonly faults: Faults
  readonly requests: Requests
  /** Without a slash at the end. */
  readonly graphRoot: string
  readonly clock: () => number
}

const calendarRoles = [
  'Calendars.Read',
  'Calendars.ReadWrite',
  'Calendars.ReadBasic.All',
  'Calendars.ReadBasic'
]
const userRoles = ['User.Read.All', 'User.ReadBasic.All', 'User.ReadWrite.All', 'Directory.Read.All']
/** Per application and mailbox: the Outlook service's limit. */
const mostAtOnce = 4

/** Answers what is below `/v1.0`, and null for everything else. */
export function createGraph(needs: GraphDeps): (call: ProtocolRequest) => Promise<ProtocolResponse | null> {
  const atOnce = new ConcurrencyCounter()
  return async (whole) => {
    if (whole.segments[0] !== 'v1.0') return null
    const call = { ...whole, segments: whole.segments.slice(1) }
    const ids = idsOf(call, needs.clock)
    const grant = readGrant(needs, call, ids)
    if ('status' in grant) {
      const route = (subscriptionTarget(call) ?? routeOf(call))?.route ?? 'other'
      record(needs, call, null, { route, mailbox: null, batch: null }, grant)
      return withRequestIds(grant, ids)
    }
    const answer =
      call.segments[0] === '$batch'
        ? await serveBatch(needs, atOnce, call, grant, ids)
        : await serveRequest(needs, atOnce, call, grant, ids, null)
    return withRequestIds(answer, ids)
  }
}

/** One call, alone or as an item of the batch with that request id. */
async function serveRequest(
  needs: GraphDeps,
  atOnce: ConcurrencyCounter,
  call: ProtocolRequest,
  grant: Grant,
  ids: Ids,
  inBatch: string | null
): Promise<ProtocolResponse> {
  const subscription = subscriptionTarget(call)
  if (subscription) return serveSubscriptionRequest(needs, call, grant, ids, subscription, inBatch)
  const target = routeOf(call)
  if (!target) {
    const answer = errorResponse(
      ids,
      400,
      'BadRequest',
      `Resource not found for the segment '${call.segments.at(-1)}'.`
    )
    record(needs, call, grant, { route: 'other', mailbox: null, batch: inBatch }, answer)
    return answer
  }
  const { route, name } = target
  const mailbox = needs.mailboxes.find(grant.tenant, name)
  const place = `${grant.clientId} ${mailbox?.address.toLowerCase() ?? name}`
  const present = atOnce.enter(place)
  needs.requests.recordConcurrency(mailbox?.address ?? name, present)
  const items = route === 'getSchedule' ? schedulesIn(call.body) : null
  const about = { route, mailbox: mailbox?.address ?? name, batch: inBatch, items }
  try {
    const answer =
      present > mostAtOnce
        ? orderedError(ids, { status: 429, retryAfter: '1' })
        : await applyFaults(needs, call, grant, ids, target, mailbox)
    record(needs, call, grant, about, answer)
    return answer
  } catch (error) {
    record(needs, call, grant, about, { status: 0 })
    throw error
  } finally {
    atOnce.leave(place)
  }
}

/** The service that keeps subscriptions is another than Outlook's: its calls do not count among the four at a time. */
async function serveSubscriptionRequest(
  needs: GraphDeps,
  call: ProtocolRequest,
  grant: Grant,
  ids: Ids,
  target: SubscriptionTarget,
  inBatch: string | null
): Promise<ProtocolResponse> {
  const name = subscribedMailbox(needs, call, target)
  const mailbox = name === null ? undefined : needs.mailboxes.find(grant.tenant, name)
  const about = { route: target.route, mailbox: mailbox?.address ?? name, batch: inBatch }
  try {
    const effect = await needs.faults.apply(
      {
        tenant: tenantNames(grant),
        clientId: grant.clientId,
        mailbox: mailbox ? namesOf(mailbox) : name === null ? [] : [name.toLowerCase()],
        route: target.route
      },
      call.signal
    )
    let answer: ProtocolResponse
    if (effect?.kind === 'status') answer = orderedError(ids, effect)
    else if (effect?.kind === 'wrongTypes') answer = { status: 200, headers: json, body: malformedBody }
    else answer = await subscriptionCall({ needs, call, grant, ids }, target)
    record(needs, call, grant, about, answer)
    return effect?.kind === 'corruption' ? { ...answer, corruption: effect.corruption } : answer
  } catch (error) {
    record(needs, call, grant, about, { status: 0 })
    throw error
  }
}

async function applyFaults(
  needs: GraphDeps,
  call: ProtocolRequest,
  grant: Grant,
  ids: Ids,
  target: CalendarTarget,
  mailbox: Mailbox | undefined
): Promise<ProtocolResponse> {
  const effect = await needs.faults.apply(
    {
      tenant: tenantNames(grant),
      clientId: grant.clientId,
      mailbox: mailbox ? namesOf(mailbox) : [target.name.toLowerCase()],
      route: target.route
    },
    call.signal
  )
  if (effect?.kind === 'status') return orderedError(ids, effect)
  if (effect?.kind === 'wrongTypes') return { status: 200, headers: json, body: malformedBody }
  const answer = serve(needs, call, grant, ids, target, mailbox)
  return effect?.kind === 'corruption' ? { ...answer, corruption: effect.corruption } : answer
}

function serve(
  needs: GraphDeps,
  call: ProtocolRequest,
  grant: Grant,
  ids: Ids,
  { route, name, method }: CalendarTarget,
  mailbox: Mailbox | undefined
): ProtocolResponse {
  if (call.method !== method) {
    return errorResponse(ids, 405, 'Request_BadRequest', 'This HTTP method is not allowed for the target.')
  }
  const wanted = route === 'user' ? userRoles : calendarRoles
  if (grant.roles.length === 0) {
    return errorResponse(ids, 401, 'NoPermissionsInAccessToken', 'The token contains no permissions.')
  }
  if (!grant.roles.some((role) => wanted.includes(role))) {
    return route === 'user'
      ? errorResponse(
          ids,
          403,
          'Authorization_RequestDenied',
          'Insufficient privileges to complete the operation.'
        )
      : orderedError(ids, { status: 403 })
  }
  if (!mailbox) return unknownUser(ids, route, name)
  if (route === 'user') return getUser(mailbox, call, ids, needs.graphRoot)
  const refusal = graphRefusal(mailbox.hosting)
  if (refusal?.status === 401) return { status: 401, headers: {}, body: Buffer.alloc(0) }
  if (refusal !== null) return orderedError(ids, refusal)
  const scope = needs.directories.find(grant.tenant)?.apps.get(grant.clientId.toLowerCase())?.mailboxes
  if (scope && !scope.has(mailbox.address.toLowerCase())) {
    return orderedError(ids, { status: 403, message: 'Access to OData is disabled.' })
  }
  const basic = !grant.roles.some((role) => role === 'Calendars.Read' || role === 'Calendars.ReadWrite')
  const opened = { mailbox, mailboxes: needs.mailboxes, call, ids, basic, graphRoot: needs.graphRoot }
  return route === 'calendarView' ? listCalendarView(opened) : getSchedule(opened)
}

async function serveBatch(
  needs: GraphDeps,
  atOnce: ConcurrencyCounter,
  call: ProtocolRequest,
  grant: Grant,
  ids: Ids
): Promise<ProtocolResponse> {
  let items: number | null = null
  const finish = (answer: Pick<ProtocolResponse, 'status'>) =>
    record(needs, call, grant, { route: 'batch', mailbox: null, batch: null, items }, answer)
  try {
    const effect = await needs.faults.apply(
      { tenant: tenantNames(grant), clientId: grant.clientId, mailbox: [], route: 'batch' },
      call.signal
    )
    let answer: ProtocolResponse
    if (effect?.kind === 'status') answer = orderedError(ids, effect)
    else if (effect?.kind === 'wrongTypes') {
      answer = { status: 200, headers: json, body: { responses: malformedBody } }
    } else {
      const perform = (item: ProtocolRequest) =>
        serveRequest(needs, atOnce, item, grant, { ...ids, request: randomUUID() }, ids.request)
      const done = await runGraphBatch(call, ids, perform)
      items = done.items
      answer = effect?.kind === 'corruption' ? { ...done.answer, corruption: effect.corruption } : done.answer
    }
    finish(answer)
    return answer
  } catch (error) {
    finish({ status: 0 })
    throw error
  }
}

interface CalendarTarget {
  readonly route: Extract<Route, 'user' | 'calendarView' | 'getSchedule'>
  readonly name: string
  readonly method: 'GET' | 'POST'
}

function routeOf({ segments }: ProtocolRequest): CalendarTarget | null {
  const [users, name = '', third, fourth, ...more] = segments
  if (users !== 'users' || name === '' || more.length > 0) return null
  const rest = [third, fourth].filter((each) => each !== undefined).join('/')
  if (rest === '') return { route: 'user', name, method: 'GET' }
  if (rest === 'calendarView' || rest === 'calendar/calendarView') {
    return { route: 'calendarView', name, method: 'GET' }
  }
  if (/^calendar\/(microsoft\.graph\.)?getSchedule$/.test(rest)) {
    return { route: 'getSchedule', name, method: 'POST' }
  }
  return null
}

/** As seen in the field: the Outlook service knows two ways to say it, the directory a third. */
function unknownUser(ids: Ids, route: Route, name: string): ProtocolResponse {
  if (route === 'user') {
    return errorResponse(ids, 404, 'Request_ResourceNotFound', `Resource '${name}' does not exist.`)
  }
  return /^[0-9a-f-]{36}$/i.test(name)
    ? errorResponse(ids, 404, 'ResourceNotFound', 'Resource could not be discovered.')
    : errorResponse(ids, 404, 'ErrorInvalidUser', `The requested user '${name}' is invalid.`)
}

function namesOf({ address, objectId, userPrincipalName, aliases }: Mailbox): string[] {
  return [address, objectId, userPrincipalName, ...aliases].map((name) => name.toLowerCase())
}

const json = { 'Content-Type': 'application/json' }
