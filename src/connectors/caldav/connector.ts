/** The connector to CalDAV servers: calendars of many users by one account, or of each by an account of their own. */
import { promises as dns } from 'node:dns'
import { RemoteError } from '../../errors.ts'
import type { CaldavConnection } from '../connection.ts'
import type {
  CalendarSubscription,
  Connector,
  OnPassed,
  ReadRequest,
  ReadResult,
  Target
} from '../connector.ts'
import { ClockMonitor, withClockError } from '../net/clock-monitor.ts'
import type { HttpClient } from '../net/http-client.ts'
import { checkCaldav } from './check-connection.ts'
import { DavClient } from './client/dav-client.ts'
import { CalendarLocator } from './discovery/calendar-locator.ts'
import { findDomainService, type ServiceRecords } from './discovery/service-discovery.ts'
import { toCaldavError } from './errors.ts'
import { mailboxAddressOf } from './mailbox-address.ts'
import { CaldavReader } from './read/calendar-reader.ts'
import { FreeBusyReader, maxAttendees } from './read/free-busy.ts'

export interface CaldavConnectorDeps {
  readonly tenant: string
  readonly connection: CaldavConnection
  /** Stays the caller's to close. */
  readonly outbound: HttpClient
  readonly clock?: () => number
  /** For `domain`. */
  readonly serviceRecords?: ServiceRecords
  /** Milliseconds for one request. */
  readonly requestMs?: number
}

/** A deadline that passes takes all of a read with it: twenty calendars, four at a time, are soon done. */
const maxCalendarsPerRead = 20
const serviceUrlKeptMs = 3_600_000

export function createCaldavConnector(deps: CaldavConnectorDeps): Connector {
  const connector = new CaldavConnector(deps)
  return connector
}

class CaldavConnector implements Connector {
  readonly batchSize: number
  readonly #deps: CaldavConnectorDeps
  readonly #clock: () => number
  readonly #clockMonitor: ClockMonitor
  readonly #client: DavClient
  readonly #locator: CalendarLocator
  readonly #reader: CaldavReader
  readonly #freeBusy: FreeBusyReader | null
  readonly #closing = new AbortController()
  #serviceUrl: { readonly url: string; readonly at: number } | null = null

  constructor(deps: CaldavConnectorDeps) {
    const { tenant, connection, outbound, clock = Date.now, requestMs } = deps
    this.#deps = deps
    this.#clock = clock
    this.#clockMonitor = new ClockMonitor(clock)
    const httpClient = this.#clockMonitor.watch(outbound)
    this.#client = new DavClient({ httpClient, clock, ...(requestMs !== undefined && { requestMs }) })
    this.#locator = new CalendarLocator(this.#client, clock)
    this.#reader = new CaldavReader({ tenant, client: this.#client, locator: this.#locator, clock })
    const { auth, freeBusyOnly = false } = connection
    this.#freeBusy =
      auth === undefined || !freeBusyOnly
        ? null
        : new FreeBusyReader({
            ...{ client: this.#client, locator: this.#locator, clock },
            account: { user: auth.user, password: auth.password, isShared: true },
            serviceUrl: async () => (await this.#findServiceUrl()) ?? ''
          })
    this.batchSize = this.#freeBusy === null ? maxCalendarsPerRead : maxAttendees
  }

  async read(request: ReadRequest): Promise<readonly ReadResult[]> {
    const signal = AbortSignal.any([request.signal, this.#closing.signal])
    const results =
      this.#freeBusy !== null
        ? await this.#freeBusy.read({ ...request, signal })
        : await Promise.all(request.targets.map((target) => this.#readOne(target, { ...request, signal })))
    return withClockError(results, this.#clockMonitor.errorOf())
  }

  async #readOne(target: Target, request: ReadRequest): Promise<ReadResult> {
    try {
      // Of its own: twenty calendars that wait for something at once would be so many listeners on one signal.
      const signal = AbortSignal.any([request.signal])
      signal.throwIfAborted()
      const address = mailboxAddressOf(target.mailbox, this.#deps.connection, await this.#findServiceUrl())
      return await this.#reader.read(address, target, { ...request, signal })
    } catch (error) {
      return { outcome: 'failed', error: toCaldavError(error) }
    }
  }

  /** Null with an account for each user. */
  async #findServiceUrl(): Promise<string | null> {
    const { connection, serviceRecords = dns } = this.#deps
    if (connection.auth === undefined) return null
    if (connection.url !== undefined) return connection.url
    const held = this.#serviceUrl
    if (held !== null && this.#clock() - held.at < serviceUrlKeptMs) return held.url
    const url = await findDomainService(connection.domain ?? '', serviceRecords)
    this.#serviceUrl = { url, at: this.#clock() }
    return url
  }

  async check(target: Target, signal: AbortSignal, onPassed?: OnPassed) {
    const checks = await checkCaldav(target, {
      findServiceUrl: () => this.#findServiceUrl(),
      read: (request) => this.read(request),
      clockError: () => this.#clockMonitor.errorOf(),
      // What held calls back after earlier refusals has no reason any more.
      onBegin: () => this.#client.resetSignIn(),
      now: this.#clock(),
      signal,
      onPassed
    })
    return checks
  }

  /** The version of a calendar says more for less. */
  async fingerprints({ targets }: ReadRequest): Promise<readonly null[]> {
    return targets.map(() => null)
  }

  /** CalDAV has no notifications: versions are compared at every poll. */
  subscribe(): CalendarSubscription {
    return { onNotification: () => {}, stop: () => {} }
  }

  async close(): Promise<void> {
    this.#closing.abort(
      new RemoteError('unreachable', 'The connection was closed while its calendar was being read.')
    )
  }
}
