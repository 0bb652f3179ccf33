/** MD4 (RFC 1320): NTLM keeps passwords as it, and OpenSSL 3 offers it no more. For nothing else. */

export function md4(message: Buffer): Buffer {
  const padded = pad(message)
  const words = new Uint32Array(16)
  let a = 0x67452301
  let b = 0xefcdab89
  let c = 0x98badcfe
  let d = 0x10325476
  for (let block = 0; block < padded.length; block += 64) {
    for (let word = 0; word < 16; word++) words[word] = padded.readUInt32LE(block + 4 * word)
    const before = [a, b, c, d] as const
    for (const { mix, constant, order, shifts } of rounds) {
      for (let step = 0; step < 16; step++) {
        const sum = (a + mix(b, c, d) + words[order[step]!]! + constant) | 0
        const shift = shifts[step % 4]!
        a = d
        d = c
        c = b
        b = (sum << shift) | (sum >>> (32 - shift))
      }
    }
    a = (a + before[0]) | 0
    b = (b + before[1]) | 0
    c = (c + before[2]) | 0
    d = (d + before[3]) | 0
  }
  const digest = Buffer.alloc(16)
  for (const [place, word] of [a, b, c, d].entries()) digest.writeInt32LE(word | 0, 4 * place)
  return digest
}

interface Round {
  readonly mix: (x: number, y: number, z: number) => number
  readonly constant: number
  readonly order: readonly number[]
  readonly shifts: readonly number[]
}

/** RFC 1320 section 3.4. Each step there renames its registers; here they move on by one instead. */
const rounds: readonly Round[] = [
  {
    mix: (x, y, z) => (x & y) | (~x & z),
    constant: 0,
    order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    shifts: [3, 7, 11, 19]
  },
  {
    mix: (x, y, z) => (x & y) | (x & z) | (y & z),
    constant: 0x5a827999,
    order: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
    shifts: [3, 5, 9, 13]
  },
  {
    mix: (x, y, z) => x ^ y ^ z,
    constant: 0x6ed9eba1,
    order: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15],
    shifts: [3, 9, 11, 15]
  }
]

/** A one bit, zeros, and the length in bits: a whole number of 64-byte blocks. */
function pad(message: Buffer): Buffer {
  const padded = Buffer.alloc(Math.ceil((message.length + 9) / 64) * 64)
  message.copy(padded)
  padded[message.length] = 0x80
  padded.writeBigUInt64LE(BigInt(message.length) * 8n, padded.length - 8)
  return padded
}
