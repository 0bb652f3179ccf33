/** No connection of any kind leads to an address that is not public: by its literal, by name, by redirect, or by rebinding. */
import type { lookup } from 'node:dns'
import { createServer } from 'node:https'
import { type AddressInfo, createServer as createTcp, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Test } from 'tap'
import type { Connection } from '../../../src/connectors/connection.ts'
import type { ReadResult } from '../../../src/connectors/connector.ts'
import { EntraTokenSource } from '../../../src/connectors/entra/client-credentials.ts'
import { discoverEws } from '../../../src/connectors/ews/client/autodiscover.ts'
import { openEwsTransport } from '../../../src/connectors/ews/client/transport.ts'
import { kindOf } from '../../../src/connectors/kinds.ts'
import { AddressPolicy } from '../../../src/connectors/net/address-policy.ts'
import { type HttpClient, openHttpClient } from '../../../src/connectors/net/http-client.ts'
import { RemoteError } from '../../../src/errors.ts'
import t from '../../group/tap.ts'
import { longTests } from '../../support/long-tests.ts'
import { hangSignal } from '../../support/until.ts'
import { type Authority, makeAuthority } from '../test-server.ts'
import { hostileAddresses, hostileHosts } from './hostile-addresses.ts'

const authority = await makeAuthority()
const now = Date.parse('2026-11-18T00:00:00Z')
const refusal = /no public address/

/** As `dns.lookup`, by a table of names; `asked` has every resolution. */
function resolver(answerOf: (name: string) => readonly string[]) {
  const asked: string[] = []
  const resolve = ((
    name: string,
    _options: object,
    done: (error: Error | null, addresses: object[]) => void
  ) => {
    asked.push(name)
    // An address written as such is its own answer, as with getaddrinfo.
    const addresses = isIP(name) === 0 ? answerOf(name) : [name]
    const found = addresses.map((address) => ({ address, family: isIP(address) || 4 }))
    const error = Object.assign(new Error('not found'), { code: 'ENOTFOUND' })
    setImmediate(() => (found.length === 0 ? done(error, []) : done(null, found)))
  }) as unknown as typeof lookup
  return { resolve, asked }
}

/** Counts who comes, on both loopback addresses and on every other address of this machine. */
async function startTrap(t: Test) {
  let count = 0
  const server = createTcp((socket) => {
    count += 1
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, resolve))
  t.teardown(() => server.close())
  return { port: (server.address() as AddressInfo).port, visits: () => count }
}

interface Paths {
  /** By the name of what is called: the error that comes of a call to this origin. */
  readonly calls: Readonly<Record<string, (origin: string) => Promise<RemoteError>>>
}

const credentials = {
  tenantId: 'example.se',
  clientId: '3f8f2f0e-6a0c-4a53-9f5b-1c2d3e4f5a6b',
  clientSecret: 'shh'
}
const login = 'https://login.example'
function tokenFrom(url: string) {
  const token = JSON.stringify({ token_type: 'Bearer', expires_in: 3599, access_token: 'token' })
  return Object.defineProperty(new Response(token), 'url', { value: url }) as never
}

