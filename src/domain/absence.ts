/** Absences: diversions that an attendant or the user enters for a time to come. */
import type { Instant } from './calendar-event.ts'
import type { Catalogue } from './catalogue.ts'
import { AVAILABLE, type Phone } from './diversion.ts'
import type { Cause } from './timeline.ts'
import { type EffectiveTimeline, emptyTimeline } from './timeline-runs.ts'

export interface Absence {
  readonly id: string
  readonly diversion: string
  readonly from: Instant
  /** After `from`. */
  readonly until: Instant
  /** Overrules the diversion's own. */
  readonly phone?: Phone
}

/** Absences that a user may have ahead. */
export const MAX_ABSENCES_AHEAD = 50
/** Days from now until which an absence may last. */
export const MAX_ABSENCE_DAYS = 400

/** Whether it is not over yet. */
export function isAhead({ until }: Absence, at: Instant): boolean {
  return until > at
}

/**
 * What the absences give, whatever their order: of several at an instant the diversion higher in the catalogue, then closed before
 * open, then the id that sorts first.
 */
export function absenceTimeline(absences: readonly Absence[], catalogue: Catalogue): EffectiveTimeline {
  if (absences.length === 0) return emptyTimeline
  const phoneOf = ({ diversion, phone }: Absence): Phone =>
    diversion === AVAILABLE ? 'open' : (phone ?? catalogue.find(diversion).phone)
  const ordered = absences
    .map((absence) => ({ ...absence, phone: phoneOf(absence) }))
    .sort(
      (one, other) =>
        catalogue.rank(one.diversion) - catalogue.rank(other.diversion) ||
        Number(one.phone === 'open') - Number(other.phone === 'open') ||
        (one.id < other.id ? -1 : 1)
    )
  const instants = [...new Set(absences.flatMap(({ from, until }) => [from, until]))].sort((a, b) => a - b)
  const boundaries: number[] = []
  const causes: Cause[] = []
  for (const [index, start] of instants.entries()) {
    const end = instants[index + 1]
    const first = ordered.find(({ from, until }) => from <= start && until > start)
    if (end === undefined || first === undefined) continue
    const last = causes.at(-1)
    if (boundaries.at(-1) === start && last?.diversion === first.diversion && last.phone === first.phone) {
      boundaries[boundaries.length - 1] = end
    } else {
      boundaries.push(start, end)
      causes.push(absenceCause(first.diversion, first.phone))
    }
  }
  return { boundaries: Float64Array.from(boundaries), causes, truncatedAt: null }
}

function absenceCause(diversion: string, phone: Phone): Cause {
  return { diversion, phone, from: 'absence', index: 0, private: false, forwardTo: null }
}
