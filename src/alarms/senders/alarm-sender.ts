/** The port to a way of sending messages: one for each channel. It decides nothing about when, and keeps nothing. */
import type { AlarmMessage } from '../compose.ts'

export const channels = ['email', 'sms', 'webhook'] as const
export type Channel = (typeof channels)[number]

/** How an attempt ended. Closed: consumers see it in `lastResult`. */
export const sendCodes = [
  'sent',
  /** The installation has no such sender. */
  'not_configured',
  /** The receiver's server refuses this address for good. */
  'recipient_refused',
  /** It may work later: the server is away, or asks to try again. */
  'temporary',
  /** It may have been sent: no answer came. */
  'uncertain',
  /** The gateway refuses what we sign in with: the operator of the installation must act. */
  'auth_failed',
  /** Anything else that trying again does not mend. */
  'refused'
] as const
export type SendCode = (typeof sendCodes)[number]

export interface SendResult {
  readonly code: SendCode
  /** What the far side said, at most 200 characters; null: nothing. For operators alone, never in a message. */
  readonly said: string | null
}

/** To whom, unsealed. */
export interface Destination {
  readonly to: string
  /** Of a webhook alone. */
  readonly format: string | null
  readonly secret: string | null
}

export interface AlarmSender {
  /** Milliseconds to wait after each failure that may pass; after the last one it is given up. */
  readonly retryAfterMs: readonly number[]
  /** Never rejects. */
  send(destination: Destination, message: AlarmMessage): Promise<SendResult>
  close(): Promise<void>
}

const MINUTE_MS = 60_000
export const defaultRetryMs: readonly number[] = [1, 5, 15, 60].map((minutes) => minutes * MINUTE_MS)

/** What the far side said, of printable ASCII and not too long. */
export function quoteReply(text: unknown): string | null {
  if (typeof text !== 'string') return null
  const shown = text
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, 200)
  return shown === '' ? null : shown
}
