/** The `Prefer` header as Outlook's resources read it, and times written in the zone that it asks for. */
import { instantOfLocal, isZone, localTimeOf } from '../time.ts'

export interface Preferences {
  /** As it was asked for: a Windows or an IANA name. */
  readonly zoneName: string
  /** IANA. */
  readonly zone: string
  readonly immutableIds: boolean
  readonly maxPageSize: number | null
  readonly plainText: boolean
  /** For `Preference-Applied`; empty when nothing was asked for. */
  readonly applied: string
}

/** The Windows names that a Nordic installation meets; Graph knows all, and this simulator refuses the others. */
const windowsZones: Readonly<Record<string, string>> = {
  UTC: 'UTC',
  'GMT Standard Time': 'Europe/London',
  'Greenwich Standard Time': 'Atlantic/Reykjavik',
  'W. Europe Standard Time': 'Europe/Berlin',
  'Romance Standard Time': 'Europe/Paris',
  'Central Europe Standard Time': 'Europe/Budapest',
  'Central European Standard Time': 'Europe/Warsaw',
  'FLE Standard Time': 'Europe/Kiev',
  'E. Europe Standard Time': 'Europe/Chisinau',
  'GTB Standard Time': 'Europe/Bucharest',
  'India Standard Time': 'Asia/Kolkata',
  'Tokyo Standard Time': 'Asia/Tokyo',
  'New Zealand Standard Time': 'Pacific/Auckland',
  'Eastern Standard Time': 'America/New_York',
  'Central Standard Time': 'America/Chicago',
  'Pacific Standard Time': 'America/Los_Angeles'
}

/** The IANA zone behind either kind of name; null when it is not known here. */
export function zoneNamed(name: string): string | null {
  if (Object.hasOwn(windowsZones, name)) return windowsZones[name] ?? null
  return isZone(name) ? name : null
}

/** The preferences, or the zone's name when that is unknown. */
export function readPreferences(header: string | undefined): Preferences | string {
  const wanted = new Map<string, string>()
  for (const match of (header ?? '').matchAll(/([\w.-]+)\s*(?:=\s*(?:"([^"]*)"|([^\s,;"]+)))?/g)) {
    wanted.set((match[1] ?? '').toLowerCase(), match[2] ?? match[3] ?? '')
  }
  const zoneName = wanted.get('outlook.timezone') ?? 'UTC'
  const zone = zoneNamed(zoneName)
  if (zone === null) return zoneName
  const immutableIds = wanted.get('idtype') === 'ImmutableId'
  const pageSize = Number(wanted.get('odata.maxpagesize'))
  const maxPageSize = Number.isInteger(pageSize) && pageSize > 0 ? pageSize : null
  const plainText = wanted.get('outlook.body-content-type') === 'text'
  const applied = [
    ...(wanted.has('outlook.timezone') ? [`outlook.timezone="${zoneName}"`] : []),
    ...(immutableIds ? ['IdType="ImmutableId"'] : []),
    ...(maxPageSize === null ? [] : [`odata.maxpagesize=${maxPageSize}`]),
    ...(plainText ? ['outlook.body-content-type="text"'] : [])
  ].join(', ')
  return { zoneName, zone, immutableIds, maxPageSize, plainText, applied }
}

/** `dateTimeTimeZone` of an instant in the preferred zone. */
export function timeIn(instant: number, { zone, zoneName }: Preferences) {
  return { dateTime: written(localTimeOf(instant, zone)), timeZone: zoneName }
}

/** `dateTimeTimeZone` of a time that floats: the same figures in every zone. */
export function floatingTime(wall: number, { zoneName }: Preferences) {
  return { dateTime: written(wall), timeZone: zoneName }
}

/** The instant of a `dateTimeTimeZone` in a body; null when it is none. An offset in `dateTime` wins. */
export function readDateTimeTimeZone(value: unknown): number | null {
  if (typeof value !== 'object' || value === null) return null
  const { dateTime, timeZone } = value as { dateTime?: unknown; timeZone?: unknown }
  if (typeof dateTime !== 'string') return null
  const zone = zoneNamed(typeof timeZone === 'string' ? timeZone : 'UTC')
  return zone === null ? null : readInstant(dateTime, zone)
}

/** ISO 8601 with `Z`, with an offset, or without either: then in the zone. Seconds and fractions may be missing. */
export function readInstant(text: string, zone: string): number | null {
  const match = /^(\d{4}-\d\d-\d\d)(?:[Tt](\d\d:\d\d)(?::(\d\d)(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)?)?$/.exec(text)
  if (!match) return null
  const [, date, minutes = '00:00', seconds = '00', fraction = '', offset] = match
  const local = `${date}T${minutes}:${seconds}${fraction.slice(0, 4)}`
  const instant = Date.parse(`${local}${offset ?? 'Z'}`)
  if (Number.isNaN(instant)) return null
  return offset === undefined ? instantOfLocal(instant, zone) : instant
}

/** Seven decimals, no offset. */
function written(wall: number): string {
  return `${new Date(wall).toISOString().slice(0, 23)}0000`
}
