/** Exchange's budgets: the account or mailbox that has used one up waits until the time that the server named; others continue. */
import { RemoteError } from '../../../errors.ts'

/** Milliseconds where the server names no time. */
export const defaultBackOffMs = 10_000

export class Throttle {
  readonly #clock: () => number
  /** Until when the account waits: Unix milliseconds. */
  #accountUntil = 0
  /** The same of each mailbox that waits. */
  readonly #mailboxUntil = new Map<string, number>()

  constructor(clock: () => number) {
    this.#clock = clock
  }

  /** Throws RemoteError `throttled` while the account, or this mailbox, must wait. */
  throwIfThrottled(mailbox: string | null): void {
    const accountMs = this.#remainingMs(null)
    if (accountMs > 0) throw throttledError(null, accountMs)
    const mailboxMs = mailbox === null ? 0 : this.#remainingMs(mailbox)
    if (mailboxMs > 0) throw throttledError(mailbox, mailboxMs)
  }

  /** Null: the account's, on which all calls rest. */
  block(mailbox: string | null, milliseconds: number): void {
    const until = this.#clock() + milliseconds
    if (mailbox === null) this.#accountUntil = Math.max(this.#accountUntil, until)
    else this.#mailboxUntil.set(mailbox, Math.max(this.#mailboxUntil.get(mailbox) ?? 0, until))
  }

  #remainingMs(mailbox: string | null): number {
    const now = this.#clock()
    if (mailbox === null) return this.#accountUntil - now
    const until = this.#mailboxUntil.get(mailbox) ?? 0
    if (until <= now) this.#mailboxUntil.delete(mailbox)
    return until - now
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
