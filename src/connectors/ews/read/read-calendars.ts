/** Access `impersonation`: FindItem with CalendarView for each mailbox, with its owner's rights and by its owner's name. */
import type { CalendarEvent, Span } from '../../../domain/calendar-event.ts'
import { RemoteError } from '../../../errors.ts'
import type { Target } from '../../connector.ts'
import type { EwsClient } from '../client/ews-client.ts'
import { calendarViewRequest, storedItemsRequest } from '../soap/requests.ts'
import { CalendarCalls } from './calendar-calls.ts'
import type { ImpersonationIds } from './impersonation-id.ts'
import type { MailboxRead, ReadMailboxes } from './read-availability.ts'
import { isPassing, SeriesExpansion } from './series-expansion.ts'

/** Below EWSFindCountLimit (1,000 in memory, for all calls of one mailbox together). */
const maxEntriesPerView = 500
/** A view that was cut is read again in halves: so often, and no shorter than this. */
const minViewMs = 60_000

/** One mailbox's entries as they are gathered. */
interface Gathered {
  /** By id: an event that lies over the border of two halves is in both. */
  readonly events: Map<string, CalendarEvent>
  hasOccurrence: boolean
}

export function readByCalendarView(deps: { client: EwsClient; ids: ImpersonationIds }): ReadMailboxes {
  const calls = new CalendarCalls(deps)
  const expansion = new SeriesExpansion({
    readStored: (mailbox, offset, signal) =>
      calls.send(mailbox, 'UTC', (owner) => storedItemsRequest(owner, offset, maxEntriesPerView), signal),
    readView: (mailbox, span, signal) =>
      calls.send(mailbox, 'UTC', (owner) => calendarViewRequest(owner, span, maxEntriesPerView), signal)
  })

  async function gather(
    { mailbox, timeZone }: Target,
    span: Span,
    found: Gathered,
    signal: AbortSignal
  ): Promise<void> {
    const view = await calls.send(
      mailbox,
      timeZone,
      (owner) => calendarViewRequest(owner, span, maxEntriesPerView),
      signal
    )
    if (view.fault !== null) throw view.fault
    if (!view.isComplete) {
      const middle = Math.floor((span.start + span.end) / 2000) * 1000
      if (span.end - span.start < 2 * minViewMs) throw tooManyEntriesError(mailbox)
      await gather({ mailbox, timeZone }, { start: span.start, end: middle }, found, signal)
      await gather({ mailbox, timeZone }, { start: middle, end: span.end }, found, signal)
      return
    }
    found.hasOccurrence ||= view.hasOccurrence
    for (const event of view.events) found.events.set(event.id, event)
  }

  async function read(target: Target, window: Span, signal: AbortSignal): Promise<MailboxRead> {
    const found: Gathered = { events: new Map(), hasOccurrence: false }
    await gather(target, window, found, signal)
    await expansion.check(target.mailbox, found.hasOccurrence, signal).catch((error: unknown) => {
      if (!isPassing(error)) throw error
    })
    return { events: [...found.events.values()], detail: 'subjects', partialRead: null }
  }

  return (targets, window, _subjects, signal) =>
    Promise.all(
      targets.map((target) =>
        read(target, window, signal).catch((error: unknown) => {
          if (error instanceof RemoteError) return error
          throw error
        })
      )
    )
}

function tooManyEntriesError(mailbox: string): RemoteError {
  return new RemoteError(
    'protocol_error',
    `${mailbox} has more than ${maxEntriesPerView} events at one time: thin the calendar out.`
  )
}
