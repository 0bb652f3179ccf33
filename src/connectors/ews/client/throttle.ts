/** Exchange's budgets: who has spent one stays away until the time that was named, and nobody else does. */
import { RemoteError } from '../../../errors.ts'

export interface Budgets {
  /** Throws RemoteError `throttled` while the account, or this mailbox, is to stay away. */
  check(mailbox: string | null): void
  /** Null: the account's, on which all calls rest. */
  spend(mailbox: string | null, milliseconds: number): void
}

/** Milliseconds where the server names no time. */
export const usualBackOff = 10_000

export function budgets(clock: () => number): Budgets {
  let account = 0
  const mailboxes = new Map<string, number>()

  function left(mailbox: string | null): number {
    const now = clock()
    if (mailbox === null) return account - now
    const until = mailboxes.get(mailbox) ?? 0
    if (until <= now) mailboxes.delete(mailbox)
    return until - now
  }

  return {
    check(mailbox) {
      if (left(null) > 0) throw throttled(null, left(null))
      if (mailbox !== null && left(mailbox) > 0) throw throttled(mailbox, left(mailbox))
    },
    spend(mailbox, milliseconds) {
      const until = clock() + milliseconds
      if (mailbox === null) account = Math.max(account, until)
      else mailboxes.set(mailbox, Math.max(mailboxes.get(mailbox) ?? 0, until))
    }
  }
}

export function throttled(mailbox: string | null, milliseconds: number): RemoteError {
  const hint =
    mailbox === null
      ? 'Exchange asks for fewer requests of this account. It is tried again by itself; if it stays so, give the account a throttling policy of its own (New-ThrottlingPolicy, Set-ThrottlingPolicyAssociation).'
      : 'Exchange asks for fewer requests to this mailbox. It is tried again by itself.'
  const scope = mailbox === null ? 'connection' : 'mailbox'
  return new RemoteError('throttled', hint, { scope, retryAfter: Math.ceil(milliseconds) })
}
