/** What a SIP consumer does with the answers of a presence server, whatever they are (RFC 3903, and the failures of section 12). */
import type { Test } from 'tap'
import type { ConsumerStatus, WantedState } from '../../src/delivery/consumer.ts'
import type { DeliveryError } from '../../src/delivery/delivery-error.ts'
import { answerChallenge, pickChallenge } from '../../src/delivery/sip/digest-auth.ts'
import { SipPeer } from '../../src/delivery/sip/sip-peer.ts'
import { parseProxy, type SipSettings } from '../../src/delivery/sip/sip-settings.ts'
import { machineTimers } from '../../src/lib/timers.ts'
import t from '../group/tap.ts'
import { type ReceivedSip, type SipAnswer, startScriptedSip } from '../support/scripted-sip-server.ts'
import { hangMs } from '../support/until.ts'

const at = Date.UTC(2026, 10, 30, 12)
const closed = {
  user: 'anna',
  extension: '1070',
  diversion: 'meeting',
  label: 'Möte',
  phone: 'closed',
  activity: 'meeting',
  since: '2026-11-30T12:00:00Z',
  until: '2026-11-30T13:30:00Z'
} as unknown as ConsumerStatus
const wanted = (status: ConsumerStatus | null = closed, tag?: string, extension = '1070'): WantedState => ({
  user: 'anna',
  extension: '1070',
  status,
  acknowledged: tag === undefined ? null : { extension, tag }
})
const taken = { status: 200, headers: { 'SIP-ETag': 'new', Expires: '1800' } }

async function start(
  t: Test,
  answerOf: (request: ReceivedSip, index: number) => SipAnswer,
  settings: Partial<SipSettings> = {}
) {
  let lost = 0
  const server = await startScriptedSip(t, answerOf)
  const peer = new SipPeer(
    {
      tenant: 'acme',
      consumer: 'pbx',
      timeZone: 'Europe/Stockholm',
      language: 'sv',
      onStateLost: () => {
        lost++
      },
      settings: {
        proxy: `sip:127.0.0.1:${server.port}`,
        domain: 'example.se',
        user: '{extension}',
        identity: 'service',
        auth: { user: 'hanvisa', password: 'secret' },
        publish: ['presence'],
        basic: 'phone',
        expires: 3600,
        ...settings
      }
    },
    {
      recipes: new Map(),
      http: async () => {
        throw new Error('no HTTP')
      },
      addresses: { lookup: undefined as never, refusalOf: () => null },
      clock: () => at,
      timers: machineTimers,
      log: { info() {}, warn() {}, error() {} }
    }
  )
  t.teardown(() => peer.close())
  const send = async (state: WantedState, signal = AbortSignal.timeout(hangMs)) =>
    (await peer.send([state], { cursor: '', previousCursor: null, signal }))[0]!
  return { server, peer, send, lost: () => lost }
}

const failure = (call: Promise<unknown>): Promise<DeliveryError> =>
  call.then(
    () => Promise.reject(new Error('it was taken')),
    (error) => error
  )

t.test('a publication is made, modified by its tag, and removed', async (t) => {
  const { server, send } = await start(t, (_request, index) => ({
    status: 200,
    headers: { 'SIP-ETag': `tag-${index}`, Expires: '1800' }
  }))
  const made = await send(wanted())
  t.match(made, { outcome: 'ok', tag: '{"presence":"tag-0"}' })
  t.ok(
    made.refreshAfterMs! >= 0.6 * 1_800_000 && made.refreshAfterMs! <= 0.8 * 1_800_000,
    'of what was granted'
  )
  await send(wanted(closed, made.tag))
  t.match(await send(wanted(null, '{"presence":"tag-1"}')), { outcome: 'ok' })
  const [initial, modify, remove] = server.received
  t.equal(initial!.first, 'PUBLISH sip:1070@example.se SIP/2.0')
  t.match(initial!.headers.get('from'), /^<sip:hanvisa@example\.se>;tag=/)
  t.same([initial!.headers.get('event'), initial!.headers.get('expires')], ['presence', '3600'])
  t.notOk(initial!.headers.has('sip-if-match'))
  t.equal(modify!.headers.get('sip-if-match'), 'tag-0')
  t.match(
    modify!.body,
    /<rpid:activities from="2026-11-30T12:00:00Z" until="2026-11-30T13:30:00Z"><rpid:meeting\/>/
  )
  t.same([remove!.headers.get('expires'), remove!.body], ['0', ''], 'a removal has no body')
  t.equal(server.connections(), 1)
})

