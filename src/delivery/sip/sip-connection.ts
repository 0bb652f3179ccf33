/** One connection to a SIP proxy over TCP or TLS, over which requests go and their answers come back in any order. */
import { randomBytes } from 'node:crypto'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Timers } from '../../lib/timers.ts'
import type { AddressRules } from '../consumer.ts'
import { DeliveryError } from '../delivery-error.ts'
import { SharedAttempt } from '../shared-attempt.ts'
import { formatRequest, type SipRequest, type SipResponse, SipResponseReader } from './sip-message.ts'
import type { SipProxy } from './sip-settings.ts'

/** RFC 5626, 4.4.1: an empty line each time keeps firewalls from forgetting the connection. */
const keepAliveMs = 90_000

export interface SipConnectionOptions {
  readonly proxy: SipProxy
  /** PEM; without it those that Node trusts. */
  readonly ca: string | undefined
  readonly addresses: AddressRules
  readonly timers: Timers
}

interface Waiting {
  resolve(response: SipResponse): void
  reject(error: DeliveryError): void
}

export class SipConnection {
  readonly #options: SipConnectionOptions
  readonly #waiting = new Map<string, Waiting>()
  #socket: Socket | null = null
  readonly #connecting = new SharedAttempt<Socket>()
  #cancelKeepAlive = () => {}
  #connections = 0

  constructor(options: SipConnectionOptions) {
    this.#options = options
  }

  /** How often it was connected. */
  get connections(): number {
    return this.#connections
  }

  /** Resolves to the final answer. Rejects with DeliveryError; on abort with the signal's reason. */
  async request(request: SipRequest, signal: AbortSignal): Promise<SipResponse> {
    const socket = await this.#connect(signal)
    const branch = `z9hG4bK${randomBytes(12).toString('hex')}`
    const local = socket.localAddress ?? '127.0.0.1'
    const host = isIP(local) === 6 ? `[${local}]` : local
    const transport = this.#options.proxy.isTls ? 'TLS' : 'TCP'
    const via = ['Via', `SIP/2.0/${transport} ${host}:${socket.localPort};branch=${branch};rport`] as const
    const text = formatRequest({ ...request, headers: [via, ['Max-Forwards', '70'], ...request.headers] })
    return new Promise<SipResponse>((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(branch)
        // A server that does not answer may have lost the connection without a word: the next request opens another.
        socket.destroy()
        this.#end(socket, unreachable('ETIMEDOUT'))
        reject(signal.reason)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      const settle = () => signal.removeEventListener('abort', onAbort)
      this.#waiting.set(branch, {
        resolve(response) {
          settle()
          resolve(response)
        },
        reject(error) {
          settle()
          reject(error)
        }
      })
      socket.write(text)
    })
  }

  close(): void {
    this.#socket?.destroy()
  }

  #connect(signal: AbortSignal): Promise<Socket> {
    if (this.#socket !== null) return Promise.resolve(this.#socket)
    return this.#connecting.run((signal) => this.#open(signal), signal)
  }

  async #open(signal: AbortSignal): Promise<Socket> {
    const { proxy, ca, addresses } = this.#options
    const { host, port, isTls } = proxy
    const refusal = addresses.refusalOf(host, !isTls)
    if (refusal !== null) throw new DeliveryError('settings_invalid', refusal)
    const { lookup } = addresses
    const name = isIP(host) === 0 ? { servername: host } : {}
    const socket = isTls
      ? connectTls({ host, port, lookup, ...name, ...(ca !== undefined && { ca }) })
      : connectTcp({ host, port, lookup })
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        socket.destroy()
        reject(signal.reason)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      socket.once(isTls ? 'secureConnect' : 'connect', () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      })
      socket.once('error', (error: NodeJS.ErrnoException) => {
        signal.removeEventListener('abort', onAbort)
        reject(unreachable(error.code))
      })
    })
    this.#listen(socket)
    this.#connections++
    this.#socket = socket
    this.#scheduleKeepAlive()
    return socket
  }

  #listen(socket: Socket): void {
    const reader = new SipResponseReader()
    socket.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk)
        for (const response of reader.take()) this.#onResponse(response)
      } catch {
        socket.destroy()
        this.#end(socket, notSip)
      }
    })
    socket.on('error', () => {})
    socket.on('close', () => this.#end(socket, unreachable('ECONNRESET')))
  }

  #onResponse(response: SipResponse): void {
    if (response.status < 200) return
    const branch = /;branch=([^;,\s]+)/.exec(response.header('via') ?? '')?.[1] ?? ''
    const waiting = this.#waiting.get(branch)
    this.#waiting.delete(branch)
    waiting?.resolve(response)
  }

  /** Fails what waits for an answer over it. */
  #end(socket: Socket, error: DeliveryError): void {
    if (this.#socket !== socket) return
    this.#socket = null
    this.#cancelKeepAlive()
    for (const waiting of this.#waiting.values()) waiting.reject(error)
    this.#waiting.clear()
  }

  #scheduleKeepAlive(): void {
    this.#cancelKeepAlive()
    this.#cancelKeepAlive = this.#options.timers.after(keepAliveMs, () => {
      this.#socket?.write('\r\n\r\n')
      this.#scheduleKeepAlive()
    })
  }
}

const notSip = new DeliveryError(
  'protocol_error',
  'What answers at the proxy does not speak SIP over TCP: check host and port.'
)

/** By the code of Node's error, of which nothing else is repeated. */
function unreachable(code: string | undefined): DeliveryError {
  const isCertificate = /CERT|SIGN|VERIFY/.test(code ?? '')
  return new DeliveryError(
    'unreachable',
    isCertificate
      ? `The certificate of the proxy is not trusted (${code}): put the authority that issued it into "ca", and its name into "proxy".`
      : `The SIP proxy cannot be reached (${code ?? 'no code'}): check host, port and firewall. It is tried again by itself.`
  )
}
