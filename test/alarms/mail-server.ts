/** A mail server for tests: smtp-server, which answers as a test says and keeps what it took. */
import type { AddressInfo } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import type { Test } from 'tap'

export interface TakenMail {
  readonly from: string
  readonly to: readonly string[]
  readonly secure: boolean
  readonly raw: string
}

export interface MailServer {
  readonly port: number
  readonly mails: TakenMail[]
  /** Every RCPT, those refused too. */
  readonly asked: string[]
  /** What RCPT is answered; null: 250. */
  refuse: (address: string) => { readonly code: number; readonly message: string } | null
  /** Closes the port. */
  stop(): Promise<void>
  /** Opens the same port again. */
  restart(): Promise<void>
}

const user = 'hanvisa'
const password = 'right'

/** Without a certificate there is no STARTTLS. */
export async function startMailServer(
  t: Test,
  { tls, port = 0, auth = true }: { tls?: { key: string; cert: string }; port?: number; auth?: boolean } = {}
): Promise<MailServer> {
  const mails: TakenMail[] = []
  const asked: string[] = []
  let running: SMTPServer | null = null
  const options: SMTPServerOptions = {
    ...(tls ?? {}),
    disabledCommands: [...(tls === undefined ? ['STARTTLS'] : []), ...(auth ? [] : ['AUTH'])],
    authOptional: !auth,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    onAuth(given, _session, done) {
      if (given.username === user && given.password === password) return done(null, { user })
      done(Object.assign(new Error('authentication failed'), { responseCode: 535 }))
    },
    onRcptTo({ address }, _session, done) {
      asked.push(address)
      const refusal = server.refuse(address)
      done(
        refusal === null ? null : Object.assign(new Error(refusal.message), { responseCode: refusal.code })
      )
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          secure: session.secure,
          raw: Buffer.concat(chunks).toString('latin1')
        })
        done(null)
      })
    }
  }
  const listen = async (at: number) => {
    running = new SMTPServer(options)
    running.on('error', () => {})
    await new Promise<void>((resolve) => running!.listen(at, '127.0.0.1', () => resolve()))
    return (running.server.address() as AddressInfo).port
  }
  const stop = async () => {
    const closing = running
    running = null
    if (closing !== null) await new Promise<void>((resolve) => closing.close(() => resolve()))
  }
  const server: MailServer = {
    port: await listen(port),
    mails,
    asked,
    refuse: () => null,
    stop,
    restart: async () => void (await listen(server.port))
  }
  t.teardown(stop)
  return server
}

/** The text of a mail, decoded. */
export function textOf({ raw }: TakenMail): string {
  const [head = '', ...rest] = raw.split('\r\n\r\n')
  const body = rest.join('\r\n\r\n')
  if (/^content-transfer-encoding: base64/im.test(head)) return Buffer.from(body, 'base64').toString()
  if (!/^content-transfer-encoding: quoted-printable/im.test(head))
    return Buffer.from(body, 'latin1').toString()
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}

export function headerOf({ raw }: TakenMail, name: string): string | null {
  const head = raw.slice(0, raw.indexOf('\r\n\r\n')).replace(/\r\n[ \t]+/g, ' ')
  return new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1] ?? null
}
