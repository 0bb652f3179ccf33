/** Whose calendar a file is, so far as it tells. RFC 5545 has no word for it; programs have several. */

import { addressIn, type OwnerContext } from './event-fields.ts'
import type { RawComponent } from './parse-components.ts'
import { propertiesNamed, readText } from './properties.ts'

const ADDRESS = /[^\s/@:;,"<>]+@[^\s/@:;,"<>]+\.[^\s/@:;,"<>]+/

/**
 * The owner's addresses, from all places that name one:
 * - the mailbox: Google's addresses hold the account (`…/ical/anna%40example.com/…`), and so may a file's name;
 * - X-OWNER, which Outlook writes;
 * - X-WR-CALNAME where it is an address: Google names a person's own calendar so.
 * Else the one address that all meetings have in common, if there are at least two and exactly one such. That only
 * tells declined and unanswered invitations apart: without an owner an invitation counts as accepted anyhow.
 */
export function findOwnerContext(calendars: readonly RawComponent[], mailbox: string): OwnerContext {
  const method = calendars.map((calendar) => readText(calendar, 'METHOD')).find((word) => word !== '') ?? ''
  const owner = new Set<string>()
  for (const text of [mailbox, ...calendars.map((calendar) => readText(calendar, 'X-WR-CALNAME'))]) {
    const address = ADDRESS.exec(text)?.[0]
    if (address !== undefined) owner.add(address.replace(/\.ics$/i, '').toLowerCase())
  }
  for (const content of calendars.flatMap((calendar) => propertiesNamed(calendar, 'X-OWNER'))) {
    const address = addressIn(content)
    if (address !== null) owner.add(address)
  }
  if (owner.size === 0) {
    const common = findCommonAddress(calendars.flatMap((calendar) => calendar.parts))
    if (common !== null) owner.add(common)
  }
  return { method: method.toUpperCase(), owner }
}

function findCommonAddress(events: readonly RawComponent[]): string | null {
  let common: Set<string> | null = null
  const meetings = new Set<string>()
  for (const event of events) {
    const attendees = event.name === 'VEVENT' ? propertiesNamed(event, 'ATTENDEE') : []
    if (attendees.length === 0) continue
    meetings.add(readText(event, 'UID'))
    const people = [...attendees, ...propertiesNamed(event, 'ORGANIZER')].map(addressIn)
    const here = new Set(people.filter((address) => address !== null))
    const before: Set<string> = common ?? here
    common = new Set([...before].filter((address) => here.has(address)))
    if (common.size === 0) return null
  }
  const [only] = common ?? []
  return meetings.size >= 2 && common?.size === 1 && only !== undefined ? only : null
}
