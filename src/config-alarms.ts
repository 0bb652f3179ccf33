/** The settings of how alarms leave the installation: the mail relay, the SMS gateway, Alertmanager and the heartbeat. */
import { parseSmtp, type SmtpSettings } from './alarms/senders/smtp-settings.ts'

/** As set; null where not. */
export interface AlarmValues {
  readonly HANVISA_SMTP_URL: string | null
  readonly HANVISA_SMTP_REQUIRE_TLS: string | null
  readonly HANVISA_MAIL_FROM: string | null
}

export interface AlarmConfig {
  /** Null: no e-mail is sent. */
  readonly smtp: SmtpSettings | null
}

/** `refuse` is called for each fault. */
export function readAlarms(
  values: AlarmValues,
  refuse: (name: keyof AlarmValues, message: string) => void
): AlarmConfig {
  return { smtp: readSmtp(values, refuse) }
}

function readSmtp(
  values: AlarmValues,
  refuse: (name: keyof AlarmValues, message: string) => void
): SmtpSettings | null {
  const { HANVISA_SMTP_URL: url, HANVISA_MAIL_FROM: from, HANVISA_SMTP_REQUIRE_TLS: requireTls } = values
  if (url === null) {
    for (const name of ['HANVISA_MAIL_FROM', 'HANVISA_SMTP_REQUIRE_TLS'] as const) {
      if (values[name] !== null) refuse(name, 'stands alone: set HANVISA_SMTP_URL too, or unset this')
    }
    return null
  }
  const { smtp, faults } = parseSmtp(url, from, requireTls)
  for (const [name, message] of faults) refuse(name as keyof AlarmValues, message)
  return smtp
}
