/** Time zones by name: of the TimeZoneContext header, and those that GetServerTimeZones lists. */
import { zoneNamed } from '../graph/preferences.ts'
import { instantOfLocal, localTimeOf } from '../time.ts'
import { responseMessages, success } from './envelope.ts'
import type { RequestContext } from './request-context.ts'
import { type RuleZone, type Season, seasonsOf } from './rule-zone.ts'
import { all, descendantAt, escapeText, type XmlElement } from './xml.ts'

/** IANA; null where the header is not there or names no zone. */
export function zoneOfContext(header: XmlElement | undefined): string | null {
  const context = descendantAt(header, 'TimeZoneContext', 'TimeZoneDefinition')
  return context ? zoneNamed(context.attributes.Id ?? '') : null
}

export function zoneByRules(zone: string): RuleZone {
  return { wallAt: (instant) => localTimeOf(instant, zone), instantAt: (wall) => instantOfLocal(wall, zone) }
}

/** Only those that are asked for by Id: a server has 140, and nobody here wants them. */
export function getServerTimeZones({ operation, now }: RequestContext): string {
  const names = all(descendantAt(operation, 'Ids'), 'Id').map(({ text }) => text)
  const year = new Date(now).getUTCFullYear()
  const shown = names.flatMap((name) => {
    const zone = zoneNamed(name)
    return zone === null ? [] : [definition(name, zone, year)]
  })
  const content = `<m:TimeZoneDefinitions>${shown.join('')}</m:TimeZoneDefinitions>`
  return responseMessages('GetServerTimeZones', [success('GetServerTimeZones', content)])
}

function definition(name: string, zone: string, year: number): string {
  const { bias, standard, daylight } = seasonsOf(zone, year)
  const id = escapeText(name)
  const period = (kind: string, minutes: number) =>
    `<t:Period Bias="${duration(minutes)}" Name="${kind}" Id="trule:Microsoft/Registry/${id}/2007-${kind}"/>`
  const turn = (kind: string, each: Season) =>
    `<t:RecurringDayTransition><t:To Kind="Period">trule:Microsoft/Registry/${id}/2007-${kind}</t:To><t:TimeOffset>${duration(minutesOf(each))}</t:TimeOffset><t:Month>${each.month}</t:Month><t:DayOfWeek>${each.weekday}</t:DayOfWeek><t:Occurrence>${each.order === 5 ? -1 : each.order}</t:Occurrence></t:RecurringDayTransition>`
  const still = standard.order === 0
  const periods = still
    ? period('Standard', bias)
    : period('Standard', bias) + period('Daylight', bias + daylight.bias)
  const group = still
    ? `<t:Transition><t:To Kind="Period">trule:Microsoft/Registry/${id}/2007-Standard</t:To></t:Transition>`
    : turn('Daylight', daylight) + turn('Standard', standard)
  return `<t:TimeZoneDefinition Name="${id}" Id="${id}"><t:Periods>${periods}</t:Periods><t:TransitionsGroups><t:TransitionsGroup Id="0">${group}</t:TransitionsGroup></t:TransitionsGroups><t:Transitions><t:Transition><t:To Kind="Group">0</t:To></t:Transition></t:Transitions></t:TimeZoneDefinition>`
}

function minutesOf({ time }: Season): number {
  const [hours, minutes] = time.split(':').map(Number)
  return (hours ?? 0) * 60 + (minutes ?? 0)
}

/** xs:duration. */
function duration(minutes: number): string {
  const sign = minutes < 0 ? '-' : ''
  const length = Math.abs(minutes)
  return `${sign}PT${Math.floor(length / 60)}H${length % 60 === 0 ? '' : `${length % 60}M`}`
}

const windowsNames: Readonly<Record<string, string>> = {
  'Europe/Stockholm': 'W. Europe Standard Time',
  'Europe/Oslo': 'W. Europe Standard Time',
  'Europe/Berlin': 'W. Europe Standard Time',
  'Europe/Copenhagen': 'Romance Standard Time',
  'Europe/Paris': 'Romance Standard Time',
  'Europe/Helsinki': 'FLE Standard Time',
  'Europe/London': 'GMT Standard Time',
  'Atlantic/Reykjavik': 'Greenwich Standard Time',
  'Asia/Kolkata': 'India Standard Time',
  'Asia/Tokyo': 'Tokyo Standard Time',
  'Pacific/Auckland': 'New Zealand Standard Time',
  'America/New_York': 'Eastern Standard Time',
  'America/Chicago': 'Central Standard Time',
  'America/Los_Angeles': 'Pacific Standard Time'
}

/** As Windows calls the zone; `UTC` for those that no mailbox here lives in. */
export function windowsNameOf(zone: string): string {
  return windowsNames[zone] ?? 'UTC'
}

/** How a call's times are written: in UTC, or in its context's zone with the offset. */
export function timesIn(zone: string | null): (instant: number) => string {
  if (zone === null || zone === 'UTC') return (instant) => `${new Date(instant).toISOString().slice(0, 19)}Z`
  return (instant) => {
    const wall = localTimeOf(instant, zone)
    const minutes = Math.abs(wall - instant) / 60_000
    const two = (number: number) => String(Math.floor(number)).padStart(2, '0')
    const sign = wall < instant ? '-' : '+'
    return `${new Date(wall).toISOString().slice(0, 19)}${sign}${two(minutes / 60)}:${two(minutes % 60)}`
  }
}

/** A time in a request: with an offset, else in the context's zone or UTC. Null when it is none. */
export function instantIn(zone: string | null, text: string | undefined): number | null {
  const match = /^(\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?$/.exec(text ?? '')
  if (!match) return null
  const time = match[1]?.includes('T') ? match[1] : `${match[1]}T00:00:00`
  const instant = Date.parse(`${time}${match[2] ?? 'Z'}`)
  if (Number.isNaN(instant)) return null
  return match[2] === undefined ? instantOfLocal(instant, zone ?? 'UTC') : instant
}
