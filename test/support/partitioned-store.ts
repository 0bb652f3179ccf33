/** A real store that one process cannot reach for a while, as Redis behind a network partition: no events, then a gap. */
import { type FeedFollower, type Store, StoreUnavailable } from '../../src/storage/store.ts'

export interface PartitionedStore extends Store {
  /** From now on every call fails and no event arrives. */
  cut(): void
  /** It can be reached again, and followers get a gap. */
  restore(): void
  /** Followers miss what was saved meanwhile; calls succeed all the while. */
  dropEvents(): void
  /** From now on events wait to be delivered; calls succeed all the while, so that reads are ahead of the events. */
  delayEvents(): void
  /** Delivers the oldest events that wait, at most so many. */
  deliverEvents(max: number): void
  /** How many follow. */
  followers(): number
}

export function partitionedStore(store: Store): PartitionedStore {
  let isPartitioned = false
  let dropsEvents = false
  let delayed: (() => void)[] | null = null
  const followers = new Map<symbol, FeedFollower>()
  const guarded =
    (call: (...args: unknown[]) => unknown) =>
    async (...args: unknown[]) => {
      if (isPartitioned) throw new StoreUnavailable('The line is cut.')
      const result = await call(...args)
      if (isPartitioned) throw new StoreUnavailable('The line was cut meanwhile.')
      return result
    }
  const guardedStore = Object.fromEntries(
    Object.entries(store).map(([name, member]) => [
      name,
      typeof member === 'function' ? guarded(member) : member
    ])
  ) as Store
  return {
    ...guardedStore,
    follow(tenant, onEvent) {
      const one = Symbol(tenant)
      followers.set(one, onEvent)
      const stop = store.follow(tenant, (event, saved) => {
        if (isPartitioned || dropsEvents) return
        if (delayed === null) onEvent(event, saved)
        else delayed.push(() => onEvent(event, saved))
      })
      return () => {
        followers.delete(one)
        stop()
      }
    },
    reachable: () => !isPartitioned && store.reachable(),
    cut() {
      isPartitioned = true
    },
    restore() {
      isPartitioned = false
      dropsEvents = false
      for (const onEvent of [...followers.values()]) onEvent({ kind: 'gap' }, null)
    },
    dropEvents() {
      dropsEvents = true
    },
    delayEvents() {
      delayed ??= []
    },
    deliverEvents(max) {
      for (const deliver of delayed?.splice(0, max) ?? []) deliver()
    },
    followers: () => followers.size
  }
}
