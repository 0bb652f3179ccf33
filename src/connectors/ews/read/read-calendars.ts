/** Access `impersonation`: FindItem with CalendarView for each mailbox, with its owner's rights. */
import type { CalendarEvent, Span } from '../../../domain/calendar-event.ts'
import { RemoteError } from '../../../errors.ts'
import type { Target } from '../../connector.ts'
import type { EwsClient } from '../client/ews-client.ts'
import { calendarViewRequest } from '../soap/requests.ts'
import { type CalendarViewReader, calendarViewReader } from './calendar-view-response.ts'
import type { ImpersonationId, ImpersonationIds } from './impersonation-id.ts'
import type { MailboxRead, ReadMailboxes } from './read-availability.ts'

/** Below EWSFindCountLimit (1,000 in memory, for all calls of one mailbox together). */
const maxEntriesPerView = 500
/** A view that was cut is read again in halves: so often, and no shorter than this. */
const minViewMs = 60_000

export function readByCalendarView(deps: { client: EwsClient; ids: ImpersonationIds }): ReadMailboxes {
  const view = (target: Target, span: Span, signal: AbortSignal): Promise<CalendarViewReader> =>
    deps.ids.withId(target.mailbox, (name) => send(target, span, name, signal))

  const send = ({ timeZone }: Target, span: Span, impersonated: ImpersonationId, signal: AbortSignal) =>
    deps.client.send(
      {
        operation: 'FindItem',
        body: calendarViewRequest(span, maxEntriesPerView),
        impersonated,
        hasHeader: () => true,
        createReader: () => calendarViewReader(timeZone),
        statusOf: ({ status }) => status ?? { code: 'ErrorNoAnswer', inner: null, backOffMs: null }
      },
      signal
    )

  /** By id: an event that lies over the border of two halves is in both. */
  async function gather(
    target: Target,
    span: Span,
    found: Map<string, CalendarEvent>,
    signal: AbortSignal
  ): Promise<void> {
    const { events, isComplete: whole, fault } = await view(target, span, signal)
    if (fault !== null) throw fault
    if (!whole) {
      const middle = Math.floor((span.start + span.end) / 2000) * 1000
      if (span.end - span.start < 2 * minViewMs) throw tooManyEntriesError(target.mailbox)
      await gather(target, { start: span.start, end: middle }, found, signal)
      await gather(target, { start: middle, end: span.end }, found, signal)
      return
    }
    for (const event of events) found.set(event.id, event)
  }

  return (targets, window, _subjects, signal) =>
    Promise.all(
      targets.map(async (target): Promise<MailboxRead | RemoteError> => {
        const found = new Map<string, CalendarEvent>()
        try {
          await gather(target, window, found, signal)
          return { events: [...found.values()], detail: 'subjects', partialRead: null }
        } catch (error) {
          if (error instanceof RemoteError) return error
          throw error
        }
      })
    )
}

function tooManyEntriesError(mailbox: string): RemoteError {
  return new RemoteError(
    'protocol_error',
    `${mailbox} has more than ${maxEntriesPerView} events at one time: thin the calendar out.`
  )
}
