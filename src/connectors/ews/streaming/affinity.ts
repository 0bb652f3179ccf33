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

export interface StreamAffinity extends ServerAffinity {
  /** Whom the stream is charged to. The server stays the same when another takes over. */
  readonly chargedMailbox: ImpersonationId | null
  setAnchor(anchor: ImpersonationId): void
  /** The server is given up: the next subscription chooses one anew. */
  reset(): void
}

export function createStreamAffinity(): StreamAffinity {
  let chargedMailbox: ImpersonationId | null = null
  let cookie: string | null = null
  return {
    get anchor() {
      return chargedMailbox?.mailbox ?? null
    },
    get chargedMailbox() {
      return chargedMailbox
    },
    setAnchor(anchor) {
      chargedMailbox = anchor
    },
    reset() {
      chargedMailbox = cookie = null
    },
    headers: () => ({
      'x-preferserveraffinity': 'true',
      ...(cookie === null ? {} : { cookie })
    }),
    takeCookie(cookies, name) {
      for (const one of typeof cookies === 'string' ? [cookies] : (cookies ?? [])) {
        const [pair = ''] = one.split(';', 1)
        const isIt = pair.toLowerCase().startsWith(`${name.toLowerCase()}=`)
        if (isIt && pair.length <= maxCookieLength && /^[\x21-\x7e]+$/.test(pair)) cookie ??= pair
      }
    }
  }
}

/** What browsers take at the most (RFC 6265 section 6.1). */
const maxCookieLength = 4096
