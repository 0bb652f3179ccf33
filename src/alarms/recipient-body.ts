/** Recipients as operators write them: what is checked, and what is kept. */
import { isIP } from 'node:net'
import type { FieldFault } from '../errors.ts'
import { isValidZone } from '../lib/time-zone.ts'
import type { AlarmQuietHours, AlarmRecipientRecord } from '../storage/alarms.ts'
import type { Severity } from './causes.ts'
import type { Channel } from './senders/alarm-sender.ts'
import { isEmailAddress } from './senders/smtp-settings.ts'
import type { WebhookFormat } from './senders/webhook.ts'
import type { AlarmLanguage } from './texts/languages.ts'

export interface QuietHoursBody {
  readonly from: string
  readonly to: string
  /** Every day unless stated. */
  readonly days?: readonly number[]
  readonly criticalToo?: boolean
}

export interface PutRecipientBody {
  readonly channel: Channel
  readonly to: string
  /** Of a webhook alone. */
  readonly format?: WebhookFormat
  readonly minSeverity?: Severity
  /** The tenant's unless stated. */
  readonly language?: AlarmLanguage
  /** The tenant's unless stated. */
  readonly timeZone?: string | null
  readonly quiet?: QuietHoursBody | null
  readonly digest?: string | null
}

const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]
const MAX_URL = 2_000

/** `urlRefusal` says why no call may lead to that host; null: it may. */
export function recipientFaults(
  body: PutRecipientBody,
  urlRefusal: (url: URL) => string | null
): readonly FieldFault[] {
  const { channel, to, format, timeZone, digest } = body
  const faults: FieldFault[] = []
  const add = (field: string, message: string) => faults.push({ field, message })
  if (channel === 'email' && !isEmailAddress(to)) {
    add(
      'to',
      'must be one e-mail address such as it@acme.example: no list, no name, no white space or line break'
    )
  }
  if (channel === 'sms' && !/^\+[1-9]\d{6,14}$/.test(to)) {
    add('to', 'must be one number as E.164, + and 7 to 15 digits: +46701234567')
  }
  if (channel === 'webhook') {
    const fault = webhookFault(to, urlRefusal)
    if (fault !== null) add('to', fault)
  }
  if (channel !== 'webhook' && format !== undefined) add('format', 'is for webhooks alone: leave it out')
  if (channel === 'sms' && digest != null) {
    add('digest', 'is for e-mail and webhooks: an SMS has no room for it, leave it out')
  }
  if (timeZone != null && !isValidZone(timeZone)) {
    add('timeZone', 'is no IANA time zone: write one such as "Europe/Stockholm"')
  }
  return faults
}

export function toQuietHours({ from, to, days, criticalToo }: QuietHoursBody): AlarmQuietHours {
  return {
    from,
    to,
    days: [...new Set(days ?? EVERY_DAY)].sort(),
    criticalToo: criticalToo ?? false
  }
}

/** Whether something else than the address is another. */
export function withBody(
  record: Pick<
    AlarmRecipientRecord,
    'id' | 'to' | 'secret' | 'confirmed' | 'code' | 'refused' | 'lastResult'
  >,
  body: PutRecipientBody,
  language: AlarmLanguage
): AlarmRecipientRecord {
  return {
    ...record,
    channel: body.channel,
    format: body.channel === 'webhook' ? (body.format ?? 'standard') : null,
    minSeverity: body.minSeverity ?? 'warning',
    language: body.language ?? language,
    timeZone: body.timeZone ?? null,
    quiet: body.quiet == null ? null : toQuietHours(body.quiet),
    digest: body.digest ?? null
  }
}

function webhookFault(to: string, urlRefusal: (url: URL) => string | null): string | null {
  const url = URL.canParse(to) && to.length <= MAX_URL && !/[\s\p{C}]/u.test(to) ? new URL(to) : null
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return 'must be an https URL such as https://hooks.acme.example/alarms'
  }
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    return 'must hold no user name, password or #'
  }
  if (
    url.hostname === '' ||
    (isIP(url.hostname) === 0 && !url.hostname.includes('.') && url.hostname !== 'localhost')
  ) {
    return urlRefusal(url) ?? null
  }
  return urlRefusal(url)
}
