/** Webhooks: each event is a post, signed as Standard Webhooks 1.0.0 has it, or in the form that Slack and Teams take. */
import { createHmac } from 'node:crypto'
import type { HttpClient } from '../../connectors/net/http-client.ts'
import type { Instant } from '../../domain/calendar-event.ts'
import { floorToSecond } from '../../domain/whole-seconds.ts'
import { RemoteError } from '../../errors.ts'
import { formatInstant } from '../../lib/rfc3339.ts'
import type { AlarmEvent, AlarmMessage } from '../compose.ts'
import { type AlarmSender, type Destination, quoteReply, type SendResult } from './alarm-sender.ts'

export const webhookFormats = ['standard', 'slack', 'teams'] as const
export type WebhookFormat = (typeof webhookFormats)[number]

const timeoutMs = 15_000
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** Over three days (Standard Webhooks, "Deliverability and reliability"). */
const retryAfterMs = [
  MINUTE_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  20 * HOUR_MS,
  34 * HOUR_MS
]

export function openWebhookSender(http: Pick<HttpClient, 'send'>, clock: () => Instant): AlarmSender {
  async function post(destination: Destination, event: AlarmEvent): Promise<SendResult> {
    const { to, format, secret } = destination
    const body = JSON.stringify(bodyOf(event, format ?? 'standard', clock()))
    const signed =
      format === 'standard' && secret !== null ? signatureHeaders(event.id, body, secret, clock()) : {}
    try {
      const response = await http.send(to, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': 'Hanvisa', ...signed },
        body,
        signal: AbortSignal.timeout(timeoutMs)
      })
      for await (const _ of response.body ?? []) break
      return resultOf(response.status)
    } catch (error) {
      const said = error instanceof RemoteError ? quoteReply(error.hint) : null
      return { code: 'temporary', said }
    }
  }

  async function send(destination: Destination, message: AlarmMessage): Promise<SendResult> {
    let last: SendResult = { code: 'sent', said: null }
    for (const event of message.events) {
      last = await post(destination, event)
      if (last.code !== 'sent') break
    }
    return last
  }

  return { retryAfterMs, send, close: async () => {} }
}

/** 410 says that nothing is wanted there any more. */
function resultOf(status: number): SendResult {
  const said = `HTTP ${status}`
  if (status >= 200 && status < 300) return { code: 'sent', said }
  if (status === 410) return { code: 'recipient_refused', said }
  if (status === 408 || status === 425 || status === 429 || status >= 500) return { code: 'temporary', said }
  return { code: 'refused', said }
}

function bodyOf({ type, data }: AlarmEvent, format: string, now: Instant): object {
  const text = [data.summary, data.hint, data.url].filter((part) => typeof part === 'string').join('\n')
  const code = typeof data.code === 'string' ? `${text}\n${data.code}` : text
  if (format === 'slack') return { text: code }
  if (format === 'teams') return teamsCard(code)
  return { type, timestamp: formatInstant(floorToSecond(now)), data }
}

/** What "Post to a channel when a webhook request is received" of Teams Workflows takes: an Adaptive Card. */
function teamsCard(text: string): object {
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: text.split('\n').map((line) => ({ type: 'TextBlock', text: line, wrap: true }))
        }
      }
    ]
  }
}

/** `secret` is `whsec_` and base64 (github.com/standard-webhooks/standard-webhooks, "Signature scheme"). */
function signatureHeaders(id: string, body: string, secret: string, now: Instant): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000))
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}