t.test('another extension: what was set is removed there first', async (t) => {
  const { server, send } = await start(t, () => taken, { publish: ['presence', 'dialog'] })
  await send(wanted(closed, '{"presence":"p","dialog":"d"}', '2000'))
  t.same(
    server.received.map(({ first, headers }) => [
      first.split(' ')[1],
      headers.get('event'),
      headers.get('expires')
    ]),
    [
      ['sip:2000@example.se', 'presence', '0'],
      ['sip:2000@example.se', 'dialog', '3600'],
      ['sip:2000@example.se', 'dialog', '0'],
      ['sip:1070@example.se', 'presence', '3600'],
      ['sip:1070@example.se', 'dialog', '3600']
    ],
    'the lamp is said to be out before its dialog is removed'
  )
})

t.test('a tag that the server does not know is thrown away, and 423 asks for a longer time', async (t) => {
  for (const status of [412, 500]) {
    const { server, send } = await start(t, (_request, index) => (index === 0 ? { status } : taken))
    t.match(await send(wanted(closed, '{"presence":"lost"}')), { outcome: 'ok', tag: '{"presence":"new"}' })
    t.notOk(server.received[1]!.headers.has('sip-if-match'), 'never the same request again')
    t.match(await send(wanted(null, '{"presence":"lost"}')), { outcome: 'ok' })
  }
  const { server, send } = await start(t, (_request, index) =>
    index === 0 ? { status: 423, headers: { 'Min-Expires': '7200' } } : taken
  )
  await send(wanted())
  t.equal(server.received[1]!.headers.get('expires'), '7200')
})

t.test('what a server refuses is told apart', async (t) => {
  const cases = [
    [
      { status: 503, headers: { 'Retry-After': '17' } },
      { code: 'throttled', retryAfterMs: 17_000 }
    ],
    [{ status: 489 }, { code: 'peer_cannot', consequence: 'refused', retryAfterMs: 1_800_000 }],
    [{ status: 415 }, { code: 'peer_cannot', retryAfterMs: 1_800_000 }],
    [{ status: 403 }, { code: 'access_denied', consequence: 'refused' }],
    [{ status: 500 }, { code: 'refused', consequence: 'retry' }],
    ['HTTP/1.1 400 Bad Request\r\n\r\n', { code: 'protocol_error' }],
    [`SIP/2.0 200 OK\r\nX: ${'x'.repeat(70_000)}`, { code: 'protocol_error' }],
    ['SIP/2.0 200 OK\r\nContent-Length: 4294967296\r\n\r\n', { code: 'protocol_error' }]
  ] as const
  for (const [answer, expected] of cases) {
    const { send } = await start(t, () => answer)
    t.match(await failure(send(wanted())), expected, JSON.stringify(answer).slice(0, 60))
  }
  const { send } = await start(t, ({ first }) => (first.includes('1070') ? { status: 404 } : taken))
  t.match(
    await send(wanted()),
    { outcome: 'failed', error: { code: 'peer_cannot', hint: /404/ } },
    'of this user alone'
  )
})

t.test('half an answer, silence, and a server that comes back', { timeout: hangMs }, async (t) => {
  let how: SipAnswer | 'hang up' = 'hang up'
  const server = await startScriptedSip(t, (_request, _index, socket) => {
    if (how !== 'hang up') return how
    socket.end('SIP/2.0 200 O')
    return null
  })
  const { send, lost } = await start(t, () => taken, { proxy: `sip:127.0.0.1:${server.port}` })
  t.match(await failure(send(wanted())), { code: 'unreachable' })
  how = null
  const signal = AbortSignal.timeout(50)
  await failure(send(wanted(), signal))
  t.ok(signal.aborted, 'silence lasts until the deadline')
  how = taken
  t.match(await send(wanted()), { outcome: 'ok' })
  t.equal(server.connections(), 3, 'what was silent is connected to anew')
  t.ok(lost() >= 1, 'and everybody is published again')
})

