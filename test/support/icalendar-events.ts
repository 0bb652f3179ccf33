/** The events of the connector contract as iCalendar, as a program of their owner would write them. */
import type { ContractEvent } from '../contracts/connector-calendar-server.ts'

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

/** The lines of the event's VEVENTs: of a series also those that were moved. */
export function vevents(event: ContractEvent, index: number, zone: string, owner: string): string[] {
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
