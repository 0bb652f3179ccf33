/** The properties of a calendar item, in the schema's order: what each shape holds, and since which version. */
import type { EventContent, Mailbox } from '../calendar-item.ts'
import type { SimulatedOccurrence } from '../recurrence.ts'
import { SoapFault } from './envelope.ts'
import { folderIdOf } from './folders.ts'
import { type ExchangeSchema, supports } from './versions.ts'
import { all, descendantAt, escapeText, textAt, type XmlElement } from './xml.ts'
import { windowsNameOf } from './zones.ts'

export type Item = Omit<SimulatedOccurrence, 'kind'> & {
  readonly kind: SimulatedOccurrence['kind'] | 'recurringMaster'
}

export interface Context {
  readonly mailbox: Mailbox
  readonly schema: ExchangeSchema
  readonly written: (instant: number) => string
  /** The caller may write here. */
  readonly writes: boolean
}

type Shape = 'default' | 'all' | 'asked'
type Property = readonly [
  uri: string,
  shape: Shape,
  since: ExchangeSchema,
  xml: (item: Item, itemContext: Context) => string
]

const old = 'Exchange2007_SP1'
const z = (instant: number) => `${new Date(instant).toISOString().slice(0, 19)}Z`
const busy: Readonly<Record<EventContent['showAs'], string>> = {
  free: 'Free',
  tentative: 'Tentative',
  busy: 'Busy',
  oof: 'OOF',
  workingElsewhere: 'WorkingElsewhere',
  unknown: 'NoData'
}
const sensitivities = {
  normal: 'Normal',
  personal: 'Personal',
  private: 'Private',
  confidential: 'Confidential'
}
const answers = {
  none: 'Unknown',
  organizer: 'Organizer',
  accepted: 'Accept',
  tentative: 'Tentative',
  declined: 'Decline',
  notResponded: 'NoResponseReceived'
}
const kinds = {
  singleInstance: 'Single',
  occurrence: 'Occurrence',
  exception: 'Exception',
  recurringMaster: 'RecurringMaster'
}

/** To a schema that does not know it, working elsewhere is free, as Outlook shows it there. */
export function legacyFreeBusyStatus(showAs: EventContent['showAs'], schema: ExchangeSchema): string {
  return showAs === 'workingElsewhere' && !supports(schema, 'Exchange2013') ? 'Free' : busy[showAs]
}

const meeting = ({ content: { response } }: Item) => response !== 'none' && response !== 'organizer'
const tag = (name: string, text: string) => `<t:${name}>${escapeText(text)}</t:${name}>`

