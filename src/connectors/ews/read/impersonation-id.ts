/** By what name a mailbox is impersonated: its address, or the sign-in name (UPN) of those whose name is no address. */
import { RemoteError } from '../../../errors.ts'

export interface ImpersonationId {
  /** As it was written in. */
  readonly mailbox: string
  readonly by: 'address' | 'PrincipalName'
}

export interface ImpersonationIds {
  /** By the name that is known to be right; else by address, and then by sign-in name. */
  withId<T>(mailbox: string, run: (name: ImpersonationId) => Promise<T>): Promise<T>
  /** As far as is known. */
  idOf(mailbox: string): ImpersonationId
}

export function createImpersonationIds(): ImpersonationIds {
  const byPrincipal = new Set<string>()
  const idOf = (mailbox: string): ImpersonationId => ({
    mailbox,
    by: byPrincipal.has(mailbox) ? 'PrincipalName' : 'address'
  })
  return {
    idOf,
    async withId(mailbox, run) {
      const name = idOf(mailbox)
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
