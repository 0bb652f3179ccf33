/** Up to 200 mailboxes that share one stream, which is opened anew whenever it ends, breaks or lacks one of them. */
import type { RemoteError } from '../../../errors.ts'
import type { ImpersonationIds } from '../read/impersonation-id.ts'
import { StreamAffinity } from './affinity.ts'
import {
  maxMailboxesPerStream,
  streamBrokenError,
  streamReopenedError,
  subscriptionEndedError
} from './errors.ts'
import { GroupMembers } from './group-members.ts'
import { GroupStream } from './group-stream.ts'
import { retryDelayMs } from './retry-delay.ts'
import { SilenceLimit } from './silence-limit.ts'
import { runStream, type StreamDeps } from './stream.ts'
import type { StreamSubscriptionManager } from './subscription-manager.ts'
import type { WatchedMailbox } from './watched-mailbox.ts'

export interface StreamGroupDeps extends StreamDeps {
  readonly ids: ImpersonationIds
  readonly subscriptions: StreamSubscriptionManager
  readonly random: () => number
  /** The member's subscriptions do not live on this group's server: it belongs to another group, and is out of this one. */
  readonly reassign: (member: WatchedMailbox) => void
  /** The server serves no other identity on a stream than the one that the stream is charged to. */
  readonly onSingleIdentity: () => void
}

/** While subscriptions are being made a stream waits for them for so long: it takes them all, or is opened again for them. */
const maxBatchDelayMs = 5_000
/** While a stream runs another takes its place for all members that come within this time. */
const batchDelayMs = 1_000
/** A stream counts as one that works after this time. */
const steadyAfterMs = 30_000
/** Failures in a row after which a server is given up. */
const maxFailures = 3
/** Streams in a row that served their own identity alone: then that is the server's way and no accident. */
const maxForeignRejections = 2

export class StreamGroup {
  /** The server of its mailboxes, as Autodiscover names it; empty where that is not known. */
  readonly key: string
  readonly #deps: StreamGroupDeps
  readonly #affinity = new StreamAffinity()
  readonly #silenceLimit = new SilenceLimit()
  readonly #members: GroupMembers
  readonly #streams = new Set<GroupStream>()
  #current: GroupStream | null = null
  #next: GroupStream | null = null
  #failures = 0
  #foreignRejections = 0
  /** Cancels the wait until the next stream may be opened. */
  #retryTimer: (() => void) | null = null
  #batchTimer: { readonly cancel: () => void; readonly long: boolean } | null = null
  /** The server takes no second stream: the first must go before. */
  #singleStream = false
  #closed = false

