/** Items by their ids: GetItem and DeleteItem, and where an id leads for whoever may follow it. */

import type { CalendarItem, Mailbox, Right } from '../calendar-item.ts'
import { rightOfAddress } from '../mailboxes.ts'
import { occurrencesIn } from '../recurrence.ts'
import { dayMs } from '../time.ts'
import { attempt, errorResponseMessage, ItemError, responseMessages, SoapFault } from './envelope.ts'
import { storedItem } from './find-item.ts'
import { denied } from './folders.ts'
import { calendarItem, type Item, readId, shapeOf } from './properties.ts'
import type { RequestContext } from './request-context.ts'
import { descendantAt, type XmlElement } from './xml.ts'
import { timesIn } from './zones.ts'

export interface Located {
  readonly mailbox: Mailbox
  readonly event: CalendarItem
  /** The occurrence's day; null for the event itself. */
  readonly day: number | null
  readonly right: Right
}

/** Throws an ItemError when the id leads nowhere, or where the caller may not go. */
export function locate(
  { mailboxes, installation, caller }: RequestContext,
  id: XmlElement | undefined
): Located {
  const key = readId(id?.attributes.Id ?? id?.attributes.OccurrenceId ?? '')
  if (!key) throw new ItemError('ErrorInvalidIdMalformed', 'The Id is malformed.')
  const mailbox = mailboxes.find(installation.tenant, key.mailbox)
  const event = mailbox?.events.get(key.event)
  if (!mailbox || !event) throw notFound()
  const right = rightOfAddress(mailbox, caller.address)
  if (right !== 'fullAccess' && right !== 'reviewer') throw right === 'none' ? notFound() : denied()
  return { mailbox, event, day: id?.name === 'RecurringMasterItemId' ? null : key.day, right }
}

export function notFound(): ItemError {
  return new ItemError('ErrorItemNotFound', 'The specified object was not found in the store.')
}

export function getItem(context: RequestContext): string {
  const { operation, installation, schema } = context
  const selected = shapeOf(descendantAt(operation, 'ItemShape'), installation.version.schema, schema)
  const messages = (descendantAt(operation, 'ItemIds')?.children ?? []).map((id) =>
    attempt('GetItem', '<m:Items/>', () => {
      const { mailbox, event, day, right } = locate(context, id)
      const itemContext = { mailbox, schema, written: timesIn(context.zone), writes: right === 'fullAccess' }
      const item = day === null ? storedItem(mailbox, event) : occurrenceOf(mailbox, event, day)
      return `<m:Items>${calendarItem(item, selected, itemContext)}</m:Items>`
    })
  )
  return responseMessages('GetItem', messages)
}

/** Where it would be, and a year around that in case it was moved. */
function occurrenceOf(mailbox: Mailbox, event: CalendarItem, day: number): Item {
  const around = occurrencesIn(mailbox, (day - 366) * dayMs, (day + 366) * dayMs)
  const found = around.find((each) => each.event === event && each.day === day)
  if (!found) throw notFound()
  return found
}

export function deleteItem(context: RequestContext): string {
  const { operation, mailboxes } = context
  if (!operation.attributes.SendMeetingCancellations) {
    throw new SoapFault(
      'ErrorSendMeetingCancellationsRequired',
      'SendMeetingCancellations attribute is required for Calendar items.'
    )
  }
  const messages = (descendantAt(operation, 'ItemIds')?.children ?? []).map((id) =>
    attempt('DeleteItem', '', () => {
      const { mailbox, event, day, right } = locate(context, id)
      if (right !== 'fullAccess')
        throw new ItemError('ErrorCannotDeleteObject', 'The delete action could not be completed.')
      if (day === null) mailboxes.deleteEvent(mailbox.tenant, mailbox.address, event.id)
      else {
        const recurrence = event.input.recurrence
        if (!recurrence) throw notFound()
        const skip = [...(recurrence.skip ?? []), dateOf(day)]
        mailboxes.putEvent(mailbox.tenant, mailbox.address, {
          ...event.input,
          recurrence: { ...recurrence, skip }
        })
      }
      return ''
    })
  )
  return responseMessages('DeleteItem', messages)
}

export function dateOf(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10)
}

/** No id is known in any other format; clients ask to learn the server's version (exchangelib does). */
export function convertId({ operation }: RequestContext): string {
  const error = { code: 'ErrorInvalidIdMalformed', message: 'The Id is malformed.' }
  return responseMessages(
    'ConvertId',
    (descendantAt(operation, 'SourceIds')?.children ?? []).map(() => errorResponseMessage('ConvertId', error))
  )
}
