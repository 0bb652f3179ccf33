/** Reads the calendars of single users: finds them, compares their versions, and reads what touches the window. */
import type { Span } from '../../../domain/calendar-event.ts'
import { RemoteError } from '../../../errors.ts'
import { digestOf } from '../../../lib/digest.ts'
import type { PartialRead, ReadRequest, ReadResult, Target } from '../../connector.ts'
import { UnreadableCalendar } from '../../icalendar/errors.ts'
import { defaultReadLimits, type ParsedCalendar } from '../../icalendar/read-calendar.ts'
import { runInWorker } from '../../icalendar/worker/worker-pool.ts'
import type { DavClient } from '../client/dav-client.ts'
import { versionBody } from '../client/requests.ts'
import type { CalendarHome, CalendarLocator, MailboxAddress } from '../discovery/calendar-locator.ts'
import { calendarsIn, type UserCalendar } from '../discovery/user-calendars.ts'
import { accessDenied, unknownMailbox } from '../errors.ts'
import { readCalendarObjects } from './calendar-objects.ts'
import { TimeRangeTrust } from './time-range-trust.ts'

export interface CalendarReaderDeps {
  readonly tenant: string
  readonly client: DavClient
  readonly locator: CalendarLocator
  readonly clock: () => number
}

export type ReadParameters = Pick<ReadRequest, 'window' | 'subjects' | 'signal'>

const dayMs = 86_400_000
/** Milliseconds of work on one user's calendars: as with ICS the steps are the bound. */
const workMs = 20_000
/** Bytes of all calendars of one user together. */
const maxBytes = 50 * 1024 * 1024
/** Milliseconds after which a calendar is read though its version is the same: some servers' stands still. */
const maxUnreadMs = 3_600_000
const maxKept = 200_000

export class CaldavReader {
  readonly #deps: CalendarReaderDeps
  readonly #trust = new TimeRangeTrust()
  /** When a calendar was read last, by the version that it had then and whose it is. */
  readonly #readAt = new Map<string, number>()

  constructor(deps: CalendarReaderDeps) {
    this.#deps = deps
  }

  /** Throws RemoteError. */
  async read(address: MailboxAddress, target: Target, request: ReadParameters): Promise<ReadResult> {
    const { locator, clock } = this.#deps
    const home = await locator.locate(address, request.signal)
    try {
      const calendars = await this.#listCalendars(home, request.signal)
      const etag = etagOf(calendars)
      const key = `${etag} ${target.mailbox}`
      if (etag !== null && etag === target.etag && clock() - (this.#readAt.get(key) ?? 0) < maxUnreadMs)
        return { outcome: 'unchanged' }
      const parsed = await this.#readCalendars(home, calendars, target, request)
      if (etag !== null) this.#noteRead(key)
      return { outcome: 'read', ...parsed, etag }
    } catch (error) {
      const isMoved =
        error instanceof RemoteError && error.code !== 'unreachable' && error.code !== 'throttled'
      if (isMoved) locator.forget(address)
      throw error
    }
  }

  /** The calendars and their versions, with what says whose they are. */
  async #listCalendars(home: CalendarHome, signal: AbortSignal): Promise<readonly UserCalendar[]> {
    const { account, url, depth, shownUser, ownerPath } = home
    const request = { method: 'PROPFIND', url, depth, body: versionBody } as const
    const context = { user: shownUser, purpose: 'calendar' } as const
    const answer = await this.#deps.client.multistatus(account, request, context, signal)
    const calendars = calendarsIn(answer.responses, answer.url, { depth, ownerPath })
    if (calendars.length > 0) return calendars
    const isRefused = answer.responses.some(
      ({ status, refused }) => status === 403 || refused.get('resourcetype') === 403
    )
    throw isRefused
      ? accessDenied(account, shownUser)
      : unknownMailbox(shownUser, 'its calendar is no longer where it was, or belongs to somebody else now')
  }

  async #readCalendars(
    home: CalendarHome,
    calendars: readonly UserCalendar[],
    target: Target,
    { window, subjects, signal }: ReadParameters
  ): Promise<ParsedCalendar> {
    // A floating or all-day event is matched in a zone of the server's choice (RFC 4791 section 9.9).
    const range = { start: window.start - dayMs, end: window.end + dayMs }
    const parse = (texts: Iterable<string>) => this.#parse(texts, home, target, { window, subjects, signal })
    const texts: string[] = []
    let withheld = 0
    for (const { url } of calendars) {
      const objects = await this.#readOne(home, url, range, parse, signal)
      withheld += objects.withheld
      texts.push(...objects.texts.values())
    }
    const parsed = await parse(texts)
    if (withheld === 0) return parsed
    return { ...parsed, partialRead: withheldRead(withheld, parsed.partialRead) }
  }

