/** The answer to a question for free/busy times: `schedule-response` (RFC 6638 section 10.2) and the VFREEBUSY in it. */
import type { BusyStatus, Instant } from '../../../domain/calendar-event.ts'
import { readXml } from '../../net/xml-reader.ts'
import type { DavReply } from '../client/dav-client.ts'
import { davDialect, invalidDavReply } from '../client/dav-dialect.ts'

export interface RecipientAnswer {
  /** `2.0;Success` */
  readonly requestStatus: string
  /** iCalendar; '' where there is none. */
  readonly text: string
}

export interface BusyPeriod {
  readonly start: Instant
  readonly end: Instant
  readonly busy: BusyStatus
}

const maxRecipients = 1_000
const maxPeriods = 5_000

/** By the recipient's e-mail address, lower case. Throws RemoteError. */
export async function readScheduleResponse({
  body,
  contentType
}: DavReply): Promise<Map<string, RecipientAnswer>> {
  const answers = new Map<string, RecipientAnswer>()
  let isResponse = false
  let recipient = ''
  let requestStatus = ''
  let data = ''
  const visitor = {
    open(name: string, depth: number) {
      if (depth === 1) isResponse = name === 'schedule-response'
      if (depth !== 2) return
      recipient = ''
      requestStatus = ''
      data = ''
    },
    close(name: string, depth: number, text: string) {
      if (depth === 4 && name === 'href') recipient = text
      // The RFC has an href in `recipient`; older servers the address alone.
      else if (depth === 3 && name === 'recipient' && recipient === '') recipient = text
      else if (depth === 3 && name === 'request-status') requestStatus = text
      else if (depth === 3 && name === 'calendar-data') data = text
      else if (depth === 2 && name === 'response') {
        if (answers.size === maxRecipients)
          throw invalidDavReply(`answers for more than ${maxRecipients} users`)
        const address = recipient
          .trim()
          .replace(/^mailto:/i, '')
          .toLowerCase()
        answers.set(address, { requestStatus, text: data })
      }
    }
  }
  await readXml(body, visitor, davDialect, { contentType: contentType ?? undefined })
  if (!isResponse) throw invalidDavReply('is no schedule-response')
  return answers
}

/** The kinds of RFC 5545 section 3.2.9; what is unknown is busy. */
const busyWords: Readonly<Record<string, BusyStatus>> = {
  FREE: 'free',
  'BUSY-TENTATIVE': 'tentative'
}

/** Periods that take time. Throws RemoteError where there are too many, or one cannot be read. */
export function parseFreeBusy(text: string): BusyPeriod[] {
  const periods: BusyPeriod[] = []
  const lines = text.replaceAll(/\r?\n[ \t]/g, '').split(/\r?\n/)
  for (const line of lines) {
    const found = /^FREEBUSY((?:;[^:]*)?):(.*)$/i.exec(line)
    if (found === null) continue
    const kind = /;FBTYPE="?([A-Za-z-]+)/i.exec(found[1]!)?.[1]?.toUpperCase() ?? 'BUSY'
    const busy = busyWords[kind] ?? 'busy'
    if (busy === 'free') continue
    for (const value of found[2]!.split(',')) {
      if (value.trim() === '') continue
      if (periods.length === maxPeriods)
        throw invalidDavReply(`holds more than ${maxPeriods} busy times of one user`)
      periods.push({ ...parsePeriod(value.trim()), busy })
    }
  }
  return periods
}

/** `19970101T180000Z/19970102T070000Z` or `…/PT5H30M` (RFC 5545 section 3.3.9). */
function parsePeriod(value: string): { start: Instant; end: Instant } {
  const [from = '', to = ''] = value.split('/')
  const start = parseUtc(from)
  const end = to.startsWith('P') ? start + parseDuration(to) : parseUtc(to)
  if (!Number.isFinite(start) || !Number.isFinite(end) || end < start)
    throw invalidDavReply('holds a busy time that cannot be read')
  return { start, end }
}

function parseUtc(text: string): Instant {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? []
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
}

/** Milliseconds. */
function parseDuration(text: string): number {
  const found = /^P(?:(\d{1,4})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?$/.exec(
    text
  )
  if (found === null) return Number.NaN
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = found
    .slice(1)
    .map((part) => Number(part ?? 0))
  return (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1000
}
