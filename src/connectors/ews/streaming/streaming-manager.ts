/** Learns of edits by streaming: puts the mailboxes that are subscribed to into groups, each of which shares one stream. */
import type { RemoteError } from '../../../errors.ts'
import { endsWithin } from '../../../lib/deadline.ts'
import type { After } from '../../../lib/timers.ts'
import type { CalendarSubscription, SubscriptionListener } from '../../connector.ts'
import type { EwsClient } from '../client/ews-client.ts'
import type { ImpersonationIds } from '../read/impersonation-id.ts'
import type { ResponseStatus } from '../soap/response.ts'
import {
  maxMailboxesPerStream,
  maxSingleMailboxStreams,
  singleIdentityLimitError,
  streamingError,
  streamLimitError
} from './errors.ts'
import { retryDelayMs } from './retry-delay.ts'
import { StreamGroup } from './stream-group.ts'
import { StreamSubscriptionManager } from './subscription-manager.ts'
import { WatchedMailbox } from './watched-mailbox.ts'

export interface StreamingManagerDeps {
  readonly client: EwsClient
  readonly ids: ImpersonationIds
  readonly account: string
  /** By mailbox, which server it stands on, where Autodiscover says so. */
  readonly groupingOf: (
    mailboxes: readonly string[],
    signal: AbortSignal
  ) => Promise<ReadonlyMap<string, string>>
  readonly after: After
  readonly clock: () => number
  readonly random: () => number
}

/** So many may refuse to be impersonated, or be unknown, before there is a pause. */
const maxProbes = 10
/** A mailbox without a group asks for one again after this time. */
const retryPlacementMs = 300_000
/** Groups are made without Autodiscover's word where it takes longer. */
const maxGroupingMs = 10_000
/** Autodiscover is left alone for so long after it failed. */
const groupingRetryMs = 3_600_000

export class StreamingManager {
  readonly #deps: StreamingManagerDeps
  readonly #subscriptions: StreamSubscriptionManager
  /** Several users may have one mailbox, in whatever case they write it. */
  readonly #mailboxes = new Map<string, WatchedMailbox>()
  readonly #groups: StreamGroup[] = []
  readonly #groupOf = new Map<WatchedMailbox, StreamGroup>()
  /** Groups in which a mailbox's subscriptions did not live. */
  readonly #rejectedBy = new WeakMap<WatchedMailbox, Set<StreamGroup>>()
  /** Which server each stands on; empty where that is not known. */
  readonly #servers = new WeakMap<WatchedMailbox, string>()
  /** Those that have no group yet. */
  readonly #pending = new Set<WatchedMailbox>()
  readonly #closing = new AbortController()
  #maxGroupSize = maxMailboxesPerStream
  #isAssigning = false
  #groupingNotBefore = Number.NEGATIVE_INFINITY
  #retryTimer: (() => void) | null = null
  #failures = 0

  constructor(deps: StreamingManagerDeps) {
    this.#deps = deps
    this.#subscriptions = new StreamSubscriptionManager({ ...deps, errorFor: this.#errorFor })
  }