  /** By time-range where the server is known to find recurring events so, else whole. */
  async #readOne(
    home: CalendarHome,
    url: string,
    range: Span,
    parse: (texts: Iterable<string>) => Promise<ParsedCalendar>,
    signal: AbortSignal
  ) {
    const { client } = this.#deps
    const state = this.#trust.stateOf(url)
    if (state !== 'unproven') {
      return readCalendarObjects(client, home, url, state === 'trusted' ? range : null, signal)
    }
    const ranged = await readCalendarObjects(client, home, url, range, signal)
    const whole = await readCalendarObjects(client, home, url, null, signal)
    const [rangedEvents, wholeEvents] = [
      await parse(ranged.texts.values()),
      await parse(whole.texts.values())
    ]
    this.#trust.learn(url, {
      ...{ window: range, ranged: ranged.texts, whole: whole.texts },
      ...{ rangedEvents: rangedEvents.events, wholeEvents: wholeEvents.events }
    })
    return whole
  }

  async #parse(
    texts: Iterable<string>,
    home: CalendarHome,
    { mailbox, timeZone, owner }: Target,
    { window, subjects, signal }: ReadParameters
  ): Promise<ParsedCalendar> {
    const text = [...texts].join('\r\n')
    if (text === '') return { events: [], detail: 'subjects', partialRead: null }
    const bytes = Buffer.from(text, 'utf8')
    if (bytes.length > maxBytes) throw tooLarge(home.shownUser)
    const stated = owner === undefined ? [...home.addresses] : [owner, ...home.addresses]
    const job = {
      ...{ bytes, charset: 'utf-8', window, subjects, timeZone, limits: defaultReadLimits },
      mailbox: mailbox.includes('://') ? '' : mailbox,
      ownerAddresses: stated.length === 0 && /^[^\s@/]+@[^\s@/]+$/.test(mailbox) ? [mailbox] : stated
    }
    try {
      const parsed = await runInWorker(this.#deps.tenant, job, workMs, signal)
      // Servers give objects in any order.
      return { ...parsed, events: [...parsed.events].sort((a, b) => a.start - b.start || a.end - b.end) }
    } catch (error) {
      if (!(error instanceof UnreadableCalendar)) throw error
      throw new RemoteError(
        'protocol_error',
        `The calendar of ${home.shownUser} cannot be read: ${error.message}.`
      )
    }
  }

  #noteRead(key: string): void {
    this.#readAt.delete(key)
    const [oldest] = this.#readAt.keys()
    if (this.#readAt.size >= maxKept && oldest !== undefined) this.#readAt.delete(oldest)
    this.#readAt.set(key, this.#deps.clock())
  }
}

/** A digest of all versions: a server may write into them what it likes, and they are stored. Null where one has none. */
function etagOf(calendars: readonly UserCalendar[]): string | null {
  if (calendars.some(({ version }) => version === null)) return null
  const versions = calendars.map(({ url, version }) => `${url} ${version}`).sort()
  return digestOf(versions.join('\n'))
}

function withheldRead(count: number, other: PartialRead | null): PartialRead {
  const many = count === 1 ? '1 entry' : `${count} entries`
  const hint = `The server names ${many} of the calendar and does not show what is in them, or they are cut short, so they are left out: see its log, and the rights in the calendar.`
  return { code: 'protocol_error', hint: other === null ? hint : `${hint} ${other.hint}` }
}

function tooLarge(user: string): RemoteError {
  return new RemoteError(
    'protocol_error',
    `The calendars of ${user} are larger than ${maxBytes / 1024 / 1024} MB together and were not read: move or delete past events.`
  )
}
