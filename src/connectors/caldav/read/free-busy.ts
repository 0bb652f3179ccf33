/** Reads busy times of many users by one request to the account's scheduling outbox (RFC 6638 section 5). */
import { randomUUID } from 'node:crypto'
import { toCalendarEvent } from '../../../domain/availability.ts'
import type { CalendarEvent } from '../../../domain/calendar-event.ts'
import { RemoteError } from '../../../errors.ts'
import { digestOf } from '../../../lib/digest.ts'
import { isMidnight } from '../../../lib/time-zone.ts'
import type { PartialRead, ReadRequest, ReadResult, Target } from '../../connector.ts'
import type { DavAccount, DavClient } from '../client/dav-client.ts'
import { freeBusyRequestBody } from '../client/requests.ts'
import type { CalendarLocator } from '../discovery/calendar-locator.ts'
import { readPrincipal } from '../discovery/principal.ts'
import { toCaldavError, unknownMailbox } from '../errors.ts'
import { type BusyPeriod, parseFreeBusy, readScheduleResponse } from './schedule-response.ts'

/** Servers limit how many may be asked about at once, and do not say at how many. */
export const maxAttendees = 50

export interface FreeBusyReaderDeps {
  readonly client: DavClient
  readonly locator: CalendarLocator
  readonly account: DavAccount
  readonly clock: () => number
  /** Where the service is looked for. */
  serviceUrl(): Promise<string>
}

/** Where the account asks, and as whom. */
interface Outbox {
  readonly url: string
  /** `mailto:…` */
  readonly organizer: string
}

const keptMs = 3_600_000

export class FreeBusyReader {
  readonly #deps: FreeBusyReaderDeps
  #outbox: { readonly found: Outbox; readonly at: number } | null = null

  constructor(deps: FreeBusyReaderDeps) {
    this.#deps = deps
  }

  /** Of at most `maxAttendees` targets. Never rejects. */
  async read({ targets, window, subjects, signal }: ReadRequest): Promise<readonly ReadResult[]> {
    const { client, account, clock } = this.#deps
    const addresses = targets.map(addressOf)
    const asked = [...new Set(addresses.filter((address) => address !== null))]
    try {
      const outbox = await this.#findOutbox(signal)
      const body = freeBusyRequestBody(outbox.organizer, asked, window, { uid: randomUUID(), now: clock() })
      const request = {
        ...({ method: 'POST', url: outbox.url, depth: '0', body } as const),
        contentType: 'text/calendar; charset=utf-8; method=REQUEST; component=VFREEBUSY'
      }
      const context = { user: null, purpose: 'service' } as const
      const answers =
        asked.length === 0
          ? new Map()
          : await client.request(account, request, context, signal, (reply) => readScheduleResponse(reply))
      return targets.map((target, index) => {
        const address = addresses[index] ?? null
        if (address === null) return failed(notAddress(target))
        const answer = answers.get(address)
        if (answer === undefined) return failed(unknownMailbox(address, 'the server gives no answer for it'))
        const refusal = refusalOf(address, answer.requestStatus)
        if (refusal !== null) return failed(refusal)
        return resultOf(parseFreeBusy(answer.text), target, subjects)
      })
    } catch (error) {
      this.#outbox = null
      const failure = toCaldavError(error)
      return targets.map(() => failed(failure))
    }
  }

  async #findOutbox(signal: AbortSignal): Promise<Outbox> {
    const { client, locator, account, clock, serviceUrl } = this.#deps
    if (this.#outbox !== null && clock() - this.#outbox.at < keptMs) return this.#outbox.found
    const service = await locator.service(account, await serviceUrl(), signal)
    const principal = await readPrincipal(client, account, service.principal, account.user, signal)
    if (principal?.outbox == null) {
      throw new RemoteError(
        'protocol_error',
        'The server has no scheduling outbox for this account (RFC 6638), so free/busy times alone cannot be read: take "freeBusyOnly" out of the connection and grant the account the right to read.',
        { scope: 'connection' }
      )
    }
    const [address = account.user] = principal.addresses
    const found = { url: principal.outbox, organizer: `mailto:${address}` }
    this.#outbox = { found, at: clock() }
    return found
  }
}

/** Null where the server could not be asked about it: an address goes into a line of iCalendar. */
function addressOf({ mailbox, owner }: Target): string | null {
  const address = (owner ?? mailbox).toLowerCase()
  return /^[\x21-\x7e]+@[a-z0-9.-]+$/.test(address) && !/[:;,"<>\\/]/.test(address) ? address : null
}

function notAddress({ mailbox }: Target): RemoteError {
  const shown = mailbox.includes('://') ? 'The mailbox' : mailbox
  return new RemoteError(
    'mailbox_unknown',
    `${shown} is no e-mail address, and free/busy times are asked for by address: correct the user's mailbox, or state the user's "owner".`
  )
}

/** RFC 5546 section 3.6: 2.x is success. */
function refusalOf(address: string, status: string): RemoteError | null {
  const code = /^\s*(\d)\.(\d+)/.exec(status)
  if (code?.[1] === '2') return null
  if (code?.[1] === '3' && code[2] === '8') {
    return new RemoteError(
      'access_denied',
      `The account may not see the free/busy times of ${address} (3.8): share them with it.`
    )
  }
  if (code?.[1] === '3')
    return unknownMailbox(address, `the server has no calendar user of that address (3.${code[2]})`)
  if (code?.[1] === '5' || code?.[1] === '1') {
    return new RemoteError(
      'unreachable',
      `The server could not find out when ${address} is busy. It is tried again by itself.`
    )
  }
  return new RemoteError('protocol_error', `The server's answer for ${address} has no status: see its log.`)
}

function resultOf(periods: readonly BusyPeriod[], target: Target, subjects: boolean): ReadResult {
  const events = periods.map(
    ({ start, end, busy }): CalendarEvent =>
      toCalendarEvent(
        { id: `${start}/${end}/${busy}`, subject: '', start, end, busy, private: false },
        (instant) => isMidnight(target.timeZone, instant)
      )
  )
  const etag = digestOf(JSON.stringify(events.map(({ id }) => id)))
  if (etag === target.etag) return { outcome: 'unchanged' }
  return { outcome: 'read', events, detail: 'availability', partialRead: subjects ? noSubjects : null, etag }
}

const noSubjects: PartialRead = {
  code: 'subject_not_readable',
  hint: 'With "freeBusyOnly" the server shows when somebody is busy and no subjects, so triggers cannot match: use availability rules, or take "freeBusyOnly" out and grant the account the right to read.'
}

function failed(error: RemoteError): ReadResult {
  return { outcome: 'failed', error }
}
