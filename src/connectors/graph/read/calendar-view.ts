/** Reads calendars by calendarView: every occurrence in a window, page after page, many mailboxes in a batch. */
import type { CalendarEvent, Span } from '../../../domain/calendar-event.ts'
import { RemoteError } from '../../../errors.ts'
import type { Target } from '../../connector.ts'
import { type GraphResponse, membersOf } from '../client/batch-response.ts'
import type { GraphClient } from '../client/graph-client.ts'
import { isPageOfMailbox, nextPagePath } from '../client/next-page.ts'
import { isAccessRefused } from '../errors.ts'
import { parseCalendarEvents, selectedProperties } from './calendar-events.ts'

export type CalendarViewResult<Item = CalendarEvent> =
  | { readonly outcome: 'read'; readonly events: readonly Item[] }
  /** 403: availability may still be granted. The error says what to do if it is not. */
  | { readonly outcome: 'refused'; readonly error: RemoteError }
  | { readonly outcome: 'failed'; readonly error: RemoteError }

/** What is asked of each event, and how an answer's page is read. `parsePage` throws RemoteError. */
export interface CalendarViewQuery<Item> {
  readonly select: string
  readonly pageSize: number
  readonly parsePage: (body: unknown, target: Target) => readonly Item[]
}

/** Pages small enough for twenty in one reply; most calendars fit into one. */
export const wholeEvents: CalendarViewQuery<CalendarEvent> = {
  select: selectedProperties,
  pageSize: 200,
  parsePage: (body, { timeZone }) => parseCalendarEvents(body, timeZone)
}

const maxPages = 25

/** What reading calendars needs. */
export interface CalendarViewDeps {
  readonly client: GraphClient
  /** Graph's root: links to further pages must be below it. */
  readonly graph: string
  /** Puts an answer that is no calendar into words. */
  readonly errorOf: (answer: GraphResponse, mailbox: string) => RemoteError
}

/** One result for each that is asked for, in order. */
export async function readCalendarViews<Item>(
  asked: readonly { readonly target: Target; readonly window: Span }[],
  query: CalendarViewQuery<Item>,
  deps: CalendarViewDeps,
  signal: AbortSignal
): Promise<readonly CalendarViewResult<Item>[]> {
  const views = new Map<number, CalendarViewResult<Item>>()
  const read = asked.map((): Item[] => [])
  let pending = asked.map(({ target, window }, index) => ({
    target,
    index,
    path: firstPage(target.mailbox, window, query)
  }))
  for (let page = 1; pending.length > 0; page += 1) {
    const calls = pending.map(({ target, path }) => ({ mailbox: target.mailbox.toLowerCase(), path }))
    const answers = await deps.client.send(calls, signal)
    pending = pending.flatMap((one, position) => {
      const step = stepOf(answers[position], one.target, query, deps)
      if ('outcome' in step) {
        views.set(one.index, step)
        return []
      }
      for (const event of step.events) read[one.index]?.push(event)
      if (step.next === null) return []
      if (page < maxPages) return [{ ...one, path: step.next }]
      views.set(one.index, { outcome: 'failed', error: tooLong })
      return []
    })
  }
  return asked.map((_, index) => views.get(index) ?? { outcome: 'read', events: read[index] ?? [] })
}

function firstPage(
  mailbox: string,
  { start, end }: Span,
  { select, pageSize }: { readonly select: string; readonly pageSize: number }
): string {
  const from = new Date(start).toISOString()
  const to = new Date(end).toISOString()
  const query = `startDateTime=${from}&endDateTime=${to}&$select=${select}&$top=${pageSize}`
  return `/users/${encodeURIComponent(mailbox)}/calendarView?${query}`
}

type Step<Item> =
  | CalendarViewResult<Item>
  | { readonly events: readonly Item[]; readonly next: string | null }

function stepOf<Item>(
  answer: GraphResponse | RemoteError | undefined,
  target: Target,
  query: CalendarViewQuery<Item>,
  deps: CalendarViewDeps
): Step<Item> {
  if (answer === undefined || answer instanceof RemoteError) {
    return { outcome: 'failed', error: answer ?? new RemoteError('protocol_error', 'Graph gave no answer.') }
  }
  if (answer.status !== 200) {
    return {
      outcome: isAccessRefused(answer) ? 'refused' : 'failed',
      error: deps.errorOf(answer, target.mailbox)
    }
  }
  try {
    const link = membersOf(answer.body)['@odata.nextLink'] ?? null
    const next = link === null ? null : nextPagePath(link, deps.graph)
    if (next !== null && !isPageOfMailbox(next, target.mailbox)) throw otherMailbox
    return { events: query.parsePage(answer.body, target), next }
  } catch (error) {
    if (error instanceof RemoteError) return { outcome: 'failed', error }
    throw error
  }
}

const otherMailbox = new RemoteError(
  'protocol_error',
  'The link to the next page leads to another mailbox, so the calendar was not read: report it.'
)

const tooLong = new RemoteError(
  'protocol_error',
  `The calendar has more than ${maxPages} pages for two weeks: thin it out.`
)
