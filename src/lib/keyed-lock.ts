/** Lets changes of one tenant go one after the other within this process, so that each builds upon the one before. */

/** Runs `work` when all earlier work of the tenant has ended, well or not. */
export type InTurn = <T>(tenant: string, work: () => Promise<T>) => Promise<T>

export function turns(): InTurn {
  const last = new Map<string, Promise<unknown>>()
  return (tenant, work) => {
    const before = last.get(tenant) ?? Promise.resolve()
    const mine = before.then(work, work)
    last.set(tenant, mine)
    const forget = () => {
      if (last.get(tenant) === mine) last.delete(tenant)
    }
    mine.then(forget, forget)
    return mine
  }
}
