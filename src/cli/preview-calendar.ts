/** `hanvisa try`: the coming timeline of one calendar, with the reason for each interval. Nothing is kept. */
import { parseArgs } from 'node:util'
import type { CalendarRead } from '../connectors/connector.ts'
import { anyAddress } from '../connectors/net/address-policy.ts'
import { openHttpClient } from '../connectors/net/http-client.ts'
import { buildTimeline } from '../domain/build-timeline.ts'
import { Catalogue } from '../domain/catalogue.ts'
import { compileRules, compileUserTriggers, decide } from '../domain/decide.ts'
import { AVAILABLE, labelOf } from '../domain/diversion.ts'
import { explain } from '../domain/explain.ts'
import { Floor } from '../domain/hours/floor.ts'
import type { OfficeHours } from '../domain/hours/office-hours.ts'
import { allTriggers, type RuleSet } from '../domain/rule-set.ts'
import type { EffectiveTimeline } from '../domain/timeline-runs.ts'
import { RemoteError, SetupError } from '../errors.ts'
import { ianaZone } from '../lib/time-zone.ts'
import { DEFAULT_PACK, loadPacks } from '../management/load-packs.ts'
import { openPreviewConnector } from './preview-connector.ts'
import { type PreviewHoursOptions, readPreviewHours } from './preview-hours.ts'

export interface PreviewCalendarDeps {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
  readonly packFolder: string
  readonly clock: () => number
  /** IANA name; that of this machine unless given. */
  readonly ownZone?: string
}

const usage =
  'usage: hanvisa try FILE.ics|URL [--pack NAME] [--zone ZONE] [--owner ADDRESS]\n                  [--hours 08:00-17:00] [--country SE]\n'
const DAY = 86_400_000
const DAYS_SHOWN = 14
/** An absence that goes on where the page ends has its true end if it lies before that. */
const DAYS_READ = DAYS_SHOWN + 180
const LANGUAGE = 'en'

/** The exit code: 0 when the timeline was printed, 1 when the calendar could not be read, 2 for a wrong call. */
export async function previewCalendar(args: readonly string[], deps: PreviewCalendarDeps): Promise<number> {
  const call = parseCall(args)
  if (call === null) {
    deps.stderr.write(usage)
    return 2
  }
  const ownZone = deps.ownZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone
  const zone = ianaZone(call.zone ?? ownZone)
  if (zone === null) {
    deps.stderr.write(`There is no time zone "${call.zone}": write a name such as Europe/Stockholm.\n`)
    return 2
  }
  const packs = await loadPacks(deps.packFolder)
  const pack = call.pack ?? DEFAULT_PACK
  const rules = packs.get(pack)
  if (rules === undefined) {
    deps.stderr.write(`There is no pack "${pack}": there are ${[...packs.keys()].sort().join(', ')}.\n`)
    return 2
  }
  const hours = readPreviewHours(call)
  if (typeof hours === 'string') {
    deps.stderr.write(`${hours}.\n`)
    return 2
  }
  const now = deps.clock()
  try {
    const read = await readCalendar(call, zone, now)
    deps.stdout.write(formatPage(read, rules, { zone, pack, now, hours }))
    return 0
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error
    deps.stderr.write(`${error.hint}\n`)
    return 1
  }
}

interface PreviewCall extends PreviewHoursOptions {
  /** A file's name or an address. */
  readonly calendar: string
  readonly pack?: string
  readonly zone?: string
  /** The owner's e-mail address, where the calendar does not state it. */
  readonly owner?: string
}

function parseCall(args: readonly string[]): PreviewCall | null {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        pack: { type: 'string' },
        zone: { type: 'string' },
        owner: { type: 'string' },
        hours: { type: 'string' },
        country: { type: 'string' }
      }
    })
    const [calendar, ...more] = positionals
    return calendar === undefined || more.length > 0 ? null : { calendar, ...values }
  } catch {
    return null
  }
}

