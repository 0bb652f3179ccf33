/** Hears of edits by streaming: gathers the mailboxes that are watched into groups of one stream each. */
import type { RemoteError } from '../../../errors.ts'
import type { After } from '../../../lib/timers.ts'
import type { CalendarSubscription, SubscriptionListener } from '../../connector.ts'
import type { Calls } from '../client/ews-client.ts'
import type { Names } from '../read/impersonation-id.ts'
import { mostInStream, noPlace, streamingRefusal } from './errors.ts'
import { retryDelayMs } from './retry-delay.ts'
import { type StreamGroup, streamGroup } from './stream-group.ts'
import { subscriptions as subscriptionsOver } from './subscription-manager.ts'
import { type WatchedMailbox, watchedMailbox } from './watched-mailbox.ts'

export interface Watching {
  watch(mailbox: string, listener: SubscriptionListener): CalendarSubscription
  /** Ends the streams. Subscriptions of watches that were not stopped stay, and end by themselves. */
  close(): Promise<void>
}

export interface WatchingNeeds {
  readonly calls: Calls
  readonly names: Names
  readonly account: string
  readonly after: After
  readonly clock: () => number
  readonly random: () => number
}

/** So many may refuse to be impersonated, or be unknown, before there is a pause. */
const mostAsked = 10
/** Milliseconds until a mailbox without a place asks for one again. */
const untilAnotherLook = 300_000

export function watching(needs: WatchingNeeds): Watching {
  const { calls, account, after, random } = needs
  const refusal = (verdict: Parameters<typeof streamingRefusal>[0], mailbox: string) =>
    streamingRefusal(verdict, { mailbox, account, version: calls.versionOf(mailbox) })
  const subscriptions = subscriptionsOver({ ...needs, refusal })
  /** Several users may have one mailbox, in whatever case they write it. */
  const mailboxes = new Map<string, WatchedMailbox>()
  const groups: StreamGroup[] = []
  const groupOf = new Map<WatchedMailbox, StreamGroup>()
  /** Groups in which a mailbox's subscriptions did not live. */
  const notThere = new WeakMap<WatchedMailbox, Set<StreamGroup>>()
  /** Who has no group yet. */
  const arrivals = new Set<WatchedMailbox>()
  let admitting = false
  let look: (() => void) | null = null
  let failures = 0
  let closed = false

  /** Whether they can be heard at all is known when the server has said once what it speaks. */
  async function admit(): Promise<void> {
    if (admitting) return
    admitting = true
    // All that are watched in one go belong together.
    await null
    const trouble = await findVersion()
    admitting = false
    if (trouble !== null && !closed) {
      failures += 1
      lookAgain(retryDelayMs(failures, trouble, random))
      return
    }
    failures = 0
    if (closed || !calls.version.streaming) return
    for (const arrival of [...arrivals]) place(arrival)
    if (arrivals.size > 0) lookAgain(untilAnotherLook)
  }

  /** Asks in the name of one after the other. Null when it is known. */
  async function findVersion(): Promise<RemoteError | null> {
    const asked = new Set<WatchedMailbox>()
    for (let trouble: RemoteError | null = null; ; ) {
      const next = [...arrivals].find((arrival) => !asked.has(arrival))
      if (calls.settled || closed) return null
      if (next === undefined || asked.size === mostAsked) return trouble
      asked.add(next)
      trouble = await subscriptions.findVersion(next.mailbox).then(
        () => null,
        (error: RemoteError) => error
      )
      if (trouble === null) return null
      const everybody = trouble.scope === 'connection'
      for (const each of everybody ? arrivals : [next]) each.deaf(trouble)
      if (everybody) return trouble
      // The next time others are asked first.
      if (arrivals.delete(next)) arrivals.add(next)
    }
  }

  function lookAgain(milliseconds: number): void {
    look?.()
    look = after(milliseconds, () => {
      look = null
      void admit()
    })
  }

  function place(member: WatchedMailbox): void {
    const shunned = notThere.get(member)
    const room = groups.find((group) => group.size < mostInStream && !shunned?.has(group)) ?? another()
    if (room === null) {
      arrivals.add(member)
      member.deaf(noPlace(calls.version))
      return
    }
    arrivals.delete(member)
    groupOf.set(member, room)
    room.add(member)
  }

  /** Null where the account is charged and has no more. One is spared, for streams that take the place of others. */
  function another(): StreamGroup | null {
    const { chargesMailbox, streams } = calls.version
    if (!chargesMailbox && groups.length >= streams - 1) return null
    const made: StreamGroup = streamGroup({
      ...needs,
      subscriptions,
      refusal,
      expel(member) {
        const shunned = notThere.get(member) ?? new Set()
        notThere.set(member, shunned.add(made))
        member.failures = 0
        place(member)
      }
    })
    groups.push(made)
    return made
  }

  function leave(member: WatchedMailbox): void {
    mailboxes.delete(keyOf(member.mailbox))
    arrivals.delete(member)
    groupOf.get(member)?.remove(member)
    groupOf.delete(member)
    // A place is free.
    if (arrivals.size > 0 && calls.settled) void admit()
  }

  return {
    watch(mailbox, listener) {
      const known = mailboxes.get(keyOf(mailbox))
      const member = known ?? watchedMailbox(mailbox)
      member.listen(listener)
      if (known === undefined && !closed) {
        mailboxes.set(keyOf(mailbox), member)
        arrivals.add(member)
        void admit()
      }
      return {
        // That comes over the web, and concerns Graph.
        onLifecycleEvent: () => {},
        stop() {
          if (!member.listeners.has(listener)) return
          member.unlisten(listener)
          if (member.listeners.size === 0 && !closed) leave(member)
        }
      }
    },
    async close() {
      closed = true
      look?.()
      for (const group of groups) group.close()
      await subscriptions.close()
    }
  }
}

function keyOf(mailbox: string): string {
  return mailbox.toLowerCase()
}
