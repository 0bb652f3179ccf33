/** What was posted to a calendar's notice address: genuine news, or dropped and counted (change-notifications-overview). */
import { timingSafeEqual } from 'node:crypto'
import type { WatchNews } from '../../connector.ts'
import type { DropReason, Notice, NoticeGate } from '../../notification.ts'
import { membersOf } from '../client/batch-response.ts'
import { heardBefore } from './replay-filter.ts'
import { clientStateOf, markOf, type Place } from './url.ts'

/** Graph sends far fewer in one body; whoever sends more is not Graph. */
const mostItems = 2_000

/** How Graph names the lifecycle of a subscription (change-notifications-lifecycle-events). */
const lifecycle: ReadonlyMap<unknown, WatchNews> = new Map([
  ['reauthorizationRequired', 'reauthorize'],
  ['subscriptionRemoved', 'removed'],
  ['missed', 'missed']
])
const changes: ReadonlySet<unknown> = new Set(['created', 'updated', 'deleted'])

/** The gate at each place; all share what was heard before. */
export function noticeGates(secret: Buffer): (place: Place) => NoticeGate {
  const heard = heardBefore()
  const mark = markOf(secret)
  return (place) => ({
    receive(body, now) {
      const genuine: Notice[] = []
      const dropped = new Map<DropReason, number>()
      const drop = (reason: DropReason, count = 1) => {
        dropped.set(reason, (dropped.get(reason) ?? 0) + count)
      }
      const { value } = membersOf(body)
      if (!Array.isArray(value)) {
        drop('malformed')
        return { genuine, dropped }
      }
      if (value.length > mostItems) drop('malformed', value.length - mostItems)
      // Under another secret nothing here can prove itself, so nothing is computed.
      const expected =
        place.mark === mark ? Buffer.from(clientStateOf(secret, place.tenant, place.target)) : null
      for (const item of value.slice(0, mostItems)) {
        const { subscriptionId, clientState, ...rest } = membersOf(item)
        if (typeof subscriptionId !== 'string' || typeof clientState !== 'string') drop('malformed')
        else if (expected === null || !isSame(clientState, expected)) drop('forged')
        else {
          const news = newsOf(rest)
          if (news === null) drop('malformed')
          else if (isReplay(subscriptionId, rest, now)) drop('replayed')
          else genuine.push({ tenant: place.tenant, target: place.target, news })
        }
      }
      return { genuine, dropped }
    }
  })

  /** Without an etag nothing tells one edit from the next. */
  function isReplay(subscription: string, item: Readonly<Record<string, unknown>>, now: number): boolean {
    const { id, '@odata.etag': etag } = membersOf(item.resourceData)
    if (typeof id !== 'string' || typeof etag !== 'string' || etag === '') return false
    return heard.hear(`${subscription}\n${item.changeType}\n${id}\n${etag}`, now)
  }
}

function newsOf({ lifecycleEvent, changeType }: Readonly<Record<string, unknown>>): Notice['news'] | null {
  if (lifecycleEvent !== undefined && lifecycleEvent !== null) return lifecycle.get(lifecycleEvent) ?? null
  return changes.has(changeType) ? 'changed' : null
}

/** In a time that tells nothing of how much of it was right. */
function isSame(shown: string, expected: Buffer): boolean {
  const given = Buffer.from(shown)
  return given.length === expected.length && timingSafeEqual(given, expected)
}