async function readCalendar(call: PreviewCall, timeZone: string, now: number): Promise<CalendarRead> {
  // Whoever calls this may read what this machine may.
  const httpClient = openHttpClient({ addressPolicy: anyAddress })
  const { connector, mailbox } = await openPreviewConnector(call.calendar, httpClient)
  try {
    const [reading] = await connector.read({
      targets: [{ mailbox, timeZone, ...(call.owner === undefined ? {} : { owner: call.owner }) }],
      window: { start: now - DAY, end: now + DAYS_READ * DAY },
      subjects: true,
      signal: AbortSignal.timeout(120_000)
    })
    if (reading?.outcome === 'failed') throw reading.error
    if (reading?.outcome !== 'read') throw new SetupError('The calendar was not read.')
    return reading
  } finally {
    await connector.close()
    await httpClient.close()
  }
}

interface PageOptions {
  readonly zone: string
  readonly pack: string
  readonly now: number
  readonly hours: OfficeHours | null
}

function formatPage(read: CalendarRead, rules: RuleSet, setting: PageOptions): string {
  const { zone, pack, now, hours } = setting
  const compiled = compileRules(rules, 0)
  const own = compileUserTriggers([], compiled)
  const decisions = read.events.flatMap((event) => decide(event, compiled, own) ?? [])
  const horizon = now + DAYS_SHOWN * DAY
  const timeline = buildTimeline(decisions, compiled, { horizon, readUntil: now + DAYS_READ * DAY })
  const floor = hours && new Floor(hours, zone, new Catalogue(rules.diversions))
  const effective = floor === null ? timeline : floor.layBelow(timeline, now)
  const shown = read.events.filter(({ start }) => start < horizon)
  const rows = formatRows(effective, rules, setting, floor)
  const head = `${dayIn(zone, now)} ${timeIn(zone, now)} in ${zone}, rules ${pack}: ${shown.length} events read`
  const note = read.partialRead === null ? [] : ['', `Note: ${read.partialRead.hint}`]
  const body = rows.length > 0 ? rows : ['Nothing diverts until two weeks from now: the phone stays open.']
  return `${[head, ...note, '', ...body].join('\n')}\n`
}

function formatRows(
  { boundaries, causes, truncatedAt }: EffectiveTimeline,
  rules: RuleSet,
  { zone, now }: PageOptions,
  floor: Floor | null
): string[] {
  const intervals = causes.flatMap((cause, index) => {
    const start = boundaries[2 * index]!
    const end = boundaries[2 * index + 1]!
    // The calendar's own rows end where it was read.
    const isFloor = cause.from === 'hours' || cause.from === 'holiday'
    if (end <= now || (isFloor && start >= now + DAYS_SHOWN * DAY)) return []
    const diversion = rules.diversions.find(({ code }) => code === cause.diversion)
    const label = diversion === undefined ? cause.diversion : labelOf(diversion, LANGUAGE)
    const until = truncatedAt !== null && end >= truncatedAt ? 'goes on' : untilIn(zone, start, end)
    const what = cause.diversion === AVAILABLE ? label : `${label}, phone ${cause.phone}`
    return {
      day: dayIn(zone, start),
      from: timeIn(zone, start),
      until,
      what,
      because: explain(cause, allTriggers(rules), LANGUAGE, floor?.holidayName(cause) ?? null).because
    }
  })
  const wide = (width: number, texts: readonly string[]) =>
    Math.max(width, ...texts.map((text) => text.length))
  const untilWidth = wide(
    5,
    intervals.map(({ until }) => until)
  )
  const whatWidth = wide(
    0,
    intervals.map(({ what }) => what)
  )
  let day = ''
  return intervals.flatMap((interval) => {
    const row = `  ${interval.from} – ${interval.until.padEnd(untilWidth)}  ${interval.what.padEnd(whatWidth)}  ${interval.because}`
    if (interval.day === day) return [row]
    day = interval.day
    return [day, row]
  })
}

function untilIn(zone: string, start: number, end: number): string {
  const day = dayIn(zone, end)
  return day === dayIn(zone, start) ? timeIn(zone, end) : `${day} ${timeIn(zone, end)}`
}

function dayIn(timeZone: string, instant: number): string {
  const parts = { timeZone, weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' } as const
  return new Intl.DateTimeFormat('en-GB', parts).format(instant).replace(',', '')
}

function timeIn(timeZone: string, instant: number): string {
  const parts = { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
  return new Intl.DateTimeFormat('en-GB', parts).format(instant)
}
