/** A tenant's change log in lmdb: the visible writes, in order, limited in number; and its followers. */
import { randomUUID } from 'node:crypto'
import type { Instant } from '../../domain/calendar-event.ts'
import { type FeedEvent, type FeedFollower, type LogEntry, TenantGone } from '../store.ts'
import type { LogHead } from './table-records.ts'
import type { Tables } from './tables.ts'

/**
 * How many entries of a tenant's log are kept. A consumer that is further behind reads everything anew. A tenant of
 * a thousand users with twenty changes a day each fills it in a day, the longest that a cursor is good for; readings
 * of a batch share one entry.
 */
export const LOG_LENGTH = 20_000
/** Two days, in milliseconds: a cursor is good for one. */
export const HISTORY_MS = 2 * 86_400_000

export interface ChangeLog {
  /** Within a write: the head of the tenant's log, or TenantGone. */
  headOf(tenant: string): LogHead
  /** Within a write: begins the log of a new tenant, with an epoch of its own. */
  begin(tenant: string): void
  /** Within a write: drops entries that are too old, the newest aside. Whether a hundred were not enough. */
  dropOld(tenant: string, at: Instant): boolean
  /** Within a write: appends, drops what is too old or too many, and returns the event for the followers. */
  append(tenant: string, at: Instant, users: LogEntry['users'], vacated?: LogEntry['vacated']): FeedEvent
  follow(tenant: string, onEvent: FeedFollower): () => void
  tell(tenant: string, feeds: readonly FeedEvent[]): void
}

/** Entries dropped by one write for their age, so that it stays short. */
const MAX_DROPPED = 100

export function changeLog({ heads, log }: Tables, length: number, historyMs: number): ChangeLog {
  const followers = new Map<string, Set<FeedFollower>>()

  function headOf(tenant: string): LogHead {
    const head = heads.get(tenant)
    if (head === null) throw new TenantGone(`There is no tenant "${tenant}".`)
    return head
  }

  /** The first position that is kept. */
  function firstAfter(
    { first, position }: Pick<LogHead, 'first' | 'position'>,
    tenant: string,
    at: Instant
  ): number {
    const end = Math.min(position, first + MAX_DROPPED)
    let kept = first
    while (kept < end && (log.get(tenant, kept)?.at ?? at) < at - historyMs) log.remove(tenant, kept++)
    return kept
  }

  return {
    headOf,
    dropOld(tenant, at) {
      const head = headOf(tenant)
      const first = firstAfter(head, tenant, at)
      if (first > head.first) heads.put(tenant, { ...head, first })
      return first === head.first + MAX_DROPPED
    },
    begin(tenant) {
      heads.put(tenant, { epoch: randomUUID(), position: 0, first: 1, minGeneration: 0 })
    },
    append(tenant, at, users, vacated = []) {
      const head = headOf(tenant)
      const before = log.get(tenant, head.position)?.at ?? at
      const entry: LogEntry = { position: head.position + 1, at: Math.max(at, before), users, vacated }
      log.put(tenant, entry.position, entry)
      let first = firstAfter({ first: head.first, position: entry.position }, tenant, at)
      for (; first <= entry.position - length; first++) log.remove(tenant, first)
      heads.put(tenant, { ...head, position: entry.position, first })
      return { kind: 'logged', entry }
    },
    follow(tenant, onEvent) {
      const ofTenant = followers.get(tenant) ?? new Set()
      followers.set(tenant, ofTenant)
      // A function of its own, so that one who follows twice is called twice.
      const follower: FeedFollower = (event, saved) => onEvent(event, saved)
      ofTenant.add(follower)
      return () => {
        ofTenant.delete(follower)
        if (ofTenant.size === 0 && followers.get(tenant) === ofTenant) followers.delete(tenant)
      }
    },
    tell(tenant, feeds) {
      for (const feed of feeds) {
        for (const onEvent of [...(followers.get(tenant) ?? [])]) {
          try {
            onEvent(feed, null)
          } catch (error) {
            // A fault of the follower's: it must show, but fail neither the write nor the other followers.
            queueMicrotask(() => {
              throw error
            })
          }
        }
      }
    }
  }
}
