/** What was posted to a calendar's notice address: genuine news, or dropped and counted (change-notifications-overview). */
import { timingSafeEqual } from 'node:crypto'
import type { LifecycleEvent } from '../../connector.ts'
import type { CalendarNotification, DropReason, NotificationVerifier } from '../../notification.ts'
import { membersOf } from '../client/batch-response.ts'
import { heardBefore } from './replay-filter.ts'
import { clientStateOf, keyIdOf, type NotificationRoute } from './url.ts'

/** Graph sends far fewer in one body; whoever sends more is not Graph. */
const maxItems = 2_000

/** How Graph names the lifecycle of a subscription (change-notifications-lifecycle-events). */
const lifecycle: ReadonlyMap<unknown, LifecycleEvent> = new Map([
  ['reauthorizationRequired', 'reauthorize'],
  ['subscriptionRemoved', 'removed'],
  ['missed', 'missed']
])
const changes: ReadonlySet<unknown> = new Set(['created', 'updated', 'deleted'])

/** The gate at each place; all share what was heard before. */
export function createNotificationVerifiers(
  secret: Buffer
): (place: NotificationRoute) => NotificationVerifier {
  const heard = heardBefore()
  const mark = keyIdOf(secret)
  return (place) => ({
    verify(body, now) {
      const genuine: CalendarNotification[] = []
      const dropped = new Map<DropReason, number>()
      const drop = (reason: DropReason, count = 1) => {
        dropped.set(reason, (dropped.get(reason) ?? 0) + count)
      }
      const { value } = membersOf(body)
      if (!Array.isArray(value)) {
        drop('malformed')
        return { accepted: genuine, dropped }
      }
      if (value.length > maxItems) drop('malformed', value.length - maxItems)
      // Under another secret nothing here can prove itself, so nothing is computed.
      const expected =
        place.keyId === mark ? Buffer.from(clientStateOf(secret, place.tenant, place.targetId)) : null
      for (const item of value.slice(0, maxItems)) {
        const { subscriptionId, clientState, ...rest } = membersOf(item)
        if (typeof subscriptionId !== 'string' || typeof clientState !== 'string') drop('malformed')
        else if (expected === null || !isSame(clientState, expected)) drop('invalid_signature')
        else {
          const news = newsOf(rest)
          if (news === null) drop('malformed')
          else if (isReplay(subscriptionId, rest, now)) drop('replayed')
          else genuine.push({ tenant: place.tenant, targetId: place.targetId, event: news })
        }
      }
      return { accepted: genuine, dropped }
    }
  })

  /** Without an etag nothing tells one edit from the next. */
  function isReplay(subscription: string, item: Readonly<Record<string, unknown>>, now: number): boolean {
    const { id, '@odata.etag': etag } = membersOf(item.resourceData)
    if (typeof id !== 'string' || typeof etag !== 'string' || etag === '') return false
    return heard.hear(`${subscription}\n${item.changeType}\n${id}\n${etag}`, now)
  }
}

function newsOf({
  lifecycleEvent,
  changeType
}: Readonly<Record<string, unknown>>): CalendarNotification['event'] | null {
  if (lifecycleEvent !== undefined && lifecycleEvent !== null) return lifecycle.get(lifecycleEvent) ?? null
  return changes.has(changeType) ? 'changed' : null
}

/** In a time that tells nothing of how much of it was right. */
function isSame(shown: string, expected: Buffer): boolean {
  const given = Buffer.from(shown)
  return given.length === expected.length && timingSafeEqual(given, expected)
}
