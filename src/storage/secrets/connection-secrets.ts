/** How a connection and a mailbox are kept: their secrets sealed, each bound to its tenant and its member or user. */
import { isDeepStrictEqual } from 'node:util'
import type { Instant } from '../../domain/calendar-event.ts'
import type { StoredConnection, User } from '../store.ts'
import type { Sealer, Unsealer } from './seal.ts'

/** A connection with its secrets as they are; the other members are its kind's own. */
export interface OpenConnection {
  readonly kind: string
  readonly pollSeconds: number
}

/** Whose mailbox it is, and what is kept of it. */
export type UserMailbox = Pick<User, 'id' | 'mailbox'>

/** The secret members of a connection, by their path (`clientSecret`, `auth/password`). */
export type Secrets = Readonly<Record<string, unknown>>

/** `secretMembers` are the paths of the members to seal (`auth/password`): connectors/kinds.ts has them. */
export function sealConnection(
  tenant: string,
  connection: OpenConnection,
  secretMembers: readonly string[],
  sealer: Sealer,
  changedAt: Instant,
  place: Pick<StoredConnection, 'id' | 'order'> = {}
): StoredConnection {
  const { kind, pollSeconds } = connection
  const { open, secrets } = splitSecrets(connection, secretMembers)
  const sealed: Record<string, string> = {}
  for (const [path, value] of Object.entries(secrets)) {
    sealed[path] = sealer.seal(JSON.stringify(value), memberPurpose(tenant, { ...place, kind }, path))
  }
  return { ...place, kind, pollSeconds, open, sealed, changedAt }
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
export function unsealConnection(tenant: string, kept: StoredConnection, unsealer: Unsealer): OpenConnection {
  const { kind, pollSeconds, open } = kept
  return { kind, pollSeconds, ...mergeSecrets(open, unsealSecrets(tenant, kept, unsealer)) }
}

/** None where they cannot be unsealed (another master key): then they are as good as gone, and are asked for anew. */
export function storedSecrets(tenant: string, kept: StoredConnection, unsealer: Unsealer): Secrets {
  try {
    return unsealSecrets(tenant, kept, unsealer)
  } catch {
    return {}
  }
}

function unsealSecrets(tenant: string, connection: StoredConnection, unsealer: Unsealer): Secrets {
  const secrets: Record<string, unknown> = {}
  for (const [path, text] of Object.entries(connection.sealed)) {
    secrets[path] = JSON.parse(unsealer.open(text, memberPurpose(tenant, connection, path)))
  }
  return secrets
}

/** Whether two are the same connection; one may be sealed anew. */
export function isSameConnection(
  tenant: string,
  one: StoredConnection | null,
  other: StoredConnection | null,
  unsealer: Unsealer
): boolean {
  if (one === null || other === null) return one === other
  if (!isDeepStrictEqual({ ...one, sealed: {} }, { ...other, sealed: {} })) return false
  if (isDeepStrictEqual(one.sealed, other.sealed)) return true
  try {
    return isDeepStrictEqual(unsealSecrets(tenant, one, unsealer), unsealSecrets(tenant, other, unsealer))
  } catch {
    return false
  }
}

/** A mailbox as it is kept: a URL is a secret, anything else is not. */
export function sealMailbox(
  tenant: string,
  user: string,
  mailbox: string,
  sealer: Sealer
): NonNullable<User['mailbox']> {
  if (!isUrl(mailbox)) return { address: mailbox }
  const { protocol, host } = new URL(mailbox)
  return { sealed: sealer.seal(mailbox, mailboxPurpose(tenant, user)), shown: `${protocol}//${host}/…` }
}

/** Whether what is kept is this mailbox; it is not where it cannot be unsealed. */
export function isMailbox(tenant: string, user: UserMailbox, mailbox: string, unsealer: Unsealer): boolean {
  try {
    return unsealMailbox(tenant, user, unsealer) === mailbox
  } catch {
    return false
  }
}

/** Null where the user has none. Throws when it cannot be unsealed. */
export function unsealMailbox(
  tenant: string,
  { id, mailbox }: UserMailbox,
  unsealer: Unsealer
): string | null {
  if (mailbox === null) return null
  return 'address' in mailbox ? mailbox.address : unsealer.open(mailbox.sealed, mailboxPurpose(tenant, id))
}

export function isUrl(mailbox: string): boolean {
  return mailbox.includes('://')
}

// No id of a tenant or a user holds a slash, so that no purpose reads as another.

/** `path` names a secret member of the connection: `auth/password`. */
export function memberPurpose(
  tenant: string,
  { id, kind }: Pick<StoredConnection, 'id' | 'kind'>,
  path: string
): string {
  return `connection/${tenant}/${id === undefined ? '' : `${id}/`}${kind}/${path}`
}

/** `path` names a secret member of a consumer of the kind. */
export function consumerPurpose(tenant: string, id: string, kind: string, path: string): string {
  return `consumer/${tenant}/${id}/${kind}/${path}`
}

export function mailboxPurpose(tenant: string, user: string): string {
  return `mailbox/${tenant}/${user}`
}
