/** E-mail over the installation's SMTP relay, by nodemailer. */
import { DeadlineExceeded, withDeadline } from '../../lib/deadline.ts'
import { type Log, redactError } from '../../lib/redact-error.ts'
import type { AlarmMessage } from '../compose.ts'
import { type AlarmSender, defaultRetryMs, quoteReply, type SendResult } from './alarm-sender.ts'
import { isEmailAddress, type SmtpSettings } from './smtp-settings.ts'

/** Nodemailer's own are minutes. */
const connectionTimeoutMs = 10_000
const socketTimeoutMs = 30_000
/** A server that drips keeps no message for ever. */
const maxSendMs = 90_000

/** What of nodemailer's errors is looked at. */
interface SmtpError {
  readonly code?: string
  readonly responseCode?: number
  readonly response?: string
  readonly rejectedErrors?: readonly SmtpError[]
  readonly message?: string
}

/** `ca` is PEM, trusted instead of the public authorities. */
export function openSmtpSender(
  settings: SmtpSettings,
  { log, ca }: { readonly log: Pick<Log, 'warn'>; readonly ca?: string }
): AlarmSender {
  const { host, port, secure, auth, requireTls, from } = settings
  // Loaded only where there is a relay: it has forty files.
  const opening = import('nodemailer').then(({ createTransport }) =>
    createTransport({
      host,
      port,
      secure,
      requireTLS: requireTls && !secure,
      ...(auth !== null && { auth }),
      connectionTimeout: connectionTimeoutMs,
      greetingTimeout: connectionTimeoutMs,
      socketTimeout: socketTimeoutMs,
      ...(ca !== undefined && { tls: { ca } }),
      disableFileAccess: true,
      disableUrlAccess: true
    })
  )
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1)
  const messageId = (id: string) => `<${id}@${domain}>`

  async function send({ to }: { readonly to: string }, message: AlarmMessage): Promise<SendResult> {
    // Checked when it was put; a list or a line break here would reach others.
    if (!isEmailAddress(to)) return { code: 'recipient_refused', said: null }
    try {
      const transport = await opening
      const sending = transport.sendMail({
        from,
        // As an object it is one address, whatever it holds; a string would be parsed as a list.
        to: { name: '', address: to },
        subject: message.subject,
        text: message.text,
        messageId: messageId(message.id),
        ...(message.inReplyTo !== null && {
          inReplyTo: messageId(message.inReplyTo),
          references: messageId(message.inReplyTo)
        }),
        headers: {
          // RFC 3834: no vacation message answers it. The other is what Exchange looks at.
          'Auto-Submitted': 'auto-generated',
          'X-Auto-Response-Suppress': 'All'
        }
      })
      const info = await withDeadline(sending, maxSendMs)
      return { code: 'sent', said: quoteReply(info.response) }
    } catch (error) {
      if (error instanceof DeadlineExceeded) return { code: 'uncertain', said: null }
      const result = resultOf(error as SmtpError)
      if (result.code === 'auth_failed') {
        log.warn({ ...redactError(error) }, 'the mail server refuses the sign-in: correct HANVISA_SMTP_URL')
      }
      return result
    }
  }

  return { retryAfterMs: defaultRetryMs, send, close: async () => (await opening).close() }
}

/** Whether it may pass is decided by the reply's number, for nodemailer's code is the same for both. */
function resultOf(error: SmtpError): SendResult {
  const { code, responseCode, response } = error.rejectedErrors?.[0] ?? error
  // The reply that STARTTLS got has a number of its own, which says nothing of the message.
  if (code === 'ETLS') return { code: 'temporary', said: quoteReply(error.message) }
  const said = quoteReply(response ?? error.message)
  if (code === 'EAUTH' || responseCode === 530 || responseCode === 535) return { code: 'auth_failed', said }
  if (responseCode !== undefined && responseCode >= 500) {
    return { code: code === 'EENVELOPE' ? 'recipient_refused' : 'refused', said }
  }
  return { code: 'temporary', said }
}
