/** Exchange's budgets: the account or mailbox that has used one up waits until the time that the server named; others continue. */
import { RemoteError } from '../../../errors.ts'

export interface Throttle {
  /** Throws RemoteError `throttled` while the account, or this mailbox, must wait. */
  throwIfThrottled(mailbox: string | null): void
  /** Null: the account's, on which all calls rest. */
  block(mailbox: string | null, milliseconds: number): void
}

/** Milliseconds where the server names no time. */
export const defaultBackOffMs = 10_000

export function createThrottle(clock: () => number): Throttle {
  let account = 0
  const mailboxes = new Map<string, number>()

  function remainingMs(mailbox: string | null): number {
    const now = clock()
    if (mailbox === null) return account - now
    const until = mailboxes.get(mailbox) ?? 0
    if (until <= now) mailboxes.delete(mailbox)
    return until - now
  }

  return {
    throwIfThrottled(mailbox) {
      if (remainingMs(null) > 0) throw throttledError(null, remainingMs(null))
      if (mailbox !== null && remainingMs(mailbox) > 0) throw throttledError(mailbox, remainingMs(mailbox))
    },
    block(mailbox, milliseconds) {
      const until = clock() + milliseconds
      if (mailbox === null) account = Math.max(account, until)
      else mailboxes.set(mailbox, Math.max(mailboxes.get(mailbox) ?? 0, until))
    }
  }
}

export function throttledError(mailbox: string | null, milliseconds: number): RemoteError {
  const hint =
    mailbox === null
      ? 'Exchange asks for fewer requests of this account. It is tried again by itself; if it stays so, give the account a throttling policy of its own (New-ThrottlingPolicy, Set-ThrottlingPolicyAssociation).'
      : 'Exchange asks for fewer requests to this mailbox. It is tried again by itself.'
  const scope = mailbox === null ? 'connection' : 'mailbox'
  return new RemoteError('throttled', hint, { scope, retryAfter: Math.ceil(milliseconds) })
}
