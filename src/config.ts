/** The settings, from the environment: every fault reported at once, frozen, secrets also from files. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type AlarmConfig, readAlarms } from './config-alarms.ts'
import { readProviderApplication } from './config-consent.ts'
import { readSignIn, type SignInConfig } from './config-sign-in.ts'
import type { ProviderApplication } from './connectors/connection.ts'
import { parseAllowedNetworks } from './connectors/net/allowed-networks.ts'
import { SetupError } from './errors.ts'
import { isAddressRange } from './lib/cidr.ts'
import { type SettingName, Settings } from './settings.ts'
import { redisUrlFault } from './storage/redis/address.ts'

/** Also taken from the file that `NAME_FILE` names. */
const secret: readonly SettingName[] = [
  'HANVISA_REDIS_URL',
  'HANVISA_ADMIN_KEY',
  'HANVISA_MASTER_KEY',
  'HANVISA_MASTER_KEY_NEXT',
  'HANVISA_OIDC_CLIENT_SECRET',
  'HANVISA_ENTRA_CLIENT_SECRET',
  'HANVISA_ENTRA_CLIENT_CERTIFICATE',
  'HANVISA_ENTRA_CLIENT_KEY',
  'HANVISA_SMTP_URL',
  'HANVISA_SMS_PASSWORD',
  'HANVISA_HEARTBEAT_URL'
]
const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

const roles = ['all', 'api', 'worker'] as const
/** `api` answers calls, `worker` reads calendars, `all` does both. */
export type ProcessRole = (typeof roles)[number]

export interface Config {
  readonly host: string
  readonly port: number
  /** Absolute. */
  readonly dataDir: string
  /** Null: everything is kept in the data folder, by this process alone. Its user and password are secret. */
  readonly redisUrl: string | null
  readonly role: ProcessRole
  /** Null: made at first start in the data folder (keys.ts). */
  readonly adminKey: string | null
  /** 32 bytes; null: made at first start in the data folder (keys.ts). */
  readonly masterKey: Buffer | null
  /** 32 bytes; null: none was given. */
  readonly masterKeyNext: Buffer | null
  /** Without a slash at its end. */
  readonly publicUrl: string | null
  readonly allowPrivateTargets: boolean
  /** Addresses and CIDR ranges; empty: no proxy is trusted. */
  readonly trustedProxies: readonly string[]
  /** Null: nobody signs in. */
  readonly signIn: SignInConfig | null
  /** Null: no customer consents. */
  readonly providerApplication: ProviderApplication | null
  readonly alarms: AlarmConfig
  readonly maxCallsPerMinute: number
  /** As `OverloadLimits`; no setting. Tests share their machine, which says nothing of the service. */
  readonly maxEventLoopDelayMs?: number
  readonly maxLongPollsPerKey: number
  /** As `Store.historyMs`. */
  readonly historyMs: number
  readonly auditDays: number
  /** As CIDR. */
  readonly allowedNetworks: readonly string[]
  readonly logLevel: (typeof logLevels)[number]
}

