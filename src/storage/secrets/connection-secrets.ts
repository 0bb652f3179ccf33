/** How a connection and a mailbox are kept: their secrets sealed, bound to the tenant that they belong to. */
import type { Instant } from '../../domain/calendar-event.ts'
import type { StoredConnection, User } from '../store.ts'
import type { Sealer } from './seal.ts'

/** A connection with its secrets as they are; the other members are its kind's own. */
export interface OpenConnection {
  readonly kind: string
  readonly pollSeconds: number
}

/** The secret members of a connection, by their path (`clientSecret`, `auth/password`). */
export type Secrets = Readonly<Record<string, unknown>>

/** `secretMembers` are the paths of the members to seal (`auth/password`): connectors/kinds.ts has them. */
export function sealConnection(
  tenant: string,
  connection: OpenConnection,
  secretMembers: readonly string[],
  sealer: Sealer,
  changedAt: Instant
): StoredConnection {
  const { open, secrets } = splitSecrets(connection, secretMembers)
  return {
    kind: connection.kind,
    pollSeconds: connection.pollSeconds,
    open,
    sealed:
      Object.keys(secrets).length === 0
        ? null
        : sealer.seal(JSON.stringify(secrets), connectionPurpose(tenant)),
    changedAt
  }
}

/** What may be shown of a connection (without `kind` and `pollSeconds`), and what may not. */
export function splitSecrets(
  connection: OpenConnection,
  secretMembers: readonly string[]
): { open: Record<string, unknown>; secrets: Secrets } {
  const { kind: _, pollSeconds: __, ...rest } = connection
  const open: Record<string, unknown> = {}
  const secrets: Record<string, unknown> = {}
  const put = (into: Record<string, unknown>, path: string, name: string, value: unknown) => {
    if (value === undefined) return
    if (secretMembers.includes(path)) secrets[path] = value
    else into[name] = value
  }
  for (const [name, value] of Object.entries(rest)) {
    const hides = secretMembers.some((path) => path.startsWith(`${name}/`))
    if (!hides) {
      put(open, name, name, value)
      continue
    }
    const inner: Record<string, unknown> = {}
    for (const [part, held] of Object.entries(value as object)) put(inner, `${name}/${part}`, part, held)
    open[name] = inner
  }
  return { open, secrets }
}

/** The other way round. */
export function mergeSecrets(
  open: Readonly<Record<string, unknown>>,
  secrets: Secrets
): Record<string, unknown> {
  const whole: Record<string, unknown> = { ...open }
  for (const [path, value] of Object.entries(secrets)) {
    const [name = '', part] = path.split('/')
    whole[name] = part === undefined ? value : { ...(whole[name] as object), [part]: value }
  }
  return whole
}

/** The connection with its secrets, for connectors. Throws when they cannot be unsealed. */
export function unsealConnection(tenant: string, kept: StoredConnection, sealer: Sealer): OpenConnection {
  const { kind, pollSeconds, open, sealed } = kept
  const secrets: Secrets = sealed === null ? {} : JSON.parse(sealer.open(sealed, connectionPurpose(tenant)))
  return { kind, pollSeconds, ...mergeSecrets(open, secrets) }
}

/** None where they cannot be unsealed (another master key): then they are as good as gone, and are asked for anew. */
export function storedSecrets(tenant: string, { sealed }: StoredConnection, sealer: Sealer): Secrets {
  if (sealed === null) return {}
  try {
    return JSON.parse(sealer.open(sealed, connectionPurpose(tenant)))
  } catch {
    return {}
  }
}

/** A mailbox as it is kept: a URL is a secret, anything else is not. */
export function sealMailbox(tenant: string, mailbox: string, sealer: Sealer): NonNullable<User['mailbox']> {
  if (!isUrl(mailbox)) return { address: mailbox }
  const { protocol, host } = new URL(mailbox)
  return { sealed: sealer.seal(mailbox, mailboxPurpose(tenant)), shown: `${protocol}//${host}/…` }
}

/** Whether what is kept is this mailbox; it is not where it cannot be unsealed. */
export function isMailbox(
  tenant: string,
  kept: NonNullable<User['mailbox']>,
  mailbox: string,
  sealer: Sealer
): boolean {
  try {
    return unsealMailbox(tenant, kept, sealer) === mailbox
  } catch {
    return false
  }
}

export function unsealMailbox(tenant: string, mailbox: NonNullable<User['mailbox']>, sealer: Sealer): string {
  return 'address' in mailbox ? mailbox.address : sealer.open(mailbox.sealed, mailboxPurpose(tenant))
}

export function isUrl(mailbox: string): boolean {
  return mailbox.includes('://')
}

function connectionPurpose(tenant: string): string {
  return `connection:${tenant}`
}

function mailboxPurpose(tenant: string): string {
  return `mailbox:${tenant}`
}
