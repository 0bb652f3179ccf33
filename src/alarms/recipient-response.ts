/** Recipients as they are shown. */
import { floorToSecond } from '../domain/whole-seconds.ts'
import { formatInstant } from '../lib/rfc3339.ts'
import type { AlarmRecipientRecord } from '../storage/alarms.ts'
import { alarmPurpose } from '../storage/secrets/alarm-secrets.ts'
import type { Unsealer } from '../storage/secrets/seal.ts'
import type { Severity } from './causes.ts'
import type { Channel, SendCode } from './senders/alarm-sender.ts'
import { type AlarmLanguage, alarmLanguageOf } from './texts/languages.ts'

export interface RecipientResponse {
  readonly recipient: string
  readonly channel: Channel
  /** Of a webhook its host alone: its path may be a secret. */
  readonly to: string
  readonly format: string | null
  readonly minSeverity: Severity
  readonly language: AlarmLanguage
  readonly timeZone: string | null
  readonly quiet: {
    readonly from: string
    readonly to: string
    readonly days: readonly number[]
    readonly criticalToo: boolean
  } | null
  readonly digest: string | null
  readonly confirmed: boolean
  readonly lastResult: { readonly at: string; readonly ok: boolean; readonly code: SendCode } | null
  /** In the answer that made it alone. */
  readonly secret?: string
}

/** Null where it cannot be unsealed: it must be put again. */
export function openTo(
  tenant: string | null,
  { id, to }: AlarmRecipientRecord,
  unsealer: Unsealer
): string | null {
  try {
    return unsealer.open(to, alarmPurpose(tenant, id, 'to'))
  } catch {
    return null
  }
}

export function toRecipientResponse(
  tenant: string | null,
  one: AlarmRecipientRecord,
  unsealer: Unsealer
): RecipientResponse {
  const to = openTo(tenant, one, unsealer) ?? '…'
  const { lastResult, quiet } = one
  return {
    recipient: one.id,
    channel: one.channel as Channel,
    to: one.channel === 'webhook' && URL.canParse(to) ? `${new URL(to).origin}/…` : to,
    format: one.format,
    minSeverity: one.minSeverity as Severity,
    language: alarmLanguageOf(one.language),
    timeZone: one.timeZone,
    quiet: quiet && { ...quiet },
    digest: one.digest,
    confirmed: one.confirmed,
    lastResult: lastResult && {
      at: formatInstant(floorToSecond(lastResult.at)),
      ok: lastResult.ok,
      code: lastResult.code as SendCode
    }
  }
}
