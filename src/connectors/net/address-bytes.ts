/** The bytes of an IP address: 4 or 16. */
import { isIP } from 'node:net'

/** Null for what is no address. The zone of an IPv6 address (`%eth0`) is left out. */
export function addressBytes(address: string): readonly number[] | null {
  const family = isIP(address)
  if (family === 4) return address.split('.').map(Number)
  if (family !== 6) return null
  const [bare = ''] = address.split('%')
  // The URL parser knows every way to write one, and gives groups in hex, the longest run of zeros as `::`.
  const [head = '', tail] = new URL(`http://[${bare}]`).hostname.slice(1, -1).split('::')
  const before = groupsOf(head)
  const after = groupsOf(tail ?? '')
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0)
  return [...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 255])
}

function groupsOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}
