/**
 * The server's side of NTLM as IIS has it: proves password, MIC and channel binding. Written from MS-NLMP, apart from
 * the client in src/, with which it shares MD4 and RC4 alone (which have vectors of their own).
 */
import 'reflect-metadata'
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { X509Certificate } from '@peculiar/x509'
import { md4 } from '../src/connectors/ews/auth/ntlm/md4.ts'
import { rc4 } from '../src/connectors/ews/auth/ntlm/rc4.ts'
import { completeSpnego, mechanismList, unwrapSpnego, wrapChallenge } from './spnego-acceptor.ts'

export interface NtlmAcceptorOptions {
  /** The account's password; null where there is none by that name. Names as sent: `user@domain` has no domain. */
  readonly password: (user: string, domain: string) => string | null
  /** As Set-WebServicesVirtualDirectory -ExtendedProtectionTokenChecking; `off` is its None. */
  readonly extendedProtection: 'off' | 'allow' | 'require'
  /** The server's own, in PEM; null over plain http, where nothing can be bound. */
  readonly certificate: string | null
  /** NetBIOS names. */
  readonly domain: string
  readonly server: string
  readonly schemes: readonly ('NTLM' | 'Negotiate')[]
  /** False imitates a server of before Vista, which neither sends its time nor asks for a MIC. */
  readonly modern: boolean
  /** Epoch milliseconds. */
  readonly clock: () => number
}

export interface NtlmAccount {
  readonly user: string
  readonly domain: string
  /** How the client proved itself; each that is given was right. */
  readonly mic: boolean
  readonly bound: boolean
  readonly enveloped: boolean
  /** MsvAvTargetName, such as `HTTP/localhost`. */
  readonly target: string | null
}

export type NtlmOutcome =
  /** `authenticate` goes into WWW-Authenticate of the 200, where it is not null. */
  | { readonly outcome: 'signedIn'; readonly account: NtlmAccount; readonly authenticate: string | null }
  /** To be answered with 401 and these in WWW-Authenticate. */
  | { readonly outcome: 'challenge'; readonly authenticate: readonly string[] }
  | { readonly outcome: 'refused'; readonly authenticate: readonly string[]; readonly reason: string }

/** One for each connection: that, and not a call, is what signs in. */
export interface NtlmConnection {
  accept(authorization: string | undefined): NtlmOutcome
}

export function createNtlmConnection(options: NtlmAcceptorOptions): NtlmConnection {
  let open: { negotiate: Buffer; challenge: Buffer } | null = null
  let account: NtlmAccount | null = null
  const refused = (reason: string): NtlmOutcome => ({
    outcome: 'refused',
    authenticate: options.schemes,
    reason
  })

  function accept(scheme: string, token: Buffer): NtlmOutcome {
    account = null
    const { message, enveloped, signature } = unwrapSpnego(token)
    if (message.readUInt32LE(8) === 1) {
      open = { negotiate: message, challenge: challengeMessage(options, message.readUInt32LE(12)) }
      const answer = enveloped ? wrapChallenge(open.challenge) : open.challenge
      return { outcome: 'challenge', authenticate: [`${scheme} ${answer.toString('base64')}`] }
    }
    if (message.readUInt32LE(8) !== 3 || open === null) return refused('no handshake is under way')
    const proved = verifyAuthenticate(options, open, message)
    open = null
    if (typeof proved === 'string') return refused(proved)
    const { sessionKey, ...rest } = proved
    if (enveloped && rest.mic && signature === null) return refused('the list of mechanisms is not signed')
    if (signature !== null && !equal(signature, signed(sessionKey, mechanismList, 'client-to-server'))) {
      return refused('the signature over the list of mechanisms is wrong')
    }
    account = { ...rest, enveloped }
    const last = enveloped
      ? completeSpnego(signature && signed(sessionKey, mechanismList, 'server-to-client'))
      : null
    const authenticate = last && `${scheme} ${last.toString('base64')}`
    return { outcome: 'signedIn', account, authenticate }
  }

  return {
    accept(authorization) {
      if (authorization === undefined) {
        if (account !== null) return { outcome: 'signedIn', account, authenticate: null }
        return { outcome: 'challenge', authenticate: options.schemes }
      }
      const [scheme = '', token = ''] = authorization.split(' ')
      const known = options.schemes.find((name) => name.toLowerCase() === scheme.toLowerCase())
      if (known === undefined) return refused(`${scheme} is not offered`)
      try {
        return accept(known, Buffer.from(token, 'base64'))
      } catch (error) {
        if (error instanceof RangeError) return refused(`the message cannot be read: ${error.message}`)
        throw error
      }
    }
  }
}

/** What the flags ask for, of what a Windows server knows; NTLM2 session security, target info and the domain's kind. */
function challengeMessage(options: NtlmAcceptorOptions, asked: number): Buffer {
  const flags = ((asked & 0xe2088235) | 0x00810000 | 0x00000001) >>> 0
  const name = utf16(options.domain)
  const attributes: [id: number, value: Buffer][] = [
    [2, name],
    [1, utf16(options.server)],
    [4, utf16(`${options.domain.toLowerCase()}.example`)],
    [3, utf16(`${options.server.toLowerCase()}.${options.domain.toLowerCase()}.example`)]
  ]
  if (options.modern) {
    const time = Buffer.alloc(8)
    time.writeBigUInt64LE(BigInt(options.clock() + 11_644_473_600_000) * 10_000n)
    attributes.push([7, time])
  }
  const info = Buffer.concat([
    ...attributes.flatMap(([id, value]) => [
      Buffer.from([id, 0, value.length & 255, value.length >> 8]),
      value
    ]),
    Buffer.alloc(4)
  ])
  const message = Buffer.alloc(56)
  message.write('NTLMSSP\0', 'latin1')
  message.writeUInt32LE(2, 8)
  message.writeUInt16LE(name.length, 12)
  message.writeUInt16LE(name.length, 14)
  message.writeUInt32LE(56, 16)
  message.writeUInt32LE(flags, 20)
  randomBytes(8).copy(message, 24)
  message.writeUInt16LE(info.length, 40)
  message.writeUInt16LE(info.length, 42)
  message.writeUInt32LE(56 + name.length, 44)
  message.set([10, 0, 0x63, 0x45, 0, 0, 0, 15], 48)
  return Buffer.concat([message, name, info])
}

