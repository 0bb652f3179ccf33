/** E-mail over a real mail server: TLS, sign-in, refusals, and addresses that would reach somebody else. */
import type { Test } from 'tap'
import type { AlarmMessage } from '../../src/alarms/compose.ts'
import { openSmtpSender } from '../../src/alarms/senders/smtp.ts'
import { isEmailAddress, parseSmtp, type SmtpSettings } from '../../src/alarms/senders/smtp-settings.ts'
import { certificateOf } from '../connectors/ews/certificates.ts'
import t from '../group/tap.ts'
import { headerOf, type MailServer, startMailServer, textOf } from './mail-server.ts'

const message: AlarmMessage = {
  id: 'alarm-acme-e12-2',
  inReplyTo: 'alarm-acme-e12-1',
  subject: 'Hanvisa: Påminnelse: Acme',
  text: 'Hänvisningar för Acme bygger på kalendrar från kl. 08.14.\n',
  short: 'Hanvisa',
  events: []
}

function open(t: Test, { port }: Pick<MailServer, 'port'>, more: Partial<SmtpSettings> = {}, ca?: string) {
  const sender = openSmtpSender(
    {
      host: '127.0.0.1',
      port,
      secure: false,
      auth: { user: 'hanvisa', pass: 'right' },
      requireTls: true,
      from: { name: 'Hanvisa', address: 'alarms@provider.example' },
      ...more
    },
    { log: { warn: () => {} }, ...(ca !== undefined && { ca }) }
  )
  t.teardown(() => sender.close())
  return (to = 'it@acme.example') => sender.send({ to, format: null, secret: null }, message)
}

t.test('a message goes by STARTTLS, with the headers that keep it one thread and unanswered', async (t) => {
  const { certificate, key, signer } = await certificateOf({})
  const server = await startMailServer(t, { tls: { cert: certificate, key } })
  t.match(await open(t, server, {}, signer)(), { code: 'sent', said: /^250/ })
  const [mail] = server.mails
  t.match(mail, { from: 'alarms@provider.example', to: ['it@acme.example'], secure: true })
  t.equal(headerOf(mail!, 'message-id'), '<alarm-acme-e12-2@provider.example>')
  t.equal(headerOf(mail!, 'in-reply-to'), '<alarm-acme-e12-1@provider.example>')
  t.equal(headerOf(mail!, 'references'), '<alarm-acme-e12-1@provider.example>')
  t.equal(headerOf(mail!, 'auto-submitted'), 'auto-generated')
  t.equal(headerOf(mail!, 'x-auto-response-suppress'), 'All')
  t.match(headerOf(mail!, 'content-type'), /^text\/plain; charset=utf-8/)
  t.match(textOf(mail!), message.text.trim())
})

t.test('without TLS that can be trusted nothing is sent', async (t) => {
  const { certificate, key } = await certificateOf({})
  const untrusted = await startMailServer(t, { tls: { cert: certificate, key } })
  t.match(await open(t, untrusted)(), { code: 'temporary', said: /self-signed/ })
  const plain = await startMailServer(t)
  t.match(await open(t, plain)(), { code: 'temporary', said: /STARTTLS|TLS/i })
  t.strictSame([...untrusted.mails, ...plain.mails], [])
  t.match(await open(t, plain, { requireTls: false })(), { code: 'sent' }, 'unless the settings say so')
})

t.test(
  'a wrong password, a greylisting, a refused recipient and a server that is away are told apart',
  async (t) => {
    const server = await startMailServer(t)
    const send = open(t, server, { requireTls: false })
    const wrong = open(t, server, { requireTls: false, auth: { user: 'hanvisa', pass: 'wrong' } })
    t.match(await wrong(), { code: 'auth_failed' })
    t.match(await open(t, server, { requireTls: false, auth: null })(), { code: 'auth_failed' })
    server.refuse = () => ({ code: 451, message: 'greylisted, try again' })
    t.match(await send(), { code: 'temporary', said: /greylisted/ })
    server.refuse = () => ({ code: 550, message: 'no such user' })
    t.match(await send(), { code: 'recipient_refused', said: /no such user/ })
    await server.stop()
    t.match(await send(), { code: 'temporary' })
    t.strictSame(server.mails, [])
  }
)

const hostile = [
  'ok@x.se\r\nRCPT TO:<evil@x.se>',
  'ok@x.se\nBcc: evil@x.se',
  'x:evil@x.se;',
  'ok@x.se,evil@x.se',
  'ok@x.se evil@x.se',
  'Ok <evil@x.se>',
  '<evil@x.se>',
  '"evil@x.se"@x.se',
  '"a b"@x.se',
  'ok@x.se\0',
  'ok@x.se\u2028evil@x.se',
  'räksmörgås@x.se',
  'ok@[10.0.0.1]',
  'ok@localhost',
  'ok@x..se',
  '.ok@x.se',
  'ok.@x.se',
  'ok@-x.se',
  `${'x'.repeat(65)}@x.se`,
  `ok@${'x'.repeat(250)}.se`,
  'ok',
  '@x.se',
  ''
]

t.test('what is more than one address is none, and would reach nobody else', async (t) => {
  const server = await startMailServer(t)
  const send = open(t, server, { requireTls: false })
  for (const to of hostile) {
    t.equal(isEmailAddress(to), false, encodeURIComponent(to))
    t.match(await send(to), { code: 'recipient_refused' })
  }
  t.strictSame(server.asked, [], 'not even past the check of the call')
  for (const to of [
    'it@acme.example',
    'it+hanvisa@sub.acme.example',
    "o'neil@x.se",
    'it@räksmörgås.example'
  ]) {
    t.equal(isEmailAddress(to), true, to)
  }
})

t.test('the settings of the relay', async (t) => {
  const parse = (url: string, from = 'alarms@x.se', tls: string | null = null) => parseSmtp(url, from, tls)
  t.match(parse('smtp://user:p%40ss%2Fword@mail.x.se'), {
    smtp: {
      host: 'mail.x.se',
      port: 587,
      secure: false,
      requireTls: true,
      auth: { user: 'user', pass: 'p@ss/word' }
    }
  })
  t.match(parse('smtps://mail.x.se'), { smtp: { port: 465, secure: true, auth: null } })
  t.match(parse('smtp://mail.x.se:465'), { smtp: { secure: true } })
  t.match(parse('smtp://127.0.0.1:25'), { smtp: { requireTls: false } })
  t.match(parse('smtp://mail.x.se:25', 'alarms@x.se', '0'), { smtp: { requireTls: false } })
  t.match(parse('smtp://mail.x.se', 'Hanvisa hos Acme <alarms@x.se>'), {
    smtp: { from: { name: 'Hanvisa hos Acme', address: 'alarms@x.se' } }
  })
  for (const url of [
    'mail.x.se',
    'http://mail.x.se',
    'smtp://',
    'smtp://mail.x.se/?tls=no',
    'smtp://u:%zz@mail.x.se'
  ]) {
    t.match(parse(url).faults[0]?.[0], 'HANVISA_SMTP_URL', url)
  }
  for (const from of ['', 'alarms', 'a@x.se, b@x.se', 'A <a@x.se>\r\nBcc: b@x.se']) {
    t.match(parse('smtp://mail.x.se', from).faults[0]?.[0], 'HANVISA_MAIL_FROM', from)
  }
  t.match(parse('smtp://mail.x.se', 'a@x.se', 'yes').faults[0]?.[0], 'HANVISA_SMTP_REQUIRE_TLS')
})