  subscribe(mailbox: string, listener: SubscriptionListener): CalendarSubscription {
    const key = keyOf(mailbox)
    const known = this.#mailboxes.get(key)
    const member = known ?? new WatchedMailbox(mailbox)
    member.addListener(listener)
    if (known === undefined && !this.#isClosed) {
      this.#mailboxes.set(key, member)
      this.#pending.add(member)
      void this.#assignGroups()
    }
    return {
      // Notifications over the web are from Graph.
      onNotification: () => {},
      stop: () => {
        if (!member.removeListener(listener)) return
        if (!member.hasListeners && !this.#isClosed) this.#remove(member)
      }
    }
  }

  /** Ends the streams. Subscriptions that were not stopped stay, and end by themselves. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#retryTimer?.()
    for (const group of this.#groups) group.close()
    await this.#subscriptions.close()
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  readonly #errorFor = (status: ResponseStatus, mailbox: string): RemoteError | null => {
    const { client, account } = this.#deps
    return streamingError(status, { mailbox, account, version: client.versionOf(mailbox) })
  }

  /** Whether the server streams at all is known when it has said once which version it speaks. */
  async #assignGroups(): Promise<void> {
    if (this.#isAssigning) return
    this.#isAssigning = true
    // All mailboxes that are added in one turn of the event loop form groups together.
    await null
    const error = await this.#findVersion()
    if (error === null) await this.#findServers()
    this.#isAssigning = false
    if (error !== null && !this.#isClosed) {
      this.#failures += 1
      this.#retryLater(retryDelayMs(this.#failures, error, this.#deps.random))
      return
    }
    this.#failures = 0
    if (this.#isClosed || !this.#deps.client.version.streaming) return
    for (const member of [...this.#pending]) this.#assign(member)
    if (this.#pending.size > 0) this.#retryLater(retryPlacementMs)
  }

  /** Asks in the name of one after the other. Null when the version is known. */
  async #findVersion(): Promise<RemoteError | null> {
    const { client } = this.#deps
    const asked = new Set<WatchedMailbox>()
    for (let error: RemoteError | null = null; ; ) {
      const next = [...this.#pending].find((member) => !asked.has(member))
      if (client.isNegotiated || this.#isClosed) return null
      if (next === undefined || asked.size === maxProbes) return error
      asked.add(next)
      error = await this.#subscriptions.findVersion(next.mailbox).then(
        () => null,
        (reason: RemoteError) => reason
      )
      if (error === null) return null
      const everybody = error.scope === 'connection'
      for (const member of everybody ? this.#pending : [next]) member.setInactive(error)
      if (everybody) return error
      // The next time others are asked first.
      if (this.#pending.delete(next)) this.#pending.add(next)
    }
  }

  /** From 2013 on subscriptions live on mailbox servers, and Autodiscover knows which mailboxes share one. */
  async #findServers(): Promise<void> {
    const { client, groupingOf, clock, after } = this.#deps
    const { streaming, affinityCookie } = client.version
    const unknown = [...this.#pending].filter((member) => !this.#servers.has(member))
    const isSplit = streaming && affinityCookie === 'X-BackEndOverrideCookie' && this.#maxGroupSize > 1
    if (!isSplit || unknown.length === 0 || this.#isClosed || clock() < this.#groupingNotBefore) return
    const answer = groupingOf(
      unknown.map(({ mailbox }) => mailbox),
      this.#closing.signal
    ).then(
      (servers) => {
        for (const member of unknown) this.#servers.set(member, servers.get(member.mailbox) ?? '')
        return servers.size > 0
      },
      () => false
    )
    const isKnown = await endsWithin(answer, maxGroupingMs, after)
    if (!isKnown || !(await answer)) this.#groupingNotBefore = clock() + groupingRetryMs
  }

  #retryLater(delayMs: number): void {
    this.#retryTimer?.()
    this.#retryTimer = this.#deps.after(delayMs, () => {
      this.#retryTimer = null
      void this.#assignGroups()
    })
  }

  #assign(member: WatchedMailbox): void {
    const server = this.#servers.get(member) ?? ''
    const rejected = this.#rejectedBy.get(member)
    const group =
      this.#groups.find(
        (each) => each.size < this.#maxGroupSize && each.key === server && !rejected?.has(each)
      ) ?? this.#addGroup(server)
    if (group === null) {
      this.#pending.add(member)
      const { version } = this.#deps.client
      member.setInactive(this.#maxGroupSize === 1 ? singleIdentityLimitError() : streamLimitError(version))
      return
    }
    this.#pending.delete(member)
    this.#groupOf.set(member, group)
    group.add(member)
  }

  /** Null where there are as many as may be. One stream is spared, for those that take the place of others. */
  #addGroup(server: string): StreamGroup | null {
    const { chargesMailbox, streams } = this.#deps.client.version
    if (!chargesMailbox && this.#groups.length >= streams - 1) return null
    if (this.#maxGroupSize === 1 && this.#groups.length >= maxSingleMailboxStreams) return null
    const group: StreamGroup = new StreamGroup(server, {
      ...this.#deps,
      subscriptions: this.#subscriptions,
      errorFor: this.#errorFor,
      reassign: (member) => {
        const rejected = this.#rejectedBy.get(member) ?? new Set()
        this.#rejectedBy.set(member, rejected.add(group))
        member.failures = 0
        this.#assign(member)
      },
      onSingleIdentity: () => this.#separate()
    })
    this.#groups.push(group)
    return group
  }

  /** From now on each mailbox has a stream of its own. */
  #separate(): void {
    this.#maxGroupSize = 1
    const others = this.#groups.flatMap((group) => group.splitOff())
    for (const member of others) this.#assign(member)
  }

  #remove(member: WatchedMailbox): void {
    this.#mailboxes.delete(keyOf(member.mailbox))
    this.#pending.delete(member)
    const group = this.#groupOf.get(member)
    this.#groupOf.delete(member)
    group?.remove(member)
    if (group?.size === 0) {
      group.close()
      this.#groups.splice(this.#groups.indexOf(group), 1)
    }
    // A place is free.
    if (this.#pending.size > 0 && this.#deps.client.isNegotiated) void this.#assignGroups()
  }
}

function keyOf(mailbox: string): string {
  return mailbox.toLowerCase()
}
