/** Up to 200 mailboxes that are heard over one stream, which is opened anew whenever it ends, breaks or lacks somebody. */
import type { RemoteError } from '../../../errors.ts'
import type { ImpersonationIds } from '../read/impersonation-id.ts'
import { createStreamAffinity } from './affinity.ts'
import {
  maxMailboxesPerStream,
  streamBrokenError,
  streamReopenedError,
  subscriptionEndedError
} from './errors.ts'
import { groupMembers } from './group-members.ts'
import { retryDelayMs } from './retry-delay.ts'
import { runStream, type StreamDeps } from './stream.ts'
import type { SubscriptionManager } from './subscription-manager.ts'
import type { WatchedMailbox } from './watched-mailbox.ts'

export interface StreamGroup {
  readonly size: number
  add(member: WatchedMailbox): void
  /** Ends its subscription, too. */
  remove(member: WatchedMailbox): void
  close(): void
}

export interface StreamGroupDeps extends StreamDeps {
  readonly ids: ImpersonationIds
  readonly subscriptions: SubscriptionManager
  readonly random: () => number
  /** Its subscriptions do not live on this group's server: it belongs with others. It is no member any more. */
  readonly reassign: (member: WatchedMailbox) => void
}

interface Stream {
  /** By subscription. */
  readonly members: ReadonlyMap<string, WatchedMailbox>
  readonly over: AbortController
  open: boolean
  /** It has been open for a while. */
  steady: boolean
  /** Another has taken its place; it may still tell of what happened before. */
  replaced: boolean
  /** Somebody's subscription in it was ended by ourselves. */
  left: boolean
  readonly timers: Set<() => void>
}

/** Milliseconds. For others whose subscriptions are being made: a stream takes them all, or is opened again for them. */
const longestGathering = 5_000
/** Milliseconds. While a stream runs there is no haste: another takes its place for all that come together. */
const gathering = 1_000
/** Milliseconds after which a stream counts as one that works. */
const steadyAfter = 30_000
/** Milliseconds for a stream that was replaced to say its last. */
const lastWords = 5_000
/** Failures in a row after which a server is given up. */
const patience = 3

