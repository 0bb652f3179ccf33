/** Subscribe and Unsubscribe: a few at a time, so that reading goes on; trouble that is everybody's is found out once. */
import { setMaxListeners } from 'node:events'
import { RemoteError } from '../../../errors.ts'
import type { After } from '../../../lib/timers.ts'
import type { EwsClient } from '../client/ews-client.ts'
import type { ImpersonationIds } from '../read/impersonation-id.ts'
import { calendarViewRequest, subscribeRequest, unsubscribeRequest } from '../soap/requests.ts'
import type { ResponseStatus } from '../soap/response.ts'
import type { StreamAffinity } from './affinity.ts'
import { subscribeReader } from './responses.ts'
import { retryDelayMs } from './retry-delay.ts'
import { internalError } from './stream.ts'

export interface SubscriptionManager {
  /** Its name at the server; null where the mailbox is on a server that streams nothing. Rejects with RemoteError. */
  subscribe(mailbox: string, affinity: StreamAffinity): Promise<string | null>
  /** As far as that goes: a subscription that nobody asks for ends by itself. Never rejects. */
  unsubscribe(mailbox: string, subscription: string, affinity: StreamAffinity): void
  /** When this has come to pass there may be something to end. */
  trackPending(made: Promise<void>): void
  /** Any answer of the server says what it speaks: without one there is no telling whether it streams. */
  findVersion(mailbox: string): Promise<void>
  /** Gives up what is to be made. Resolves when what was to be ended is, or soon after. */
  close(): Promise<void>
}

interface Job {
  readonly run: (signal: AbortSignal) => Promise<void>
  readonly drop: (error: RemoteError) => void
  /** It ends a subscription. */
  readonly ends: boolean
}

/** Half of the connections that all calls share. */
const atOnce = 2
/** Milliseconds. */
const longestCall = 60_000
const patience = 3_000

export function createSubscriptionManager(deps: {
  client: EwsClient
  ids: ImpersonationIds
  after: After
  clock: () => number
  random: () => number
  errorFor: (status: ResponseStatus, mailbox: string) => RemoteError | null
}): SubscriptionManager {
  const { client: calls, ids: names, after, clock, random, errorFor: refusal } = deps
  const closing = new AbortController()
  setMaxListeners(0, closing.signal)
  const line: Job[] = []
  const endings = new Set<Promise<void>>()
  /** The first of a group goes ahead alone: its answer says on which server all the others are to be. */
  const founding = new WeakMap<StreamAffinity, Promise<unknown>>()
  let busy = 0
  let closed = false
  /** What befell the last call and would befall every other, until it is time to see again. */
  let trouble: RemoteError | null = null
  let failures = 0

  function next(): void {
    while (busy < atOnce && line.length > 0) {
      const job = line.shift()!
      busy += 1
      void job.run(closing.signal).finally(() => {
        busy -= 1
        next()
      })
    }
  }

  function inLine<T>(call: (signal: AbortSignal) => Promise<T>, ends = false): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run = async (signal: AbortSignal) => {
        const limited = new AbortController()
        const stop = () => limited.abort(signal.reason)
        signal.addEventListener('abort', stop, { once: true })
        const cancel = after(longestCall, () => limited.abort(new DOMException('', 'TimeoutError')))
        try {
          if (trouble !== null) throw trouble
          resolve(await call(limited.signal))
          failures = 0
        } catch (cause) {
          const error = cause instanceof RemoteError ? cause : internalError(cause)
          reject(error)
          if (error.scope === 'connection' && trouble === null && !closed) stayAway(error)
        } finally {
          cancel()
          signal.removeEventListener('abort', stop)
        }
      }
      line[ends ? 'unshift' : 'push']({ run, drop: reject, ends })
      next()
    })
  }

  /** Whoever waits would only run into the same. */
  function stayAway(error: RemoteError): void {
    trouble = error
    failures += 1
    after(retryDelayMs(failures, error, random), () => {
      trouble = null
    })
    drop(line.splice(0), error)
  }

  function drop(jobs: readonly Job[], error: RemoteError): void {
    for (const job of jobs) job.drop(error)
  }

  function trackPending(ending: Promise<void>): void {
    endings.add(ending)
    void ending.finally(() => endings.delete(ending))
  }

  function subscribe(mailbox: string, affinity: StreamAffinity, signal: AbortSignal): Promise<string> {
    return names.withId(mailbox, async (name) => {
      const first = affinity.chargedMailbox === null
      const { subscription } = await calls.send(
        {
          operation: 'Subscribe',
          body: subscribeRequest(),
          isSupportedBy: ({ streaming }) => streaming,
          impersonated: name,
          hasHeader: () => true,
          createReader: subscribeReader,
          statusOf: ({ status, subscription: made }) =>
            status?.code === 'NoError' && made === null ? { ...status, code: 'ErrorNoAnswer' } : status,
          errorFor: (status) => refusal(status, mailbox),
          affinity: first ? { ...affinity, anchor: mailbox } : affinity
        },
        signal
      )
      if (first) affinity.setAnchor(name)
      return subscription ?? ''
    })
  }

  return {
    subscribe: (mailbox, affinity) =>
      inLine(async (signal) => {
        if (!calls.versionOf(mailbox).streaming) return null
        while (affinity.chargedMailbox === null) {
          const before = founding.get(affinity)
          if (before === undefined) {
            const attempt = subscribe(mailbox, affinity, signal)
            founding.set(affinity, attempt)
            try {
              return await attempt
            } finally {
              founding.delete(affinity)
            }
          }
          await before.catch(() => {})
        }
        return subscribe(mailbox, affinity, signal)
      }),
    unsubscribe(mailbox, subscription, affinity) {
      if (closing.signal.aborted) return
      const call = inLine(async (signal) => {
        await calls.send(
          {
            operation: 'Unsubscribe',
            body: unsubscribeRequest(subscription),
            impersonated: names.idOf(mailbox),
            hasHeader: () => true,
            createReader: subscribeReader,
            // It is gone, or will be: nothing hangs on the answer, and no budget either.
            statusOf: () => null,
            affinity
          },
          signal
        )
      }, true).catch(() => {})
      trackPending(call)
    },
    trackPending,
    findVersion: (mailbox) =>
      inLine(async (signal) => {
        if (calls.isNegotiated) return
        const now = clock()
        await names.withId(mailbox, (impersonated) =>
          calls.send(
            {
              operation: 'FindItem',
              body: calendarViewRequest({ start: now, end: now + 60_000 }, 1),
              impersonated,
              hasHeader: () => true,
              createReader: subscribeReader,
              statusOf: ({ status }) => status
            },
            signal
          )
        )
      }),
    async close() {
      closed = true
      const given = internalError(new Error('closed'))
      const others = line.filter(({ ends }) => !ends)
      line.splice(0, line.length, ...line.filter(({ ends }) => ends))
      drop(others, given)
      let late = false
      let cancel = () => {}
      const enough = new Promise<void>((resolve) => {
        cancel = after(patience, () => {
          late = true
          resolve()
        })
      })
      // What is being made is to end when it is.
      while (endings.size > 0 && !late) await Promise.race([Promise.all(endings), enough])
      cancel()
      closing.abort()
      drop(line.splice(0), given)
    }
  }
}
