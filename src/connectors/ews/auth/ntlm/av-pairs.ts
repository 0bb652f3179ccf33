/** The list of attributes that an NTLM server sends about itself and the client returns (MS-NLMP section 2.2.2.1). */
import { malformed } from './malformed.ts'

export interface AvPair {
  readonly id: number
  readonly value: Buffer
}

export const avId = { end: 0, flags: 6, timestamp: 7, targetName: 9, channelBindings: 10 } as const

/** In `flags`: the AUTHENTICATE message has a MIC. */
export const micProvided = 2

/** Without the end mark, in the order in which they stand. An empty list of no bytes at all is one. */
export function readAvPairs(bytes: Buffer): AvPair[] {
  const pairs: AvPair[] = []
  let at = 0
  while (at < bytes.length) {
    if (at + 4 > bytes.length) throw malformed('its target information is cut off')
    const id = bytes.readUInt16LE(at)
    const length = bytes.readUInt16LE(at + 2)
    at += 4
    if (id === avId.end) return pairs
    if (at + length > bytes.length) throw malformed('its target information is cut off')
    pairs.push({ id, value: bytes.subarray(at, at + length) })
    at += length
  }
  return pairs
}

export function writeAvPairs(pairs: readonly AvPair[]): Buffer {
  const parts: Buffer[] = []
  for (const { id, value } of [...pairs, { id: avId.end, value: Buffer.alloc(0) }]) {
    const head = Buffer.alloc(4)
    head.writeUInt16LE(id)
    head.writeUInt16LE(value.length, 2)
    parts.push(head, value)
  }
  return Buffer.concat(parts)
}
