/** SMS over any gateway that takes a post: one sender, and the gateways are data. */
import type { HttpClient } from '../../connectors/net/http-client.ts'
import { RemoteError } from '../../errors.ts'
import type { Log } from '../../lib/redact-error.ts'
import type { AlarmMessage } from '../compose.ts'
import { type AlarmSender, quoteReply, type SendResult } from './alarm-sender.ts'
import type { SmsGateway, SmsSettings } from './sms-gateways.ts'

type HttpAnswer = Awaited<ReturnType<HttpClient['send']>>

const timeoutMs = 10_000
const MINUTE_MS = 60_000
const retryAfterMs = [MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS]
/** Of an answer, a member of which is looked at. */
const maxAnswerBytes = 64 * 1024

export function openSmsSender(
  settings: SmsSettings,
  { http, log }: { readonly http: Pick<HttpClient, 'send'>; readonly log: Pick<Log, 'warn'> }
): AlarmSender {
  const { gateway } = settings

  async function send({ to }: { readonly to: string }, message: AlarmMessage): Promise<SendResult> {
    const { url, headers, body } = buildSmsRequest(settings, to, message)
    try {
      const signal = AbortSignal.timeout(timeoutMs)
      const response = await http.send(url, { method: 'POST', headers, body, signal })
      const result = await resultOf(response, gateway)
      if (result.code === 'auth_failed') {
        log.warn({}, 'the SMS gateway refuses the sign-in: correct HANVISA_SMS_USER and HANVISA_SMS_PASSWORD')
      }
      return result
    } catch (error) {
      return resultOfFailure(error)
    }
  }

  return { retryAfterMs, send, close: async () => {} }
}

/** Values are put into the parts of the request before these are encoded: no text becomes syntax. */
export function buildSmsRequest(
  { gateway, user, password, from, parameters }: SmsSettings,
  to: string,
  { id, short }: Pick<AlarmMessage, 'id' | 'short'>
): { readonly url: string; readonly headers: Record<string, string>; readonly body: string } {
  const values: Readonly<Record<string, string>> = {
    ...parameters,
    user: user ?? '',
    to,
    msisdn: to.replace(/^\+/, ''),
    text: short,
    from,
    id
  }
  const fill = (text: string, encode: (value: string) => string = (value) => value) =>
    text.replace(/\{([A-Za-z]+)\}/g, (whole, name: string) =>
      name in values ? encode(values[name]!) : whole
    )
  const filled = fillAll(gateway.body, fill) as Record<string, unknown>
  const isForm = gateway.contentType === 'form'
  return {
    url: fill(gateway.url, encodeURIComponent),
    headers: {
      'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json',
      'user-agent': 'Hanvisa',
      ...authorization(gateway, user, password)
    },
    body: isForm
      ? new URLSearchParams(
          Object.entries(filled).map(([name, value]): [string, string] => [name, String(value)])
        ).toString()
      : JSON.stringify(filled)
  }
}

function fillAll(value: unknown, fill: (text: string) => string): unknown {
  if (typeof value === 'string') return fill(value)
  if (Array.isArray(value)) return value.map((one) => fillAll(one, fill))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, fillAll(one, fill)]))
}

function authorization({ auth }: SmsGateway, user: string | null, password: string): Record<string, string> {
  if (auth === 'none') return {}
  if (auth === 'bearer') return { authorization: `Bearer ${password}` }
  if (auth === 'token') return { authorization: `Token ${password}` }
  return { authorization: `Basic ${Buffer.from(`${user ?? ''}:${password}`).toString('base64')}` }
}

async function resultOf(response: HttpAnswer, { ok }: SmsGateway): Promise<SendResult> {
  const { status } = response
  const answer = await readAnswer(response)
  const said = quoteReply(`HTTP ${status} ${answer}`)
  if (status === 401 || status === 403) return { code: 'auth_failed', said }
  if (status === 408 || status === 429 || status >= 500) return { code: 'temporary', said }
  if (status < 200 || status >= 300) return { code: 'refused', said }
  if (ok === undefined) return { code: 'sent', said }
  return { code: memberOf(answer, ok.member) === ok.value ? 'sent' : 'refused', said }
}

async function readAnswer({ body }: HttpAnswer): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body ?? []) {
    chunks.push(chunk)
    size += chunk.length
    if (size > maxAnswerBytes) break
  }
  return Buffer.concat(chunks).toString()
}

function memberOf(answer: string, member: string): unknown {
  try {
    return (JSON.parse(answer) as Record<string, unknown>)[member]
  } catch {
    return undefined
  }
}

/** Where no connection came about nothing was sent; where the answer failed to come it may have been. */
function resultOfFailure(error: unknown): SendResult {
  const hint = error instanceof RemoteError ? error.hint : ''
  const isBeforeSending =
    /could not be resolved|Nothing listens|certificate|no public address|does not speak TLS/i.test(hint)
  return { code: isBeforeSending ? 'temporary' : 'uncertain', said: quoteReply(hint) }
}
