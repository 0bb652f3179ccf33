/** RC4, which NTLM's key exchange and signatures are made with, and OpenSSL 3 offers no more. For nothing else. */

/** The key stream goes on from call to call. */
export function rc4(key: Buffer): (data: Buffer) => Buffer {
  const state = Uint8Array.from({ length: 256 }, (_, value) => value)
  for (let i = 0, j = 0; i < 256; i++) {
    j = (j + state[i]! + key[i % key.length]!) & 255
    swap(state, i, j)
  }
  let i = 0
  let j = 0
  return (data) =>
    Buffer.from(
      data.map((byte) => {
        i = (i + 1) & 255
        j = (j + state[i]!) & 255
        swap(state, i, j)
        return byte ^ state[(state[i]! + state[j]!) & 255]!
      })
    )
}

function swap(state: Uint8Array, i: number, j: number): void {
  const held = state[i]!
  state[i] = state[j]!
  state[j] = held
}