const properties: readonly Property[] = [
  [
    'item:ParentFolderId',
    'all',
    old,
    (_, { mailbox }) => `<t:ParentFolderId Id="${folderIdOf(mailbox, 'calendar')}" ChangeKey="AQAAAA=="/>`
  ],
  ['item:ItemClass', 'all', old, () => tag('ItemClass', 'IPM.Appointment')],
  // Found items' strings end at 255 characters; nothing here is longer but on purpose.
  [
    'item:Subject',
    'default',
    old,
    ({ content }) => (content.subject === '' ? '' : tag('Subject', content.subject.slice(0, 255)))
  ],
  ['item:Sensitivity', 'all', old, ({ content }) => tag('Sensitivity', sensitivities[content.sensitivity])],
  ['item:DateTimeReceived', 'all', old, ({ event }) => tag('DateTimeReceived', z(event.created))],
  ['item:Size', 'all', old, () => tag('Size', '2048')],
  [
    'item:Categories',
    'all',
    old,
    ({ content: { categories } }) =>
      categories.length === 0
        ? ''
        : `<t:Categories>${categories.map((each) => tag('String', each)).join('')}</t:Categories>`
  ],
  ['item:Importance', 'all', old, () => tag('Importance', 'Normal')],
  ['item:DateTimeSent', 'all', old, ({ event }) => tag('DateTimeSent', z(event.created))],
  ['item:DateTimeCreated', 'all', old, ({ event }) => tag('DateTimeCreated', z(event.created))],
  ['item:ReminderIsSet', 'all', old, () => tag('ReminderIsSet', 'true')],
  ['item:ReminderMinutesBeforeStart', 'all', old, () => tag('ReminderMinutesBeforeStart', '15')],
  ['item:HasAttachments', 'default', old, () => tag('HasAttachments', 'false')],
  [
    'item:EffectiveRights',
    'all',
    old,
    (_, { writes }) =>
      `<t:EffectiveRights><t:CreateAssociated>false</t:CreateAssociated><t:CreateContents>false</t:CreateContents><t:CreateHierarchy>false</t:CreateHierarchy><t:Delete>${writes}</t:Delete><t:Modify>${writes}</t:Modify><t:Read>true</t:Read></t:EffectiveRights>`
  ],
  ['item:LastModifiedTime', 'asked', old, ({ event }) => tag('LastModifiedTime', z(event.modified))],
  ['calendar:UID', 'all', old, ({ event }, { mailbox }) => tag('UID', uidOf(mailbox, event.id))],
  ['calendar:Start', 'default', old, ({ start }, { written }) => tag('Start', written(start))],
  ['calendar:End', 'default', old, ({ end }, { written }) => tag('End', written(end))],
  ['calendar:IsAllDayEvent', 'all', old, ({ event }) => tag('IsAllDayEvent', String(event.allDay))],
  [
    'calendar:LegacyFreeBusyStatus',
    'default',
    old,
    ({ content }, { schema }) => tag('LegacyFreeBusyStatus', legacyFreeBusyStatus(content.showAs, schema))
  ],
  [
    'calendar:Location',
    'default',
    old,
    ({ content }) => (content.location === '' ? '' : tag('Location', content.location.slice(0, 255)))
  ],
  ['calendar:IsMeeting', 'all', old, (item) => tag('IsMeeting', String(meeting(item)))],
  ['calendar:IsCancelled', 'all', old, ({ content }) => tag('IsCancelled', String(content.cancelled))],
  [
    'calendar:IsRecurring',
    'all',
    old,
    ({ kind }) => tag('IsRecurring', String(kind === 'occurrence' || kind === 'exception'))
  ],
  ['calendar:MeetingRequestWasSent', 'all', old, () => tag('MeetingRequestWasSent', 'false')],
  ['calendar:IsResponseRequested', 'all', old, () => tag('IsResponseRequested', 'true')],
  ['calendar:CalendarItemType', 'all', old, ({ kind }) => tag('CalendarItemType', kinds[kind])],
  ['calendar:MyResponseType', 'all', old, ({ content }) => tag('MyResponseType', answers[content.response])],
  [
    'calendar:Organizer',
    'default',
    old,
    ({ content }) =>
      `<t:Organizer><t:Mailbox>${tag('Name', content.organizer.name)}${tag('EmailAddress', content.organizer.address)}${tag('RoutingType', 'SMTP')}</t:Mailbox></t:Organizer>`
  ],
  [
    'calendar:Duration',
    'all',
    old,
    ({ start, end }) => tag('Duration', `PT${Math.round((end - start) / 60_000)}M`)
  ],
  ['calendar:AppointmentSequenceNumber', 'all', old, () => tag('AppointmentSequenceNumber', '0')],
  ['calendar:AppointmentState', 'all', old, (item) => tag('AppointmentState', meeting(item) ? '3' : '0')],
  ['calendar:StartTimeZone', 'all', 'Exchange2010', (_, { mailbox }) => zone('StartTimeZone', mailbox)],
  ['calendar:EndTimeZone', 'all', 'Exchange2010', (_, { mailbox }) => zone('EndTimeZone', mailbox)],
  [
    'calendar:StartTimeZoneId',
    'asked',
    'Exchange2013',
    (_, { mailbox }) => tag('StartTimeZoneId', windowsNameOf(mailbox.timeZone))
  ],
  [
    'calendar:EndTimeZoneId',
    'asked',
    'Exchange2013',
    (_, { mailbox }) => tag('EndTimeZoneId', windowsNameOf(mailbox.timeZone))
  ],
  ['calendar:IsOrganizer', 'asked', 'Exchange2013', (item) => tag('IsOrganizer', String(!meeting(item)))]
]

