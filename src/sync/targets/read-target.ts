/** The calendar that is to be read for a user: a mailbox, in a zone, as its owner sees it. */
import { digestOf } from '../../lib/digest.ts'
import type { User, UserRecord } from '../../storage/store.ts'

export interface ReadTarget {
  /** A digest, since the URL of a published calendar is a secret. Digests sort at random, which spreads the polls. */
  readonly key: string
  readonly mailbox: string
  /** IANA name. */
  readonly timeZone: string
  /** The owner's e-mail address, where the user states it. */
  readonly owner?: string
}

/** The user's calendar, or null when it is not to be read. Throws when the mailbox cannot be unsealed. */
export function targetOf(
  user: User,
  tenantZone: string,
  unseal: (user: User) => string | null
): ReadTarget | null {
  if (!user.syncEnabled) return null
  const mailbox = unseal(user)
  if (mailbox === null) return null
  const timeZone = user.timeZone ?? tenantZone
  const { owner } = user
  const names = owner === null ? [timeZone, mailbox] : [timeZone, mailbox, owner]
  return { key: digest(names.join('\0')), mailbox, timeZone, ...(owner !== null && { owner }) }
}

/**
 * The id of the subscription that serves a mailbox: one for all its zones and spellings, since calendar systems keep one
 * subscription for a mailbox. Addresses are compared without case; a URL's path may differ by case.
 */
export function subscriptionIdOf({ mailbox }: Pick<ReadTarget, 'mailbox'>): string {
  return digest(mailbox.includes('@') && !mailbox.includes('/') ? mailbox.trim().toLowerCase() : mailbox)
}

/** What was read for a user is obsolete when this is another: a new generation, or other triggers of their own. */
export function userConfigHash({ user: { triggers }, sync: { generation } }: UserRecord): string {
  return triggers.length === 0 ? `${generation}` : `${generation} ${digest(JSON.stringify(triggers))}`
}

function digest(text: string): string {
  return digestOf(text).slice(0, 22)
}
