/** The symmetric signature of Standard Webhooks 1.0.0 (`v1`): HMAC-SHA256 of `id.timestamp.body`. */
import { createHmac } from 'node:crypto'

const PREFIX = 'whsec_'
const MIN_BYTES = 24
const MAX_BYTES = 64

/** Null where the text is no secret of the specification. */
export function secretBytes(secret: string): Buffer | null {
  if (!secret.startsWith(PREFIX)) return null
  const bytes = Buffer.from(secret.slice(PREFIX.length), 'base64')
  return bytes.length >= MIN_BYTES && bytes.length <= MAX_BYTES ? bytes : null
}

export interface SignedContent {
  /** Holds no dot. */
  readonly id: string
  /** Seconds since 1970, of the attempt. */
  readonly timestamp: number
  readonly body: string
}

/** The value of `webhook-signature`: one signature for each secret, with a space between. */
export function signWebhook({ id, timestamp, body }: SignedContent, secrets: readonly string[]): string {
  const content = `${id}.${timestamp}.${body}`
  return secrets
    .map((secret) => {
      const key = secretBytes(secret)
      if (key === null) throw new Error('the secret is none of Standard Webhooks')
      return `v1,${createHmac('sha256', key).update(content).digest('base64')}`
    })
    .join(' ')
}
