/** SerializableTimeZone: a bias and two yearly rules, as availability requests bring them and working hours show them. */
import { dayMs, localTimeOf } from '../time.ts'
import { descendantAt, textAt, type XmlElement } from './xml.ts'

export interface RuleZone {
  /** The zone's wall clock, read as if it were UTC. */
  wallAt(instant: number): number
  instantAt(wall: number): number
}

const minute = 60_000
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

interface Rule {
  /** Milliseconds to add to UTC. */
  readonly offset: number
  /** Null where nothing changes. */
  readonly starts: ((year: number) => number) | null
}

/** Null when it cannot be understood. */
export function readRuleZone(element: XmlElement | undefined): RuleZone | null {
  const bias = Number(textAt(element, 'Bias'))
  const standard = ruleOf(descendantAt(element, 'StandardTime'), bias)
  const daylight = ruleOf(descendantAt(element, 'DaylightTime'), bias)
  if (element === undefined || !Number.isInteger(bias) || !standard || !daylight) return null
  return zoneOf(standard, daylight)
}

function zoneOf(standard: Rule, daylight: Rule): RuleZone {
  const offsetAt = (instant: number): number => {
    if (!standard.starts || !daylight.starts) return standard.offset
    const year = new Date(instant + standard.offset).getUTCFullYear()
    // Each begins by the clock that held until then.
    const begins = daylight.starts(year) - standard.offset
    const ends = standard.starts(year) - daylight.offset
    const summer = begins < ends ? instant >= begins && instant < ends : instant >= begins || instant < ends
    return summer ? daylight.offset : standard.offset
  }
  return {
    wallAt: (instant) => instant + offsetAt(instant),
    instantAt: (wall) => {
      const instant = wall - standard.offset
      return offsetAt(instant) === standard.offset ? instant : wall - daylight.offset
    }
  }
}

function ruleOf(element: XmlElement | undefined, bias: number): Rule | null {
  const own = Number(textAt(element, 'Bias') ?? 0)
  const [month, order] = [Number(textAt(element, 'Month') ?? 0), Number(textAt(element, 'DayOrder') ?? 0)]
  const day = weekdays.indexOf(textAt(element, 'DayOfWeek') ?? 'Sunday')
  const time = /^(\d\d):(\d\d):(\d\d)/.exec(textAt(element, 'Time') ?? '00:00:00')
  if (![own, month, order].every(Number.isInteger) || month > 12 || order > 5 || day < 0 || !time) return null
  const offset = -(bias + own) * minute
  if (month === 0 || order === 0) return { offset, starts: null }
  const [, hours, minutes, seconds] = time
  const ofDay = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
  return { offset, starts: (year) => weekdayOf(year, month, order, day) + ofDay }
}

/** The midnight of the first, second … or (5) last such weekday of the month. */
function weekdayOf(year: number, month: number, order: number, weekday: number): number {
  const first = Date.UTC(year, month - 1, 1)
  const ahead = (weekday - new Date(first).getUTCDay() + 7) % 7
  const found = first + (ahead + (order - 1) * 7) * dayMs
  return found >= Date.UTC(year, month, 1) ? found - 7 * dayMs : found
}

interface Turn {
  readonly instant: number
  readonly from: number
  readonly to: number
}

/** Where the zone's clock is set in that year: offsets in minutes. */
function turnsIn(zone: string, year: number): Turn[] {
  const offset = (instant: number) => (localTimeOf(instant, zone) - instant) / minute
  const turns: Turn[] = []
  for (let day = Date.UTC(year, 0, 1); day < Date.UTC(year + 1, 0, 1); day += dayMs) {
    const [from, to] = [offset(day), offset(day + dayMs)]
    if (from === to) continue
    let [low, high] = [day, day + dayMs]
    while (high - low > 1000) {
      const middle = Math.floor((low + high) / 2000) * 1000
      if (offset(middle) === from) low = middle
      else high = middle
    }
    turns.push({ instant: high, from, to })
  }
  return turns
}

export interface Season {
  /** Minutes to add to local time, beside the zone's own. */
  readonly bias: number
  readonly time: string
  /** 0 where nothing changes. */
  readonly order: number
  readonly month: number
  readonly weekday: string
}

/** The zone by that year's rules. */
export function seasonsOf(zone: string, year: number): { bias: number; standard: Season; daylight: Season } {
  const turns = turnsIn(zone, year)
  const [spring, autumn] = [turns.find(({ from, to }) => to > from), turns.find(({ from, to }) => to < from)]
  if (!spring || !autumn) {
    const still: Season = { bias: 0, time: '00:00:00', order: 0, month: 0, weekday: 'Sunday' }
    const bias = -(localTimeOf(Date.UTC(year, 0, 1), zone) - Date.UTC(year, 0, 1)) / minute
    return { bias: bias === 0 ? 0 : bias, standard: still, daylight: still }
  }
  return { bias: -autumn.to, standard: season(autumn, 0), daylight: season(spring, spring.from - spring.to) }
}

function season({ instant, from }: Turn, bias: number): Season {
  const wall = new Date(instant + from * minute)
  const days = new Date(Date.UTC(wall.getUTCFullYear(), wall.getUTCMonth() + 1, 0)).getUTCDate()
  const last = wall.getUTCDate() + 7 > days
  return {
    bias,
    time: wall.toISOString().slice(11, 19),
    order: last ? 5 : Math.ceil(wall.getUTCDate() / 7),
    month: wall.getUTCMonth() + 1,
    weekday: weekdays[wall.getUTCDay()] ?? 'Sunday'
  }
}

const workingHours = new Map<string, string>()

/** Eight to five from Monday to Friday, in the mailbox's own zone. */
export function workingHoursIn(zone: string, year: number): string {
  const key = `${zone} ${year}`
  const known = workingHours.get(key)
  if (known !== undefined) return known
  const { bias, standard, daylight } = seasonsOf(zone, year)
  const shown = (name: string, each: Season) =>
    `<${name}><Bias>${each.bias}</Bias><Time>${each.time}</Time><DayOrder>${each.order}</DayOrder><Month>${each.month}</Month><DayOfWeek>${each.weekday}</DayOfWeek></${name}>`
  const made = `<TimeZone><Bias>${bias}</Bias>${shown('StandardTime', standard)}${shown('DaylightTime', daylight)}</TimeZone><WorkingPeriodArray><WorkingPeriod><DayOfWeek>Monday Tuesday Wednesday Thursday Friday</DayOfWeek><StartTimeInMinutes>480</StartTimeInMinutes><EndTimeInMinutes>1020</EndTimeInMinutes></WorkingPeriod></WorkingPeriodArray>`
  workingHours.set(key, made)
  return made
}
