/** Whom a request is about, and whom it is charged to, read from it before anything is checked. */
import type { ExchangeInstallation } from './installations.ts'
import { addressesIn } from './user-availability.ts'
import { supports } from './versions.ts'
import { descendantAt, textAt, type XmlElement } from './xml.ts'

/** The one mailbox that the call is about, as the call names it. */
export function mailboxOfRequest(document: XmlElement | undefined, operation: XmlElement): string | null {
  const addresses = operation.name === 'GetUserAvailabilityRequest' ? addressesIn(operation) : []
  if (addresses.length > 0) return addresses.length === 1 ? (addresses[0] ?? null) : null
  const named = firstAddress(operation)
  return (
    named ??
    descendantAt(document, 'Header', 'ExchangeImpersonation', 'ConnectingSID')?.children[0]?.text ??
    null
  )
}

function firstAddress(element: XmlElement): string | null {
  if (element.name === 'Mailbox') return textAt(element, 'EmailAddress') ?? null
  if (
    element.name !== 'DistinguishedFolderId' &&
    element.children.every(({ name }) => !/FolderId/.test(name))
  )
    return null
  for (const child of element.children) {
    const found = firstAddress(child)
    if (found !== null) return found
  }
  return null
}

/** Since 2010 SP2 RU4 an impersonated call is charged to the mailbox, not to the account. */
export function chargedMailboxOf(
  { version }: ExchangeInstallation,
  document: XmlElement | null
): string | null {
  if (!supports(version.schema, 'Exchange2010_SP2')) return null
  return (
    descendantAt(document ?? undefined, 'Header', 'ExchangeImpersonation', 'ConnectingSID')?.children[0]
      ?.text ?? null
  )
}