/** Valid, newer than 2007, and never there: knowing them lets an older server refuse them as it would. */
const later: Readonly<Record<string, ExchangeSchema>> = {
  'item:UniqueBody': 'Exchange2010',
  'item:ConversationId': 'Exchange2010',
  'item:StoreEntryId': 'Exchange2010_SP1',
  'item:Flag': 'Exchange2013',
  'item:InstanceKey': 'Exchange2013',
  'item:TextBody': 'Exchange2013',
  'item:Preview': 'Exchange2013',
  'calendar:EnhancedLocation': 'Exchange2013',
  'calendar:JoinOnlineMeetingUrl': 'Exchange2013',
  'calendar:OnlineMeetingSettings': 'Exchange2013',
  'calendar:StartWallClock': 'Exchange2013',
  'calendar:EndWallClock': 'Exchange2013',
  ...Object.fromEntries(properties.map(([uri, , since]) => [uri, since]))
}

/** What an ItemShape asks for; throws where the server or the asked version does not know a property. */
export function shapeOf(
  shape: XmlElement | undefined,
  server: ExchangeSchema,
  schema: ExchangeSchema
): readonly Property[] {
  const base = textAt(shape, 'BaseShape') ?? ''
  if (!['IdOnly', 'Default', 'AllProperties'].includes(base)) {
    throw new SoapFault(
      'ErrorSchemaValidation',
      'The request failed schema validation: BaseShape is invalid.'
    )
  }
  const more = new Set<string>()
  for (const { attributes } of all(descendantAt(shape, 'AdditionalProperties'), 'FieldURI')) {
    const uri = attributes.FieldURI ?? ''
    const since = later[uri] ?? old
    if (!/^[a-z][A-Za-z]*:[A-Z]\w*$/.test(uri) || !supports(server, since)) {
      throw new SoapFault(
        'ErrorSchemaValidation',
        `The request failed schema validation: The 'FieldURI' attribute is invalid - The value '${uri}' is invalid according to its datatype 'http://schemas.microsoft.com/exchange/services/2006/types:UnindexedFieldURIType' - The Enumeration constraint failed.`
      )
    }
    if (!supports(schema, since) && since !== old) {
      throw new SoapFault(
        'ErrorInvalidPropertyRequest',
        `The property ${uri} is not valid for the version context for.`
      )
    }
    more.add(uri)
  }
  return properties.filter(([uri, kind, since]) => {
    if (more.has(uri)) return true
    if (kind === 'asked' || base === 'IdOnly') return false
    return (kind === 'default' || base === 'AllProperties') && supports(schema, since)
  })
}

export function calendarItem(item: Item, selected: readonly Property[], itemContext: Context): string {
  let xml = `<t:CalendarItem>${itemId(itemContext.mailbox, item)}`
  for (const [, , , write] of selected) xml += write(item, itemContext)
  return `${xml}</t:CalendarItem>`
}

export function itemId(mailbox: Mailbox, { event, day, kind }: Pick<Item, 'event' | 'day' | 'kind'>): string {
  return `<t:ItemId Id="${itemIdOf(mailbox, event.id, kind === 'recurringMaster' ? null : day)}" ChangeKey="${changeKeyOf(event.change)}"/>`
}

const idPrefix = 'AAMkADBi'

/** The same as Graph's mutable id, but for the alphabet. */
export function itemIdOf(mailbox: Mailbox, event: string, day: number | null): string {
  const key = day === null ? event : `${event}\n${day}`
  return `${idPrefix}${Buffer.from(`${mailbox.objectId}\n${key}`).toString('base64')}`
}

export interface ItemKey {
  readonly mailbox: string
  readonly event: string
  readonly day: number | null
}

/** Ids are compared with case. */
export function readId(id: string): ItemKey | null {
  if (!id.startsWith(idPrefix)) return null
  const parts = Buffer.from(id.slice(idPrefix.length), 'base64').toString().split('\n')
  const [mailbox, event, day] = parts
  if (!mailbox || !event || parts.length > 3) return null
  return { mailbox, event, day: day === undefined ? null : Number(day) }
}

export function changeKeyOf(change: number): string {
  return `DwAAABYAAAA${Buffer.from(String(change).padStart(9, '0')).toString('base64')}`
}

function uidOf(mailbox: Mailbox, event: string): string {
  return `040000008200E00074C5B7101A82E008${Buffer.from(`${mailbox.objectId}/${event}`).toString('hex').toUpperCase()}`
}

function zone(name: string, mailbox: Mailbox): string {
  const id = windowsNameOf(mailbox.timeZone)
  return `<t:${name} Name="${id}" Id="${id}"/>`
}