/** Throws one SetupError with all faults. An empty value is as none. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const faults: string[] = unknownNames(env)
  const value = (name: SettingName) => settingOf(env, name, faults)
  /** Whether it is set, to whatever. */
  const given = (name: SettingName) => Boolean(env[name]?.trim() || env[`${name}_FILE`]?.trim())
  const refuse = (name: SettingName, message: string) => {
    faults.push(`${name} ${message}`)
  }

  const redisUrl = value('HANVISA_REDIS_URL')
  const redisFault = redisUrl === null ? null : redisUrlFault(redisUrl)
  if (redisFault !== null) refuse('HANVISA_REDIS_URL', redisFault)
  const shared = given('HANVISA_REDIS_URL')
  const role = roles.find((known) => known === value('HANVISA_ROLE'))
  if (role === undefined) refuse('HANVISA_ROLE', 'must be one of all, api, worker')
  else if (role !== 'all' && !shared) {
    refuse(
      'HANVISA_ROLE',
      `can be ${role} only with Redis, which several processes can share: set HANVISA_REDIS_URL, or unset this`
    )
  }
  const allowPrivateTargets = value('HANVISA_ALLOW_PRIVATE_TARGETS')
  if (allowPrivateTargets !== '0' && allowPrivateTargets !== '1') {
    refuse('HANVISA_ALLOW_PRIVATE_TARGETS', 'must be 0 or 1')
  }
  const allowed = parseAllowedNetworks(value('HANVISA_ALLOWED_NETWORKS') ?? '')
  for (const fault of allowed.faults) refuse('HANVISA_ALLOWED_NETWORKS', fault)
  const port = value('HANVISA_PORT') ?? ''
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    refuse('HANVISA_PORT', 'must be a number from 0 to 65535')
  const adminKey = value('HANVISA_ADMIN_KEY')
  if (adminKey !== null && !isAdminKey(adminKey)) refuse('HANVISA_ADMIN_KEY', adminKeyRule)
  if (shared && !given('HANVISA_ADMIN_KEY')) {
    refuse('HANVISA_ADMIN_KEY', `is needed with Redis, the same in every process: it ${adminKeyRule}`)
  }
  const masterKey = value('HANVISA_MASTER_KEY')
  if (masterKey !== null && masterKeyIn(masterKey) === null) refuse('HANVISA_MASTER_KEY', masterKeyRule)
  if (shared && !given('HANVISA_MASTER_KEY')) {
    refuse('HANVISA_MASTER_KEY', `is needed with Redis, the same in every process: it ${masterKeyRule}`)
  }
  const trustedProxies = (value('HANVISA_TRUST_PROXY') ?? '').split(/[\s,]+/).filter(Boolean)
  for (const text of trustedProxies) {
    if (!isAddressRange(text))
      refuse('HANVISA_TRUST_PROXY', `names "${text.slice(0, 60)}": ${trustProxyRule}`)
  }
  const countOf = (name: SettingName) => {
    const text = value(name) ?? ''
    if (!/^[1-9]\d{0,6}$/.test(text)) refuse(name, 'must be a number from 1 to 9999999')
    return Number(text)
  }
  const maxCallsPerMinute = countOf('HANVISA_CALLS_PER_MINUTE')
  const maxLongPollsPerKey = countOf('HANVISA_LONG_POLLS_PER_KEY')
  const historyDays = value('HANVISA_HISTORY_DAYS') ?? ''
  if (!/^\d{1,4}$/.test(historyDays) || Number(historyDays) < 2)
    refuse('HANVISA_HISTORY_DAYS', 'must be a number from 2 to 9999: consumers resume within a day')
  const auditDays = countOf('HANVISA_AUDIT_DAYS')
  const masterKeyNext = value('HANVISA_MASTER_KEY_NEXT')
  if (masterKeyNext !== null && masterKeyIn(masterKeyNext) === null) {
    refuse('HANVISA_MASTER_KEY_NEXT', masterKeyRule)
  }
  if (given('HANVISA_MASTER_KEY_NEXT') && !given('HANVISA_MASTER_KEY')) {
    refuse(
      'HANVISA_MASTER_KEY_NEXT',
      'stands alone: set HANVISA_MASTER_KEY to the key that is in use, or unset this'
    )
  }
  const logLevel = logLevels.find((level) => level === value('HANVISA_LOG_LEVEL'))
  if (logLevel === undefined) refuse('HANVISA_LOG_LEVEL', `must be one of ${logLevels.join(', ')}`)
  const publicUrl = value('HANVISA_PUBLIC_URL')
  const publicFault = publicUrl === null ? null : publicUrlFault(publicUrl, allowPrivateTargets === '1')
  if (publicFault !== null) refuse('HANVISA_PUBLIC_URL', publicFault)

  const signIn = readSignIn(
    {
      HANVISA_OIDC_ISSUER: value('HANVISA_OIDC_ISSUER'),
      HANVISA_OIDC_CLIENT_ID: value('HANVISA_OIDC_CLIENT_ID'),
      HANVISA_OIDC_CLIENT_SECRET: value('HANVISA_OIDC_CLIENT_SECRET'),
      HANVISA_OIDC_ROLES_CLAIM: value('HANVISA_OIDC_ROLES_CLAIM'),
      HANVISA_OIDC_PROVIDER_DIRECTORY: value('HANVISA_OIDC_PROVIDER_DIRECTORY')
    },
    { publicUrl, trustsProxy: trustedProxies.length > 0, allowPrivateTargets: allowPrivateTargets === '1' },
    refuse
  )

  const providerApplication = readProviderApplication(
    {
      HANVISA_ENTRA_CLIENT_ID: value('HANVISA_ENTRA_CLIENT_ID'),
      HANVISA_ENTRA_CLIENT_SECRET: value('HANVISA_ENTRA_CLIENT_SECRET'),
      HANVISA_ENTRA_CLIENT_SECRET_EXPIRES: value('HANVISA_ENTRA_CLIENT_SECRET_EXPIRES'),
      HANVISA_ENTRA_CLIENT_CERTIFICATE: value('HANVISA_ENTRA_CLIENT_CERTIFICATE'),
      HANVISA_ENTRA_CLIENT_KEY: value('HANVISA_ENTRA_CLIENT_KEY'),
      HANVISA_ENTRA_CLOUD: value('HANVISA_ENTRA_CLOUD')
    },
    publicUrl,
    refuse
  )

  const alarms = readAlarms(value, refuse)

  if (faults.length > 0) {
    throw new SetupError(`The settings cannot be used:\n${faults.map((fault) => `- ${fault}.`).join('\n')}`)
  }
  return Object.freeze({
    host: value('HANVISA_HOST') ?? '',
    port: Number(port),
    dataDir: resolve(value('HANVISA_DATA_DIR') ?? ''),
    redisUrl,
    role: role ?? 'all',
    adminKey,
    masterKey: masterKey === null ? null : masterKeyIn(masterKey),
    masterKeyNext: masterKeyNext === null ? null : masterKeyIn(masterKeyNext),
    publicUrl: publicUrl?.replace(/\/+$/, '') ?? null,
    allowPrivateTargets: allowPrivateTargets === '1',
    trustedProxies,
    signIn,
    providerApplication,
    alarms,
    maxCallsPerMinute,
    maxLongPollsPerKey,
    historyMs: Number(historyDays) * 86_400_000,
    auditDays,
    allowedNetworks: allowed.networks,
    logLevel: logLevel ?? 'info'
  })
}

