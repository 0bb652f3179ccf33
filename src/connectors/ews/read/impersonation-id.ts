/** By what name a mailbox is impersonated: its address, or the sign-in name (UPN) of those whose name is no address. */
import { RemoteError } from '../../../errors.ts'

export interface Name {
  /** As it was written in. */
  readonly mailbox: string
  readonly by: 'address' | 'PrincipalName'
}

export interface Names {
  /** By the name that is known to be right; else by address, and then by sign-in name. */
  as<T>(mailbox: string, run: (name: Name) => Promise<T>): Promise<T>
  /** As far as is known. */
  of(mailbox: string): Name
}

export function mailboxNames(): Names {
  const byPrincipal = new Set<string>()
  const of = (mailbox: string): Name => ({
    mailbox,
    by: byPrincipal.has(mailbox) ? 'PrincipalName' : 'address'
  })
  return {
    of,
    async as(mailbox, run) {
      const name = of(mailbox)
      try {
        return await run(name)
      } catch (error) {
        if (name.by === 'PrincipalName' || !isUnknown(error)) throw error
        try {
          const found = await run({ mailbox, by: 'PrincipalName' })
          byPrincipal.add(mailbox)
          return found
        } catch (second) {
          throw isUnknown(second) || !(second instanceof RemoteError) ? error : second
        }
      }
    }
  }
}

function isUnknown(error: unknown): boolean {
  return error instanceof RemoteError && error.code === 'mailbox_unknown'
}
