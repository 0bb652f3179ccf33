/** By what name a mailbox is impersonated: its address, or the sign-in name (UPN) of those whose name is no address. */
import { RemoteError } from '../../../errors.ts'

/**
 * `address`: the primary one, which names the calendar's folder too. `alias`: an address that impersonates and names no folder.
 * `PrincipalName`: the sign-in name.
 */
export type ImpersonatedBy = 'address' | 'alias' | 'PrincipalName'

export interface ImpersonationId {
  /** As it was written in. */
  readonly mailbox: string
  readonly by: ImpersonatedBy
}

export interface ImpersonationIds {
  /**
   * By the name that is known to be right; else by address, and while that is unknown by the others, where `isImpersonating` says yes.
   * Without it the folder is never named, so an alias is as good as the address.
   */
  withId<T>(
    mailbox: string,
    run: (id: ImpersonationId) => Promise<T>,
    isImpersonating?: () => Promise<boolean>
  ): Promise<T>
  /** As far as is known. */
  idOf(mailbox: string): ImpersonationId
}

export function createImpersonationIds(): ImpersonationIds {
  const others = new Map<string, ImpersonatedBy>()
  const idOf = (mailbox: string): ImpersonationId => ({ mailbox, by: others.get(mailbox) ?? 'address' })

  async function tryOthers<T>(
    mailbox: string,
    run: (id: ImpersonationId) => Promise<T>,
    names: readonly ImpersonatedBy[],
    first: unknown
  ): Promise<T> {
    for (const by of names) {
      try {
        const found = await run({ mailbox, by })
        others.set(mailbox, by)
        return found
      } catch (error) {
        if (!isUnknown(error)) throw error instanceof RemoteError ? error : first
      }
    }
    throw first
  }

  return {
    idOf,
    async withId(mailbox, run, isImpersonating) {
      const id = idOf(mailbox)
      try {
        return await run(id)
      } catch (error) {
        if (id.by !== 'address' || !isUnknown(error)) throw error
        if (isImpersonating === undefined) return tryOthers(mailbox, run, ['PrincipalName'], error)
        if (!(await isImpersonating())) throw error
        return tryOthers(mailbox, run, ['alias', 'PrincipalName'], error)
      }
    }
  }
}

function isUnknown(error: unknown): boolean {
  return error instanceof RemoteError && error.code === 'mailbox_unknown'
}