/** Everything that an operator can have this service call. */
function pathsOf(t: Test, addressPolicy: AddressPolicy, ca?: string): Paths {
  const outbound = openHttpClient({ addressPolicy, ...(ca !== undefined && { ca }) })
  t.teardown(() => outbound.close())
  /** Its Entra always gives a token: what comes after is Graph's own address. */
  const signedIn: HttpClient = {
    ...outbound,
    send: async (url, init) => (url.startsWith(login) ? tokenFrom(url) : outbound.send(url, init))
  }
  const read = async (connection: Connection, mailbox: string, http = outbound) => {
    const connector = kindOf(connection).createConnector('acme', connection as never, {
      outbound: http,
      addressPolicy,
      environment: {},
      calendarFolder: () => t.testdirName,
      publicUrl: null,
      notificationSecret: Buffer.alloc(32),
      providerApplication: null
    })
    const [result] = await connector.read({
      targets: [{ mailbox, timeZone: 'Europe/Stockholm' }],
      window: { start: now, end: now + 864e5 },
      subjects: true,
      signal: hangSignal()
    })
    await connector.close()
    return errorOf(result)
  }
  const graph = (cloud: { login: string; graph: string }): Connection => ({
    kind: 'graph',
    ...credentials,
    cloud,
    pollSeconds: 60
  })
  const basic = { kind: 'basic', user: 'svc', password: 'geheim' } as const
  const ews = { kind: 'ews', version: 'auto', ...(ca !== undefined && { ca }), pollSeconds: 60 } as const
  const mailbox = 'anna@example.se'
  return {
    calls: {
      'the sign-in service of a custom cloud': (origin) =>
        read(graph({ login: origin, graph: origin }), mailbox),
      'the Graph of a custom cloud': (origin) => read(graph({ login, graph: origin }), mailbox, signedIn),
      'the URL of EWS': (origin) =>
        read({ ...ews, access: 'delegate', url: `${origin}/EWS/Exchange.asmx`, auth: basic }, mailbox),
      'the sign-in service of EWS': (origin) => {
        const application = { ...credentials, login: origin, resource: 'https://mail.example' }
        return rejectionOf(
          new EntraTokenSource({ application, http: outbound, clock: Date.now }).get(hangSignal())
        )
      },
      'a calendar’s URL': (origin) =>
        read({ kind: 'ics', pollSeconds: 300 }, `${origin}/secret-path.ics?k=v`),
      'a calendar’s webcal address': (origin) =>
        read({ kind: 'ics', pollSeconds: 300 }, `${origin.replace('https', 'webcal')}/secret-path.ics`),
      Autodiscover: (origin) =>
        rejectionOf(
          discoverEws(mailbox, {
            outbound,
            addressPolicy,
            transportTo: (url) => openEwsTransport({ url, auth: basic, addressPolicy, redirects: 'none' }),
            allowRetiring: false,
            urlsFor: async () => [
              `${origin}/autodiscover/autodiscover.xml`,
              `${origin.replace('https', 'http')}/autodiscover/autodiscover.xml`
            ],
            signal: hangSignal()
          })
        )
    }
  }
}

function errorOf(result: ReadResult | undefined): RemoteError {
  if (result?.outcome !== 'failed') throw new Error(`${result?.outcome} where a refusal was expected`)
  return result.error
}

async function rejectionOf(call: Promise<unknown>): Promise<RemoteError> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason
  )
  if (error instanceof RemoteError) return error
  throw new Error(`no RemoteError: ${error}`)
}

t.test('by literal: more than 80 forms, over everything that an operator can name', async (t) => {
  t.ok(hostileHosts.length >= 80, `${hostileHosts.length} forms`)
  const trap = await startTrap(t)
  // Whatever is still asked for by name would lead home.
  const { resolve, asked } = resolver(() => ['127.0.0.1'])
  const { calls } = pathsOf(
    t,
    new AddressPolicy({ allowPrivateTargets: false, allowedNetworks: [], resolve })
  )
  for (const [what, call] of Object.entries(calls)) {
    const errors = await Promise.all(hostileHosts.map((host) => call(`https://${host}:${trap.port}`)))
    const passed = hostileHosts.filter((_, index) => !refusal.test(errors[index]?.hint ?? ''))
    t.same(passed, [], `${what} refuses all`)
    t.notOk(
      errors.some(({ message }) => /secret-path|k=v|geheim|shh/.test(message)),
      'and repeats no secret'
    )
  }
  t.same(
    asked.filter((name) => /microsoft/.test(name)),
    [],
    'MSAL asks the public cloud about none of them'
  )
  t.equal(trap.visits(), 0, 'nobody was called')
})

