/** Random recurrence rules of every shape that RFC 5545, section 3.3.10, allows, each with a range to expand. */

export interface RuleQuestion {
  readonly id: number
  /** DTSTART, as in iCalendar; a date where it has no time. */
  readonly dtstart: string
  readonly rule: string
  /** Local times; the end is exclusive. */
  readonly from: string
  readonly to: string
  readonly most: number
}

const DAY = 86_400_000
const weekdays = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const
const drawn = [
  ...(['YEARLY', 'YEARLY', 'MONTHLY', 'MONTHLY', 'WEEKLY', 'WEEKLY'] as const),
  ...(['DAILY', 'HOURLY', 'MINUTELY', 'SECONDLY'] as const)
]
/** In days: so many that a rule gives some occurrences in it. */
const spans = {
  YEARLY: 12 * 365,
  MONTHLY: 8 * 365,
  WEEKLY: 1_500,
  DAILY: 900,
  HOURLY: 200,
  MINUTELY: 40,
  SECONDLY: 6
}

type Frequency = keyof typeof spans
type Parts = Record<string, (string | number)[]>

/** The same numbers for the same seed (mulberry32). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }

  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)]!
  }

  some<T>(max: number, make: () => T): T[] {
    return [...new Set(Array.from({ length: this.int(1, max) }, make))]
  }

  signed(min: number, max: number, negative = 0.3): number {
    return (this.chance(negative) ? -1 : 1) * this.int(min, max)
  }
}

export function generateRules(seed: number, count: number): RuleQuestion[] {
  const random = new Random(seed)
  return Array.from({ length: count }, (_, id) => generateRule(random, id))
}

function generateRule(random: Random, id: number): RuleQuestion {
  const frequency = random.pick(drawn)
  const isDate = spans[frequency] >= 900 && random.chance(0.3)
  const parts = generateParts(random, frequency, isDate)
  if (Object.keys(parts).length > 0 && random.chance(0.25)) {
    parts.BYSETPOS = random.some(3, () => random.signed(1, random.pick([2, 5, 20]), 0.45))
  }
  const interval = random.chance(0.45) ? (random.chance(0.1) ? random.int(10, 200) : random.int(2, 8)) : 1
  const day = Date.UTC(
    1996 + random.int(0, 30),
    random.int(0, 11),
    random.chance(0.25) ? random.int(28, 31) : random.int(1, 28)
  )
  const minutes = random.int(0, 23) * 60 + (random.chance(0.5) ? 0 : random.int(0, 59))
  const start = isDate ? day : day + minutes * 60_000 + (random.chance(0.8) ? 0 : random.int(0, 59) * 1_000)
  const span = spans[frequency]
  const rule = [
    `FREQ=${frequency}`,
    ...(interval > 1 ? [`INTERVAL=${interval}`] : []),
    ...Object.entries(parts).map(([name, values]) => `${name}=${values.join(',')}`),
    ...(random.chance(0.4) ? [`WKST=${random.pick(weekdays)}`] : []),
    ...generateEnd(random, start, span, isDate)
  ]
  const from = random.chance(0.5) ? start : start + random.int(0, span) * DAY
  const to = from + (random.chance(0.4) ? 15 : span) * DAY
  return {
    id,
    dtstart: stamp(start, isDate),
    rule: rule.join(';'),
    from: stamp(from),
    to: stamp(to),
    most: 60
  }
}

function generateParts(random: Random, frequency: Frequency, isDate: boolean): Parts {
  const parts: Parts = {}
  const p = random.pick([0.15, 0.3, 0.5])
  const isLong = frequency === 'YEARLY' || frequency === 'MONTHLY'
  const withinDay = frequency === 'HOURLY' || frequency === 'MINUTELY' || frequency === 'SECONDLY'
  if (random.chance(p)) parts.BYMONTH = random.some(4, () => random.int(1, 12))
  if (frequency === 'YEARLY' && random.chance(p * 0.6)) {
    parts.BYWEEKNO = random.some(3, () =>
      random.chance(0.4) ? random.pick([1, 52, 53, -1, -52, -53]) : random.signed(1, 53)
    )
  }
  if ((frequency === 'YEARLY' || withinDay) && random.chance(p * 0.6)) {
    parts.BYYEARDAY = random.some(withinDay ? 30 : 6, () =>
      random.chance(0.2) ? random.pick([1, 60, 365, 366, -1, -366]) : random.signed(1, 366)
    )
  }
  if (frequency !== 'WEEKLY' && random.chance(p)) {
    parts.BYMONTHDAY = random.some(parts.BYYEARDAY ? 20 : 6, () =>
      random.chance(0.2) ? random.pick([29, 30, 31, -1, -31]) : random.signed(1, 31)
    )
  }
  if (random.chance(p + 0.15)) {
    const hasOrdinals = isLong && parts.BYWEEKNO === undefined && random.chance(0.5)
    const most = frequency === 'YEARLY' && parts.BYMONTH === undefined ? 53 : 5
    parts.BYDAY = random.some(4, () => {
      const ordinal = hasOrdinals && random.chance(0.8) ? random.signed(1, most) : 0
      const sign = ordinal > 0 && random.chance(0.3) ? '+' : ''
      return `${sign}${ordinal === 0 ? '' : ordinal}${random.pick(weekdays)}`
    })
  }
  if (isDate) return parts
  if (random.chance(p)) parts.BYHOUR = random.some(4, () => random.int(0, 23))
  if (random.chance(p)) parts.BYMINUTE = random.some(4, () => random.int(0, 59))
  if (random.chance(p * 0.6)) parts.BYSECOND = random.some(3, () => random.int(0, 59))
  return parts
}

/** Local, as it is in the rule: what zones make of UNTIL is not asked here. */
function generateEnd(random: Random, start: number, span: number, isDate: boolean): string[] {
  const end = random.next()
  if (end < 0.25) return [`COUNT=${random.int(1, 60)}`]
  if (end >= 0.45) return []
  const time = isDate || random.chance(0.3) ? 0 : random.int(0, 86_399) * 1_000
  return [`UNTIL=${stamp(start + random.int(0, span) * DAY + time, isDate)}`]
}

export function stamp(wall: number, isDate = false): string {
  const text = new Date(wall).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')
  return isDate ? text.slice(0, 8) : text
}
