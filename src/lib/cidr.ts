/** An address, or a range of addresses in CIDR. */
import { isIP } from 'node:net'

/** Whether it is one: `10.1.2.3`, `10.1.0.0/16`, `fd12::/48`. The range of all addresses is none. */
export function isAddressRange(text: string): boolean {
  const [, address = '', prefix] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const family = isIP(address)
  if (family === 0) return false
  const bits = prefix === undefined ? 1 : Number(prefix)
  return bits >= 1 && bits <= (family === 4 ? 32 : 128)
}
