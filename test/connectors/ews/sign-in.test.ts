/** Passwords and tokens that are right, wrong, or no more right: how often they are tried, and what is said. */
import { once } from 'node:events'
import { EntraTokenSource } from '../../../src/connectors/entra/client-credentials.ts'
import t from '../../group/tap.ts'
import { openMicrosoft365 } from '../graph/microsoft365.ts'
import { account, errorOf, sendBody, startServer, transportTo } from './server.ts'

t.test('a wrong password is tried once, by however many calls', async (t) => {
  const server = await startServer(t)
  server.password = 'another'
  let now = Date.now()
  const transport = transportTo(t, server, { connections: 4, clock: () => now })
  const errors = await Promise.all(Array.from({ length: 8 }, () => errorOf(t, sendBody(transport, 'x'))))
  for (const error of errors)
    t.match(error, { code: 'secret_invalid', hint: /refuses the sign-in: correct auth.user/ })
  t.equal(server.attempts, 1)
  t.match(await errorOf(t, sendBody(transport, 'x')), {
    hint: /not tried again for 5 min/,
    retryAfter: undefined
  })
  now += 301_000
  await errorOf(t, sendBody(transport, 'x'))
  t.equal(server.attempts, 2)
  transport.resetSignIn()
  server.password = account.password
  t.equal(await sendBody(transport, 'x'), '200 <echo>x</echo>')
  t.equal(server.attempts, 3)
  t.notMatch(JSON.stringify(errors), /hemligt/)
})

t.test('a password that was right and is refused is tried once more, then raised', async (t) => {
  const server = await startServer(t)
  const pauses: number[] = []
  const pause = async (milliseconds: number) => void pauses.push(milliseconds)
  const transport = transportTo(t, server, { connections: 4, sleep: pause })
  await sendBody(transport, 'a')
  server.password = 'changed'
  t.equal(await sendBody(transport, 'b'), '200 <echo>b</echo>', 'a connection that is signed in stays so')
  const gone = Promise.all([...server.sockets].map((socket) => once(socket, 'close')))
  server.server.closeAllConnections()
  await gone
  const errors = await Promise.all(Array.from({ length: 20 }, () => errorOf(t, sendBody(transport, 'c'))))
  t.match(errors, Array(20).fill({ code: 'secret_invalid' }))
  t.ok(
    server.refusals.length >= 2 && server.refusals.length <= 5,
    `${server.refusals.length} attempts of 20 calls`
  )
  t.same(pauses, [2000])
})

t.test('a domain controller that was busy for a moment is forgiven', async (t) => {
  let busy = false
  const server = await startServer(t, {
    other: { offers: ['Basic realm="mail, NTLM"'], good: () => !busy },
    answer: (_, response, body) => response.end(body)
  })
  const transport = transportTo(t, server, {
    auth: { kind: 'basic', ...account },
    sleep: async () => {
      busy = false
    }
  })
  t.equal(await sendBody(transport, 'a'), '200 a')
  busy = true
  t.equal(await sendBody(transport, 'b'), '200 b')
  t.equal(server.attempts, 3)
})

t.test('Basic is sent with every call, and its refusal is reported', async (t) => {
  const expected = `Basic ${Buffer.from(`${account.user}:${account.password}`).toString('base64')}`
  const good = (authorization: string) => authorization === expected
  const server = await startServer(t, { other: { offers: ['Basic realm="x"'], good } })
  const auth = { kind: 'basic', ...account } as const
  const transport = transportTo(t, server, { auth })
  await Promise.all(['a', 'b', 'c'].map((body) => sendBody(transport, body)))
  t.match(server.calls.sort(), ['Basic a', 'Basic b', 'Basic c'])

  const modern = await startServer(t)
  t.match(await errorOf(t, sendBody(transportTo(t, modern, { auth }), 'x')), {
    code: 'secret_invalid',
    hint: /offers NTLM, Negotiate, and auth\.kind is basic: set auth\.kind to ntlm/
  })
  t.match(await errorOf(t, sendBody(transportTo(t, server), 'x')), {
    hint: /offers Basic, and auth\.kind is ntlm: set auth\.kind to basic/
  })
  const none = await startServer(t, { other: { offers: [], good } })
  t.match(await errorOf(t, sendBody(transportTo(t, none), 'x')), { hint: /offers no way to sign in/ })
})

t.test('an application signs in with tokens; one that is refused is replaced once', async (t) => {
  const valid = new Set(['token 1'])
  const server = await startServer(t, {
    other: { offers: ['Bearer realm="x"'], good: (authorization) => valid.has(authorization.slice(7)) }
  })
  let issued = 1
  const tokens = {
    get: async () => `token ${issued}`,
    invalidate: (token: string) => void (token === `token ${issued}` && issued++)
  }
  const transport = transportTo(t, server, { auth: { kind: 'oauth', tokens } })
  t.equal(await sendBody(transport, 'a'), '200 <echo>a</echo>')
  valid.clear()
  valid.add('token 2')
  t.equal(await sendBody(transport, 'b'), '200 <echo>b</echo>')
  valid.clear()
  t.match(await errorOf(t, sendBody(transport, 'c')), { code: 'consent_missing', hint: /full_access_as_app/ })
  t.equal(server.attempts, 5)
})

t.test("Entra's tokens are for the requested resource", async (t) => {
  const { simulator, http: outbound, connection } = await openMicrosoft365(t)
  const { tenantId, clientId } = connection
  const server = await startServer(t, {
    other: { offers: ['Bearer'], good: (authorization) => authorization.split('.').length === 3 }
  })
  const roots = { login: simulator.loginRoot, resource: simulator.graphRoot }
  const through = (clientSecret: string) =>
    new EntraTokenSource({
      application: { tenantId, clientId, clientSecret, ...roots },
      http: outbound,
      clock: Date.now
    })
  const tokens = through(connection.clientSecret ?? '')
  t.equal(
    await sendBody(transportTo(t, server, { auth: { kind: 'oauth', tokens } }), 'a'),
    '200 <echo>a</echo>'
  )
  const wrong = transportTo(t, server, { auth: { kind: 'oauth', tokens: through('wrong') } })
  t.match(await errorOf(t, sendBody(wrong, 'b')), { code: 'secret_invalid', hint: /client secret is wrong/ })
})
