/** One socket to the server: TCP or a proxy's tunnel, then TLS, with the server's certificate always checked. */
import { X509Certificate } from 'node:crypto'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext, rootCertificates, type SecureContext } from 'node:tls'
import { RemoteError } from '../../../errors.ts'
import { type AddressPolicy, withoutBrackets } from '../../net/address-policy.ts'
import { type Environment, openTunnel, proxyFor } from './proxy.ts'

export interface OpenSocket {
  readonly socket: Socket
  /** The server's own, in DER; null over plain http. */
  readonly certificate: Buffer | null
}

/** What leads to the server, in order. Names are resolved only where there is one, by us; TLS is not over plain http. */
export type ConnectionStep = 'name' | 'connect' | 'tls' | 'sign-in' | 'ews'

export interface SocketOptions {
  readonly url: URL
  readonly addressPolicy: AddressPolicy
  /** PEM: an authority's, or the server's very certificate; trusted besides the public authorities. */
  readonly ca?: string
  readonly environment: Environment
  /** Called with each step that has succeeded. */
  readonly onStep?: (step: ConnectionStep) => void
}

/** Those that apply to this URL. */
export function connectionSteps({
  url,
  environment
}: Pick<SocketOptions, 'url' | 'environment'>): readonly ConnectionStep[] {
  const isNamed = isIP(withoutBrackets(url.hostname)) === 0 && proxyFor(url, environment) === null
  const tls: readonly ConnectionStep[] = url.protocol === 'https:' ? ['tls'] : []
  return [...(isNamed ? (['name'] as const) : []), 'connect', ...tls, 'sign-in', 'ews']
}

/** Milliseconds for name, TCP, proxy and TLS together. */
const connectTimeoutMs = 10_000

/** Rejects with a RemoteError, or with what `reachError` knows. */
export function createSocketOpener(options: SocketOptions): (signal: AbortSignal) => Promise<OpenSocket> {
  const { url, onStep = () => {} } = options
  const host = withoutBrackets(url.hostname)
  let context: SecureContext | null = null

  return async (signal) => {
    const limited = new AbortController()
    const stop = () => limited.abort(signal.reason)
    const timer = setTimeout(() => limited.abort(timedOut()), connectTimeoutMs)
    signal.addEventListener('abort', stop, { once: true })
    try {
      signal.throwIfAborted()
      if (url.protocol === 'https:') context ??= trust(options.ca)
      const proxy = proxyFor(url, options.environment)
      const tcp =
        proxy === null
          ? await direct(url, host, options.addressPolicy, limited.signal, onStep)
          : await openTunnel(proxy, url, { ...options, signal: limited.signal })
      onStep('connect')
      // A peer that vanished without a word is found by the kernel's own questions.
      tcp.setKeepAlive(true, 30_000)
      if (context === null) return { socket: tcp, certificate: null }
      const secure = await secured(tcp, host, context, limited.signal)
      onStep('tls')
      return secure
    } catch (error) {
      // Whatever broke then broke because of this.
      throw limited.signal.aborted ? limited.signal.reason : error
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
    }
  }
}

async function direct(
  url: URL,
  host: string,
  addressPolicy: AddressPolicy,
  signal: AbortSignal,
  onStep: (step: ConnectionStep) => void
): Promise<Socket> {
  const refusal = addressPolicy.refusalOf(host)
  if (refusal !== null) throw refusal
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  const socket = connectTcp({ host, port, noDelay: true, lookup: addressPolicy.lookup })
  socket.on('lookup', (error) => {
    if (!error) onStep('name')
  })
  return settled(socket, 'connect', signal)
}

async function secured(tcp: Socket, host: string, context: SecureContext, signal: AbortSignal) {
  const socket = connectTls({
    socket: tcp,
    // RFC 6066 forbids addresses as server names; `host` is what the certificate is compared with.
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    secureContext: context,
    // Said here, so that NODE_TLS_REJECT_UNAUTHORIZED=0 does not reach calendars' credentials.
    rejectUnauthorized: true
  })
  await settled(socket, 'secureConnect', signal)
  return { socket, certificate: socket.getPeerX509Certificate()?.raw ?? null }
}

async function settled<S extends Socket>(
  socket: S,
  ready: 'connect' | 'secureConnect',
  signal: AbortSignal
): Promise<S> {
  // Stays: between here and the first request an error must not end the process.
  socket.on('error', () => {})
  return new Promise((resolve, reject) => {
    const stop = () => socket.destroy(signal.reason)
    const done = () => {
      signal.removeEventListener('abort', stop)
      socket.off('error', reject).off('close', closed)
    }
    const closed = () => reject(Object.assign(new Error('closed while connecting'), { code: 'ECONNRESET' }))
    socket.once('error', reject).once('close', closed)
    socket.once(ready, () => resolve(socket))
    for (const event of [ready, 'close'] as const) socket.once(event, done)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}

/** Made once: it reads all public authorities anew each time. */
function trust(ca: string | undefined): SecureContext {
  if (ca === undefined) return createSecureContext()
  const given = ca.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (given.length === 0 || !given.every(isCertificate)) {
    const hint =
      'The connection\'s `ca` holds no readable PEM certificate: paste it whole, from "-----BEGIN CERTIFICATE-----" on.'
    throw new RemoteError('unreachable', hint, { scope: 'connection' })
  }
  // A server's own certificate is trusted as it stands, though it is no authority.
  return createSecureContext({ ca: [...rootCertificates, ...given], allowPartialTrustChain: true })
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem) !== null
  } catch {
    return false
  }
}

function timedOut(): Error {
  return Object.assign(new Error('connecting took too long'), { code: 'ETIMEDOUT' })
}