  constructor(key: string, deps: StreamGroupDeps) {
    this.key = key
    this.#deps = deps
    this.#members = new GroupMembers({
      ...deps,
      affinity: this.#affinity,
      onChange: () => this.#reconcile()
    })
  }

  get size(): number {
    return this.#members.size
  }

  add(member: WatchedMailbox): void {
    this.#members.add(member)
    this.#reconcile()
  }

  /** Ends its subscription, too. */
  remove(member: WatchedMailbox): void {
    if (!this.#members.has(member)) return
    this.#members.delete(member)
    const { subscription } = member
    if (subscription !== null) {
      for (const stream of this.#streams) if (stream.serves(member)) stream.hasOwnDelete = true
      this.#deps.subscriptions.unsubscribe(member.mailbox, subscription, this.#affinity)
      member.subscription = null
    }
    if (this.#members.size > 0) return
    for (const stream of this.#streams) stream.end()
  }

  /** Keeps the member that streams are charged to; returns the others, which are members no more. */
  splitOff(): WatchedMailbox[] {
    const all = this.#members.all()
    const kept = all.find(({ mailbox }) => mailbox === this.#affinity.anchor) ?? all[0]
    const others = all.filter((member) => member !== kept)
    // What failed was the company, not the one that stays.
    this.#failures = 0
    for (const member of others) {
      this.remove(member)
      member.hasMissed = true
    }
    return others
  }

  close(): void {
    this.#closed = true
    this.#retryTimer?.()
    this.#batchTimer?.cancel()
    this.#members.close()
    for (const stream of this.#streams) {
      stream.clearTimers()
      stream.end()
    }
  }

  /** Brings about what is wanted: every member has a subscription, and a stream serves them all. */
  #reconcile(): void {
    if (this.#closed) return
    this.#members.subscribe()
    const isServed = this.#members.subscribed().every((member) => this.#isServed(member))
    if (this.#next !== null || this.#retryTimer !== null || isServed) return
    const long = this.#members.isSubscribing
    if (!long && this.#current === null) {
      this.#openStream()
      return
    }
    if (this.#batchTimer?.long === long) return
    this.#batchTimer?.cancel()
    const cancel = this.#deps.after(long ? maxBatchDelayMs : batchDelayMs, () => this.#openStream())
    this.#batchTimer = { cancel, long }
  }

  #isServed(member: WatchedMailbox): boolean {
    return this.#current?.serves(member) === true
  }

  /** Opens a stream for every member that has a subscription; the one that runs goes on until then. */
  #openStream(): void {
    this.#batchTimer?.cancel()
    this.#batchTimer = null
    const served = this.#members.subscribed().slice(0, maxMailboxesPerStream)
    const [first] = served
    if (this.#closed || this.#next !== null || first === undefined) return
    if (served.every((member) => this.#isServed(member))) return
    if (this.#singleStream && this.#current !== null) this.#replace(this.#current)
    const leader = served.find(({ mailbox }) => mailbox === this.#affinity.anchor) ?? first
    const chargedMailbox = this.#deps.ids.idOf(leader.mailbox)
    this.#affinity.setAnchor(chargedMailbox)
    const stream = new GroupStream(served, leader, this.#deps.after)
    this.#next = stream
    this.#streams.add(stream)
    const handlers = {
      onOpen: () => this.#onOpen(stream),
      onEdited: (ids: ReadonlySet<string>) => {
        for (const member of stream.currentMembers(this.#members, ids)) member.notifyChanged()
      },
      onSubscriptionsLost: (ids: ReadonlySet<string> | null) => this.#onSubscriptionsLost(stream, ids)
    }
    const target = { chargedMailbox, affinity: this.#affinity, silenceLimit: this.#silenceLimit }
    void runStream([...stream.members.keys()], target, handlers, this.#deps, stream.signal).then((error) =>
      this.#onStreamEnd(stream, error)
    )
  }

  #onOpen(stream: GroupStream): void {
    if (this.#closed || stream.isOpen || stream.signal.aborted) return
    stream.isOpen = true
    if (stream.members.size > 1) this.#foreignRejections = 0
    if (this.#current !== null) this.#replace(this.#current)
    this.#current = stream
    this.#next = null
    this.#retryTimer?.()
    this.#retryTimer = null
    stream.setTimer(steadyAfterMs, () => {
      stream.isSteady = true
      this.#failures = 0
      for (const member of stream.currentMembers(this.#members, null)) member.failures = 0
    })
    for (const member of stream.currentMembers(this.#members, null)) member.setActive()
    this.#reconcile()
  }

  /** Exchange ends the first stream itself when a second one is opened (ErrorNewEventStreamConnectionOpened). */
  #replace(stream: GroupStream): void {
    if (this.#current === stream) this.#current = null
    stream.replace(this.#singleStream)
  }

  #onSubscriptionsLost(stream: GroupStream, ids: ReadonlySet<string> | null): void {
    // Without a stream nothing is wrong with the subscriptions.
    if (this.#closed || (ids === null && stream.isReplaced)) return
    // It may mean only those that we ended ourselves: the next stream shows whether the others live.
    if (ids === null && stream.hasOwnDelete && stream.isOpen) {
      stream.end()
      return
    }
    const lost = stream.currentMembers(this.#members, ids)
    const all = lost.length === stream.currentMembers(this.#members, null).length
    if (this.#servesOneIdentity(stream, lost)) {
      this.#deps.onSingleIdentity()
      return
    }
    for (const member of lost) {
      member.hasMissed = true
      this.#members.onFailed(member, subscriptionEndedError(member.mailbox))
      if (all || member.failures < maxFailures || member.mailbox === this.#affinity.anchor) continue
      this.#members.delete(member)
      this.#deps.reassign(member)
    }
    if (all) {
      this.#affinity.reset()
      stream.end()
    }
    this.#reconcile()
  }

  /** Every subscription was refused but that of the identity which the stream is charged to, and not for the first time. */
  #servesOneIdentity(stream: GroupStream, lost: readonly WatchedMailbox[]): boolean {
    const isForeign = stream.members.size > 1 && !stream.isOpen && lost.length === stream.members.size - 1
    if (!isForeign || lost.includes(stream.charged)) return false
    this.#foreignRejections += 1
    return this.#foreignRejections >= maxForeignRejections
  }

  #onStreamEnd(stream: GroupStream, error: RemoteError | null): void {
    this.#streams.delete(stream)
    stream.clearTimers()
    if (this.#closed) return
    if (stream.isReplaced) {
      // What was on its way to us when it was cut is lost: it is read at once where another stream serves it already.
      for (const member of error === null ? [] : stream.currentMembers(this.#members, null)) {
        member.hasMissed = true
        if (this.#isServed(member)) member.setActive()
      }
      return
    }
    if (stream === this.#current) this.#current = null
    if (stream === this.#next) this.#next = null
    if (this.#members.size === 0) return
    // The server has sent everything: until the next stream, edits wait in the subscriptions.
    const isOrderly = error === null && stream.isOpen
    this.#failures = (stream.isSteady ? 0 : this.#failures) + (isOrderly && stream.isSteady ? 0 : 1)
    if (isOrderly) {
      this.#openAfter(stream.isSteady ? 0 : retryDelayMs(this.#failures, null, this.#deps.random))
      return
    }
    const reason = error ?? streamBrokenError()
    const unserved = stream.currentMembers(this.#members, null).filter((member) => !this.#isServed(member))
    // A server that opened the stream has the subscriptions.
    const another = !stream.isOpen && this.#handleServerError(reason)
    for (const member of unserved) {
      member.hasMissed = true
      // The members that it concerns are inactive already.
      if (member.subscription !== null) {
        member.setInactive(another && reason.code !== 'throttled' ? streamReopenedError() : reason)
      }
    }
    this.#openAfter(retryDelayMs(this.#failures, another ? null : reason, this.#deps.random))
  }

  /** Whether the error is one mailbox's, or one server's, so that the next try is made with another. */
  #handleServerError(error: RemoteError): boolean {
    if (error.scope !== 'mailbox' || error.code === 'protocol_error') return false
    const isPassing = error.code === 'unreachable'
    if (isPassing && (this.#failures < maxFailures || this.#current !== null)) return false
    const members = this.#members
    const anchor = members.subscribed().find(({ mailbox }) => mailbox === this.#affinity.anchor)
    if (anchor !== undefined) members.putLast(anchor)
    if (isPassing) {
      for (const member of members.subscribed()) member.setInactive(error)
      this.#affinity.reset()
      members.forgetSubscriptions()
      return true
    }
    if (error.code === 'throttled') {
      this.#singleStream ||= this.#failures > 1 && error.retryAfter === undefined && this.#current !== null
    }
    // Its owner's rights will not do; another's may.
    else if (anchor !== undefined) members.onFailed(anchor, error)
    const [first] = members.subscribed()
    if (first !== undefined) this.#affinity.setAnchor(this.#deps.ids.idOf(first.mailbox))
    return true
  }

  #openAfter(delayMs: number): void {
    this.#retryTimer?.()
    this.#retryTimer = null
    if (delayMs === 0) {
      this.#openStream()
      return
    }
    this.#retryTimer = this.#deps.after(delayMs, () => {
      this.#retryTimer = null
      this.#openStream()
      this.#reconcile()
    })
    this.#reconcile()
  }
}
