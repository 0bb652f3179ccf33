/** Occurrences that EXDATE, EXRULE or a replacement takes out of a series: by instant or, where only a day is named, by day. */
import type { Wall } from '../../lib/time-zone.ts'
import type { FileZones } from './file-zones.ts'
import type { CalendarTime } from './properties.ts'

const DAY = 86_400_000

export class ExcludedDates {
  readonly #instants = new Set<number>()
  readonly #days = new Set<Wall>()
  readonly #start: CalendarTime
  readonly #zones: FileZones

  constructor(start: CalendarTime, zones: FileZones) {
    this.#start = start
    this.#zones = zones
  }

  add(time: CalendarTime): void {
    if (!this.#start.isDate && !time.isDate) this.#instants.add(this.#zones.instant(time))
    else this.#days.add(this.#zones.midnightOf(time) ?? Math.floor(time.wall / DAY) * DAY)
  }

  has(time: CalendarTime, instant: number): boolean {
    return (
      this.#instants.has(instant) ||
      (this.#days.size > 0 && this.#days.has(Math.floor(time.wall / DAY) * DAY))
    )
  }
}
