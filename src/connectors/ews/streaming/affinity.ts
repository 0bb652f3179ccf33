/**
 * Keeps a group's subscriptions and their stream on one server: the subscriptions of another server answer
 * ErrorSubscriptionNotFound (Microsoft, "Maintain affinity between a group of subscriptions and the Mailbox server").
 */
import type { ImpersonationId } from '../read/impersonation-id.ts'

export interface ServerAffinity {
  /** Whose server it is; null until the group's first subscription was made. */
  readonly anchor: string | null
  headers(): Readonly<Record<string, string>>
  /** Takes the cookie from the first answer that has it. */
  takeCookie(cookies: string | readonly string[] | undefined, name: string): void
}

export class StreamAffinity implements ServerAffinity {
  #chargedMailbox: ImpersonationId | null = null
  #cookie: string | null = null

  /** Whom the stream is charged to. The server stays the same when another takes over. */
  get chargedMailbox(): ImpersonationId | null {
    return this.#chargedMailbox
  }

  get anchor(): string | null {
    return this.#chargedMailbox?.mailbox ?? null
  }

  /** The same for the group's first subscription: it chooses the server of this mailbox. */
  anchoredAt(mailbox: string): ServerAffinity {
    return {
      anchor: mailbox,
      headers: () => this.headers(),
      takeCookie: (cookies, name) => this.takeCookie(cookies, name)
    }
  }

  setAnchor(anchor: ImpersonationId): void {
    this.#chargedMailbox = anchor
  }

  /** The server is given up: the next subscription chooses one anew. */
  reset(): void {
    this.#chargedMailbox = null
    this.#cookie = null
  }

  headers(): Readonly<Record<string, string>> {
    return {
      'x-preferserveraffinity': 'true',
      ...(this.#cookie === null ? {} : { cookie: this.#cookie })
    }
  }

  takeCookie(cookies: string | readonly string[] | undefined, name: string): void {
    for (const one of typeof cookies === 'string' ? [cookies] : (cookies ?? [])) {
      const [pair = ''] = one.split(';', 1)
      const isIt = pair.toLowerCase().startsWith(`${name.toLowerCase()}=`)
      if (isIt && pair.length <= maxCookieLength && /^[\x21-\x7e]+$/.test(pair)) this.#cookie ??= pair
    }
  }
}

/** What browsers take at the most (RFC 6265 section 6.1). */
const maxCookieLength = 4096
