/** An address, or a range of addresses in CIDR. */
import { isIP } from 'node:net'

export interface AddressRange {
  readonly address: string
  readonly family: 4 | 6
  /** As it is written, which may be more than the address has; of an address alone all of its bits. */
  readonly bits: number
}

/** Null for what is none: a name, an IPv6 address with a zone. */
export function parseAddressRange(text: string): AddressRange | null {
  const [, address = '', prefix] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const family = isIP(address)
  if (family !== 4 && family !== 6) return null
  return { address, family, bits: prefix === undefined ? bitsOf(family) : Number(prefix) }
}

/** Whether it is one: `10.1.2.3`, `10.1.0.0/16`, `fd12::/48`. The range of all addresses is none. */
export function isAddressRange(text: string): boolean {
  const range = parseAddressRange(text)
  return range !== null && range.bits >= 1 && range.bits <= bitsOf(range.family)
}

function bitsOf(family: 4 | 6): number {
  return family === 4 ? 32 : 128
}
