/** The three NTLM messages on the wire (MS-NLMP section 2.2.1). */
import { malformed } from './malformed.ts'

/** MS-NLMP section 2.2.2.5. */
export const flag = {
  unicode: 0x1,
  requestTarget: 0x4,
  sign: 0x10,
  seal: 0x20,
  ntlm: 0x200,
  alwaysSign: 0x8000,
  extendedSessionSecurity: 0x80000,
  targetInfo: 0x800000,
  version: 0x2000000,
  bits128: 0x20000000,
  keyExchange: 0x40000000,
  bits56: 0x80000000
} as const

/** What a Windows client asks for. A server that lacks extended session security is refused (below). */
const asked =
  (flag.unicode |
    flag.requestTarget |
    flag.sign |
    flag.seal |
    flag.ntlm |
    flag.alwaysSign |
    flag.extendedSessionSecurity |
    flag.version |
    flag.bits128 |
    flag.keyExchange |
    flag.bits56) >>>
  0

const signature = Buffer.from('NTLMSSP\0', 'latin1')
/** Windows 10, revision 15 of NTLM: "for debugging purposes only" (section 2.2.2.10). */
const version = Buffer.from('0a00614a0000000f', 'hex')

/** No domain and no workstation: they would go out before the server is known. */
export function negotiateMessage(): Buffer {
  const message = Buffer.alloc(40)
  signature.copy(message)
  message.writeUInt32LE(1, 8)
  message.writeUInt32LE(asked, 12)
  // Both empty fields point at the end of the message.
  message.writeUInt32LE(40, 20)
  message.writeUInt32LE(40, 28)
  version.copy(message, 32)
  return message
}

export interface Challenge {
  /** What both sides can do. */
  readonly flags: number
  /** Eight bytes. */
  readonly nonce: Buffer
  /** Empty where the server sends none. */
  readonly targetInfo: Buffer
}

/** Throws RemoteError `protocol_error`. Ignores what it need not know, the target's name among it. */
export function readChallenge(message: Buffer): Challenge {
  if (message.length < 32 || !message.subarray(0, 8).equals(signature) || message.readUInt32LE(8) !== 2) {
    throw malformed('it is no CHALLENGE message')
  }
  const flags = message.readUInt32LE(20)
  if ((flags & flag.unicode) === 0 || (flags & flag.extendedSessionSecurity) === 0) {
    throw malformed('it asks for NTLM of before 2000, which is not offered')
  }
  const has = (flags & flag.targetInfo) !== 0
  return {
    flags: ((flags & (asked | flag.targetInfo)) | flag.requestTarget) >>> 0,
    nonce: message.subarray(24, 32),
    targetInfo: has ? field(message, 40) : Buffer.alloc(0)
  }
}

/** Length, room (ignored) and offset stand at `at`. */
function field(message: Buffer, at: number): Buffer {
  if (at + 8 > message.length) throw malformed('it is cut off')
  const length = message.readUInt16LE(at)
  const start = message.readUInt32LE(at + 4)
  if (start + length > message.length) throw malformed('a field points outside of it')
  return message.subarray(start, start + length)
}

export interface Authenticate {
  readonly flags: number
  readonly domain: string
  readonly user: string
  readonly workstation: string
  readonly lmResponse: Buffer
  readonly ntResponse: Buffer
  /** The session key, encrypted; empty without key exchange. */
  readonly sessionKey: Buffer
  /** Whether there is room for a MIC, at `micAt`; Windows before 2003 R2 had none. */
  readonly mic: boolean
}

export const micAt = 72

export function authenticateMessage(parts: Authenticate): Buffer {
  const head = Buffer.alloc(parts.mic ? micAt + 16 : micAt)
  signature.copy(head)
  head.writeUInt32LE(3, 8)
  head.writeUInt32LE(parts.flags, 60)
  version.copy(head, 64)
  const text = (value: string) => Buffer.from(value, 'utf16le')
  // In the order of the specification's own example; the place in the head is each one's own.
  const payload: readonly (readonly [place: number, value: Buffer])[] = [
    [28, text(parts.domain)],
    [36, text(parts.user)],
    [44, text(parts.workstation)],
    [12, parts.lmResponse],
    [20, parts.ntResponse],
    [52, parts.sessionKey]
  ]
  let end = head.length
  for (const [place, value] of payload) {
    head.writeUInt16LE(value.length, place)
    head.writeUInt16LE(value.length, place + 2)
    head.writeUInt32LE(end, place + 4)
    end += value.length
  }
  return Buffer.concat([head, ...payload.map(([, value]) => value)])
}
