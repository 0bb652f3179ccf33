/** Intervals cut at midnights and measured: what the picture of a timeline is drawn from. */
import type { Schemas } from '../api/client.ts'
import { startOfDay } from '../i18n/format-time.ts'

export type Interval = Schemas['Interval']

export interface DayBar {
  readonly interval: Interval
  /** Parts of the day's length, 0 to 1: a day of 25 hours is as wide as any. */
  readonly left: number
  readonly width: number
  readonly isCutLeft: boolean
  readonly isCutRight: boolean
}

export interface Day {
  readonly start: number
  readonly end: number
  readonly bars: readonly DayBar[]
}

/** As many days from that of `from`, each with the bars that fall in it. */
export function toDays(
  intervals: readonly Interval[],
  { from, count, timeZone }: { readonly from: number; readonly count: number; readonly timeZone: string }
): readonly Day[] {
  return Array.from({ length: count }, (_, index) => {
    const start = startOfDay(from, index, timeZone)
    const end = startOfDay(from, index + 1, timeZone)
    return { start, end, bars: barsWithin(intervals, start, end) }
  })
}

function barsWithin(intervals: readonly Interval[], start: number, end: number): readonly DayBar[] {
  return intervals.flatMap((interval) => {
    const begins = Date.parse(interval.start)
    const ends = interval.end === null ? Number.POSITIVE_INFINITY : Date.parse(interval.end)
    if (ends <= start || begins >= end) return []
    const left = (Math.max(begins, start) - start) / (end - start)
    const right = (Math.min(ends, end) - start) / (end - start)
    return [{ interval, left, width: right - left, isCutLeft: begins < start, isCutRight: ends > end }]
  })
}
