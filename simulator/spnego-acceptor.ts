/** SPNEGO on the server's side, with NTLM as the one mechanism (RFC 4178). Cannot be read: RangeError. */

const spnegoOid = Buffer.from('06062b0601050502', 'hex')
const ntlmOid = Buffer.from('060a2b06010401823702020a', 'hex')

/** What clients and servers sign: the list of mechanisms, NTLM alone. */
export const mechanismList = Buffer.concat([Buffer.from([0x30, ntlmOid.length]), ntlmOid])

/** NTLM's message, taken out of its envelope where it is in one. */
export function unwrapSpnego(token: Buffer): {
  message: Buffer
  enveloped: boolean
  signature: Buffer | null
} {
  if (token.subarray(0, 8).toString('latin1') === 'NTLMSSP\0') {
    return { message: token, enveloped: false, signature: null }
  }
  const first = token[0] === 0x60
  const inner = first ? initial(inside(token, 0x60)) : inside(token, 0xa1)
  const members = membersOf(inside(inner, 0x30))
  const list = members.get(0xa0)
  if (first && (list === undefined || !list.equals(mechanismList)))
    throw new RangeError('NTLM alone is taken')
  const signature = members.get(0xa3)
  return {
    message: inside(members.get(0xa2) ?? Buffer.alloc(0), 0x04),
    enveloped: true,
    signature: signature === undefined ? null : inside(signature, 0x04)
  }
}

/** accept-incomplete, with the mechanism that was chosen. */
export function wrapChallenge(message: Buffer): Buffer {
  return answer(put(0xa0, put(0x0a, Buffer.from([1]))), put(0xa1, ntlmOid), put(0xa2, put(0x04, message)))
}

/** accept-completed. */
export function completeSpnego(signature: Buffer | null): Buffer {
  const signed = signature === null ? [] : [put(0xa3, put(0x04, signature))]
  return answer(put(0xa0, put(0x0a, Buffer.from([0]))), ...signed)
}

function answer(...members: Buffer[]): Buffer {
  return put(0xa1, put(0x30, Buffer.concat(members)))
}

function initial(content: Buffer): Buffer {
  if (!content.subarray(0, spnegoOid.length).equals(spnegoOid)) throw new RangeError('no SPNEGO')
  return inside(content.subarray(spnegoOid.length), 0xa0)
}

function membersOf(content: Buffer): Map<number, Buffer> {
  const members = new Map<number, Buffer>()
  for (let rest = content; rest.length > 0; ) {
    const { start, end } = extent(rest)
    members.set(rest[0] ?? 0, rest.subarray(start, end))
    rest = rest.subarray(end)
  }
  return members
}

function inside(bytes: Buffer, tag: number): Buffer {
  const { start, end } = extent(bytes)
  if (bytes[0] !== tag) throw new RangeError(`tag ${bytes[0]}, not ${tag}`)
  return bytes.subarray(start, end)
}

function extent(bytes: Buffer): { start: number; end: number } {
  const first = bytes.readUInt8(1)
  const start = first < 128 ? 2 : first === 0x81 ? 3 : 4
  const length = first < 128 ? first : first === 0x81 ? bytes.readUInt8(2) : bytes.readUInt16BE(2)
  if (first > 0x82 || first === 0x80 || start + length > bytes.length) throw new RangeError('no DER')
  return { start, end: start + length }
}

function put(tag: number, content: Buffer): Buffer {
  const { length } = content
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...head]), content])
}
