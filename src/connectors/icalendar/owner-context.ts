/** The owner of a calendar file, if the file states it. RFC 5545 has no property for it; programs use several. */
import { addressIn, type OwnerContext } from './event-fields.ts'
import type { RawComponent } from './parse-components.ts'
import { propertiesNamed, readText } from './properties.ts'

const ADDRESS = /[^\s/@:;,"<>]+@[^\s/@:;,"<>]+\.[^\s/@:;,"<>]+/

/**
 * The owner's addresses: those that are stated, else all places in the calendar that name one:
 * - the mailbox: Google's addresses hold the account (`…/ical/anna%40example.com/…`), and so may a file's name;
 * - X-OWNER, which Outlook writes;
 * - X-WR-CALNAME where it is an address: Google names a person's own calendar so.
 */
export function findOwnerContext(
  calendars: readonly RawComponent[],
  mailbox: string,
  stated: readonly string[]
): OwnerContext {
  const method = calendars.map((calendar) => readText(calendar, 'METHOD')).find((word) => word !== '') ?? ''
  return { method: method.toUpperCase(), addresses: findAddresses(calendars, mailbox, stated) }
}

function findAddresses(
  calendars: readonly RawComponent[],
  mailbox: string,
  stated: readonly string[]
): Set<string> {
  if (stated.length > 0) return new Set(stated.map((address) => address.trim().toLowerCase()))
  const addresses = new Set<string>()
  for (const text of [mailbox, ...calendars.map((calendar) => readText(calendar, 'X-WR-CALNAME'))]) {
    const address = ADDRESS.exec(text)?.[0]
    if (address !== undefined) addresses.add(address.replace(/\.ics$/i, '').toLowerCase())
  }
  for (const content of calendars.flatMap((calendar) => propertiesNamed(calendar, 'X-OWNER'))) {
    const address = addressIn(content)
    if (address !== null) addresses.add(address)
  }
  return addresses
}
