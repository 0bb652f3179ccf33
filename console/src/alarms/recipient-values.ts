/** A recipient as its form holds it. */
import type { Language } from '../i18n/language.tsx'
import type { Recipient, RecipientBody } from './alarms-client.ts'

export interface RecipientValues {
  readonly id: string
  readonly channel: Recipient['channel']
  readonly to: string
  readonly format: NonNullable<Recipient['format']>
  readonly minSeverity: Recipient['minSeverity']
  readonly language: Language
  readonly timeZone: string | null
  readonly hasQuiet: boolean
  readonly quietFrom: string
  readonly quietTo: string
  /** 1 is Monday. */
  readonly quietDays: readonly number[]
  readonly criticalToo: boolean
  readonly hasDigest: boolean
  readonly digest: string
}

/** The address of a webhook is never shown, so it is typed anew. */
export function recipientValuesOf(held: Recipient | null, language: Language): RecipientValues {
  const quiet = held?.quiet ?? null
  return {
    id: held?.recipient ?? '',
    channel: held?.channel ?? 'email',
    to: held === null || held.channel === 'webhook' ? '' : held.to,
    format: held?.format ?? 'standard',
    minSeverity: held?.minSeverity ?? 'warning',
    language: held?.language ?? language,
    timeZone: held?.timeZone ?? null,
    hasQuiet: quiet !== null,
    quietFrom: quiet?.from ?? '18:00',
    quietTo: quiet?.to ?? '07:00',
    quietDays: quiet?.days ?? [1, 2, 3, 4, 5, 6, 7],
    criticalToo: quiet?.criticalToo ?? false,
    hasDigest: held?.digest != null,
    digest: held?.digest ?? '07:30'
  }
}

export function recipientBodyOf(values: RecipientValues): RecipientBody {
  const { channel, to, format, minSeverity, language, timeZone } = values
  const { hasQuiet, quietFrom, quietTo, quietDays, criticalToo, hasDigest, digest } = values
  return {
    channel,
    to: to.trim(),
    ...(channel === 'webhook' && { format }),
    minSeverity,
    language,
    timeZone,
    quiet: hasQuiet ? { from: quietFrom, to: quietTo, days: [...quietDays], criticalToo } : null,
    digest: hasDigest && channel !== 'sms' ? digest : null
  }
}