export function streamGroup(deps: StreamGroupDeps): StreamGroup {
  const { after, random, ids: names, subscriptions } = deps
  const affinity = createStreamAffinity()
  const members = groupMembers({ ...deps, affinity, changed: consider })
  const streams = new Set<Stream>()
  let current: Stream | null = null
  let next: Stream | null = null
  let failures = 0
  /** Until the next stream may be opened. */
  let rest: (() => void) | null = null
  let gatheringEnds: { readonly cancel: () => void; readonly long: boolean } | null = null
  /** The server takes no second stream: the first must go before. */
  let tight = false
  let closed = false

  /** Does what is to be done now; is called whenever anything has changed. */
  function consider(): void {
    if (closed) return
    members.subscribe()
    if (next !== null || rest !== null || members.subscribed().every(isHeard)) return
    const long = members.isSubscribing
    if (!long && current === null) {
      launch()
      return
    }
    if (gatheringEnds?.long === long) return
    gatheringEnds?.cancel()
    gatheringEnds = { long, cancel: after(long ? longestGathering : gathering, launch) }
  }

  function isHeard({ subscription }: WatchedMailbox): boolean {
    return subscription !== null && current?.members.has(subscription) === true
  }

  /** Opens a stream for everybody who has a subscription; the one that runs goes on until then. */
  function launch(): void {
    gatheringEnds?.cancel()
    gatheringEnds = null
    const heard = members.subscribed().slice(0, maxMailboxesPerStream)
    if (closed || next !== null || heard.length === 0) return
    if (tight && current !== null) replace(current)
    const leader = heard.find(({ mailbox }) => mailbox === affinity.anchor) ?? heard[0]!
    const charged = names.idOf(leader.mailbox)
    affinity.setAnchor(charged)
    const stream: Stream = {
      members: new Map(heard.map((member) => [member.subscription ?? '', member])),
      over: new AbortController(),
      open: false,
      steady: false,
      replaced: false,
      left: false,
      timers: new Set()
    }
    next = stream
    streams.add(stream)
    const hearer = {
      onOpen: () => opened(stream),
      onEdited: (ids: ReadonlySet<string>) => {
        for (const member of those(stream, ids)) member.notifyChanged()
      },
      onSubscriptionsLost: (ids: ReadonlySet<string> | null) => died(stream, ids)
    }
    const run = runStream([...stream.members.keys()], { charged, affinity }, hearer, deps, stream.over.signal)
    void run.then((error) => over(stream, error))
  }

  /** Who is still meant by these; by null, all. */
  function those(stream: Stream, ids: ReadonlySet<string> | null): WatchedMailbox[] {
    const found: WatchedMailbox[] = []
    for (const [id, member] of stream.members) {
      if (member.subscription === id && members.has(member) && (ids?.has(id) ?? true)) found.push(member)
    }
    return found
  }

  function opened(stream: Stream): void {
    if (closed || stream.open || stream.over.signal.aborted) return
    stream.open = true
    if (current !== null) replace(current)
    current = stream
    next = null
    const steady = () => {
      stream.steady = true
      failures = 0
      for (const member of those(stream, null)) member.failures = 0
    }
    stream.timers.add(after(steadyAfter, steady))
    for (const member of those(stream, null)) member.setActive()
    consider()
  }

  /** Exchange ends the first stream itself when a second one is opened (ErrorNewEventStreamConnectionOpened). */
  function replace(stream: Stream): void {
    stream.replaced = true
    if (current === stream) current = null
    if (tight) stream.over.abort(streamReopenedError())
    else stream.timers.add(after(lastWords, () => stream.over.abort(streamReopenedError())))
  }

  function died(stream: Stream, ids: ReadonlySet<string> | null): void {
    // Without a stream nothing is wrong with the subscriptions.
    if (closed || (ids === null && stream.replaced)) return
    // It may mean those alone whose subscriptions we ended: the next stream shows whether the others live.
    if (ids === null && stream.left && stream.open) {
      stream.over.abort(streamReopenedError())
      return
    }
    const dead = those(stream, ids)
    const all = dead.length === those(stream, null).length
    for (const member of dead) {
      member.hasMissed = true
      members.failed(member, subscriptionEndedError(member.mailbox))
      if (all || member.failures < patience || member.mailbox === affinity.anchor) continue
      members.delete(member)
      deps.reassign(member)
    }
    if (all) {
      affinity.reset()
      stream.over.abort(streamReopenedError())
    }
    consider()
  }

  function over(stream: Stream, error: RemoteError | null): void {
    streams.delete(stream)
    for (const cancel of stream.timers) cancel()
    if (closed) return
    if (stream.replaced) {
      // What was on its way to us when it was cut is lost.
      if (error !== null) for (const member of those(stream, null)) lost(member)
      return
    }
    if (stream === current) current = null
    if (stream === next) next = null
    if (members.size === 0) return
    // The server has told everything: until the next stream, what happens waits in the subscriptions.
    const inOrder = error === null && stream.open
    failures = (stream.steady ? 0 : failures) + (inOrder && stream.steady ? 0 : 1)
    if (inOrder) {
      pause(stream.steady ? 0 : retryDelayMs(failures, null, random))
      return
    }
    const told = error ?? streamBrokenError()
    const unheard = those(stream, null).filter((member) => !isHeard(member))
    // A server that opened it has the subscriptions.
    const another = !stream.open && anotherServes(told)
    for (const member of unheard) {
      member.hasMissed = true
      // Whom it concerns knows already.
      if (member.subscription !== null) {
        member.setInactive(another && told.code !== 'throttled' ? streamReopenedError() : told)
      }
    }
    pause(retryDelayMs(failures, another ? null : told, random))
  }

  /** At once where it is heard by another stream already, else when it is heard again. */
  function lost(member: WatchedMailbox): void {
    if (isHeard(member)) member.notifyChanged()
    else member.hasMissed = true
  }

  /** Whether it is the doing of one mailbox, or one server, and the next try is made with another. */
  function anotherServes(error: RemoteError): boolean {
    if (error.scope !== 'mailbox' || error.code === 'protocol_error') return false
    const passing = error.code === 'unreachable'
    if (passing && (failures < patience || current !== null)) return false
    const anchor = members.subscribed().find(({ mailbox }) => mailbox === affinity.anchor)
    if (anchor !== undefined) members.putLast(anchor)
    if (passing) {
      for (const member of members.subscribed()) member.setInactive(error)
      affinity.reset()
      members.forgetSubscriptions()
      return true
    }
    if (error.code === 'throttled') {
      tight ||= failures > 1 && error.retryAfter === undefined && current !== null
    }
    // Its owner's rights will not do; another's may.
    else if (anchor !== undefined) members.failed(anchor, error)
    const [first] = members.subscribed()
    if (first !== undefined) affinity.setAnchor(names.idOf(first.mailbox))
    return true
  }

  function pause(milliseconds: number): void {
    rest?.()
    rest = null
    if (milliseconds === 0) {
      launch()
      return
    }
    rest = after(milliseconds, () => {
      rest = null
      launch()
      consider()
    })
    consider()
  }

  return {
    get size() {
      return members.size
    },
    add(member) {
      members.add(member)
      consider()
    },
    remove(member) {
      if (!members.has(member)) return
      members.delete(member)
      const { subscription } = member
      if (subscription !== null) {
        for (const stream of streams) stream.left ||= stream.members.has(subscription)
        subscriptions.unsubscribe(member.mailbox, subscription, affinity)
      }
      if (members.size > 0) return
      for (const { over: controller } of streams) controller.abort(streamReopenedError())
    },
    close() {
      closed = true
      rest?.()
      gatheringEnds?.cancel()
      members.close()
      for (const stream of streams) {
        for (const cancel of stream.timers) cancel()
        stream.over.abort(streamReopenedError())
      }
    }
  }
}
