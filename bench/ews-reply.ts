/** A full EWS reply, bytes to CalendarEvents, beside `saxes` tokenising it; and how long it keeps the event loop. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { SaxesParser } from 'saxes'
import { availabilityReader } from '../src/connectors/ews/read/availability-response.ts'
import { readSoap } from '../src/connectors/ews/soap/response.ts'
import { comparePaired, formatRatio, median, printRow } from './paired-runs.ts'

const MAILBOXES = 100
const EVENTS = 20
const TURNS = 10
const WARM_UP = 40
/** Bytes, as TLS records come. */
const CHUNK = 16 * 1024

export async function benchEwsReply(): Promise<void> {
  const reply = Buffer.from(availabilityReply())
  const zones = Array.from({ length: MAILBOXES }, () => 'Europe/Stockholm')
  const read = async () => {
    const mailboxes = availabilityReader(zones)
    await readSoap(chunksOf(reply), 'GetUserAvailability', mailboxes, {
      contentType: 'text/xml; charset=utf-8'
    })
    const events = mailboxes.found.reduce((sum, { events }) => sum + events.length, 0)
    if (events !== MAILBOXES * EVENTS) throw new Error(`${events} events were read`)
  }
  // A service that runs has compiled both: of a cold process V8's compiler would be measured.
  for (let turn = 0; turn < WARM_UP; turn++) {
    await read()
    tokenise(reply)
  }
  const { ratio, ours, baseline } = await comparePaired(
    9,
    () => cpuOf(read),
    () => cpuOf(async () => tokenise(reply))
  )
  const inMilliseconds = (figure: number) => `${figure.toFixed(1)} ms`
  printRow(
    `EWS reply, ${MAILBOXES} mailboxes × ${EVENTS} events`,
    inMilliseconds(ours),
    inMilliseconds(baseline),
    formatRatio(ratio),
    '≤ 1.5 × saxes'
  )
  const stalls: number[] = []
  for (let turn = 0; turn < TURNS; turn++) stalls.push(await longestStall(read))
  const range = `(${Math.min(...stalls).toFixed(1)}–${Math.max(...stalls).toFixed(1)})`
  printRow('EWS reply, longest stall of the event loop', inMilliseconds(median(stalls)), '', range, '≤ 20 ms')
}

/** CPU milliseconds of one turn. */
async function cpuOf(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  for (let turn = 0; turn < TURNS; turn++) await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / TURNS
}

/** Bytes to tags and texts, that nobody looks at. */
function tokenise(reply: Buffer): void {
  const saxes = new SaxesParser({ position: false })
  saxes.on('opentag', () => {})
  saxes.on('closetag', () => {})
  saxes.on('text', () => {})
  for (const chunk of chunksOf(reply)) saxes.write(chunk.toString('utf8'))
  saxes.close()
}

async function longestStall(work: () => Promise<void>): Promise<number> {
  const resolution = 1
  const delay = monitorEventLoopDelay({ resolution })
  delay.enable()
  await work()
  delay.disable()
  return Math.max(0, delay.max / 1e6 - resolution)
}

function* chunksOf(reply: Buffer): Generator<Buffer> {
  for (let at = 0; at < reply.length; at += CHUNK) yield reply.subarray(at, at + CHUNK)
}

/** In the shape that Exchange 2013 and later answer the Detailed view with. */
function availabilityReply(): string {
  const types = 'http://schemas.microsoft.com/exchange/services/2006/types'
  const event = (index: number) => {
    const day = `2026-11-${String(10 + (index % 14)).padStart(2, '0')}`
    return `<CalendarEvent><StartTime>${day}T09:00:00</StartTime><EndTime>${day}T10:00:00</EndTime><BusyType>Busy</BusyType><CalendarEventDetails><ID>00000000F7A1C0DE00${index}</ID><Subject>MOT: Avstamning ${index} med kund &amp; partner</Subject><Location>Rum ${index}</Location><IsMeeting>true</IsMeeting><IsRecurring>false</IsRecurring><IsException>false</IsException><IsReminderSet>true</IsReminderSet><IsPrivate>false</IsPrivate></CalendarEventDetails></CalendarEvent>`
  }
  const mailbox = `<FreeBusyResponse><ResponseMessage ResponseClass="Success"><ResponseCode>NoError</ResponseCode></ResponseMessage><FreeBusyView><FreeBusyViewType xmlns="${types}">Detailed</FreeBusyViewType><CalendarEventArray xmlns="${types}">${Array.from({ length: EVENTS }, (_, index) => event(index)).join('')}</CalendarEventArray><WorkingHours xmlns="${types}"><TimeZone><Bias>-60</Bias><StandardTime><Bias>0</Bias><Time>03:00:00</Time><DayOrder>5</DayOrder><Month>10</Month><DayOfWeek>Sunday</DayOfWeek></StandardTime><DaylightTime><Bias>-60</Bias><Time>02:00:00</Time><DayOrder>5</DayOrder><Month>3</Month><DayOfWeek>Sunday</DayOfWeek></DaylightTime></TimeZone><WorkingPeriodArray><WorkingPeriod><DayOfWeek>Monday Tuesday Wednesday Thursday Friday</DayOfWeek><StartTimeInMinutes>480</StartTimeInMinutes><EndTimeInMinutes>1020</EndTimeInMinutes></WorkingPeriod></WorkingPeriodArray></WorkingHours></FreeBusyView></FreeBusyResponse>`
  return `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><h:ServerVersionInfo MajorVersion="15" MinorVersion="2" MajorBuildNumber="1748" MinorBuildNumber="10" xmlns:h="${types}"/></s:Header><s:Body><GetUserAvailabilityResponse xmlns="http://schemas.microsoft.com/exchange/services/2006/messages"><FreeBusyResponseArray>${mailbox.repeat(MAILBOXES)}</FreeBusyResponseArray></GetUserAvailabilityResponse></s:Body></s:Envelope>`
}