/** These alone, as they are set, also by a file: for commands that need no others. Throws SetupError. */
export function readSettings<N extends SettingName>(
  env: Readonly<Record<string, string | undefined>>,
  names: readonly N[]
): Readonly<Record<N, string | null>> {
  const faults: string[] = []
  const values = names.map((name) => [name, settingOf(env, name, faults)])
  if (faults.length > 0) throw new SetupError(`${faults.join('. ')}.`)
  return Object.fromEntries(values)
}

export const adminKeyRule =
  'must be 20 to 200 visible ASCII characters: make one with "openssl rand -base64 33"'
const trustProxyRule =
  'write addresses or CIDR ranges such as 10.0.0.0/8 (a count of proxies would let a client state any address)'
export const masterKeyRule = 'must be 32 bytes in base64: make it with "openssl rand -base64 32"'

export function isAdminKey(text: string): boolean {
  return /^[\x21-\x7e]{20,200}$/.test(text)
}

/** The 32 bytes, or null where it is not that. */
export function masterKeyIn(text: string): Buffer | null {
  if (!/^[A-Za-z0-9+/]{43}=?$/.test(text)) return null
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === 32 ? bytes : null
}

function unknownNames(env: Readonly<Record<string, string | undefined>>): string[] {
  const names = Object.keys(Settings.properties)
  const known = new Set([...names, ...secret.map((name) => `${name}_FILE`)])
  return Object.keys(env)
    .filter((name) => name.startsWith('HANVISA_') && !known.has(name))
    .sort()
    .map((name) => `${name} is not a setting (a typing error?): the settings are ${names.join(', ')}`)
}

function settingOf(
  env: Readonly<Record<string, string | undefined>>,
  name: SettingName,
  faults: string[]
): string | null {
  const stated = env[name]?.trim() || null
  const file = secret.includes(name) ? env[`${name}_FILE`]?.trim() || null : null
  if (file === null) return stated ?? defaultOf(name)
  if (stated !== null) {
    faults.push(`${name} and ${name}_FILE are both set: unset one of the two`)
    return null
  }
  try {
    const text = readFileSync(file, 'utf8').trim()
    if (text === '') faults.push(`${name}_FILE names ${file}, which is empty: write the value into it`)
    return text === '' ? null : text
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    faults.push(`${name}_FILE names ${file}, which cannot be read (${code}): correct the path or the rights`)
    return null
  }
}

function defaultOf(name: SettingName): string | null {
  const setting: object = Settings.properties[name]
  return 'default' in setting && typeof setting.default === 'string' ? setting.default : null
}

function publicUrlFault(text: string, privateAllowed: boolean): string | null {
  const url = URL.canParse(text) ? new URL(text) : null
  const protocols = privateAllowed ? ['https:', 'http:'] : ['https:']
  if (url === null || !protocols.includes(url.protocol)) {
    return `must be an https URL such as https://hanvisa.example.com${privateAllowed ? ' (or an http one)' : ''}`
  }
  const bare = url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  return bare ? null : 'must hold no user name, password, ? or #'
}
