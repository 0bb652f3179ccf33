/** Tells addresses on the public internet from all others (IANA's special-purpose registries, RFC 6890). */
import { BlockList, isIP } from 'node:net'

export function isIpAddress(host: string): boolean {
  return isIP(host) !== 0
}

/** False for what is no address at all. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !special.check(address, 'ipv4')
  if (family === 6) return isPublicIpv6(address)
  return false
}

function isPublicIpv6(address: string): boolean {
  const [bare] = address.split('%')
  const written = bare ?? address
  if (nat64.check(written, 'ipv6')) return isPublicAddress(lastFourBytes(written))
  return globalUnicast.check(written, 'ipv6') && !special.check(written, 'ipv6')
}

/** Of an IPv6 address, in dotted form. The URL parser knows all the ways to write one. */
function lastFourBytes(address: string): string {
  const [high = 0, low = 0] = new URL(`http://[${address}]`).hostname
    .slice(1, -1)
    .replace(/::$/, '::0')
    .split(':')
    .slice(-2)
    .map((group) => Number.parseInt(group || '0', 16))
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

function listOf(family: 'ipv4' | 'ipv6', ranges: readonly string[], list = new BlockList()): BlockList {
  for (const range of ranges) {
    const [start = '', bits] = range.split('/')
    list.addSubnet(start, Number(bits), family)
  }
  return list
}

/** All else in IPv6 is loopback, private, link-local, multicast, mapped, or not handed out. */
const globalUnicast = listOf('ipv6', ['2000::/3'])

/** RFC 6052: the last four bytes are an IPv4 address. */
const nat64 = listOf('ipv6', ['64:ff9b::/96'])

const special = listOf(
  'ipv6',
  // Protocol assignments with Teredo, documentation, 6to4, documentation.
  ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'],
  listOf('ipv4', [
    '0.0.0.0/8',
    '10.0.0.0/8',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '169.254.0.0/16',
    '172.16.0.0/12',
    '192.0.0.0/24',
    '192.0.2.0/24',
    '192.88.99.0/24',
    '192.168.0.0/16',
    '198.18.0.0/15',
    '198.51.100.0/24',
    '203.0.113.0/24',
    '224.0.0.0/4',
    '240.0.0.0/4'
  ])
)
