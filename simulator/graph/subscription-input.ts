/** The body of a subscription as it is asked for: read member by member, and refused in Graph's words. */
import { readChanges, type SubscriptionLimits } from './subscriptions.ts'

export interface InputError {
  readonly code: string
  readonly message: string
}

export interface SubscriptionRequest {
  readonly changeType: string
  readonly notificationUrl: string
  readonly lifecycleNotificationUrl: string | null
  readonly resource: string
  /** The user in the resource, as written. */
  readonly user: string
  /** Epoch milliseconds. */
  readonly expires: number
  readonly clientState: string | null
  readonly latestSupportedTlsVersion: string
}

const known = new Set([
  'changeType',
  'notificationUrl',
  'lifecycleNotificationUrl',
  'resource',
  'expirationDateTime',
  'clientState',
  'latestSupportedTlsVersion',
  'includeResourceData',
  '@odata.type'
])
const required = ['changeType', 'notificationUrl', 'resource', 'expirationDateTime'] as const

export function readSubscriptionRequest(
  text: string,
  limits: SubscriptionLimits,
  now: number
): SubscriptionRequest | InputError {
  const body = readObject(text)
  if (!body) return unreadable
  const unknown = Object.keys(body).find((name) => !known.has(name))
  if (unknown !== undefined) return { ...unreadable, message: `${unreadable.message} '${unknown}'` }
  for (const name of required) {
    if (typeof body[name] !== 'string' || body[name] === '') {
      return invalid(`${name} is a required property for subscription creation.`)
    }
  }
  if (body.includeResourceData) return invalid('The simulator has no notifications with resource data.')
  const changeType = String(body.changeType)
  if (!readChanges(changeType)) return invalid(`The change type '${changeType}' is not supported.`)
  const { clientState = null } = body
  if (clientState !== null && (typeof clientState !== 'string' || clientState.length > 128)) {
    return invalid('The clientState must be a text of 128 characters at the most.')
  }
  const { lifecycleNotificationUrl = null } = body
  for (const url of [body.notificationUrl, ...(lifecycleNotificationUrl ? [lifecycleNotificationUrl] : [])]) {
    const refusal = checkUrl(url)
    if (refusal) return refusal
  }
  const resource = String(body.resource)
  const user = userIn(resource)
  if (user === null) return invalid(`The resource '${resource}' is not supported.`)
  const expires = readExpiry(body.expirationDateTime, limits, now)
  if (typeof expires !== 'number') return expires
  return {
    changeType,
    notificationUrl: String(body.notificationUrl),
    lifecycleNotificationUrl: lifecycleNotificationUrl === null ? null : String(lifecycleNotificationUrl),
    resource,
    user,
    expires,
    clientState,
    latestSupportedTlsVersion: String(body.latestSupportedTlsVersion ?? 'v1_2')
  }
}

export interface Renewal {
  readonly expires: number | null
  readonly notificationUrl: string | null
}

export function readRenewal(text: string, limits: SubscriptionLimits, now: number): Renewal | InputError {
  const body = readObject(text)
  if (!body) return unreadable
  const { expirationDateTime, notificationUrl, '@odata.type': _, ...others } = body
  const other = Object.keys(others)[0]
  if (other !== undefined) return invalid(`The property '${other}' cannot be changed.`)
  if (expirationDateTime === undefined && notificationUrl === undefined) {
    return invalid('expirationDateTime is a required property for subscription renewal.')
  }
  const refusal = notificationUrl === undefined ? null : checkUrl(notificationUrl)
  if (refusal) return refusal
  const expires = expirationDateTime === undefined ? null : readExpiry(expirationDateTime, limits, now)
  if (expires !== null && typeof expires !== 'number') return expires
  return { expires, notificationUrl: notificationUrl === undefined ? null : String(notificationUrl) }
}

/** The user in `/users/{user}/events`; null when it is anything else. */
export function userIn(resource: unknown): string | null {
  const match = /^\/?users\/([^/?]+)\/events\/?$/i.exec(typeof resource === 'string' ? resource : '')
  try {
    return match?.[1] === undefined ? null : decodeURIComponent(match[1])
  } catch {
    return null
  }
}

export function readObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}

/** Too little is raised; too much, the past and what is no time are refused. */
function readExpiry(
  value: unknown,
  { longest, shortest }: SubscriptionLimits,
  now: number
): number | InputError {
  const instant =
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value) ? readTime(value) : Number.NaN
  if (Number.isNaN(instant)) return unreadable
  if (instant <= now) return invalid('The expirationDateTime must be in the future.')
  // A minute of grace for clocks that differ.
  if (instant > now + (longest + 1) * 60_000) {
    return {
      code: 'ExtensionError',
      message: `Subscription expiration can only be ${longest} minutes in the future.`
    }
  }
  return Math.max(instant, now + shortest * 60_000)
}

/** Without an offset it is UTC; seven decimals are cut to three. */
function readTime(text: string): number {
  const cut = text.replace(/(\.\d{3})\d+/, '$1')
  return Date.parse(/([Zz]|[+-]\d\d:\d\d)$/.test(cut) ? cut : `${cut}Z`)
}

/** The simulator posts to this machine alone, whatever the address is. */
function checkUrl(url: unknown): InputError | null {
  const parsed = typeof url === 'string' ? URL.parse(url) : null
  if (!parsed || !/^https?:$/.test(parsed.protocol)) {
    return invalid(`The notification URL '${String(url)}' is not valid.`)
  }
  const local = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(parsed.hostname)
  return local
    ? null
    : { code: 'ValidationError', message: 'The simulator posts to addresses of this machine only.' }
}

const unreadable: InputError = {
  code: 'InvalidRequest',
  message:
    'Could not process subscription creation payload. Are all property names spelled and camelCased properly?'
}

function invalid(message: string): InputError {
  return { code: 'InvalidRequest', message }
}
