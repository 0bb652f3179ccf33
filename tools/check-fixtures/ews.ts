/** What the EWS parsers must make of each file in the fixtures' `ews` folder. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import {
  readGetUserSettings,
  readPoxResponse
} from '../../src/connectors/ews/client/autodiscover-responses.ts'
import { ewsVersions, newestVersionOf } from '../../src/connectors/ews/client/versions.ts'
import { isThrottled, toEwsError } from '../../src/connectors/ews/errors.ts'
import { availabilityReader } from '../../src/connectors/ews/read/availability-response.ts'
import { calendarViewReader } from '../../src/connectors/ews/read/calendar-view-response.ts'
import { type ResponseStatus, readSoap, type ServerVersion } from '../../src/connectors/ews/soap/response.ts'
import { soapDialect } from '../../src/connectors/ews/soap/soap-dialect.ts'
import { readXml } from '../../src/connectors/net/xml-reader.ts'
import type { CalendarEvent } from '../../src/domain/calendar-event.ts'
import { RemoteError } from '../../src/errors.ts'
import { checkedOperations } from './ews-operations.ts'
import { streams } from './ews-streams.ts'
import type { CheckedFile } from './graph.ts'
import { inPieces } from './pieces.ts'

/** Every file is read whole, in pieces that end anywhere, by the connector's own parsers. */
export async function checkEwsFixtures(folder: string): Promise<readonly CheckedFile[]> {
  const files = (await readdir(folder)).filter((file) => /\.(xml|txt)$/.test(file)).sort()
  const checked: CheckedFile[] = []
  for (const file of files) checked.push(await checkFile(file, await readFile(join(folder, file))))
  const missing = [...Object.keys(expectations), ...Object.keys(checkedOperations)].filter(
    (file) => !files.includes(file)
  )
  return [...checked, ...missing.map((file) => ({ file, found: 'nothing', fault: 'the file is not there' }))]
}

async function checkFile(file: string, bytes: Buffer): Promise<CheckedFile> {
  const known = checkedOperations[file]
  const [read, expected] = expectations[file] ?? (known === undefined ? [] : ([operation, known] as const))
  if (read === undefined) return { file, found: 'an unknown file', fault: 'no expectation is written for it' }
  try {
    const found = await read(bytes)
    const again = await read(bytes, 1)
    if (!isDeepStrictEqual(found, again)) {
      return { file, found: JSON.stringify(found), fault: `byte by byte: ${JSON.stringify(again)}` }
    }
    const fault = isDeepStrictEqual(found, expected) ? null : `expected ${JSON.stringify(expected)}`
    return { file, found: JSON.stringify(found), fault }
  } catch (error) {
    return { file, found: 'a crash', fault: String(error) }
  }
}

type Read = (bytes: Buffer, size?: number) => Promise<unknown>

const zone = 'Europe/Stockholm'

/**
 * Parser and figures, as they stand in the file. An event reads `start/end busy`, with `all-day`, visibility,
 * `cancelled` and response where present; a fault `code scope`, with its pause; a server the schema that it speaks.
 */
