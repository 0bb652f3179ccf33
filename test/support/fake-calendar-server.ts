/** A calendar system of the tests' own, over TCP on loopback, and the connector that reads it. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { GraphConnection } from '../../src/connectors/connection.ts'
import type {
  Connector,
  LifecycleEvent,
  ReadRequest,
  ReadResult,
  SubscriptionListener,
  Target
} from '../../src/connectors/connector.ts'
import type { CalendarEvent } from '../../src/domain/calendar-event.ts'
import { RemoteError } from '../../src/errors.ts'

export interface RecordedCalendarRequest {
  readonly mailbox: string
  readonly secret: string
  readonly version: string | null
  readonly start: number
  readonly subjects: boolean
}

export interface FakeCalendarServer {
  readonly calendars: Map<string, CalendarEvent[]>
  /** What it was asked, in order. */
  readonly requests: RecordedCalendarRequest[]
  /** The only client secret that it knows. */
  secret: string
  /** Mailboxes that get no answer. */
  readonly hanging: Set<string>
  /** Answered to everybody instead of calendars. */
  refusal: { readonly status: number; readonly retryAfter?: number } | null
  readonly detail: { value: 'subjects' | 'subjects-only' | 'availability' }
  /** Notifies the subscriptions of the mailbox. */
  edited(mailbox: string): void
  /** What becomes of a new subscription. An active one is notified of every edit. */
  newSubscriptions: 'inactive' | 'active'
  /** The mailboxes that are watched, and who listens. */
  readonly watched: ReadonlyMap<string, ReadonlySet<SubscriptionListener>>
  /** The target ids of subscriptions that were stopped; the lifecycle events that were received. */
  readonly stopped: string[]
  readonly lifecycleEvents: LifecycleEvent[]
  /** What it says to comparisons, and the mailboxes of each that it was asked for. */
  fingerprints: 'none' | 'given' | 'hanging'
  readonly fingerprintRequests: string[][]
  /** The requests that hang. */
  readonly pending: ReadonlySet<() => void>
  /** Lets those hanging have their answer. */
  release(): void
  readonly opened: { count: number; closed: number }
  connector(connection: GraphConnection): Connector
  close(): Promise<void>
}

export async function startFakeCalendarServer(batchSize = 3): Promise<FakeCalendarServer> {
  const held = new Set<() => void>()
  const watched = new Map<string, Set<SubscriptionListener>>()
  const server = createServer((request, response) => answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const root = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`

  const side: FakeCalendarServer = {
    calendars: new Map(),
    requests: [],
    secret: 'right',
    hanging: new Set(),
    refusal: null,
    pending: held,
    detail: { value: 'subjects' },
    opened: { count: 0, closed: 0 },
    edited: (mailbox) => {
      for (const listener of watched.get(mailbox) ?? []) listener.onChange()
    },
    newSubscriptions: 'inactive',
    watched,
    stopped: [],
    lifecycleEvents: [],
    fingerprints: 'none',
    fingerprintRequests: [],
    release() {
      side.hanging.clear()
      for (const go of held) go()
      held.clear()
    },
    connector(connection) {
      side.opened.count += 1
      return {
        batchSize,
        read: (request) => Promise.all(request.targets.map((target) => readOne(connection, request, target))),
        check: async () => [],
        async fingerprints({ targets, signal }) {
          side.fingerprintRequests.push(targets.map(({ mailbox }) => mailbox))
          if (side.fingerprints === 'none') return targets.map(() => null)
          if (side.fingerprints === 'hanging') {
            return new Promise((resolve) => {
              const go = () => {
                held.delete(go)
                resolve([])
              }
              held.add(go)
              signal.addEventListener('abort', go)
            })
          }
          return targets.map(({ mailbox }) => availability(side.calendars.get(mailbox) ?? []))
        },
        subscribe({ mailbox, targetId: name }, listener) {
          const those = watched.get(mailbox) ?? new Set()
          watched.set(mailbox, those.add(listener))
          if (side.newSubscriptions === 'active') listener.onActive()
          return {
            onNotification(event) {
              if (event !== 'changed') side.lifecycleEvents.push(event)
            },
            stop() {
              side.stopped.push(name)
              those.delete(listener)
              if (those.size === 0) watched.delete(mailbox)
            }
          }
        },
        async close() {
          side.opened.closed += 1
        }
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
  return side

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', root)
    const mailbox = decodeURIComponent(pathname.slice(1))
    const version = request.headers['if-none-match'] ?? null
    const secret = request.headers.authorization ?? ''
    side.requests.push({
      mailbox,
      secret,
      version,
      start: Number(searchParams.get('start')),
      subjects: searchParams.get('subjects') === 'true'
    })
    const reply = () => {
      const events = side.calendars.get(mailbox)
      const etag = `"${createHash('sha256')
        .update(JSON.stringify(events ?? null))
        .digest('hex')}"`
      if (secret !== side.secret) response.writeHead(401).end()
      else if (side.refusal !== null) {
        const { status, retryAfter } = side.refusal
        if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter)
        response.writeHead(status).end()
      } else if (events === undefined) response.writeHead(404).end()
      else if (version === etag) response.writeHead(304).end()
      else response.writeHead(200, { etag }).end(JSON.stringify(events))
    }
    if (side.hanging.has(mailbox)) {
      held.add(reply)
      response.on('close', () => held.delete(reply))
    } else reply()
  }

  async function readOne(
    { clientSecret = '' }: GraphConnection,
    { window, subjects, signal }: ReadRequest,
    { mailbox, etag: version }: Target
  ): Promise<ReadResult> {
    const url = `${root}${encodeURIComponent(mailbox)}?start=${window.start}&subjects=${subjects}`
    const headers = {
      authorization: clientSecret,
      ...(version !== undefined && { 'if-none-match': version })
    }
    try {
      const response = await fetch(url, { headers, signal })
      if (response.status === 304) return { outcome: 'unchanged' }
      if (response.status !== 200) return { outcome: 'failed', error: errorOf(response, mailbox) }
      const events = (await response.json()) as CalendarEvent[]
      return {
        outcome: 'read',
        events: events.filter(({ start, end }) => start < window.end && end > window.start),
        detail: side.detail.value,
        partialRead: null,
        etag: response.headers.get('etag')
      }
    } catch {
      const hint = 'The calendar server does not answer.'
      return { outcome: 'failed', error: new RemoteError('unreachable', hint, { scope: 'connection' }) }
    }
  }
}

function availability(events: readonly CalendarEvent[]): string {
  return JSON.stringify(events.map(({ start, end, busy }) => [start, end, busy]))
}

function errorOf(response: Response, mailbox: string): RemoteError {
  const after = response.headers.get('retry-after')
  const options = {
    scope: 'connection',
    retryAfter: after === null ? undefined : Number(after) * 1000
  } as const
  if (response.status === 401) return new RemoteError('secret_invalid', 'Put the right secret.', options)
  if (response.status === 404) {
    return new RemoteError('mailbox_unknown', `Correct the mailbox ${mailbox}.`, { isMailboxAbsent: true })
  }
  if (response.status === 429) return new RemoteError('throttled', 'Wait.', options)
  return new RemoteError('unreachable', 'The calendar server is out of order.', options)
}

export function calendarEvent(
  subject: string,
  start: number,
  end: number,
  more: Partial<CalendarEvent> = {}
): CalendarEvent {
  return {
    id: subject,
    subject,
    start,
    end,
    allDay: false,
    busy: 'busy',
    visibility: 'normal',
    cancelled: false,
    response: 'organizer',
    categories: [],
    ...more
  }
}
