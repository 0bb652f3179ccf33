/** The settings of how alarms leave the installation: the mail relay, the SMS gateway, Alertmanager and the heartbeat. */
import { readFileSync } from 'node:fs'
import { Check, Errors } from 'typebox/schema'
import {
  messagePlaceholders,
  placeholdersIn,
  type SmsGateway,
  SmsGatewaySchema,
  type SmsSettings,
  smsPresets,
  withDefaults
} from './alarms/senders/sms-gateways.ts'
import { parseSmtp, type SmtpSettings } from './alarms/senders/smtp-settings.ts'

const names = [
  'HANVISA_SMTP_URL',
  'HANVISA_SMTP_REQUIRE_TLS',
  'HANVISA_MAIL_FROM',
  'HANVISA_SMS_GATEWAY',
  'HANVISA_SMS_URL',
  'HANVISA_SMS_USER',
  'HANVISA_SMS_PASSWORD',
  'HANVISA_SMS_FROM',
  'HANVISA_SMS_PARAMETERS',
  'HANVISA_ALERTMANAGER_URL',
  'HANVISA_HEARTBEAT_URL'
] as const
type AlarmSetting = (typeof names)[number]
type AlarmValues = Readonly<Record<AlarmSetting, string | null>>
type Refuse = (name: AlarmSetting, message: string) => void

export interface AlarmConfig {
  /** Null: no e-mail is sent. */
  readonly smtp: SmtpSettings | null
  /** Null: no SMS is sent. */
  readonly sms: SmsSettings | null
  /** Without a slash at their end; empty: alarms go to none. */
  readonly alertmanagers: readonly string[]
  /** Null: there is no heartbeat. */
  readonly heartbeatUrl: string | null
}

export const noAlarmSenders: AlarmConfig = { smtp: null, sms: null, alertmanagers: [], heartbeatUrl: null }

/** `refuse` is called for each fault. */
export function readAlarms(value: (name: AlarmSetting) => string | null, refuse: Refuse): AlarmConfig {
  const values = Object.fromEntries(names.map((name) => [name, value(name)])) as AlarmValues
  const { HANVISA_ALERTMANAGER_URL: alertmanagers, HANVISA_HEARTBEAT_URL: heartbeat } = values
  const urls = (alertmanagers ?? '').split(/[\s,]+/).filter(Boolean)
  for (const url of urls) {
    if (!isHttpUrl(url))
      refuse('HANVISA_ALERTMANAGER_URL', 'must be URLs such as http://alertmanager:9093, with commas')
  }
  if (heartbeat !== null && !isHttpUrl(heartbeat)) {
    refuse('HANVISA_HEARTBEAT_URL', 'must be a URL such as https://hc-ping.com/…')
  }
  return {
    smtp: readSmtp(values, refuse),
    sms: readSms(values, refuse),
    alertmanagers: urls.map((url) => url.replace(/\/+$/, '')),
    heartbeatUrl: heartbeat
  }
}

function readSmtp(values: AlarmValues, refuse: Refuse): SmtpSettings | null {
  const { HANVISA_SMTP_URL: url, HANVISA_MAIL_FROM: from, HANVISA_SMTP_REQUIRE_TLS: requireTls } = values
  if (url === null) {
    refuseAlone(values, ['HANVISA_MAIL_FROM', 'HANVISA_SMTP_REQUIRE_TLS'], 'HANVISA_SMTP_URL', refuse)
    return null
  }
  const { smtp, faults } = parseSmtp(url, from, requireTls)
  for (const [name, message] of faults) refuse(name as AlarmSetting, message)
  return smtp
}

function readSms(values: AlarmValues, refuse: Refuse): SmsSettings | null {
  const { HANVISA_SMS_GATEWAY: name, HANVISA_SMS_USER: user, HANVISA_SMS_PASSWORD: password } = values
  const others = names.filter((one) => one.startsWith('HANVISA_SMS_') && one !== 'HANVISA_SMS_GATEWAY')
  if (name === null) {
    refuseAlone(values, others, 'HANVISA_SMS_GATEWAY', refuse)
    return null
  }
  const known = readGateway(name, refuse)
  const parameters = readParameters(values.HANVISA_SMS_PARAMETERS ?? '', refuse)
  const from = values.HANVISA_SMS_FROM ?? ''
  if (!/^[A-Za-z0-9 ]{1,11}$|^\+?\d{3,15}$/.test(from)) {
    refuse('HANVISA_SMS_FROM', 'is needed with HANVISA_SMS_GATEWAY: up to 11 letters and digits, or a number')
  }
  if (known === null || parameters === null) return null
  const gateway = values.HANVISA_SMS_URL === null ? known : { ...known, url: values.HANVISA_SMS_URL }
  if (!isHttpUrl(gateway.url.replace(/[{}]/g, ''))) refuse('HANVISA_SMS_URL', 'must be an https URL')
  if (gateway.auth !== 'none' && password === null) {
    refuse('HANVISA_SMS_PASSWORD', 'is needed with HANVISA_SMS_GATEWAY: the password or token of the gateway')
  }
  const isUserNeeded = gateway.auth === 'basic' || placeholdersIn(gateway).includes('user')
  if (isUserNeeded && user === null) refuse('HANVISA_SMS_USER', 'is needed with this HANVISA_SMS_GATEWAY')
  const missing = placeholdersIn(gateway).filter(
    (one) => !(one in parameters) && !messagePlaceholders.some((given) => given === one)
  )
  if (missing.length > 0) {
    refuse(
      'HANVISA_SMS_PARAMETERS',
      `lacks ${missing.join(', ')}: write ${missing.map((one) => `${one}=…`).join(',')}`
    )
  }
  return { gateway, user, password: password ?? '', from, parameters }
}

/** A preset by its name, or a file. */
function readGateway(name: string, refuse: Refuse): SmsGateway | null {
  if (Object.hasOwn(smsPresets, name)) return smsPresets[name as keyof typeof smsPresets]
  const presets = Object.keys(smsPresets).join(', ')
  if (!name.endsWith('.json')) {
    refuse('HANVISA_SMS_GATEWAY', `must be one of ${presets}, or a JSON file that describes another`)
    return null
  }
  try {
    const gateway: unknown = JSON.parse(readFileSync(name, 'utf8'))
    if (Check(SmsGatewaySchema, gateway)) return gateway
    const [, [first]] = Errors(SmsGatewaySchema, gateway)
    refuse(
      'HANVISA_SMS_GATEWAY',
      `names ${name}, which describes no gateway: ${first?.message ?? 'see docs/operations.md'}`
    )
  } catch {
    refuse('HANVISA_SMS_GATEWAY', `names ${name}, which cannot be read as JSON`)
  }
  return null
}

/** `name=value,name=value` */
function readParameters(text: string, refuse: Refuse): Readonly<Record<string, string>> | null {
  const pairs = text.split(',').filter((pair) => pair.trim() !== '')
  const parameters: Record<string, string> = {}
  for (const pair of pairs) {
    const [, name, value] = /^\s*([A-Za-z]+)=(.*?)\s*$/.exec(pair) ?? []
    if (name === undefined || value === undefined) {
      refuse('HANVISA_SMS_PARAMETERS', 'must be like platformId=COMMON_API,platformPartnerId=1234')
      return null
    }
    parameters[name] = value
  }
  return withDefaults(parameters)
}

function refuseAlone(
  values: AlarmValues,
  others: readonly AlarmSetting[],
  needed: string,
  refuse: Refuse
): void {
  for (const name of others) {
    if (values[name] !== null) refuse(name, `stands alone: set ${needed} too, or unset this`)
  }
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}