const expectations: Readonly<Record<string, readonly [read: Read, expected: unknown]>> = {
  ...streams,
  'getuseravailability-detailed-2mailboxes.xml': [
    availability,
    [
      'Exchange2007_SP1',
      [
        'DetailedMerged subjects',
        '2006-10-16T13:00Z/2006-10-16T13:30Z busy organizer',
        '2006-10-16T14:00Z/2006-10-16T15:00Z busy organizer',
        '2006-10-16T16:40Z/2006-10-16T17:10Z busy organizer'
      ],
      ['FreeBusyMerged', '2006-10-16T16:00Z/2006-10-16T17:00Z tentative notResponded']
    ]
  ],
  'getuseravailability-freebusy-suggestions.xml': [
    availability,
    [
      'Exchange2013_SP1',
      [
        'FreeBusy',
        '2014-02-13T08:00Z/2014-02-13T10:00Z free organizer',
        '2014-02-13T11:00Z/2014-02-13T12:00Z busy organizer'
      ],
      [
        'FreeBusy',
        '2014-02-12T00:00Z/2014-02-13T00:00Z free organizer',
        '2014-02-13T08:00Z/2014-02-13T10:00Z free organizer',
        '2014-02-13T11:00Z/2014-02-13T12:00Z busy organizer',
        '2014-02-13T15:00Z/2014-02-13T16:00Z tentative notResponded'
      ]
    ]
  ],
  'getuseravailability-freebusy-norights-2007.xml': [
    availability,
    [
      'Exchange2007_SP1',
      [
        'FreeBusy',
        '2012-05-15T04:00Z/2012-05-16T04:00Z free organizer',
        '2012-05-16T12:00Z/2012-05-16T12:30Z busy organizer'
      ]
    ]
  ],
  'getuseravailability-error-mailrecipientnotfound-2007.xml': [
    availability,
    ['Exchange2007_SP1', 'mailbox_unknown mailbox']
  ],
  'getuseravailability-error-mailrecipientnotfound-online.xml': [
    availability,
    ['Exchange2016', 'mailbox_unknown mailbox']
  ],
  'getuseravailability-error-nofreebusyaccess-mixed.xml': [
    availability,
    [
      'Exchange2013_SP1',
      'access_denied mailbox',
      [
        'Detailed subjects',
        '2026-11-23T09:00Z/2026-11-23T10:00Z workingElsewhere organizer',
        '2026-11-23T12:00Z/2026-11-23T13:00Z oof private organizer'
      ]
    ]
  ],
  'getuseravailability-error-proxyrequestprocessingfailed.xml': [
    availability,
    ['no server named', 'unreachable mailbox']
  ],
  'finditem-calendarview-allmappedprops.xml': [
    view,
    [
      'whole',
      '2026-11-23T08:00Z/2026-11-23T09:00Z busy accepted Rote Kategorie',
      '2026-11-23T10:00Z/2026-11-23T11:00Z oof private organizer',
      '2026-11-23T12:00Z/2026-11-23T12:30Z free cancelled notResponded',
      '2026-11-23T23:00Z/2026-11-24T23:00Z workingElsewhere all-day none'
    ]
  ],
  'finditem-calendarview.xml': [
    view,
    [
      'cut',
      '2013-08-21T19:30Z/2013-08-21T20:00Z unknown organizer',
      '2013-08-21T20:00Z/2013-08-21T21:00Z unknown organizer',
      '2013-08-21T21:30Z/2013-08-21T22:30Z unknown organizer',
      '2013-08-22T18:00Z/2013-08-22T19:00Z unknown organizer',
      '2013-08-22T21:00Z/2013-08-22T22:00Z unknown organizer'
    ]
  ],
  // The documentation's sample asked for no times, which every event has.
  'finditem-calendarview-delegate.xml': [view, 'protocol_error Start'],
  'finditem-calendarview-recurring.xml': [
    view,
    [
      'whole',
      '2014-07-02T15:30Z/2014-07-02T17:00Z unknown organizer',
      '2014-07-09T15:30Z/2014-07-09T17:00Z unknown organizer',
      '2014-07-16T15:30Z/2014-07-16T17:00Z unknown organizer',
      '2014-07-23T15:30Z/2014-07-23T17:00Z unknown organizer',
      '2014-07-30T15:30Z/2014-07-30T17:00Z unknown organizer'
    ]
  ],
  // Without a CalendarView masters come back: no calendar can be read from them.
  'finditem-no-calendarview-recurring-master.xml': [view, 'protocol_error This'],
  'fault-client-notmailboxowner-2007.xml': [fault, 'access_denied mailbox'],
  'fault-errorimpersonateuserdenied.xml': [fault, 'access_denied mailbox'],
  'fault-errorincorrectschemaversion.xml': [fault, 'protocol_error connection'],
  'fault-errorinvalidexchangeimpersonationheaderdata.xml': [fault, 'access_denied connection'],
  'fault-errorinvalidrequest-exchange2019version.xml': [fault, 'protocol_error connection'],
  'fault-errorinvalidserverversion.xml': [fault, 'protocol_error connection'],
  'fault-errornonexistentmailbox.xml': [fault, 'mailbox_unknown mailbox'],
  'fault-errorserverbusy-backoff.xml': [fault, 'throttled after 297749'],
  'fault-schemavalidation.xml': [fault, 'protocol_error connection'],
  'autodiscover-pox-redirectaddr.xml': [pox, { kind: 'address', address: 'elvin@mail.contoso.com' }],
  'autodiscover-pox-settings.xml': [pox, { kind: 'url', url: 'https://mail.contoso.com/EWS/Exchange.asmx' }],
  'autodiscover-soap-getusersettings-multi.xml': [
    settings,
    { kind: 'url', url: 'https://mail.contoso.com/EWS/Exchange.asmx' }
  ],
  // The sample names no EWS URL.
  'autodiscover-soap-getusersettings.xml': [settings, null],
  'autodiscover-soap-redirectaddress.xml': [settings, { kind: 'address', address: 'elvin@mail.contoso.com' }]
}

