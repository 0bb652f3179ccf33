/** The credential of a connection: which member holds it, when it ends, and what to do before that. */
import { X509Certificate } from 'node:crypto'
import type { FieldFault, RemoteFault } from '../errors.ts'
import { quotePowerShell } from './powershell.ts'

export interface Credential {
  /** The secret member, by its path: `clientSecret`, `auth/password`. */
  readonly member: string
  /** Epoch milliseconds; null: not known. */
  readonly endsAt: number | null
  /** How to renew it, a sentence. */
  readonly renewal: string
  /** What to do to have its end known, a sentence; null: nothing, for it may have none. */
  readonly remedyIfUnknown: string | null
}

export const credentialStates = ['valid', 'expiring', 'expired', 'refused', 'unknown'] as const

/** How the credential is at an instant. */
export interface CredentialStatus {
  readonly member: string
  readonly state: (typeof credentialStates)[number]
  readonly endsAt: number | null
  /** Whole days; 0 on the last one and after it. */
  readonly daysLeft: number | null
  readonly hint: string | null
}

const DAY_MS = 86_400_000
/** Days before the end from which on it is said. */
const EXPIRING_DAYS = 30

/** Members of a connection by which an application signs in to Entra. */
interface ApplicationMembers {
  readonly clientId: string
  readonly certificate?: { readonly certificate: string }
}

/** `at` is where in the connection the members stand: `auth/`, or nothing. */
export function applicationCredential(
  { clientId, certificate }: ApplicationMembers,
  secretExpires: string | undefined,
  at: '' | 'auth/'
): Credential {
  const place = `in the Entra admin center (App registrations, ${clientId}, Certificates & secrets)`
  if (certificate !== undefined) {
    return {
      member: `${at}certificate`,
      endsAt: certificateEnd(certificate.certificate),
      renewal: `Register a new certificate ${place} and put the connection with it and its private key.`,
      remedyIfUnknown: null
    }
  }
  return {
    member: `${at}clientSecret`,
    endsAt: secretExpires === undefined ? null : dayToInstant(secretExpires),
    renewal: `Make a new client secret ${place} and put the connection with its Value as "clientSecret" and its end as "secretExpires".`,
    remedyIfUnknown: `When the client secret ends is not known here: state it as "secretExpires" (YYYY-MM-DD), as it stands ${place}.`
  }
}

/** `user` is `DOMAIN\user` or `user@domain`. */
export function passwordCredential(user: string, secretExpires: string | undefined): Credential {
  const account = user.split('\\').at(-1)!.split('@')[0]!
  return {
    member: 'auth/password',
    endsAt: secretExpires === undefined ? null : dayToInstant(secretExpires),
    renewal:
      `Set a new password (Set-ADAccountPassword -Identity ${quotePowerShell(account)} -Reset) and put the connection with it ` +
      'in "auth", and with its end, if it has one, as "secretExpires".',
    // Service accounts' passwords often have no end.
    remedyIfUnknown: null
  }
}

/** `fault` is that of the connection as a whole. */
export function credentialStatus(
  credential: Credential,
  fault: RemoteFault | null,
  at: number
): CredentialStatus {
  const { member, endsAt, renewal, remedyIfUnknown } = credential
  const daysLeft = endsAt === null ? null : Math.max(0, Math.floor((endsAt - at) / DAY_MS))
  const status = { member, endsAt, daysLeft }
  if (fault?.code === 'secret_expired') return { ...status, state: 'expired', hint: fault.hint }
  if (fault?.code === 'secret_invalid') return { ...status, state: 'refused', hint: fault.hint }
  if (endsAt === null || daysLeft === null) return { ...status, state: 'unknown', hint: remedyIfUnknown }
  if (endsAt <= at) return { ...status, state: 'expired', hint: `${ended(credential)} ${renewal}` }
  if (daysLeft >= EXPIRING_DAYS) return { ...status, state: 'valid', hint: null }
  const days = daysLeft === 0 ? 'within a day' : daysLeft === 1 ? 'in 1 day' : `in ${daysLeft} days`
  return {
    ...status,
    state: 'expiring',
    hint: `The ${nounOf(member)} ends on ${dayOf(endsAt)}, ${days}. ${renewal}`
  }
}

/** A sentence on one whose end is past. */
export function ended({ member, endsAt }: Credential): string {
  return `The ${nounOf(member)} ended on ${dayOf(endsAt ?? 0)}.`
}

export function secretExpiresFaults(secretExpires: string | undefined): FieldFault[] {
  return secretExpires === undefined || dayToInstant(secretExpires) !== null
    ? []
    : [
        {
          field: 'secretExpires',
          message: 'names a day that the calendar lacks: write one such as 2027-06-30'
        }
      ]
}

/** The beginning of that day in UTC: Entra shows the day alone in some places, and too early a warning does no harm. */
export function dayToInstant(day: string): number | null {
  const instant = Date.parse(`${day}T00:00:00Z`)
  return Number.isNaN(instant) || dayOf(instant) !== day ? null : instant
}

function dayOf(instant: number): string {
  return new Date(instant).toISOString().slice(0, 10)
}

/** When the certificate (PEM) ends, in epoch milliseconds; null where it cannot be read. */
export function certificateEnd(pem: string): number | null {
  try {
    const end = Date.parse(new X509Certificate(pem).validTo)
    return Number.isNaN(end) ? null : end
  } catch {
    return null
  }
}

function nounOf(member: string): string {
  if (member.endsWith('certificate')) return 'certificate'
  return member.endsWith('password') ? 'password' : 'client secret'
}
