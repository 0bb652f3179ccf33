/** What is heard of changes to one tenant, taken note of one after the other; a store that fails is asked again. */

import { type Log, redactError } from '../lib/redact-error.ts'
import type { Timers } from '../lib/timers.ts'
import type { FeedEvent, Store } from '../storage/store.ts'

export interface StoreFeedHandler {
  /** The tenant, its rules or its connection may have changed. */
  invalidate(): void
  /** Resolves when everything that was heard of is taken note of, or the store has failed. */
  whenIdle(): Promise<void>
  /** Hears nothing more; resolves when nothing is being taken note of. */
  close(): Promise<void>
}

export interface FeedHandlers {
  /** With `anew` nothing that was known of the tenant counts any more. */
  applyTenant(anew: boolean): Promise<void>
  applyUsers(users: readonly string[]): Promise<void>
  /** Anything may have been saved of anybody. */
  resyncUsers(): Promise<void>
}

const chunk = 500
/** Milliseconds until a store that failed is asked again. */
const patience = 5_000

/** Begins as if the whole tenant had just been heard of. */
export function openStoreFeedHandler(
  tenant: string,
  notes: FeedHandlers,
  { store, timers, log }: { readonly store: Store; readonly timers: Timers; readonly log: Log }
): StoreFeedHandler {
  const heard = { tenant: true, anew: true, everybody: false, users: new Set<string>() }
  let work: Promise<void> | null = null
  let cancelRetry: (() => void) | null = null
  let closed = false
  const unfollow = store.follow(tenant, hear)
  wake()

  return {
    invalidate() {
      heard.tenant = true
      wake()
    },
    whenIdle: settled,
    async close() {
      closed = true
      unfollow()
      cancelRetry?.()
      await settled()
    }
  }

  async function settled(): Promise<void> {
    while (work !== null) await work
  }

  function hear(feed: FeedEvent): void {
    const users =
      feed.kind === 'logged' ? feed.entry.users : feed.kind === 'confirmed' ? feed.users : ('all' as const)
    if (users === 'all') heard.tenant = true
    else for (const user of users) heard.users.add(user)
    // What is there after this is another tenant of the same name.
    if (feed.kind === 'tenant removed') heard.anew = true
    if (feed.kind === 'gap') heard.everybody = true
    wake()
  }

  function isAnything(): boolean {
    return heard.tenant || heard.everybody || heard.users.size > 0
  }

  function wake(): void {
    if (closed || work !== null || cancelRetry !== null) return
    work = takeNote().then(
      () => {
        work = null
        if (isAnything()) wake()
      },
      (error) => {
        work = null
        log.warn({ tenant, ...redactError(error) }, 'changes could not be read from the store; trying again')
        cancelRetry = timers.after(patience, () => {
          cancelRetry = null
          wake()
        })
      }
    )
  }

  async function takeNote(): Promise<void> {
    while (!closed && isAnything()) {
      if (heard.tenant) {
        const { anew } = heard
        heard.tenant = heard.anew = false
        await notes.applyTenant(anew).catch((error) => {
          heard.tenant = true
          heard.anew ||= anew
          throw error
        })
        continue
      }
      if (heard.everybody) {
        heard.everybody = false
        await notes.resyncUsers().catch((error) => {
          heard.everybody = true
          throw error
        })
        continue
      }
      const users = [...heard.users].slice(0, chunk)
      for (const user of users) heard.users.delete(user)
      await notes.applyUsers(users).catch((error) => {
        for (const user of users) heard.users.add(user)
        throw error
      })
    }
  }
}
