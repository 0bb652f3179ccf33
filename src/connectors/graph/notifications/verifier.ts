/** What was posted to a calendar's notification address: genuine, or dropped and counted (change-notifications-overview). */
import { timingSafeEqual } from 'node:crypto'
import type { LifecycleEvent, NotificationEvent } from '../../connector.ts'
import type {
  CalendarNotification,
  DropReason,
  NotificationVerifier,
  VerifiedNotifications
} from '../../notification.ts'
import { membersOf } from '../client/batch-response.ts'
import { ReplayFilter } from './replay-filter.ts'
import { clientStateOf, keyIdOf, type NotificationRoute } from './url.ts'

/** Graph sends far fewer in one body; a sender of more is not Graph. */
const maxItems = 2_000

/** How Graph names the lifecycle of a subscription (change-notifications-lifecycle-events). */
const lifecycle: ReadonlyMap<unknown, LifecycleEvent> = new Map([
  ['reauthorizationRequired', 'reauthorize'],
  ['subscriptionRemoved', 'removed'],
  ['missed', 'missed']
])
const changes: ReadonlySet<unknown> = new Set(['created', 'updated', 'deleted'])

/** The verifier of each address; all share the filter of replays. */
export function createNotificationVerifiers(
  secret: Buffer
): (route: NotificationRoute) => NotificationVerifier {
  const replays = new ReplayFilter()
  const keyId = keyIdOf(secret)
  return (route) => ({
    verify(body, now) {
      // Under another secret nothing here can prove itself, so nothing is computed.
      const expected =
        route.keyId === keyId ? Buffer.from(clientStateOf(secret, route.tenant, route.targetId)) : null
      return verifyItems(body, now, { route, expected, replays })
    }
  })
}

function verifyItems(
  body: unknown,
  now: number,
  by: {
    readonly route: NotificationRoute
    readonly expected: Buffer | null
    readonly replays: ReplayFilter
  }
): VerifiedNotifications {
  const { route, expected, replays } = by
  const accepted: CalendarNotification[] = []
  const dropped = new Map<DropReason, number>()
  const keys: string[] = []
  const drop = (reason: DropReason, count = 1) => {
    dropped.set(reason, (dropped.get(reason) ?? 0) + count)
  }
  const forget = () => {
    for (const key of keys) replays.delete(key)
  }
  const { value } = membersOf(body)
  if (!Array.isArray(value)) {
    drop('malformed')
    return { accepted, dropped, forget }
  }
  if (value.length > maxItems) drop('malformed', value.length - maxItems)
  for (const item of value.slice(0, maxItems)) {
    const { subscriptionId, clientState, ...rest } = membersOf(item)
    if (typeof subscriptionId !== 'string' || typeof clientState !== 'string') {
      drop('malformed')
      continue
    }
    if (expected === null || !isSame(clientState, expected)) {
      drop('invalid_signature')
      continue
    }
    const event = eventOf(rest)
    const key = replayKeyOf(subscriptionId, rest)
    if (event === null) drop('malformed')
    else if (key !== null && !replays.add(key, now)) drop('replayed')
    else {
      if (key !== null) keys.push(key)
      accepted.push({ tenant: route.tenant, targetId: route.targetId, event })
    }
  }
  return { accepted, dropped, forget }
}

/** Null without an etag: nothing else distinguishes one edit from the next. */
function replayKeyOf(subscriptionId: string, item: Readonly<Record<string, unknown>>): string | null {
  const { id, '@odata.etag': etag } = membersOf(item.resourceData)
  if (typeof id !== 'string' || typeof etag !== 'string' || etag === '') return null
  return `${subscriptionId}\n${item.changeType}\n${id}\n${etag}`
}

function eventOf({
  lifecycleEvent,
  changeType
}: Readonly<Record<string, unknown>>): NotificationEvent | null {
  if (lifecycleEvent !== undefined && lifecycleEvent !== null) return lifecycle.get(lifecycleEvent) ?? null
  return changes.has(changeType) ? 'changed' : null
}

/** In constant time, so that the time does not reveal how much matched. */
function isSame(shown: string, expected: Buffer): boolean {
  const given = Buffer.from(shown)
  return given.length === expected.length && timingSafeEqual(given, expected)
}
