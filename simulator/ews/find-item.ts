/** FindItem on a calendar: the occurrences in a view, or without one the items as they are stored. */
import type { CalendarItem, Mailbox } from '../calendar-item.ts'
import { occurrencesIn } from '../recurrence.ts'
import { dayMs, midnightOf } from '../time.ts'
import { attempt, ItemError, responseMessages, SoapFault } from './envelope.ts'
import { openFolder } from './folders.ts'
import { calendarItem, type Item, shapeOf } from './properties.ts'
import type { RequestContext } from './request-context.ts'
import { supports } from './versions.ts'
import { descendantAt, type XmlElement } from './xml.ts'
import { instantIn, timesIn } from './zones.ts'

const longestView = 731 * dayMs

export function findItem(context: RequestContext): string {
  const { operation, installation, schema } = context
  const selected = shapeOf(descendantAt(operation, 'ItemShape'), installation.version.schema, schema)
  const view = descendantAt(operation, 'CalendarView')
  if (view && descendantAt(operation, 'Restriction')) {
    throw new SoapFault('ErrorInvalidRequest', 'A CalendarView cannot be combined with a Restriction.')
  }
  const folders = descendantAt(operation, 'ParentFolderIds')?.children ?? []
  const messages = folders.map((id) =>
    attempt('FindItem', '', () => {
      const { mailbox, folder, right } = openFolder(context, id)
      if (view && folder !== 'calendar') {
        throw new ItemError(
          'ErrorCalendarFolderIsInvalidForCalendarView',
          'A calendar view can be used only on a calendar folder.'
        )
      }
      const found = view ? inView(context, mailbox, view) : stored(context, mailbox, folder)
      const itemContext = { mailbox, schema, written: timesIn(context.zone), writes: right === 'fullAccess' }
      const items = found.items.map((item) => calendarItem(item, selected, itemContext))
      return `<m:RootFolder${found.offset}${found.total} IncludesLastItemInRange="${found.whole}"><t:Items>${items.join('')}</t:Items></m:RootFolder>`
    })
  )
  return responseMessages('FindItem', messages)
}

interface Found {
  readonly items: readonly Item[]
  readonly whole: boolean
  /** Attributes. */
  readonly total: string
  readonly offset: string
}

function inView(context: RequestContext, mailbox: Mailbox, view: XmlElement): Found {
  const { installation, schema, zone } = context
  const [start, end] = [instantIn(zone, view.attributes.StartDate), instantIn(zone, view.attributes.EndDate)]
  if (start === null || end === null) {
    throw new SoapFault(
      'ErrorSchemaValidation',
      'The request failed schema validation: StartDate and EndDate.'
    )
  }
  if (end < start) {
    throw new ItemError('ErrorCalendarEndDateIsEarlierThanStartDate', 'EndDate is earlier than StartDate.')
  }
  if (end - start > longestView) {
    throw new ItemError('ErrorCalendarViewRangeTooBig', 'The range of a calendar view is at most two years.')
  }
  const most = view.attributes.MaxEntriesReturned
  if (most !== undefined && !/^[1-9]\d{0,8}$/.test(most)) {
    throw new SoapFault('ErrorSchemaValidation', 'The request failed schema validation: MaxEntriesReturned.')
  }
  const wanted = most === undefined ? Number.POSITIVE_INFINITY : Number(most)
  const found = occurrencesIn(mailbox, start, end).sort((a, b) => a.start - b.start)
  const count = Math.min(found.length, wanted)
  // EWSFindCountLimit: those who ask as 2010 or older get an error, others get a part.
  if (count > installation.findCount && !supports(schema, 'Exchange2010_SP1')) {
    throw new SoapFault(
      'ErrorServerBusy',
      'The server cannot service this request right now. Try again later.'
    )
  }
  const items = found.slice(0, Math.min(count, installation.findCount))
  return {
    items,
    whole: items.length === found.length,
    total: ` TotalItemsInView="${found.length}"`,
    offset: ''
  }
}

function stored({ operation }: RequestContext, mailbox: Mailbox, folder: string): Found {
  const page = descendantAt(operation, 'IndexedPageItemView')
  const offset = Number(page?.attributes.Offset ?? 0)
  const most = Number(page?.attributes.MaxEntriesReturned ?? 1000)
  const all =
    folder === 'calendar' ? [...mailbox.events.values()].map((each) => storedItem(mailbox, each)) : []
  const items = all.slice(offset, offset + most)
  const whole = offset + items.length >= all.length
  const next = page ? ` IndexedPagingOffset="${offset + items.length}"` : ''
  return { items, whole, total: ` TotalItemsInView="${all.length}"`, offset: next }
}

/** A single event, or the master of a series with its first occurrence's times. */
export function storedItem(mailbox: Mailbox, event: CalendarItem): Item {
  const { allDay } = event
  return {
    event,
    content: event,
    kind: event.recurrence ? 'recurringMaster' : 'singleInstance',
    day: null,
    start: allDay ? midnightOf(event.start, mailbox.timeZone) : event.start,
    end: allDay ? midnightOf(event.end, mailbox.timeZone) : event.end,
    floatingStart: event.start,
    floatingEnd: event.end
  }
}