t.test('a password goes as a digest, and a further challenge is a refusal with its remedy', async (t) => {
  const challenges = {
    'WWW-Authenticate': 'Digest realm="example.se", nonce="n1", algorithm=SHA-256, qop="auth"'
  }
  const { server, send } = await start(t, ({ headers }) =>
    headers.has('authorization') ? taken : { status: 401, headers: challenges }
  )
  await send(wanted())
  await send(wanted())
  t.equal(server.received.length, 3, 'the second time the nonce is used again')
  t.match(server.received[1]!.headers.get('authorization'), /algorithm=SHA-256.*nc=00000001/)
  t.match(server.received[2]!.headers.get('authorization'), /nc=00000002/)
  const always = await start(t, () => ({
    status: 407,
    headers: { 'Proxy-Authenticate': 'Digest realm="example.se", nonce="n1"' }
  }))
  t.match(await failure(always.send(wanted())), {
    code: 'refused',
    consequence: 'refused',
    hint: /kamailio\.md/
  })
  const open = await start(t, () => ({ status: 401, headers: challenges }), { auth: undefined as never })
  t.match(await failure(open.send(wanted())), { code: 'access_denied', hint: /"auth"/ })
})

t.test('the digests of RFC 7616, 3.9.1', async (t) => {
  const header = (algorithm: string) =>
    `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, ` +
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
  const answer = (challenge: ReturnType<typeof pickChallenge>) =>
    answerChallenge(
      challenge!,
      { user: 'Mufasa', password: 'Circle of Life' },
      { method: 'GET', uri: '/dir/index.html', count: 1 },
      'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ'
    )[1]
  t.match(answer(pickChallenge([header('MD5')], false)), /response="8ca523f5e9506fed4657c9700eebdbec"/)
  t.match(
    answer(pickChallenge([header('MD5'), header('SHA-256')], false)),
    /response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"/,
    'the stronger one is taken'
  )
  t.equal(pickChallenge(['Basic realm="x"', 'Digest realm="x", nonce="y", algorithm=SHA-512'], false), null)
})

t.test('line ends, NUL and XML in a label and an extension stay what they are: text', async (t) => {
  const { server, send } = await start(t, () => taken)
  const hostile = {
    ...closed,
    label: 'a\r\nSIP-If-Match: x\r\n\r\n\0]]></note><evil a="&\'">\u{1F600}',
    extension: '10\r\n70<>"@evil;x=y'
  }
  await send({ ...wanted(hostile as ConsumerStatus), extension: hostile.extension })
  t.equal(server.received.length, 1)
  const [{ first, headers, body }] = server.received as [ReceivedSip]
  t.match(first, /^PUBLISH sip:10%0D%0A70%3C%3E%22%40evil[;%=\w]+@example\.se SIP\/2\.0$/)
  t.notOk(headers.has('sip-if-match'))
  t.notMatch(body, /<evil|\0|\r\nSIP/)
  t.match(body, /&#60;evil a=&#34;&#38;&#39;&#34;&#62;😀/)
})

t.test('a server that takes closed for unregistered is told open always', async (t) => {
  const { server, send } = await start(t, () => taken, { basic: 'open', identity: 'presentity' })
  await send(wanted())
  t.match(server.received[0]!.body, /<basic>open<\/basic>.*<rpid:meeting\/>/)
  t.match(server.received[0]!.headers.get('from'), /^<sip:1070@example\.se>/)
})

t.test('the proxy', async (t) => {
  t.same(parseProxy('sips:sip.example.se'), { host: 'sip.example.se', port: 5061, isTls: true })
  t.same(parseProxy('sip:[::1]:5070;transport=tls'), { host: '::1', port: 5070, isTls: true })
  t.same(parseProxy('SIP:10.0.0.5'), { host: '10.0.0.5', port: 5060, isTls: false })
  for (const text of [
    'sip:a:0',
    'sip:a:70000',
    'sip:u@a',
    'https://a',
    'sip:a;transport=udp',
    'sip:a b',
    'sip:'
  ])
    t.equal(parseProxy(text), null, text)
})
