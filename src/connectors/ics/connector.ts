/** The connector to iCalendar files: published calendars by their address, and files below the tenant's folder. */
import { RemoteError } from '../../errors.ts'
import type { CalendarSubscription, Check, Connector, ReadRequest, ReadResult, Target } from '../connector.ts'
import type { HttpClient } from '../net/http-client.ts'
import { type Place, placeOf } from './calendar-source.ts'
import { UnreadableCalendar } from './errors.ts'
import { fetchCalendar } from './fetch-calendar.ts'
import { FileWatch } from './file-watcher.ts'
import { type Fetched, readCalendarFile } from './read-calendar-file.ts'
import { readElsewhere } from './worker/worker-pool.ts'

export interface IcsOptions {
  readonly tenant: string
  /** Where the tenant's calendar files are: HANVISA_DATA_DIR/calendars/{tenant}. It need not exist. */
  readonly folder: string
  readonly outbound: HttpClient
  readonly limits?: Partial<IcsLimits>
}

export interface IcsLimits {
  /** Of one calendar, unpacked. */
  readonly bytes: number
  /** Occurrences of one calendar in the window. */
  readonly occurrences: number
  /** Occurrences that may have to be worked out to find those. */
  readonly steps: number
  /** Milliseconds of work on one calendar. */
  readonly work: number
  /** Milliseconds for fetching one calendar. */
  readonly fetch: number
}

const defaults: IcsLimits = {
  bytes: 10_000_000,
  occurrences: 10_000,
  steps: 200_000,
  work: 5_000,
  fetch: 60_000
}

export function icsConnector(options: IcsOptions): Connector {
  const { tenant, folder, outbound } = options
  const limits: IcsLimits = { ...defaults, ...options.limits }
  const files = new FileWatch(folder)
  const closing = new AbortController()

  async function fetched(place: Place, target: Target, signal: AbortSignal): Promise<Fetched | 'unchanged'> {
    if (place.kind === 'file') return readCalendarFile(place.path, folder, target.etag, limits.bytes)
    const ends = AbortSignal.any([signal, AbortSignal.timeout(limits.fetch)])
    return fetchCalendar(place, outbound, target.etag, limits.bytes, ends)
  }

  async function worked(
    place: Place,
    got: Fetched,
    target: Target,
    request: WorkRequest
  ): Promise<ReadResult> {
    if (isPage(got)) throw pageInstead(place)
    const { mailbox, timeZone } = target
    const { window, subjects, signal } = request
    const { bytes, charset, version } = got
    const job = { bytes, charset, mailbox: ownerHint(mailbox), timeZone, window, subjects, limits }
    try {
      return { outcome: 'read', ...(await readElsewhere(tenant, job, limits.work, signal)), etag: version }
    } catch (error) {
      if (!(error instanceof UnreadableCalendar)) throw error
      const where = place.kind === 'file' ? 'The calendar file' : `The calendar at ${place.host}`
      throw new RemoteError('protocol_error', `${where} cannot be read: ${error.message}.`)
    }
  }

  async function readOne(target: Target, request: WorkRequest): Promise<ReadResult> {
    const signal = AbortSignal.any([request.signal, closing.signal])
    try {
      signal.throwIfAborted()
      const place = placeOf(target.mailbox, folder)
      const got = await fetched(place, target, signal)
      if (got === 'unchanged') return { outcome: 'unchanged' }
      return await worked(place, got, target, { ...request, signal })
    } catch (error) {
      return { outcome: 'failed', error: asRemote(error) }
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
          const { code, hint } = asRemote(error)
          checks.push({ name, ok: false, code, hint })
          return null
        }
      }
      const place = await step('address', () => placeOf(mailbox, folder))
      const got = place && (await step('reach', () => fetched(place, target, signal)))
      if (!place || !got || got === 'unchanged') return checks
      const now = Date.now()
      const window = { start: now - 86_400_000, end: now + 14 * 86_400_000 }
      const read = await step('read', () => worked(place, got, target, { window, subjects: true, signal }))
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
      const unwatched: CalendarSubscription = { onLifecycleEvent: () => {}, stop: () => {} }
      try {
        const place = placeOf(mailbox, folder)
        if (place.kind !== 'file') return unwatched
        return { onLifecycleEvent: () => {}, stop: files.watch(place.path, () => listener.onChange()) }
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

type WorkRequest = Pick<ReadRequest, 'window' | 'subjects' | 'signal'>

/** Where a web page came: a login, or a calendar's page for people. */
function isPage({ bytes, isPage }: Fetched): boolean {
  const start = bytes.subarray(0, 1024).toString('latin1').trimStart().toLowerCase()
  return (
    start.startsWith('<!doctype html') ||
    start.startsWith('<html') ||
    (isPage && !start.includes('begin:vcalendar'))
  )
}

function pageInstead(place: Place): RemoteError {
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

function asRemote(error: unknown): RemoteError {
  if (error instanceof RemoteError) return error
  const name = error instanceof Error ? error.name : ''
  if (name === 'AbortError' || name === 'TimeoutError') {
    return new RemoteError('unreachable', 'The calendar was not read in time. It is tried again by itself.')
  }
  return new RemoteError('protocol_error', 'The calendar could not be worked out: publish or save it anew.', {
    cause: error
  })
}