t.test('by name: whatever a resolver gives, alone or beside a public address', async (t) => {
  const trap = await startTrap(t)
  const { resolve, asked } = resolver((name) => {
    const [, kind, index] = /^(alone|first|last)-(\d+)\.example$/.exec(name) ?? []
    const address = hostileAddresses[Number(index)] ?? ''
    // 192.0.2.0/24 would do as well; this one passes, so only the other can be the reason.
    if (kind === 'first') return [address, '93.184.216.34']
    return kind === 'last' ? ['93.184.216.34', address] : [address]
  })
  const { calls } = pathsOf(
    t,
    new AddressPolicy({ allowPrivateTargets: false, allowedNetworks: [], resolve })
  )
  for (const [what, call] of Object.entries(calls)) {
    // One look-up serves all that is HTTP, another EWS: what stands beside the address is theirs alone to judge.
    const kinds = /URL/.test(what) ? ['alone', 'first', 'last'] : ['alone']
    for (const kind of kinds) {
      const errors = await Promise.all(
        hostileAddresses.map((_, index) => call(`https://${kind}-${index}.example:${trap.port}`))
      )
      const passed = hostileAddresses.filter((_, index) => !refusal.test(errors[index]?.hint ?? ''))
      t.same(passed, [], `${what} refuses all, ${kind}`)
      const told = hostileAddresses.filter(
        (address, index) => address.length > 6 && errors[index]?.message.includes(address)
      )
      t.same(told, [], 'and does not tell the address: nobody reads the installation’s DNS by it')
    }
  }
  t.ok(asked.length >= hostileAddresses.length)
  t.equal(trap.visits(), 0, 'nobody was called')
})

/** An address of this machine that is not loopback, standing for Exchange on premises; null where there is none. */
const ownAddress =
  Object.values(networkInterfaces())
    .flat()
    .find((each) => each?.family === 'IPv4' && !each.internal && !each.address.startsWith('169.254.'))
    ?.address ?? null
const skip = ownAddress === null && 'this machine has no address but loopback'

interface OwnServer {
  readonly port: number
  readonly requests: {
    host: string | undefined
    authorization: string | undefined
    referer: string | undefined
  }[]
}

