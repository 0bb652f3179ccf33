/** The ICS connector passes what every connector must, over calendars that a web server publishes. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { createIcsConnector } from '../../../src/connectors/ics/connector.ts'
import { anyAddress } from '../../../src/connectors/net/address-policy.ts'
import { openHttpClient } from '../../../src/connectors/net/http-client.ts'
import { connectorContract } from '../../contracts/connector.ts'
import type { CalendarServer, ContractEvent, Trouble } from '../../contracts/connector-calendar-server.ts'
import { calendar } from './calendars.ts'

const published = new Map<string, string>()
const troubled = new Map<string, Trouble>()

const server = createServer((request, reply) => {
  const path = request.url ?? ''
  const text = published.get(path)
  const trouble = troubled.get(path)
  if (trouble === 'hangs') return
  reply.setHeader('content-type', 'text/calendar; charset=utf-8')
  if (text === undefined) reply.writeHead(404).end()
  else if (trouble === 'garbage') reply.end('{"garbage": 1}')
  else if (trouble === 'cut off')
    reply.writeHead(200, { 'content-length': '99999' }).write(text.slice(0, 90), () => reply.destroy())
  else reply.end(text)
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const outbound = openHttpClient({ addressPolicy: anyAddress })
const connector = createIcsConnector({ tenant: 'acme', folder: t.testdirName, httpClient: outbound })
t.teardown(async () => {
  await connector.close()
  await outbound.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const owner = 'anna@example.se'
const pathOf = (name: string) => `/${encodeURIComponent(name)}/basic.ics`
const addressOf = (name: string) =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}${pathOf(name)}`

const calendarServer: CalendarServer = {
  connector,
  async put(name, timeZone, events) {
    const text = calendar(
      `X-WR-CALNAME:${owner}`,
      ...events.flatMap((event, index) => written(event, index, timeZone))
    )
    published.set(pathOf(name), text)
    return addressOf(name)
  },
  missing: addressOf,
  async trouble(kind, name) {
    troubled.set(pathOf(name), kind)
    return () => void troubled.delete(pathOf(name))
  }
}

const busyWords = {
  free: 'FREE',
  tentative: 'TENTATIVE',
  busy: 'BUSY',
  oof: 'OOF',
  workingElsewhere: 'WORKINGELSEWHERE',
  unknown: 'BUSY'
}
const answers = {
  accepted: 'ACCEPTED',
  tentative: 'TENTATIVE',
  declined: 'DECLINED',
  notResponded: 'NEEDS-ACTION'
}

function written(event: ContractEvent, index: number, zone: string): string[] {
  const { daily, response = 'organizer' } = event
  const time = (name: string, value: string) =>
    event.allDay
      ? `${name};VALUE=DATE:${value.replaceAll('-', '')}`
      : `${name};TZID=${zone}:${local(value, zone)}`
  const asked = response in answers
  const common = [
    `UID:${index}@example.se`,
    `SUMMARY:${escaped(event.subject)}`,
    `X-MICROSOFT-CDO-BUSYSTATUS:${busyWords[event.busy ?? 'busy']}`,
    `CLASS:${{ normal: 'PUBLIC', private: 'PRIVATE', confidential: 'CONFIDENTIAL' }[event.visibility ?? 'normal']}`,
    `STATUS:${event.cancelled ? 'CANCELLED' : 'CONFIRMED'}`,
    ...(response === 'none' ? [] : [`ORGANIZER:mailto:${asked ? 'bo@example.se' : owner}`]),
    ...(asked ? [`ATTENDEE;PARTSTAT=${answers[response as keyof typeof answers]}:mailto:${owner}`] : []),
    ...(event.categories?.length ? [`CATEGORIES:${event.categories.map(escaped).join(',')}`] : [])
  ]
  const hour = event.allDay ? '' : local(event.start, zone).slice(8)
  const original = (name: string, date: string) =>
    event.allDay
      ? `${name};VALUE=DATE:${date.replaceAll('-', '')}`
      : `${name};TZID=${zone}:${date.replaceAll('-', '')}${hour}`
  const rule = daily && [
    `RRULE:FREQ=DAILY${daily.count === undefined ? '' : `;COUNT=${daily.count}`}`,
    ...(daily.deleted ?? []).map((date) => original('EXDATE', date))
  ]
  const moved = Object.entries(daily?.moved ?? {}).map(([date, { start, end }]) =>
    block([...common, original('RECURRENCE-ID', date), time('DTSTART', start), time('DTEND', end)])
  )
  return [
    block([...common, time('DTSTART', event.start), time('DTEND', event.end), ...(rule ?? [])]),
    ...moved
  ].flat()
}

function block(lines: string[]): string[] {
  return ['BEGIN:VEVENT', ...lines.map(folded), 'END:VEVENT']
}

function local(instant: string, zone: string): string {
  return new Date(instant)
    .toLocaleString('sv-SE', { timeZone: zone })
    .replaceAll(/[-:]/g, '')
    .replace(' ', 'T')
}

function escaped(text: string): string {
  return text.replaceAll(/[\\;,]/g, '\\$&').replaceAll('\n', '\\n')
}

function folded(line: string): string {
  return [...line].reduce(
    (text, letter, index) => text + (index > 0 && index % 60 === 0 ? '\r\n ' : '') + letter,
    ''
  )
}

await connectorContract(t, calendarServer)
