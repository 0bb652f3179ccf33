/** An HTTP server that asks for a sign-in as IIS does, proves it, and records what it received. */
import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { TlsOptions } from 'node:tls'
import type { Test } from 'tap'
import {
  createNtlmConnection,
  type NtlmAcceptorOptions,
  type NtlmAccount,
  type NtlmConnection
} from '../../../simulator/ntlm-acceptor.ts'
import {
  type EwsTransport,
  type EwsTransportOptions,
  openEwsTransport
} from '../../../src/connectors/ews/client/transport.ts'
import { anyAddress } from '../../../src/connectors/net/address-policy.ts'
import { RemoteError } from '../../../src/errors.ts'
import { hangSignal } from '../../support/until.ts'
import { certificateOf, type ServerCertificate } from './certificates.ts'

export const account = { user: 'HANVISA\\svc-hanvisa', password: 'hemligt ✓' }
export const serverCertificate = await certificateOf({ signed: true })

export interface AskingServer {
  /** `https://localhost:PORT/EWS/Exchange.asmx`; http without a certificate. */
  readonly url: string
  readonly port: number
  /** Connections that were opened. */
  readonly sockets: Set<Socket>
  readonly accounts: NtlmAccount[]
  /** Why sign-ins were refused. */
  readonly refusals: string[]
  /** Calls that got through, as `authorization scheme or -`, space, body. */
  readonly calls: string[]
  /** Requests whose Authorization holds a secret: Basic, and NTLM's third message. */
  attempts: number
  /** May be changed while it runs. */
  password: string
  server: Server
}

export interface ServerOptions {
  readonly serverCertificate?: ServerCertificate | null
  readonly tls?: TlsOptions
  readonly ntlm?: Partial<NtlmAcceptorOptions>
  /** Instead of NTLM: whether this Authorization is good, and what WWW-Authenticate asks for. */
  readonly other?: { readonly offers: readonly string[]; readonly good: (authorization: string) => boolean }
  /** Seen before signing in; true when it has answered. */
  readonly before?: (request: IncomingMessage, response: ServerResponse) => boolean
  /** Answers a call that got through; else the body is echoed. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse, body: string) => void
}

export async function startServer(t: Test, options: ServerOptions = {}): Promise<AskingServer> {
  const certificate = options.serverCertificate === undefined ? serverCertificate : options.serverCertificate
  const connections = new WeakMap<Socket, NtlmConnection>()
  const seen = {
    sockets: new Set<Socket>(),
    accounts: [] as NtlmAccount[],
    refusals: [] as string[],
    calls: [] as string[],
    attempts: 0,
    password: account.password
  }
  const acceptor: NtlmAcceptorOptions = {
    password: (user, domain) => (`${domain}\\${user}` === account.user ? found.password : null),
    extendedProtection: certificate === null ? 'off' : 'require',
    certificate: certificate?.certificate ?? null,
    domain: 'HANVISA',
    server: 'EX01',
    schemes: ['Negotiate', 'NTLM'],
    modern: true,
    clock: Date.now,
    ...options.ntlm
  }

  function lets(request: IncomingMessage, response: ServerResponse): boolean {
    const { authorization } = request.headers
    if (options.other !== undefined) {
      if (authorization !== undefined) found.attempts++
      if (authorization !== undefined && options.other.good(authorization)) return true
      response.writeHead(401, { 'www-authenticate': [...options.other.offers] }).end('401')
      return false
    }
    const connection = connections.get(request.socket) ?? createNtlmConnection(acceptor)
    connections.set(request.socket, connection)
    const outcome = connection.accept(authorization)
    if (outcome.outcome === 'refused' || (outcome.outcome === 'signedIn' && authorization !== undefined))
      found.attempts++
    if (outcome.outcome === 'refused') found.refusals.push(outcome.reason)
    if (outcome.outcome !== 'signedIn') {
      response.writeHead(401, { 'www-authenticate': [...outcome.authenticate] }).end('401 - Unauthorized')
      return false
    }
    if (authorization !== undefined) found.accounts.push(outcome.account)
    if (outcome.authenticate !== null) response.setHeader('www-authenticate', outcome.authenticate)
    return true
  }

  const listener = async (request: IncomingMessage, response: ServerResponse) => {
    found.sockets.add(request.socket)
    let body = ''
    try {
      for await (const piece of request) body += piece
    } catch {
      return
    }
    if (options.before?.(request, response) || !lets(request, response)) return
    found.calls.push(`${request.headers.authorization?.split(' ')[0] ?? '-'} ${body}`)
    if (options.answer === undefined) response.end(`<echo>${body}</echo>`)
    else options.answer(request, response, body)
  }
  const server =
    certificate === null
      ? createHttp(listener)
      : createHttps({ cert: certificate.certificate, key: certificate.key, ...options.tls }, listener)
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  const scheme = certificate === null ? 'http' : 'https'
  const found: AskingServer = Object.assign(seen, {
    server,
    port,
    url: `${scheme}://localhost:${port}/EWS/Exchange.asmx`
  })
  return found
}

export function transportTo(
  t: Test,
  { url }: { url: string },
  options: Partial<EwsTransportOptions> = {}
): EwsTransport {
  const transport = openEwsTransport({
    url,
    auth: { kind: 'ntlm', ...account },
    addressPolicy: anyAddress,
    ca: serverCertificate.signer,
    environment: {},
    sleep: async () => {},
    ...options
  })
  t.teardown(() => transport.close())
  return transport
}

/** The reply's body as a whole, behind its status. */
export async function sendBody(
  transport: EwsTransport,
  body: string,
  signal = hangSignal()
): Promise<string> {
  const reply = await transport.call({ headers: { 'content-type': 'text/xml; charset=utf-8' }, body, signal })
  let text = ''
  for await (const piece of reply.body) text += piece
  return `${reply.status} ${text}`
}

export async function errorOf(t: Test, call: Promise<unknown>): Promise<RemoteError> {
  const error = await call.then(
    (value) => new Error(`it should have failed, not given ${value}`),
    (reason: unknown) => reason
  )
  if (!(error instanceof RemoteError)) throw error
  t.equal(error.scope, 'connection')
  return error
}
