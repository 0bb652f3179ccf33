/** Where Graph posts the notifications of one calendar, and the secret that proves them: derived, so that nothing is kept. */
import { createHmac } from 'node:crypto'

/** One subscribed calendar, as the address names it. */
export interface NotificationRoute {
  /** Of the secret under which the address was made. */
  readonly keyId: string
  readonly tenant: string
  /** `SubscribeRequest.targetId`. */
  readonly targetId: string
}

export interface NotificationEndpoint {
  readonly notificationUrl: string
  readonly lifecycleNotificationUrl: string
  /** Graph takes 128 characters; this has 43. */
  readonly clientState: string
}

/**
 * Whose a subscription is, by the address it posts to. `ours`: this tenant's; it is `current` when it was made under
 * the present public URL and secret. `otherTenant`: another tenant's of this installation. `unknown`: of no tenant of this installation.
 */
export type SubscriptionOwner =
  | { readonly whose: 'ours'; readonly targetId: string; readonly current: boolean }
  | { readonly whose: 'otherTenant' | 'unknown' }

export interface NotificationUrls {
  /** The host that Microsoft 365 must reach. */
  readonly host: string
  endpointOf(target: string): NotificationEndpoint
  ownerOf(notificationUrl: string): SubscriptionOwner
}

const path = '/notifications/graph/'

export function createNotificationUrls(publicUrl: string, secret: Buffer, tenant: string): NotificationUrls {
  const base = publicUrl.replace(/\/+$/, '')
  const mark = keyIdOf(secret)
  return {
    host: new URL(base).host,
    endpointOf(target) {
      const notificationUrl = `${base}${path}${mark}/${encodeURIComponent(tenant)}/${encodeURIComponent(target)}`
      // Graph asks both addresses whether they are ours, and takes one for both; what came says what it is.
      return {
        notificationUrl,
        lifecycleNotificationUrl: notificationUrl,
        clientState: clientStateOf(secret, tenant, target)
      }
    },
    ownerOf(notificationUrl) {
      const at = notificationUrl.lastIndexOf(path)
      const names = at === -1 ? [] : notificationUrl.slice(at + path.length).split('/')
      const [foundMark, foundTenant, target] = names.map(decoded)
      if (names.length !== 3 || !foundMark || !foundTenant || !target) return { whose: 'unknown' }
      const sameBase = notificationUrl.slice(0, at) === base
      // One of the two proves it: the public URL may have moved, or the master key be another.
      if (!sameBase && foundMark !== mark) return { whose: 'unknown' }
      if (foundTenant !== tenant) return { whose: 'otherTenant' }
      return { whose: 'ours', targetId: target, current: sameBase && foundMark === mark }
    }
  }
}

/** Distinguishes subscriptions that were made under different secrets; reveals nothing of the secret. */
export function keyIdOf(secret: Buffer): string {
  return digest(secret, 'mark').slice(0, 8)
}

/** Ids hold no line feed. */
export function clientStateOf(secret: Buffer, tenant: string, target: string): string {
  return digest(secret, `client state\n${tenant}\n${target}`)
}

function digest(secret: Buffer, text: string): string {
  return createHmac('sha256', secret).update(text).digest('base64url')
}

function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment)
  } catch {
    return null
  }
}
