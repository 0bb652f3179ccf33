/** NTLMv2, the client's side: one handshake of one connection. NTLMv1 and LM are never answered with. */
import { randomBytes } from 'node:crypto'
import { type AvPair, avId, micProvided, readAvPairs, writeAvPairs } from './av-pairs.ts'
import { clientSigner, hmacMd5, responseKey, utf16 } from './keys.ts'
import { malformed } from './malformed.ts'
import { authenticateMessage, flag, micAt, negotiateMessage, readChallenge } from './messages.ts'
import { rc4 } from './rc4.ts'

export interface NtlmIdentity {
  /** `DOMAIN\user`, `user@domain`, or `user` of the server's own domain. */
  readonly user: string
  readonly password: string
}

export interface NtlmOptions extends NtlmIdentity {
  /** Sixteen bytes (channel-binding.ts); null where there is no TLS to bind to. */
  readonly channelBinding: Buffer | null
  /** What is asked for: `HTTP/mail.example.se`. */
  readonly targetName: string | null
  /** Epoch milliseconds; used where the server does not send its time. */
  readonly clock: () => number
  readonly random?: (bytes: number) => Buffer
}

export interface NtlmHandshake {
  /** The first message. It holds nothing of the identity: to send it costs no attempt. */
  readonly negotiate: Buffer
  /** Answers the server's CHALLENGE, once. Throws RemoteError `protocol_error` where that is none. */
  authenticate(challenge: Buffer): NtlmAnswer
}

export interface NtlmAnswer {
  readonly message: Buffer
  /** The first signature of the session. SPNEGO's is over its list of mechanisms. */
  readonly sign: (data: Buffer) => Buffer
  /** Whether the message carries a MIC. */
  readonly mic: boolean
}

export function ntlmHandshake(options: NtlmOptions): NtlmHandshake {
  const negotiate = negotiateMessage()
  return { negotiate, authenticate: (challenge) => answer(options, negotiate, challenge) }
}

/** MS-NLMP sections 3.1.5.1.2 and 3.3.2. */
function answer(options: NtlmOptions, negotiate: Buffer, message: Buffer): NtlmAnswer {
  const random = options.random ?? randomBytes
  const { flags, nonce, targetInfo } = readChallenge(message)
  const pairs = readAvPairs(targetInfo)
  const timestamp = pairs.find(({ id }) => id === avId.timestamp)?.value
  if (timestamp !== undefined && timestamp.length !== 8) throw malformed('its time is not eight bytes')
  // A server that sends its time requires the MIC; an older one may not even skip it.
  const mic = timestamp !== undefined

  const { user, domain } = splitName(options.user)
  const key = responseKey(user, domain, options.password)
  const own = random(8)
  const said = Buffer.concat([
    Buffer.from([1, 1, 0, 0, 0, 0, 0, 0]),
    timestamp ?? fileTime(options.clock()),
    own,
    Buffer.alloc(4),
    writeAvPairs(echoedPairs(pairs, mic, options)),
    Buffer.alloc(4)
  ])
  const proof = hmacMd5(key, nonce, said)
  const baseKey = hmacMd5(key, proof)
  const exchanged = (flags & flag.keyExchange) !== 0
  const sessionKey = exchanged ? random(16) : baseKey

  const authenticate = authenticateMessage({
    flags,
    domain,
    user,
    workstation: '',
    lmResponse: mic ? Buffer.alloc(24) : Buffer.concat([hmacMd5(key, nonce, own), own]),
    ntResponse: Buffer.concat([proof, said]),
    sessionKey: exchanged ? rc4(baseKey)(sessionKey) : Buffer.alloc(0),
    mic
  })
  if (mic) hmacMd5(sessionKey, negotiate, message, authenticate).copy(authenticate, micAt)
  const sign = clientSigner(sessionKey, {
    keyExchange: exchanged,
    bits128: (flags & flag.bits128) !== 0,
    bits56: (flags & flag.bits56) !== 0
  })
  return { message: authenticate, sign, mic }
}

/** The server's own attributes in their order, ours in place of any that claim to be ours. */
function echoedPairs(pairs: readonly AvPair[], mic: boolean, options: NtlmOptions): AvPair[] {
  const ours: AvPair[] = []
  const flags =
    pairs.find(({ id, value }) => id === avId.flags && value.length === 4)?.value.readUInt32LE() ?? 0
  if (mic || flags !== 0) {
    const value = Buffer.alloc(4)
    value.writeUInt32LE((mic ? flags | micProvided : flags) >>> 0)
    ours.push({ id: avId.flags, value })
  }
  if (options.channelBinding !== null) ours.push({ id: avId.channelBindings, value: options.channelBinding })
  if (options.targetName !== null) ours.push({ id: avId.targetName, value: utf16(options.targetName) })
  const replaced: readonly number[] = [avId.flags, avId.channelBindings, avId.targetName]
  return [...pairs.filter(({ id }) => !replaced.includes(id)), ...ours]
}

/** `user@domain` goes out whole, without a domain: the directory knows such names by themselves. */
export function splitName(name: string): { user: string; domain: string } {
  const at = name.indexOf('\\')
  return at < 0 ? { user: name, domain: '' } : { user: name.slice(at + 1), domain: name.slice(0, at) }
}

/** 100 nanoseconds since 1601 (MS-DTYP section 2.3.3). */
function fileTime(instant: number): Buffer {
  const value = Buffer.alloc(8)
  value.writeBigUInt64LE((BigInt(Math.trunc(instant)) + 11_644_473_600_000n) * 10_000n)
  return value
}
