/** The secrets of NTLMv2 and what is made with them (MS-NLMP sections 3.3.2, 3.4.4.2 and 3.4.5). */
import { createHash, createHmac } from 'node:crypto'
import { md4 } from './md4.ts'
import { rc4 } from './rc4.ts'

export function hmacMd5(key: Buffer, ...data: readonly Buffer[]): Buffer {
  const hmac = createHmac('md5', key)
  for (const part of data) hmac.update(part)
  return hmac.digest()
}

/** NTOWFv2: what stands for the password of this user of this domain. The domain's case counts. */
export function responseKey(user: string, domain: string, password: string): Buffer {
  return hmacMd5(md4(utf16(password)), utf16(upperCase(user) + domain))
}

/** One to one as Windows does it: ß and ı stay, where JavaScript would make SS and I of them. */
function upperCase(text: string): string {
  return Array.from(text, (letter) => {
    const upper = letter.toUpperCase()
    return upper.toLowerCase() === letter ? upper : letter
  }).join('')
}

/** Signs as the client does, its first message being number 0 (extended session security with key exchange or without). */
export function clientSigner(
  sessionKey: Buffer,
  flags: { keyExchange: boolean; bits128: boolean; bits56: boolean }
) {
  const magic = (use: string) =>
    Buffer.from(`session key to client-to-server ${use} key magic constant\0`, 'latin1')
  const md5 = (...parts: Buffer[]) => createHash('md5').update(Buffer.concat(parts)).digest()
  const signingKey = md5(sessionKey, magic('signing'))
  const sealed = sessionKey.subarray(0, flags.bits128 ? 16 : flags.bits56 ? 7 : 5)
  const encrypt = rc4(md5(sealed, magic('sealing')))
  let sequence = 0
  return (message: Buffer): Buffer => {
    const number = Buffer.alloc(4)
    number.writeUInt32LE(sequence++)
    const checksum = hmacMd5(signingKey, number, message).subarray(0, 8)
    const head = Buffer.from([1, 0, 0, 0])
    return Buffer.concat([head, flags.keyExchange ? encrypt(checksum) : checksum, number])
  }
}

export function utf16(text: string): Buffer {
  return Buffer.from(text, 'utf16le')
}
