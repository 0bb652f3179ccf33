/** One connection to the Asterisk Manager Interface, signed in; it is opened with the first action and again after it was lost. */
import { createHash } from 'node:crypto'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { pauseUntil } from '../../lib/pause-until.ts'
import type { PeerDeps } from '../consumer.ts'
import { DeliveryError } from '../delivery-error.ts'
import { SharedAttempt } from '../shared-attempt.ts'
import { type AmiFields, type AmiMessage, AmiReader, formatAction } from './ami-message.ts'
import type { AsteriskSettings } from './asterisk-settings.ts'

/** Milliseconds without an action after which Asterisk is asked whether it is there. */
const pingMs = 15_000
/** An account without the right `system` is never told that Asterisk is up. */
const bootMs = 5_000

interface Waiting {
  /** `event`: the answer is followed by an event of this name, which is what is wanted. */
  readonly event: string | null
  resolve(message: AmiMessage): void
  reject(error: DeliveryError): void
}

export class AmiClient {
  readonly #settings: AsteriskSettings
  readonly #deps: Pick<PeerDeps, 'addresses' | 'timers'>
  readonly #onReconnected: () => void
  readonly #waiting = new Map<string, Waiting>()
  #socket: Socket | null = null
  readonly #signingIn = new SharedAttempt<void>()
  #isSignedIn = false
  #isBooted: () => void = () => {}
  #actions = 0
  #sessions = 0
  #cancelPing = () => {}

  /** `onReconnected` is called after every sign-in but the first: Asterisk may have been restarted. */
  constructor(
    settings: AsteriskSettings,
    deps: Pick<PeerDeps, 'addresses' | 'timers'>,
    onReconnected: () => void
  ) {
    this.#settings = settings
    this.#deps = deps
    this.#onReconnected = onReconnected
  }

  /**
   * Resolves to the answer, whatever it is, or to the event that follows it. Rejects with DeliveryError where the connection
   * fails; on abort with the signal's reason.
   */
  async run(
    action: string,
    fields: AmiFields,
    signal: AbortSignal,
    event: string | null = null
  ): Promise<AmiMessage> {
    if (!this.#isSignedIn) await this.#signingIn.run((signal) => this.#begin(signal), signal)
    return this.#ask(action, fields, signal, event)
  }

  close(): void {
    this.#cancelPing()
    this.#socket?.destroy()
  }

  async #begin(signal: AbortSignal): Promise<void> {
    try {
      await this.#signIn(signal)
    } catch (error) {
      this.#socket?.destroy()
      this.#socket = null
      throw error
    }
  }

  async #signIn(signal: AbortSignal): Promise<void> {
    await this.#connect(signal)
    const { user, secret } = this.#settings.auth
    const challenge = await this.#ask('Challenge', [['AuthType', 'MD5']], signal)
    const nonce = challenge.get('challenge')
    if (nonce === null) throw notAsterisk
    const key = createHash('md5').update(`${nonce}${secret}`).digest('hex')
    const booted = new AbortController()
    this.#isBooted = () => booted.abort()
    const login = [
      ['AuthType', 'MD5'],
      ['Username', user],
      ['Key', key],
      // A reader of all events that falls behind for 100 ms is cut off.
      ['Events', 'system']
    ] as const
    const answer = await this.#ask('Login', login, signal)
    if (answer.get('response') !== 'Success') throw refusedLogin
    // While modules load, functions that set states are not there yet.
    await pauseUntil(bootMs, AbortSignal.any([booted.signal, signal]), this.#deps.timers.after)
    signal.throwIfAborted()
    if (this.#socket === null) throw unreachable('ECONNRESET')
    this.#isSignedIn = true
    this.#sessions++
    this.#schedulePing()
    if (this.#sessions > 1) this.#onReconnected()
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const { host, port, tls, ca } = this.#settings
    const { addresses } = this.#deps
    const refusal = addresses.refusalOf(host, !tls)
    if (refusal !== null) throw new DeliveryError('settings_invalid', refusal)
    const { lookup } = addresses
    const name = isIP(host) === 0 ? { servername: host } : {}
    const socket = tls
      ? connectTls({ host, port, lookup, ...name, ...(ca !== undefined && { ca }) })
      : connectTcp({ host, port, lookup })
    this.#socket = socket
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        socket.destroy()
        reject(signal.reason)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#read(socket, () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      })
      socket.once('error', (error: NodeJS.ErrnoException) => {
        signal.removeEventListener('abort', onAbort)
        reject(unreachable(error.code))
      })
      socket.once('close', () => reject(unreachable('ECONNRESET')))
    })
  }

