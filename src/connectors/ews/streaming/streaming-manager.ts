/** Hears of edits by streaming: gathers the mailboxes that are watched into groups of one stream each. */
import type { RemoteError } from '../../../errors.ts'
import type { After } from '../../../lib/timers.ts'
import type { CalendarSubscription, SubscriptionListener } from '../../connector.ts'
import type { EwsClient } from '../client/ews-client.ts'
import type { ImpersonationIds } from '../read/impersonation-id.ts'
import { maxMailboxesPerStream, streamingError, streamLimitError } from './errors.ts'
import { retryDelayMs } from './retry-delay.ts'
import { type StreamGroup, streamGroup } from './stream-group.ts'
import { createSubscriptionManager as subscriptionsOver } from './subscription-manager.ts'
import { type WatchedMailbox, watchedMailbox } from './watched-mailbox.ts'

export interface StreamingManager {
  watch(mailbox: string, listener: SubscriptionListener): CalendarSubscription
  /** Ends the streams. Subscriptions of watches that were not stopped stay, and end by themselves. */
  close(): Promise<void>
}

export interface StreamingManagerDeps {
  readonly client: EwsClient
  readonly ids: ImpersonationIds
  readonly account: string
  readonly after: After
  readonly clock: () => number
  readonly random: () => number
}

/** So many may refuse to be impersonated, or be unknown, before there is a pause. */
const maxProbes = 10
/** Milliseconds until a mailbox without a place asks for one again. */
const retryPlacementMs = 300_000

export function createStreamingManager(deps: StreamingManagerDeps): StreamingManager {
  const { client: calls, account, after, random } = deps
  const refusal = (status: Parameters<typeof streamingError>[0], mailbox: string) =>
    streamingError(status, { mailbox, account, version: calls.versionOf(mailbox) })
  const subscriptions = subscriptionsOver({ ...deps, errorFor: refusal })
  /** Several users may have one mailbox, in whatever case they write it. */
  const mailboxes = new Map<string, WatchedMailbox>()
  const groups: StreamGroup[] = []
  const groupOf = new Map<WatchedMailbox, StreamGroup>()
  /** Groups in which a mailbox's subscriptions did not live. */
  const rejectedBy = new WeakMap<WatchedMailbox, Set<StreamGroup>>()
  /** Who has no group yet. */
  const pending = new Set<WatchedMailbox>()
  let admitting = false
  let retryTimer: (() => void) | null = null
  let failures = 0
  let closed = false

  /** Whether they can be heard at all is known when the server has said once what it speaks. */
  async function assignGroups(): Promise<void> {
    if (admitting) return
    admitting = true
    // All that are watched in one go belong together.
    await null
    const trouble = await findVersion()
    admitting = false
    if (trouble !== null && !closed) {
      failures += 1
      retryLater(retryDelayMs(failures, trouble, random))
      return
    }
    failures = 0
    if (closed || !calls.version.streaming) return
    for (const arrival of [...pending]) assign(arrival)
    if (pending.size > 0) retryLater(retryPlacementMs)
  }

  /** Asks in the name of one after the other. Null when it is known. */
  async function findVersion(): Promise<RemoteError | null> {
    const asked = new Set<WatchedMailbox>()
    for (let trouble: RemoteError | null = null; ; ) {
      const next = [...pending].find((arrival) => !asked.has(arrival))
      if (calls.isNegotiated || closed) return null
      if (next === undefined || asked.size === maxProbes) return trouble
      asked.add(next)
      trouble = await subscriptions.findVersion(next.mailbox).then(
        () => null,
        (error: RemoteError) => error
      )
      if (trouble === null) return null
      const everybody = trouble.scope === 'connection'
      for (const each of everybody ? pending : [next]) each.setInactive(trouble)
      if (everybody) return trouble
      // The next time others are asked first.
      if (pending.delete(next)) pending.add(next)
    }
  }

  function retryLater(milliseconds: number): void {
    retryTimer?.()
    retryTimer = after(milliseconds, () => {
      retryTimer = null
      void assignGroups()
    })
  }

  function assign(member: WatchedMailbox): void {
    const rejected = rejectedBy.get(member)
    const room =
      groups.find((group) => group.size < maxMailboxesPerStream && !rejected?.has(group)) ?? addGroup()
    if (room === null) {
      pending.add(member)
      member.setInactive(streamLimitError(calls.version))
      return
    }
    pending.delete(member)
    groupOf.set(member, room)
    room.add(member)
  }

  /** Null where the account is charged and has no more. One is spared, for streams that take the place of others. */
  function addGroup(): StreamGroup | null {
    const { chargesMailbox, streams } = calls.version
    if (!chargesMailbox && groups.length >= streams - 1) return null
    const made: StreamGroup = streamGroup({
      ...deps,
      subscriptions,
      errorFor: refusal,
      reassign(member) {
        const rejected = rejectedBy.get(member) ?? new Set()
        rejectedBy.set(member, rejected.add(made))
        member.failures = 0
        assign(member)
      }
    })
    groups.push(made)
    return made
  }

  function leave(member: WatchedMailbox): void {
    mailboxes.delete(keyOf(member.mailbox))
    pending.delete(member)
    groupOf.get(member)?.remove(member)
    groupOf.delete(member)
    // A place is free.
    if (pending.size > 0 && calls.isNegotiated) void assignGroups()
  }

  return {
    watch(mailbox, listener) {
      const known = mailboxes.get(keyOf(mailbox))
      const member = known ?? watchedMailbox(mailbox)
      member.addListener(listener)
      if (known === undefined && !closed) {
        mailboxes.set(keyOf(mailbox), member)
        pending.add(member)
        void assignGroups()
      }
      return {
        // That comes over the web, and concerns Graph.
        onNotification: () => {},
        stop() {
          if (!member.listeners.has(listener)) return
          member.removeListener(listener)
          if (member.listeners.size === 0 && !closed) leave(member)
        }
      }
    },
    async close() {
      closed = true
      retryTimer?.()
      for (const group of groups) group.close()
      await subscriptions.close()
    }
  }
}

function keyOf(mailbox: string): string {
  return mailbox.toLowerCase()
}
