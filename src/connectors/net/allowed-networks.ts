/** HANVISA_ALLOWED_NETWORKS: networks of the installation's own that connections may lead to, besides public addresses. */
import { isIP } from 'node:net'
import { parseAddressRange } from '../../lib/cidr.ts'
import { addressBytes } from './address-bytes.ts'
import { isNeverAllowed } from './special-addresses.ts'

/** A wider entry is none of RFC 1918 (10.0.0.0/8) or RFC 4193 (fc00::/7), and would open what nobody thought of. */
const minBits = { 4: 8, 6: 7 } as const

export interface AllowedNetworks {
  /** As CIDR, each with its prefix length. */
  readonly networks: readonly string[]
  /** Each names its entry. */
  readonly faults: readonly string[]
}

/** From a list with commas, white space or both between its entries; an address alone is a network of one. */
export function parseAllowedNetworks(text: string): AllowedNetworks {
  const networks: string[] = []
  const faults: string[] = []
  for (const entry of text.split(/[\s,]+/).filter(Boolean)) {
    const fault = networkFault(entry)
    if (fault === null)
      networks.push(entry.includes('/') ? entry : `${entry}/${isIP(entry) === 4 ? 32 : 128}`)
    else faults.push(`names "${entry.slice(0, 60)}", which ${fault}`)
  }
  return { networks, faults }
}

function networkFault(entry: string): string | null {
  const range = parseAddressRange(entry)
  const bytes = range && addressBytes(range.address)
  if (range === null || bytes === null) {
    return 'is no network: write it as 10.1.2.0/24, 10.1.2.3 or fd12:3456:789a::/48'
  }
  const { address, family, bits } = range
  const length = bytes.length * 8
  if (bits > length) return `has a prefix longer than ${length} bits`
  if (bits < minBits[family]) {
    return `is wider than /${minBits[family]}: name the networks in which the mail servers are (HANVISA_ALLOW_PRIVATE_TARGETS=1 opens all)`
  }
  if (bytes.some((byte, index) => (byte & ~maskByte(bits, index)) !== 0)) {
    return `has bits beyond its prefix: write the network's first address, or a longer prefix (/${length} for this address alone)`
  }
  const last = bytes.map((byte, index) => byte | (~maskByte(bits, index) & 255))
  if (isNeverAllowed(address) && isNeverAllowed(addressText(last))) {
    return "holds nothing but this machine itself, a cloud's own services or forms of IPv6 that carry IPv4: a network is no way to open those"
  }
  return null
}

/** The bits of this byte that the prefix covers. */
function maskByte(bits: number, index: number): number {
  const covered = Math.min(8, Math.max(0, bits - index * 8))
  return (0xff << (8 - covered)) & 0xff
}

function addressText(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, at) => ((bytes[at * 2] ?? 0) << 8) | (bytes[at * 2 + 1] ?? 0))
  return groups.map((group) => group.toString(16)).join(':')
}
