/** CreateItem and UpdateItem: into the same mailboxes that Graph and the control API show. */
import type { EventInput, Mailbox, OccurrenceChange } from '../calendar-item.ts'
import { ControlInputError } from '../mailboxes.ts'
import { attempt, ItemError, responseMessages, SoapFault } from './envelope.ts'
import { openFolder } from './folders.ts'
import { datesOf, fieldsOf, type ItemFields } from './item-input.ts'
import { dateOf, type Located, locate } from './items.ts'
import { changeKeyOf, itemId } from './properties.ts'
import type { RequestContext } from './request-context.ts'
import { all, descendantAt, type XmlElement } from './xml.ts'

export function createItem(context: RequestContext): string {
  const { operation } = context
  if (!operation.attributes.SendMeetingInvitations) {
    throw new SoapFault(
      'ErrorSendMeetingInvitationsRequired',
      'SendMeetingInvitations attribute is required for Calendar items.'
    )
  }
  const folder = descendantAt(operation, 'SavedItemFolderId')?.children[0]
  const messages = (descendantAt(operation, 'Items')?.children ?? []).map((element) =>
    attempt('CreateItem', '<m:Items/>', () => {
      const { mailbox, right } = openFolder(context, folder ?? ownCalendar)
      if (right !== 'fullAccess') throw refused('ErrorCreateItemAccessDenied')
      if (element.name !== 'CalendarItem') {
        throw new ItemError('ErrorItemSave', 'The simulator keeps calendar items only.')
      }
      const { start, end, ...fields } = fieldsOf(element, context.zone, mailbox.timeZone)
      if (start === undefined || end === undefined) throw refused('ErrorRequiredPropertyMissing')
      return saved(context, mailbox, { ...fields, start, end })
    })
  )
  return responseMessages('CreateItem', messages)
}

const ownCalendar: XmlElement = {
  name: 'DistinguishedFolderId',
  space: '',
  attributes: { Id: 'calendar' },
  children: [],
  text: ''
}

export function updateItem(context: RequestContext): string {
  const { operation } = context
  if (!operation.attributes.SendMeetingInvitationsOrCancellations) {
    throw new SoapFault(
      'ErrorSendMeetingInvitationsOrCancellationsRequired',
      'SendMeetingInvitationsOrCancellations attribute is required for Calendar items.'
    )
  }
  const messages = all(descendantAt(operation, 'ItemChanges'), 'ItemChange').map((change) =>
    attempt('UpdateItem', '<m:Items/>', () => {
      const located = locate(context, descendantAt(change, 'ItemId'))
      if (located.right !== 'fullAccess') throw refused('ErrorAccessDenied')
      checkChangeKey(
        operation.attributes.ConflictResolution ?? 'AutoResolve',
        located,
        descendantAt(change, 'ItemId')
      )
      const fields = updates(context, located, descendantAt(change, 'Updates'))
      const { mailbox, event, day } = located
      const input =
        day === null ? whole(event.input, fields, mailbox) : withException(event.input, fields, dateOf(day))
      const items = saved(context, mailbox, { ...input, id: event.id }, day)
      return `${items}<m:ConflictResults><t:Count>0</t:Count></m:ConflictResults>`
    })
  )
  return responseMessages('UpdateItem', messages)
}

function checkChangeKey(resolution: string, { event }: Located, id: XmlElement | undefined): void {
  const key = id?.attributes.ChangeKey
  if (resolution === 'AlwaysOverwrite') return
  if (!key) {
    throw new ItemError(
      'ErrorChangeKeyRequiredForWriteOperations',
      'The change key passed in the request does not match the current change key for the item.'
    )
  }
  if (resolution === 'NeverOverwrite' && key !== changeKeyOf(event.change)) {
    throw new ItemError(
      'ErrorIrresolvableConflict',
      'The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item.'
    )
  }
}

const cleared: Readonly<Record<string, ItemFields>> = {
  'item:Subject': { subject: '' },
  'calendar:Location': { location: '' },
  'item:Categories': { categories: [] }
}

function updates(context: RequestContext, { mailbox }: Located, element: XmlElement | undefined): ItemFields {
  const fields: ItemFields = {}
  for (const update of element?.children ?? []) {
    if (update.name === 'DeleteItemField') {
      Object.assign(fields, cleared[descendantAt(update, 'FieldURI')?.attributes.FieldURI ?? ''] ?? {})
      continue
    }
    const item = descendantAt(update, 'CalendarItem')
    if (item) Object.assign(fields, fieldsOf(item, context.zone, mailbox.timeZone))
  }
  return fields
}

function whole(before: EventInput, fields: ItemFields, { timeZone }: Mailbox): EventInput {
  const after = { ...before, ...fields }
  if (after.allDay) datesOf(after, timeZone)
  return after
}

/** What differs stands with the series, by the day on which the occurrence would have been. */
function withException(before: EventInput, fields: ItemFields, date: string): EventInput {
  const { recurrence } = before
  if (!recurrence) return before
  const { start, end, subject, location, showAs, sensitivity, categories } = fields
  const held = recurrence.changes?.[date] ?? {}
  const change = Object.fromEntries(
    Object.entries({ start, end, subject, location, showAs, sensitivity, categories }).filter(
      ([, value]) => value !== undefined
    )
  ) as OccurrenceChange
  return {
    ...before,
    recurrence: { ...recurrence, changes: { ...recurrence.changes, [date]: { ...held, ...change } } }
  }
}

function saved(
  context: RequestContext,
  mailbox: Mailbox,
  input: EventInput,
  day: number | null = null
): string {
  try {
    const event = context.mailboxes.putEvent(mailbox.tenant, mailbox.address, input)
    return `<m:Items><t:CalendarItem>${itemId(mailbox, { event, day, kind: 'singleInstance' })}</t:CalendarItem></m:Items>`
  } catch (error) {
    if (!(error instanceof ControlInputError)) throw error
    const early = error.message.includes('too early')
    throw new ItemError(
      early ? 'ErrorCalendarEndDateIsEarlierThanStartDate' : 'ErrorInvalidPropertySet',
      early ? 'EndDate is earlier than StartDate.' : error.message
    )
  }
}

function refused(code: string): ItemError {
  return new ItemError(code, 'Access is denied. Check credentials and try again.')
}
