/** The events of a file as series: a master with its rules, and single occurrences that replace some of it (RFC 5545 section 3.8.4.4). */
import type { Wall } from '../../lib/time-zone.ts'
import type { FileZones } from './file-zones.ts'
import type { VEvent } from './vevent.ts'

/** What is expanded by itself: an event, and the occurrences of it that others replace. */
export interface EventSource {
  readonly event: VEvent
  /** False for a replacement: it stands for its own time alone. */
  readonly recurs: boolean
  readonly replacements: readonly VEvent[]
}

/** Events of one UID are a series. Of two that say the same the later version counts (SEQUENCE, then the place). */
export function groupSeries(events: readonly VEvent[], zones: FileZones): EventSource[] {
  const byUid = new Map<string, VEvent[]>()
  const sources: EventSource[] = []
  for (const event of events) {
    const same = byUid.get(event.uid)
    if (event.uid === '') sources.push({ event, recurs: true, replacements: [] })
    else if (same === undefined) byUid.set(event.uid, [event])
    else same.push(event)
  }
  for (const same of byUid.values()) {
    const replacements = latestReplacements(same, zones)
    const [master, ...others] = latestMasters(same.filter(({ replaces }) => replaces === null))
    // An invitation to one occurrence comes without its series.
    for (const event of replacements) sources.push({ event, recurs: master === undefined, replacements: [] })
    if (master !== undefined) sources.push({ event: master, recurs: true, replacements })
    // Some programs give all their events one UID: all are kept, each as a series of its own.
    for (const event of others) sources.push({ event, recurs: true, replacements: [] })
  }
  return sources
}

function latestReplacements(events: readonly VEvent[], zones: FileZones): VEvent[] {
  const replacements = new Map<string, VEvent>()
  for (const event of events) {
    if (event.replaces === null) continue
    const key = `${event.replaces.isDate} ${zones.instant(event.replaces)}`
    const other = replacements.get(key)
    if (other === undefined || event.sequence >= other.sequence) replacements.set(key, event)
  }
  return [...replacements.values()]
}

function latestMasters(masters: readonly VEvent[]): VEvent[] {
  const sequence = masters.reduce(
    (latest, master) => Math.max(latest, master.sequence),
    Number.NEGATIVE_INFINITY
  )
  const byStart = new Map<Wall, VEvent>()
  for (const master of masters) {
    if (master.sequence >= sequence) byStart.set(master.start.wall, master)
  }
  return [...byStart.values()]
}