/** TLS at `ownAddress`, good for calendar.example. Each connection takes one request. */
async function startOwnServer(
  t: Test,
  authority: Authority,
  locationOf: (url: string) => string | null
): Promise<OwnServer> {
  const requests: OwnServer['requests'] = []
  const server = createServer({ cert: authority.cert, key: authority.key }, (request, response) => {
    const { host, authorization, referer } = request.headers
    requests.push({ host, authorization, referer })
    const location = locationOf(request.url ?? '')
    response.writeHead(location === null ? 404 : 302, {
      connection: 'close',
      ...(location !== null && { location })
    })
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, ownAddress ?? '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, requests }
}

t.test('an allowed network is reached, and opens neither loopback nor metadata', { skip }, async (t) => {
  const own = ownAddress ?? ''
  const server = await startOwnServer(t, authority, () => null)
  const trap = await startTrap(t)
  const { resolve } = resolver((name) => (name === 'calendar.example' ? [own] : ['127.0.0.1']))
  const addressPolicy = new AddressPolicy({
    allowPrivateTargets: false,
    allowedNetworks: [`${own}/32`],
    resolve
  })
  const { calls } = pathsOf(t, addressPolicy, authority.ca)
  for (const [what, call] of Object.entries(calls)) {
    const before = server.requests.length
    const { hint } = await call(`https://calendar.example:${server.port}`)
    t.ok(server.requests.length > before, `${what} gets there`)
    t.notMatch(hint, refusal, what)
    const errors = await Promise.all(
      ['127.0.0.1', 'localhost', '[::1]', '169.254.169.254', '168.63.129.16', 'elsewhere.example'].map(
        (host) => call(`https://${host}:${trap.port}`)
      )
    )
    for (const error of errors) t.match(error.hint, refusal, what)
  }
  const plain = openHttpClient({ addressPolicy })
  t.teardown(() => plain.close())
  const { hint } = await rejectionOf(plain.fetch(`http://${own}:${server.port}/`))
  t.match(hint, /write the address with https/)
  t.equal(trap.visits(), 0)
})

t.test(
  'by redirect: none is followed to a hostile address, and no credentials go to another host',
  { skip },
  async (t) => {
    const own = ownAddress ?? ''
    const trap = await startTrap(t)
    const server = await startOwnServer(t, authority, (url) => {
      const index = /(\d+)/.exec(url)?.[1]
      const host = hostileHosts[Number(index)]?.replace(/[^\x21-\x7e]/gu, encodeURIComponent)
      if (host !== undefined) return `https://${host}:${trap.port}/EWS/Exchange.asmx`
      return url.includes('onward') ? `https://calendar.example:${server.port}/end` : null
    })
    const { resolve } = resolver((name) => (/^(calendar|other)\.example$/.test(name) ? [own] : ['127.0.0.1']))
    const addressPolicy = new AddressPolicy({
      allowPrivateTargets: false,
      allowedNetworks: [`${own}/32`],
      resolve
    })
    const { calls } = pathsOf(t, addressPolicy, authority.ca)
    const origin = `https://calendar.example:${server.port}`
    for (const [what, call] of Object.entries(calls)) {
      // Calendars and Autodiscover follow redirects; Graph, Entra and EWS follow none to another origin.
      const follows = /calendar|Autodiscover/.test(what)
      // The literals and the names are judged by the same code above, each of them there.
      const every = longTests ? 1 : follows ? 5 : 40
      const indices = [...hostileHosts.keys()].filter((index) => index % every === 0)
      const errors: RemoteError[] = []
      // A few at a time: each has a deadline of its own, and TLS costs CPU.
      for (let at = 0; at < indices.length; at += 8) {
        const some = indices.slice(at, at + 8).map((index) => call(`${origin}/${index}`))
        errors.push(...(await Promise.all(some)))
      }
      const wrong = errors.map(({ hint }) => hint).filter((hint) => follows !== refusal.test(hint))
      t.same(wrong, [], what)
    }
    t.equal(trap.visits(), 0, 'nobody was called')

    server.requests.length = 0
    const outbound = openHttpClient({ addressPolicy, ca: authority.ca })
    t.teardown(() => outbound.close())
    const headers = { authorization: 'Basic geheim' }
    await outbound.fetch(`https://localhost.example:${server.port}/`, { headers }).catch(() => {})
    const reply = await outbound.fetch(`${origin}/onward?secret-path`, { headers })
    await reply.body?.cancel()
    t.match(server.requests, [
      { authorization: 'Basic geheim' },
      { authorization: 'Basic geheim', referer: undefined }
    ])
    server.requests.length = 0
    const elsewhere = await startOwnServer(t, authority, () => `${origin}/end`)
    const moved = await outbound.fetch(`https://calendar.example:${elsewhere.port}/?secret-path`, { headers })
    await moved.body?.cancel()
    t.match(elsewhere.requests, [{ authorization: 'Basic geheim' }])
    t.match(
      server.requests,
      [{ authorization: undefined, referer: undefined }],
      'another origin gets neither'
    )
  }
)

t.test('by rebinding: the address that is connected to is the one that was judged', { skip }, async (t) => {
  const own = ownAddress ?? ''
  const trap = await startTrap(t)
  const server = await startOwnServer(t, authority, () => null)
  for (const address of hostileAddresses.filter((_, index) => index % 3 === 0)) {
    let count = 0
    // Good at every odd resolution, hostile at every even one.
    const { resolve, asked } = resolver(() => {
      count += 1
      return [count % 2 === 1 ? own : address]
    })
    const addressPolicy = new AddressPolicy({
      allowPrivateTargets: false,
      allowedNetworks: [`${own}/32`],
      resolve
    })
    const outbound = openHttpClient({ addressPolicy, ca: authority.ca })
    const url = `https://calendar.example:${server.port}/calendar.ics`
    const first = await outbound.fetch(url)
    await first.body?.cancel()
    const second = await rejectionOf(outbound.fetch(url))
    await outbound.close()
    if (first.status !== 404 || asked.length !== 2 || !refusal.test(second.hint)) t.fail(`${address} passed`)

    count = 0
    const auth = { kind: 'basic', user: 'svc', password: 'geheim' } as const
    const transport = openEwsTransport({
      url: `https://calendar.example:${server.port}/EWS/Exchange.asmx`,
      auth,
      addressPolicy,
      ca: authority.ca
    })
    const request = { headers: {}, body: '<x/>', signal: hangSignal() }
    const reply = await transport.call(request)
    await reply.discard()
    const next = await rejectionOf(transport.call(request))
    transport.close()
    if (reply.status !== 404 || asked.length !== 4 || !refusal.test(next.hint))
      t.fail(`${address} passed over EWS`)
  }
  t.equal(trap.visits(), 0, 'nobody was called')
  t.ok(server.requests.length > 50)
})
