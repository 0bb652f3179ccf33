/** Reads single calendars, step by step: locates, fetches and parses them. */
import { RemoteError } from '../../errors.ts'
import type { ReadRequest, ReadResult, Target } from '../connector.ts'
import { UnreadableCalendar } from '../icalendar/errors.ts'
import { defaultReadLimits, type ReadLimits } from '../icalendar/read-calendar.ts'
import { runInWorker } from '../icalendar/worker/worker-pool.ts'
import { ClockMonitor, withClockError } from '../net/clock-monitor.ts'
import type { HttpClient } from '../net/http-client.ts'
import { type CalendarSource, parseCalendarSource } from './calendar-source.ts'
import { fetchCalendar } from './fetch-calendar.ts'
import { notACalendar } from './not-a-calendar.ts'
import { type FetchedCalendar, readCalendarFile } from './read-calendar-file.ts'
import { Validators } from './validators.ts'

export interface IcsConnectorOptions {
  readonly tenant: string
  /** Where the tenant's calendar files are: HANVISA_DATA_DIR/calendars/{tenant}. It need not exist. */
  readonly folder: string
  readonly httpClient: HttpClient
  readonly limits?: Partial<IcsLimits>
  readonly clock?: () => number
}

export interface IcsLimits extends ReadLimits {
  /** Of one calendar, unpacked. */
  readonly maxBytes: number
  /** Milliseconds of work on one calendar. */
  readonly workMs: number
  /** Milliseconds for fetching one calendar. */
  readonly fetchMs: number
}

const defaultLimits: IcsLimits = {
  ...defaultReadLimits,
  maxBytes: 10_000_000,
  // The steps are the bound; this ends only what is not made of them.
  workMs: 20_000,
  fetchMs: 60_000
}

export type ParseRequest = Pick<ReadRequest, 'window' | 'subjects' | 'signal'>

export class CalendarReader {
  readonly #tenant: string
  readonly #folder: string
  readonly #limits: IcsLimits
  readonly #httpClient: HttpClient
  readonly #clockMonitor: ClockMonitor
  readonly #validators = new Validators()

  constructor({ tenant, folder, httpClient, limits, clock = Date.now }: IcsConnectorOptions) {
    this.#tenant = tenant
    this.#folder = folder
    this.#limits = { ...defaultLimits, ...limits }
    this.#clockMonitor = new ClockMonitor(clock)
    this.#httpClient = this.#clockMonitor.watch(httpClient)
  }

  /** Trouble is a `failed` result. */
  async read(target: Target, request: ParseRequest): Promise<ReadResult> {
    try {
      request.signal.throwIfAborted()
      const source = this.locate(target)
      const fetched = await this.fetch(source, target, request.signal)
      if (fetched === 'unchanged') return { outcome: 'unchanged' }
      const result = await this.parse(source, fetched, target, request)
      // Only the host of this calendar: another user's web server says nothing about this one's.
      return withClockError([result], this.clockError(source))[0]!
    } catch (error) {
      return { outcome: 'failed', error: toRemoteError(error) }
    }
  }

  locate({ mailbox }: Target): CalendarSource {
    return parseCalendarSource(mailbox, this.#folder)
  }

  async fetch(
    source: CalendarSource,
    target: Target,
    signal: AbortSignal
  ): Promise<FetchedCalendar | 'unchanged'> {
    const { maxBytes, fetchMs } = this.#limits
    if (source.kind === 'file') return readCalendarFile(source.path, this.#folder, target.etag, maxBytes)
    const ends = AbortSignal.any([signal, AbortSignal.timeout(fetchMs)])
    const known = { validators: this.#validators, knownEtag: target.etag }
    return fetchCalendar(source, this.#httpClient, known, maxBytes, ends)
  }

  /** `clock_wrong` where the calendar's server and this machine disagree. */
  clockError(source: CalendarSource): RemoteError | null {
    return source.kind === 'file' ? null : this.#clockMonitor.errorOf(source.host)
  }

  async parse(
    source: CalendarSource,
    fetched: FetchedCalendar,
    target: Target,
    request: ParseRequest
  ): Promise<ReadResult> {
    const other = notACalendar(source, fetched)
    if (other !== null) throw other
    const { window, subjects, signal } = request
    const { bytes, charset, etag } = fetched
    const job = {
      ...{ bytes, charset, window, subjects, limits: this.#limits, timeZone: target.timeZone },
      mailbox: ownerHint(target.mailbox),
      ownerAddresses: target.owner === undefined ? [] : [target.owner]
    }
    try {
      const parsed = await runInWorker(this.#tenant, job, this.#limits.workMs, signal)
      return { outcome: 'read', ...parsed, etag }
    } catch (error) {
      if (!(error instanceof UnreadableCalendar)) throw error
      const where = source.kind === 'file' ? 'The calendar file' : `The calendar at ${source.host}`
      throw new RemoteError('protocol_error', `${where} cannot be read: ${error.message}.`)
    }
  }
}

/** What of a mailbox may name its owner: of an address the path, where Google writes the account. */
function ownerHint(mailbox: string): string {
  const path = mailbox.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '')
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** Of scope `mailbox`: each calendar has a place of its own, and a proxy that refuses one server may let others pass. */
export function toRemoteError(error: unknown): RemoteError {
  if (error instanceof RemoteError) {
    if (error.scope === 'mailbox') return error
    return new RemoteError(error.code, error.hint, { retryAfter: error.retryAfter, cause: error })
  }
  const name = error instanceof Error ? error.name : ''
  if (name === 'AbortError' || name === 'TimeoutError') {
    return new RemoteError('unreachable', 'The calendar was not read in time. It is tried again by itself.')
  }
  return new RemoteError('protocol_error', 'The calendar could not be worked out: publish or save it anew.', {
    cause: error
  })
}
