/**
 * Whether the server expands series in a CalendarView, as calendarview.md says. One that does not leaves out a series that
 * began before the window, in silence: its owner would look free. So a mailbox whose view shows no occurrence is looked at
 * once for series, until any view of the server has shown an occurrence.
 */
import type { Span } from '../../../domain/calendar-event.ts'
import { RemoteError } from '../../../errors.ts'
import { type CalendarViewReader, unexpandedSeriesError } from './calendar-view-response.ts'

export interface SeriesExpansionDeps {
  /** The items as they are stored, series as their masters, a page from this offset. */
  readonly readStored: (mailbox: string, offset: number, signal: AbortSignal) => Promise<CalendarViewReader>
  readonly readView: (mailbox: string, span: Span, signal: AbortSignal) => Promise<CalendarViewReader>
}

const day = 86_400_000
/** From a series' first occurrence on: at least one of a series that is daily, weekly or monthly. */
const probeDays = 40
const maxMasters = 5
const maxPages = 4
const maxChecked = 50_000

export class SeriesExpansion {
  readonly #deps: SeriesExpansionDeps
  readonly #checked = new Set<string>()
  #isProven = false

  constructor(deps: SeriesExpansionDeps) {
    this.#deps = deps
  }

  /** Of a view that was read whole. Throws RemoteError where series are not expanded. */
  async check(mailbox: string, hasOccurrence: boolean, signal: AbortSignal): Promise<void> {
    this.#isProven ||= hasOccurrence
    const key = mailbox.toLowerCase()
    if (this.#isProven || this.#checked.has(key)) return
    const masters = await this.#mastersOf(mailbox, signal)
    for (const { start } of masters.slice(0, maxMasters)) {
      const span = { start, end: start + probeDays * day }
      const view = await this.#deps.readView(mailbox, span, signal)
      if (view.masters.length > 0) throw unexpandedSeriesError('connection')
      this.#isProven ||= view.hasOccurrence
      if (this.#isProven) return
    }
    // Nothing of any series is shown where it begins. Here it need not be the server: each first occurrence may be deleted.
    if (masters.length > 0) throw unexpandedSeriesError('mailbox')
    if (this.#checked.size >= maxChecked) this.#checked.clear()
    this.#checked.add(key)
  }

  async #mastersOf(mailbox: string, signal: AbortSignal): Promise<readonly Span[]> {
    let offset = 0
    for (let page = 0; page < maxPages; page += 1) {
      const read = await this.#deps.readStored(mailbox, offset, signal)
      if (read.masters.length > 0) return read.masters
      if (read.isComplete || read.count === 0) return []
      offset += read.count
    }
    return []
  }
}

/** A transient error of the look alone does not spoil what was read: the next read looks again. */
export function isPassing(error: unknown): boolean {
  return error instanceof RemoteError && (error.code === 'unreachable' || error.code === 'throttled')
}
