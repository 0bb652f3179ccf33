/** The port to a customer's consent to the provider's application: the link, and the proof that a directory has consented. */
import type { Instant } from '../domain/calendar-event.ts'
import type { RemoteError } from '../errors.ts'

/** What an application's token says. */
export interface TokenClaims {
  /** The directory (tenant) that issued it: a GUID in lower case; null where it says none. */
  readonly directory: string | null
  /** The application permissions that were consented to; without consent Entra gives a token without any. */
  readonly roles: readonly string[]
}

export interface ConsentProof {
  /** Of the token that was given for the directory; null: none was, and `error` says why. */
  readonly claims: TokenClaims | null
  /** Of the call; null: a calendar was read. */
  readonly error: RemoteError | null
}

export interface ProviderConsent {
  /** For an administrator's browser. `directory` is null where it is not known beforehand. */
  link(directory: string | null, state: string): string
  /** Signs in to the directory and reads an hour of the mailbox's calendar, and looks at nothing in it. */
  prove(
    about: { readonly directory: string; readonly mailbox: string; readonly now: Instant },
    signal: AbortSignal
  ): Promise<ConsentProof>
}
