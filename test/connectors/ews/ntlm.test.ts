/** NTLM's messages: against the specification's own numbers, against our server's side, and against garbage. */
import { X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import {
  channelBindingOf,
  createNtlmConnection,
  type NtlmAcceptorOptions,
  type NtlmOutcome,
  verifyAuthenticate
} from '../../../simulator/ntlm-acceptor.ts'
import { bindingOver, channelBinding } from '../../../src/connectors/ews/auth/ntlm/channel-binding.ts'
import { responseKey } from '../../../src/connectors/ews/auth/ntlm/keys.ts'
import { md4 } from '../../../src/connectors/ews/auth/ntlm/md4.ts'
import { authenticateMessage } from '../../../src/connectors/ews/auth/ntlm/messages.ts'
import { type NtlmOptions, ntlmHandshake } from '../../../src/connectors/ews/auth/ntlm/ntlm.ts'
import { rc4 } from '../../../src/connectors/ews/auth/ntlm/rc4.ts'
import {
  mechanisms,
  unwrapChallenge,
  wrapAuthenticate,
  wrapNegotiate
} from '../../../src/connectors/ews/auth/ntlm/spnego.ts'
import { RemoteError } from '../../../src/errors.ts'
import t from '../../group/tap.ts'
import { longTests } from '../../support/long-tests.ts'
import { certificateOf, kinds } from './certificates.ts'

const runs = longTests ? 5_000 : 500

const hex = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex')

t.test('the numbers of RFC 1320 (MD4) and RFC 6229 (RC4)', async (t) => {
  const digests: Record<string, string> = {
    '': '31d6cfe0d16ae931b73c59d7e0c089c0',
    a: 'bde52cb31de33e46245e05fbdbd6fb24',
    abc: 'a448017aaf21d8525fc10ae87aa6729d',
    'message digest': 'd9130a8164549fe818874806e1c7014b',
    abcdefghijklmnopqrstuvwxyz: 'd79e1c308aa5bbcdeea8ed63df412da9',
    ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789: '043f8582f241db351ce627e153e7f0e4',
    ['1234567890'.repeat(8)]: 'e33b4ddc9c38f2199c3e7b164fcc0536'
  }
  for (const [message, digest] of Object.entries(digests)) {
    t.equal(md4(Buffer.from(message)).toString('hex'), digest, message)
  }
  t.equal(rc4(hex('0102030405'))(Buffer.alloc(16)).toString('hex'), 'b2396305f03dc027ccc3524a0a1118a8')
})

/** MS-NLMP section 4.2.4: user "User" of "Domain" with "Password", time 0, and the challenges that it names. */
const example = {
  challenge: hex(`4e544c4d53535000 02000000 0c000c00 38000000 33828ae2 0123456789abcdef 0000000000000000
    2400240044000000 060070170000000f 530065007200760065007200
    02000c0044006f006d00610069006e00 01000c00530065007200760065007200 00000000`),
  lm: '86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa',
  nt: `68cd0ab851e51c96aabc927bebef6a1c01010000000000000000000000000000aaaaaaaaaaaaaaaa00000000
    02000c0044006f006d00610069006e0001000c005300650072007600650072000000000000000000`.replace(/\s/g, ''),
  sessionKey: 'c5dad2544fc9799094ce1ce90bc9d03e',
  /** Its version (eight bytes at 64) is that of Windows XP. */
  authenticate: hex(`4e544c4d5353500003000000180018006c00000054005400840000000c000c00480000000800080054000000
    100010005c00000010001000d8000000358288e20501280a0000000f44006f006d00610069006e0055007300650072004300
    4f004d0050005500540045005200 86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa 68cd0ab851e51c96aabc927b
    ebef6a1c01010000000000000000000000000000aaaaaaaaaaaaaaaa0000000002000c0044006f006d00610069006e000100
    0c005300650072007600650072000000000000000000 c5dad2544fc9799094ce1ce90bc9d03e`)
}
const atTimeZero = -11_644_473_600_000

t.test('the numbers of MS-NLMP section 4.2.4', async (t) => {
  t.equal(responseKey('User', 'Domain', 'Password').toString('hex'), '0c868a403bfd7a93a3001ef22ef02e3f')
  const { message } = ntlmHandshake({
    user: 'Domain\\User',
    password: 'Password',
    channelBinding: null,
    targetName: null,
    clock: () => atTimeZero,
    random: (bytes) => Buffer.alloc(bytes, bytes === 8 ? 0xaa : 0x55)
  }).authenticate(example.challenge)
  const part = (at: number) => {
    const start = message.readUInt32LE(at + 4)
    return message.subarray(start, start + message.readUInt16LE(at)).toString('hex')
  }
  t.equal(part(12), example.lm)
  t.equal(part(20), example.nt)
  t.equal(part(52), example.sessionKey)
  t.equal(message.subarray(60, 64).toString('hex'), '358288e2')

  const whole = authenticateMessage({
    flags: 0xe2888235,
    domain: 'Domain',
    user: 'User',
    workstation: 'COMPUTER',
    lmResponse: hex(example.lm),
    ntResponse: hex(example.nt),
    sessionKey: hex(example.sessionKey),
    mic: false
  })
  example.authenticate.copy(whole, 64, 64, 72)
  t.equal(whole.toString('hex'), example.authenticate.toString('hex'), 'the message as it stands there')

  const server = {
    password: (user: string, domain: string) => (`${domain}\\${user}` === 'Domain\\User' ? 'Password' : null),
    extendedProtection: 'off' as const,
    certificate: null,
    clock: () => atTimeZero
  }
  const exchange = { negotiate: Buffer.alloc(0), challenge: example.challenge }
  t.match(verifyAuthenticate(server, exchange, example.authenticate), {
    user: 'User',
    mic: false,
    sessionKey: hex('55'.repeat(16))
  })
  t.equal(
    verifyAuthenticate({ ...server, password: () => 'password' }, exchange, example.authenticate),
    'the password is wrong'
  )
})

t.test('the channel binding, by the hash that signed the certificate', async (t) => {
  // learn.microsoft.com, archive/blogs/openspecification, "NTLM and Channel Binding Hash".
  const hash = hex('ea05fefecc6b0bd571dbbc5baa3ed45386d0446835f7b74c85621b9983475f95')
  t.equal(bindingOver(hash).toString('hex'), '6586e99d81c2fc984e47172fd4dd0310')
  for (const kind of Object.keys(kinds) as (keyof typeof kinds)[]) {
    const { certificate } = await certificateOf({ kind })
    t.same(channelBinding(new X509Certificate(certificate).raw), channelBindingOf(certificate), kind)
  }
  t.equal(channelBinding(Buffer.from('no certificate')).length, 16)
})

const { certificate } = await certificateOf({ kind: 'ECDSA, SHA-384' })
const other = await certificateOf({})
const now = Date.UTC(2026, 10, 22, 12)
const standard: NtlmAcceptorOptions = {
  password: (user, domain) =>
    ['svc@hanvisa.example\\', 'Åse\\HANVISA'].includes(`${user}\\${domain}`) ? 'lösenord ✓' : null,
  extendedProtection: 'require',
  certificate,
  domain: 'HANVISA',
  server: 'EX01',
  schemes: ['Negotiate', 'NTLM'],
  modern: true,
  clock: () => now
}
const identity: NtlmOptions = {
  user: 'HANVISA\\Åse',
  password: 'lösenord ✓',
  channelBinding: channelBinding(new X509Certificate(certificate).raw),
  targetName: 'HTTP/mail.hanvisa.example',
  clock: () => now
}

function signIn(
  server: Partial<NtlmAcceptorOptions>,
  client: Partial<NtlmOptions>,
  enveloped = false
): NtlmOutcome {
  const connection = createNtlmConnection({ ...standard, ...server })
  const handshake = ntlmHandshake({ ...identity, ...client })
  const say = (token: Buffer) => connection.accept(`Negotiate ${token.toString('base64')}`)
  const outcome = say(enveloped ? wrapNegotiate(handshake.negotiate) : handshake.negotiate)
  const token = Buffer.from(outcome.authenticate?.[0]?.split(' ')[1] ?? '', 'base64')
  if (!enveloped) return say(handshake.authenticate(token).message)
  const { message, sign } = handshake.authenticate(unwrapChallenge(token))
  return say(wrapAuthenticate(message, sign(mechanisms)))
}

t.test('a server that proves everything lets in who is right', async (t) => {
  const account = {
    user: 'Åse',
    domain: 'HANVISA',
    mic: true,
    bound: true,
    target: 'HTTP/mail.hanvisa.example'
  }
  t.match(signIn({}, {}), { outcome: 'signedIn', account: { ...account, enveloped: false } })
  t.match(signIn({}, {}, true), { outcome: 'signedIn', account: { ...account, enveloped: true } })
  t.match(signIn({}, { user: 'svc@hanvisa.example' }), {
    account: { user: 'svc@hanvisa.example', domain: '' }
  })
  const old = { modern: false, certificate: null, extendedProtection: 'off' } as const
  t.match(signIn(old, { channelBinding: null }), {
    outcome: 'signedIn',
    account: { mic: false, bound: false }
  })
  t.match(signIn(old, { channelBinding: null }, true), { outcome: 'signedIn' })
  t.match(signIn({ extendedProtection: 'allow' }, { channelBinding: null }), { outcome: 'signedIn' })
})

t.test('and nobody else', async (t) => {
  const reason = (outcome: NtlmOutcome) => (outcome.outcome === 'refused' ? outcome.reason : outcome.outcome)
  t.equal(reason(signIn({}, { password: 'lösenord' })), 'the password is wrong')
  t.match(reason(signIn({}, { user: 'HANVISA\\Bo' })), /no account Bo/)
  t.equal(reason(signIn({}, { channelBinding: null })), 'there is no channel binding')
  const foreign = channelBinding(new X509Certificate(other.certificate).raw)
  for (const extendedProtection of ['allow', 'require'] as const) {
    t.match(reason(signIn({ extendedProtection }, { channelBinding: foreign })), /of another certificate/)
  }
  t.equal(reason(signIn({ extendedProtection: 'off' }, { channelBinding: foreign })), 'signedIn')
  t.equal(reason(signIn({ modern: false }, { clock: () => now - 3_600_000 })), 'the time is wrong')

  const connection = createNtlmConnection(standard)
  const handshake = ntlmHandshake(identity)
  const outcome = connection.accept(`NTLM ${handshake.negotiate.toString('base64')}`)
  const challenge = Buffer.from(outcome.authenticate?.[0]?.split(' ')[1] ?? '', 'base64')
  const { message } = handshake.authenticate(challenge)
  message[80]! ^= 1
  t.equal(reason(connection.accept(`NTLM ${message.toString('base64')}`)), 'the MIC is wrong')
  message[80]! ^= 1
  t.equal(reason(connection.accept(`NTLM ${message.toString('base64')}`)), 'no handshake is under way')
})

t.test('a challenge that is garbage ends in one clean error', async (t) => {
  const connection = createNtlmConnection(standard)
  const whole = connection.accept(`NTLM ${ntlmHandshake(identity).negotiate.toString('base64')}`)
  const challenge = Buffer.from(whole.authenticate?.[0]?.split(' ')[1] ?? '', 'base64')
  const wrapped = createNtlmConnection(standard).accept(
    `Negotiate ${wrapNegotiate(ntlmHandshake(identity).negotiate).toString('base64')}`
  )
  const envelope = Buffer.from(wrapped.authenticate?.[0]?.split(' ')[1] ?? '', 'base64')
  let answered = 0
  const clean = (read: () => unknown) => {
    try {
      read()
      answered++
    } catch (error) {
      if (!(error instanceof RemoteError) || error.code !== 'protocol_error') throw error
    }
  }
  const mutated = (seed: Buffer) =>
    fc
      .record({
        length: fc.nat(seed.length + 8),
        changes: fc.array(
          fc.tuple(fc.nat(seed.length - 1), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 128, 255))),
          {
            maxLength: 6
          }
        )
      })
      .map(({ length, changes }) => {
        const copy = Buffer.concat([seed, Buffer.alloc(8, 0xff)]).subarray(
          0,
          length < 16 ? seed.length : length
        )
        for (const [at, value] of changes) if (at < copy.length) copy[at] = value
        return copy
      })
  const answer = (bytes: Buffer) => ntlmHandshake(identity).authenticate(bytes)
  fc.assert(
    fc.property(mutated(challenge), (bytes) => clean(() => answer(bytes))),
    { numRuns: 8 * runs }
  )
  fc.assert(
    fc.property(mutated(envelope), (bytes) => clean(() => answer(unwrapChallenge(bytes)))),
    { numRuns: 4 * runs }
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      clean(() => answer(Buffer.from(bytes)))
      clean(() => unwrapChallenge(Buffer.from(bytes)))
      return channelBinding(Buffer.from(bytes)).length === 16
    }),
    { numRuns: runs }
  )
  t.ok(answered > runs / 5, `some could be answered (${answered} of ${14 * runs})`)
  const legacy = Buffer.from(challenge)
  legacy.writeUInt32LE(0x00000202, 20)
  t.throws(() => answer(legacy), { code: 'protocol_error', hint: /before 2000/ }, 'no way back to NTLMv1')
})
