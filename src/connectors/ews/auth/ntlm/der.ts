/** DER, as little of it as certificates' signature algorithms and SPNEGO need (X.690). */

export interface DerValue {
  readonly tag: number
  readonly content: Buffer
  /** Tag and length included. */
  readonly whole: Buffer
}

export const derTag = {
  octets: 0x04,
  oid: 0x06,
  enumerated: 0x0a,
  sequence: 0x30,
  application0: 0x60
} as const

/** The tag of an explicit `[number]`. */
export const context = (number: number): number => 0xa0 + number

/** Thrown for whatever is no DER; the reader of the whole says what it was to be. */
export class DerFault extends Error {
  override readonly name = 'DerFault'
}

/** The values that stand one after the other in `bytes`, and nothing besides. */
export function readDer(bytes: Buffer): DerValue[] {
  const values: DerValue[] = []
  for (let at = 0; at < bytes.length; ) {
    const value = valueAt(bytes, at)
    values.push(value)
    at += value.whole.length
  }
  return values
}

/** The value of that tag, first of all in `bytes`. */
export function readDerValue(bytes: Buffer, tag: number): Buffer {
  const value = valueAt(bytes, 0)
  if (value.tag !== tag) throw new DerFault(`tag ${value.tag} where ${tag} was expected`)
  return value.content
}

function valueAt(bytes: Buffer, at: number): DerValue {
  const tag = bytes[at]
  const first = bytes[at + 1]
  if (tag === undefined || first === undefined) throw new DerFault('cut off')
  const more = first < 0x80 ? 0 : first & 0x7f
  // Four bytes of length are more than anything here is long; 0x80 (indefinite) is no DER.
  if (first === 0x80 || more > 4 || at + 2 + more > bytes.length) throw new DerFault('no DER length')
  const length = more === 0 ? first : bytes.readUIntBE(at + 2, more)
  const start = at + 2 + more
  if (start + length > bytes.length) throw new DerFault('cut off')
  return { tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(at, start + length) }
}

export function writeDer(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  return Buffer.concat([Buffer.from([tag, ...lengthOf(content.length)]), content])
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length]
  if (length < 0x100) return [0x81, length]
  return [0x82, length >> 8, length & 0xff]
}