/** Milliseconds that the client's time may differ: what Windows allows. */
const maxSkewMs = 1_800_000

type Proof = Omit<NtlmAccount, 'enveloped'> & { readonly sessionKey: Buffer }

/** MS-NLMP section 3.2.5.1.2. A string says why not. */
export function verifyAuthenticate(
  options: Pick<NtlmAcceptorOptions, 'password' | 'extendedProtection' | 'certificate' | 'clock'>,
  { negotiate, challenge }: { negotiate: Buffer; challenge: Buffer },
  message: Buffer
): Proof | string {
  const part = (at: number) => {
    const start = message.readUInt32LE(at + 4)
    const end = start + message.readUInt16LE(at)
    if (end > message.length) throw new RangeError('a field points outside of it')
    return message.subarray(start, end)
  }
  const domain = part(28).toString('utf16le')
  const user = part(36).toString('utf16le')
  const response = part(20)
  if (response.length < 48) return 'no NTLMv2 response'
  const password = options.password(user, domain)
  if (password === null) return `no account ${user} in ${domain}`
  const owner = hmac(md4(utf16(password)), utf16(user.toUpperCase() + domain))
  const said = response.subarray(16)
  const proof = hmac(owner, challenge.subarray(24, 32), said)
  if (!equal(response.subarray(0, 16), proof)) return 'the password is wrong'

  const time = Number(said.readBigUInt64LE(8) / 10_000n) - 11_644_473_600_000
  if (Math.abs(time - options.clock()) > maxSkewMs) return 'the time is wrong'
  const attributes = attributesOf(said.subarray(28))
  const flags = message.readUInt32LE(60)
  const baseKey = hmac(owner, proof)
  const sessionKey = (flags & 0x40000000) === 0 ? baseKey : rc4(baseKey)(part(52))

  const mic = ((attributes.get(6)?.readUInt32LE() ?? 0) & 2) !== 0
  if (mic) {
    const without = Buffer.from(message)
    without.fill(0, 72, 88)
    if (!equal(message.subarray(72, 88), hmac(sessionKey, negotiate, challenge, without)))
      return 'the MIC is wrong'
  }
  const binding = attributes.get(10) ?? Buffer.alloc(16)
  const given = !equal(binding, Buffer.alloc(16))
  const { extendedProtection: mode, certificate } = options
  const bound = given && certificate !== null && equal(binding, channelBindingOf(certificate))
  if (mode !== 'off' && certificate !== null && given && !bound)
    return 'the channel binding is of another certificate'
  if (mode === 'require' && !bound) return 'there is no channel binding'
  return { user, domain, mic, bound, target: attributes.get(9)?.toString('utf16le') ?? null, sessionKey }
}

function attributesOf(bytes: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>()
  for (let at = 0; bytes.readUInt16LE(at) !== 0; ) {
    const end = at + 4 + bytes.readUInt16LE(at + 2)
    if (end > bytes.length) throw new RangeError('an attribute is cut off')
    found.set(bytes.readUInt16LE(at), bytes.subarray(at + 4, end))
    at = end
  }
  return found
}

/** RFC 5929 section 4.1, and MD5 over gss_channel_bindings_struct as MS-NLMP section 2.2.2.1 has it. */
export function channelBindingOf(pem: string): Buffer {
  const certificate = new X509Certificate(pem)
  const named = (certificate.signatureAlgorithm as { hash?: { name?: string } }).hash?.name ?? 'SHA-256'
  const hash = named === 'SHA-1' || named === 'MD5' ? 'SHA-256' : named
  const digest = createHash(hash.replace('-', '')).update(Buffer.from(certificate.rawData)).digest()
  const data = Buffer.concat([Buffer.from('tls-server-end-point:'), digest])
  return createHash('md5')
    .update(Buffer.from([...Buffer.alloc(16), data.length, 0, 0, 0]))
    .update(data)
    .digest()
}

/** The first signature of a session with extended security, key exchange and 128 bits (section 3.4.4.2). */
function signed(sessionKey: Buffer, data: Buffer, way: 'client-to-server' | 'server-to-client'): Buffer {
  const key = (use: string) =>
    createHash('md5').update(sessionKey).update(`session key to ${way} ${use} key magic constant\0`).digest()
  const sum = hmac(key('signing'), Buffer.alloc(4), data).subarray(0, 8)
  return Buffer.concat([Buffer.from([1, 0, 0, 0]), rc4(key('sealing'))(sum), Buffer.alloc(4)])
}

function hmac(key: Buffer, ...data: Buffer[]): Buffer {
  return createHmac('md5', key).update(Buffer.concat(data)).digest()
}

function equal(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}

function utf16(text: string): Buffer {
  return Buffer.from(text, 'utf16le')
}
