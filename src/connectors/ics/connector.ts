/** The connector to iCalendar files: published calendars by their address, and files below the tenant's folder. */
import { RemoteError } from '../../errors.ts'
import type { CalendarSubscription, Check, Connector, ReadRequest, ReadResult, Target } from '../connector.ts'
import type { HttpClient } from '../net/http-client.ts'
import { type CalendarSource, parseCalendarSource } from './calendar-source.ts'
import { UnreadableCalendar } from './errors.ts'
import { fetchCalendar } from './fetch-calendar.ts'
import { FileWatcher } from './file-watcher.ts'
import type { ReadLimits } from './read-calendar.ts'
import { type FetchedCalendar, readCalendarFile } from './read-calendar-file.ts'
import { runInWorker } from './worker/worker-pool.ts'

export interface IcsConnectorOptions {
  readonly tenant: string
  /** Where the tenant's calendar files are: HANVISA_DATA_DIR/calendars/{tenant}. It need not exist. */
  readonly folder: string
  readonly httpClient: HttpClient
  readonly limits?: Partial<IcsLimits>
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
  maxBytes: 10_000_000,
  maxOccurrences: 10_000,
  maxEventOccurrences: 2_000,
  maxSteps: 5_000_000,
  maxEventSteps: 500_000,
  // The steps are the bound; this ends only what is not made of them.
  workMs: 20_000,
  fetchMs: 60_000
}

export function createIcsConnector(options: IcsConnectorOptions): Connector {
  const { tenant, folder, httpClient: outbound } = options
  const limits: IcsLimits = { ...defaultLimits, ...options.limits }
  const files = new FileWatcher(folder)
  const closing = new AbortController()

  async function fetchSource(
    place: CalendarSource,
    target: Target,
    signal: AbortSignal
  ): Promise<FetchedCalendar | 'unchanged'> {
    if (place.kind === 'file') return readCalendarFile(place.path, folder, target.etag, limits.maxBytes)
    const ends = AbortSignal.any([signal, AbortSignal.timeout(limits.fetchMs)])
    return fetchCalendar(place, outbound, target.etag, limits.maxBytes, ends)
  }

  async function parseFetched(
    place: CalendarSource,
    got: FetchedCalendar,
    target: Target,
    request: ParseRequest
  ): Promise<ReadResult> {
    if (isPage(got)) throw webPageError(place)
    const { mailbox, timeZone } = target
    const { window, subjects, signal } = request
    const { bytes, charset, etag: version } = got
    const job = {
      bytes,
      charset,
      mailbox: ownerHint(mailbox),
      owner: target.owner ?? null,
      timeZone,
      window,
      subjects,
      limits
    }
    try {
      return { outcome: 'read', ...(await runInWorker(tenant, job, limits.workMs, signal)), etag: version }
    } catch (error) {
      if (!(error instanceof UnreadableCalendar)) throw error
      const where = place.kind === 'file' ? 'The calendar file' : `The calendar at ${place.host}`
      throw new RemoteError('protocol_error', `${where} cannot be read: ${error.message}.`)
    }
  }

  async function readOne(target: Target, request: ParseRequest): Promise<ReadResult> {
    const signal = AbortSignal.any([request.signal, closing.signal])
    try {
      signal.throwIfAborted()
      const place = parseCalendarSource(target.mailbox, folder)
      const got = await fetchSource(place, target, signal)
      if (got === 'unchanged') return { outcome: 'unchanged' }
      return await parseFetched(place, got, target, { ...request, signal })
    } catch (error) {
      return { outcome: 'failed', error: toRemoteError(error) }
    }
  }

  return {
    batchSize: 1,
    read: (request) => Promise.all(request.targets.map((target) => readOne(target, request))),
    async check({ mailbox, timeZone }, signal) {
      const target = { mailbox, timeZone }
      const checks: Check[] = []
      const step = async <T>(name: string, work: () => T | Promise<T>): Promise<T | null> => {
        try {
          const result = await work()
          checks.push({ name, ok: true })
          return result
        } catch (error) {
          const { code, hint } = toRemoteError(error)
          checks.push({ name, ok: false, code, hint })
          return null
        }
      }
      const place = await step('address', () => parseCalendarSource(mailbox, folder))
      const got = place && (await step('reach', () => fetchSource(place, target, signal)))
      if (!place || !got || got === 'unchanged') return checks
      const now = Date.now()
      const window = { start: now - 86_400_000, end: now + 14 * 86_400_000 }
      const read = await step('read', () =>
        parseFetched(place, got, target, { window, subjects: true, signal })
      )
      if (read?.outcome === 'read') {
        const { partialRead: shortfall } = read
        checks.push(
          shortfall === null ? { name: 'subjects', ok: true } : { name: 'subjects', ok: false, ...shortfall }
        )
      }
      return checks
    },
    // An ETag says more for less.
    fingerprints: async ({ targets }) => targets.map(() => null),
    // Of a file's edits the file system tells, but not reliably on every disk: it stays deaf, and is polled as well.
    subscribe({ mailbox }, listener) {
      const unwatched: CalendarSubscription = { onNotification: () => {}, stop: () => {} }
      try {
        const place = parseCalendarSource(mailbox, folder)
        if (place.kind !== 'file') return unwatched
        return { onNotification: () => {}, stop: files.watch(place.path, () => listener.onChange()) }
      } catch {
        // A mailbox that names nothing: reading says so.
        return unwatched
      }
    },
    async close() {
      closing.abort(
        new RemoteError('unreachable', 'The connection was closed while its calendar was being read.')
      )
      files.close()
    }
  }
}

type ParseRequest = Pick<ReadRequest, 'window' | 'subjects' | 'signal'>

/** Where a web page came: a login, or a calendar's page for people. */
function isPage({ bytes, isPage }: FetchedCalendar): boolean {
  const start = bytes.subarray(0, 1024).toString('latin1').trimStart().toLowerCase()
  return (
    start.startsWith('<!doctype html') ||
    start.startsWith('<html') ||
    (isPage && !start.includes('begin:vcalendar'))
  )
}

function webPageError(place: CalendarSource): RemoteError {
  const where = place.kind === 'file' ? 'The file holds' : `${place.host}: the address answers with`
  return new RemoteError(
    'protocol_error',
    `${where} a web page and not a calendar: use the calendar's ICS address, which needs no log-in.`
  )
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

function toRemoteError(error: unknown): RemoteError {
  if (error instanceof RemoteError) return error
  const name = error instanceof Error ? error.name : ''
  if (name === 'AbortError' || name === 'TimeoutError') {
    return new RemoteError('unreachable', 'The calendar was not read in time. It is tried again by itself.')
  }
  return new RemoteError('protocol_error', 'The calendar could not be worked out: publish or save it anew.', {
    cause: error
  })
}
