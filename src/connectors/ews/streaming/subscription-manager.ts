/** Subscribe and Unsubscribe, and the call that finds out which version the server speaks. */
import type { RemoteError } from '../../../errors.ts'
import { endsWithin } from '../../../lib/deadline.ts'
import type { After } from '../../../lib/timers.ts'
import type { EwsClient } from '../client/ews-client.ts'
import type { ImpersonationIds } from '../read/impersonation-id.ts'
import { calendarViewRequest, subscribeRequest, unsubscribeRequest } from '../soap/requests.ts'
import type { ResponseStatus } from '../soap/response.ts'
import type { StreamAffinity } from './affinity.ts'
import { CallQueue } from './call-queue.ts'
import { subscribeReader } from './responses.ts'

export interface StreamSubscriptionManagerDeps {
  readonly client: EwsClient
  readonly ids: ImpersonationIds
  readonly after: After
  readonly clock: () => number
  readonly random: () => number
  readonly errorFor: (status: ResponseStatus, mailbox: string) => RemoteError | null
}

/** What is to be ended when the connector closes has so long. */
const maxCloseMs = 3_000

export class StreamSubscriptionManager {
  readonly #deps: StreamSubscriptionManagerDeps
  readonly #queue: CallQueue
  /** Unsubscribes under way, and subscriptions in the making that are to be ended when they are made. */
  readonly #pendingDeletes = new Set<Promise<void>>()
  /** The first Subscribe of a group goes ahead alone: its answer says on which server all the others are to be. */
  readonly #anchorSubscribe = new WeakMap<StreamAffinity, Promise<unknown>>()

  constructor(deps: StreamSubscriptionManagerDeps) {
    this.#deps = deps
    this.#queue = new CallQueue(deps.after, deps.random)
  }

  /** The server's id; null where the mailbox is on a server that streams nothing. Rejects with RemoteError. */
  subscribe(mailbox: string, affinity: StreamAffinity): Promise<string | null> {
    return this.#queue.add(async (signal) => {
      if (!this.#deps.client.versionOf(mailbox).streaming) return null
      while (affinity.chargedMailbox === null) {
        const before = this.#anchorSubscribe.get(affinity)
        if (before === undefined) {
          const attempt = this.#send(mailbox, affinity, signal)
          this.#anchorSubscribe.set(affinity, attempt)
          try {
            return await attempt
          } finally {
            this.#anchorSubscribe.delete(affinity)
          }
        }
        await before.catch(() => {})
      }
      return this.#send(mailbox, affinity, signal)
    })
  }

  /** A failure does no harm: a subscription without a stream expires. Never rejects. */
  unsubscribe(mailbox: string, subscription: string, affinity: StreamAffinity): void {
    if (this.#queue.signal.aborted) return
    const { client, ids } = this.#deps
    const call = async (signal: AbortSignal) => {
      await client.send(
        {
          operation: 'Unsubscribe',
          body: unsubscribeRequest(subscription),
          impersonated: ids.idOf(mailbox),
          hasHeader: () => true,
          createReader: subscribeReader,
          // It is gone, or will be: nothing depends on the answer, and no budget either.
          statusOf: () => null,
          affinity
        },
        signal
      )
    }
    this.trackPending(this.#queue.add(call, true).catch(() => {}))
  }

  /** When this has ended there may be something to unsubscribe. */
  trackPending(pending: Promise<void>): void {
    this.#pendingDeletes.add(pending)
    void pending.finally(() => this.#pendingDeletes.delete(pending))
  }

  /** Any answer of the server says which version it speaks: without one it is not known whether it streams. */
  findVersion(mailbox: string): Promise<void> {
    const { client, ids, clock } = this.#deps
    return this.#queue.add(async (signal) => {
      if (client.isNegotiated) return
      const now = clock()
      await ids.withId(mailbox, (impersonated) =>
        client.send(
          {
            operation: 'FindItem',
            body: calendarViewRequest(null, { start: now, end: now + 60_000 }, 1),
            impersonated,
            hasHeader: () => true,
            createReader: subscribeReader,
            statusOf: ({ status }) => status
          },
          signal
        )
      )
    })
  }

  /** Gives up what is to be made. Resolves when what was to be ended is, or soon after. */
  async close(): Promise<void> {
    this.#queue.dropOthers()
    await endsWithin(this.#deletesEnded(), maxCloseMs, this.#deps.after)
    this.#queue.close()
  }

  /** A subscription that was being made is unsubscribed when it is. */
  async #deletesEnded(): Promise<void> {
    while (this.#pendingDeletes.size > 0 && !this.#queue.signal.aborted)
      await Promise.all(this.#pendingDeletes)
  }

  #send(mailbox: string, affinity: StreamAffinity, signal: AbortSignal): Promise<string> {
    const { client, ids, errorFor } = this.#deps
    return ids.withId(mailbox, async (id) => {
      const isFirst = affinity.chargedMailbox === null
      const { subscription } = await client.send(
        {
          operation: 'Subscribe',
          body: subscribeRequest(),
          isSupportedBy: ({ streaming }) => streaming,
          impersonated: id,
          hasHeader: () => true,
          createReader: subscribeReader,
          statusOf: ({ status, subscription: made }) =>
            status?.code === 'NoError' && made === null ? { ...status, code: 'ErrorNoAnswer' } : status,
          errorFor: (status) => errorFor(status, mailbox),
          affinity: isFirst ? affinity.anchoredAt(mailbox) : affinity
        },
        signal
      )
      if (isFirst) affinity.setAnchor(id)
      return subscription ?? ''
    })
  }
}
