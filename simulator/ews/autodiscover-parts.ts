/** What both kinds of Autodiscover answer are made of. */
import type { Mailboxes } from '../mailboxes.ts'
import type { ExchangeInstallation } from './installations.ts'
import type { XmlElement } from './xml.ts'

export interface Discovery {
  readonly installation: ExchangeInstallation
  readonly mailboxes: Mailboxes
  readonly document: XmlElement
  readonly url: string
  /** Epoch milliseconds. */
  readonly now: number
}

/** An address or a domain on order: to an address, to a URL, or (`302 URL`) by HTTP. */
export function redirectFor({ redirects }: ExchangeInstallation, address: string): string | undefined {
  const lower = address.toLowerCase()
  return redirects.get(lower) ?? redirects.get(lower.split('@')[1] ?? '')
}