  #read(socket: Socket, onBanner: () => void): void {
    const reader = new AmiReader()
    socket.on('data', (chunk: Buffer) => {
      try {
        const messages = reader.push(chunk)
        if (reader.banner !== null) onBanner()
        for (const message of messages) this.#onMessage(message)
      } catch {
        this.#end(socket, notAsterisk)
        socket.destroy(new Error('no AMI'))
      }
    })
    socket.on('error', () => {})
    socket.on('close', () => this.#end(socket, unreachable('ECONNRESET')))
  }

  #onMessage(message: AmiMessage): void {
    if (message.get('event') === 'FullyBooted') this.#isBooted()
    const id = message.get('actionid') ?? ''
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return
    const isAnswer = message.get('response') !== null
    const isWanted = isAnswer
      ? waiting.event === null || message.get('response') !== 'Success'
      : message.get('event') === waiting.event
    if (!isWanted) return
    this.#waiting.delete(id)
    waiting.resolve(message)
  }

  #ask(
    action: string,
    fields: AmiFields,
    signal: AbortSignal,
    event: string | null = null
  ): Promise<AmiMessage> {
    const socket = this.#socket
    if (socket === null) throw unreachable('ECONNRESET')
    const id = `${++this.#actions}`
    const text = formatAction(action, id, fields)
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(id)
        this.#end(socket, unreachable('ETIMEDOUT'))
        socket.destroy()
        reject(signal.reason)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      const settle =
        <T>(call: (value: T) => void) =>
        (value: T) => {
          signal.removeEventListener('abort', onAbort)
          call(value)
        }
      this.#waiting.set(id, { event, resolve: settle(resolve), reject: settle(reject) })
      socket.write(text)
    })
  }

  #end(socket: Socket, error: DeliveryError): void {
    if (this.#socket !== socket) return
    this.#socket = null
    this.#isSignedIn = false
    this.#cancelPing()
    for (const waiting of this.#waiting.values()) waiting.reject(error)
    this.#waiting.clear()
  }

  #schedulePing(): void {
    this.#cancelPing()
    this.#cancelPing = this.#deps.timers.after(pingMs, () => {
      if (this.#socket === null) return
      this.#ask('Ping', [], AbortSignal.timeout(pingMs)).catch(() => {})
      this.#schedulePing()
    })
  }
}

const notAsterisk = new DeliveryError(
  'protocol_error',
  'What answers is no Asterisk Manager Interface: check host and port (5038, with TLS 5039).'
)
const refusedLogin = new DeliveryError(
  'access_denied',
  'Asterisk refuses the account: check user and secret, and "permit" in manager.conf.',
  { consequence: 'refused', retryAfterMs: 60_000 }
)

function unreachable(code: string | undefined): DeliveryError {
  const isCertificate = /CERT|SIGN|VERIFY/.test(code ?? '')
  return new DeliveryError(
    'unreachable',
    isCertificate
      ? `The certificate of Asterisk is not trusted (${code}): put the authority that issued it into "ca".`
      : `Asterisk cannot be reached (${code ?? 'no code'}): check host, port, "bindaddr" in manager.conf and the firewall. It is tried again by itself.`
  )
}