async function availability(bytes: Buffer, size = 97): Promise<unknown> {
  const reader = availabilityReader([zone, zone, zone])
  const { server } = await readSoap(inPieces(bytes, size), 'GetUserAvailability', reader)
  return [
    schemaOf(server),
    ...reader.found.map(({ status: verdict, view, events, fault }) => {
      if (verdict.code !== 'NoError') return meaningOf(verdict)
      return (
        fault?.message ?? [
          view.startsWith('Detailed') ? `${view} subjects` : view,
          ...events.map(eventInWords)
        ]
      )
    })
  ]
}

async function view(bytes: Buffer, size = 97): Promise<unknown> {
  const reader = calendarViewReader(zone)
  await readSoap(inPieces(bytes, size), 'FindItem', reader)
  if (reader.fault !== null) return `${reader.fault.code} ${reader.fault.hint.split(' ')[0]}`
  return [reader.isComplete ? 'whole' : 'cut', ...reader.events.map(eventInWords)]
}

async function fault(bytes: Buffer, size = 97): Promise<unknown> {
  const { fault } = await readSoap(inPieces(bytes, size), 'FindItem', { open() {}, close() {} })
  return fault === null ? 'no fault' : meaningOf(fault)
}

async function pox(bytes: Buffer, size = 97): Promise<unknown> {
  return readPoxResponse(inPieces(bytes, size), 'text/xml')
}

async function settings(bytes: Buffer, size = 97): Promise<unknown> {
  return readGetUserSettings(inPieces(bytes, size), 'text/xml')
}

/** Operations that the connector does not use yet: what stands in the body, by the same reader. */
async function operation(bytes: Buffer, size = 97): Promise<string> {
  const seen: string[] = []
  const visitor = {
    open(name: string, depth: number) {
      if (depth === 3 || /(?:Event|Item|Folder|Contact|Resolution|Create)$/.test(name)) seen.push(name)
    },
    close(name: string, _depth: number, text: string) {
      if (/^(ResponseCode|ConnectionStatus|OofState)$/.test(name)) seen.push(text.trim())
      if (name === 'Value') seen.push(`after ${text.trim()}`)
    }
  }
  const documents = bytes.includes('</Envelope><Envelope') ? 'many' : 'one'
  await readXml(inPieces(bytes, size), visitor, soapDialect, { documents })
  return seen.filter((word) => word !== 'ServerVersionInfo').join(' ')
}

function schemaOf(server: ServerVersion | null): string {
  return server === null ? 'no server named' : newestVersionOf(server).schema
}

function meaningOf(verdict: ResponseStatus): string {
  if (isThrottled(verdict)) return `throttled after ${verdict.backOffMs}`
  const error = toEwsError(verdict, {
    mailbox: 'anna@example.se',
    account: 'svc',
    access: 'delegate',
    version: ewsVersions[0]!
  })
  return error instanceof RemoteError ? `${error.code} ${error.scope}` : 'no error'
}

function eventInWords(event: CalendarEvent): string {
  const minute = (instant: number) => `${new Date(instant).toISOString().slice(0, 16)}Z`
  return [
    `${minute(event.start)}/${minute(event.end)}`,
    event.busy,
    event.allDay ? 'all-day' : '',
    event.visibility === 'normal' ? '' : event.visibility,
    event.cancelled ? 'cancelled' : '',
    event.response,
    ...event.categories
  ]
    .filter((word) => word !== '')
    .join(' ')
}
