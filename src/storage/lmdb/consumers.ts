/** Consumers in lmdb. */
import { nextSlice } from '../../lib/time-slices.ts'
import type { ConsumerStore, UserDelivery } from '../consumers.ts'
import type { FeedEvent } from '../store.ts'
import type { ChangeLog } from './change-log.ts'
import type { Tables } from './tables.ts'

/** Records read or removed in one slice. */
const RECORDS_PER_SLICE = 500

/** What of a tenant's consumers changed: nothing that a Status shows, but the write has its entry in the audit. */
const saved: FeedEvent = { kind: 'confirmed', users: [] }

interface LmdbConsumersDeps {
  readonly tables: Tables
  readonly log: Pick<ChangeLog, 'headOf'>
  readonly read: <T>(action: () => T | Promise<T>) => Promise<T>
  readonly write: <T>(tenant: string, step: (feeds: FeedEvent[]) => T) => Promise<T>
  readonly changes: ConsumerChanges
}

/** Which tenants' consumers changed when, in this process: it is the only one. */
export class ConsumerChanges {
  readonly #tables: Tables
  readonly #positions = new Map<string, number>()
  #position = 1

  constructor(tables: Tables) {
    this.#tables = tables
  }

  record(tenant: string): void {
    this.#positions.set(tenant, ++this.#position)
  }

  after(position: number): { readonly position: number; readonly tenants: readonly string[] } {
    const changed = [...this.#positions].filter(([, at]) => at > position).map(([tenant]) => tenant)
    const kept = position > 0 ? [] : this.#tables.tenants.entries().map(({ id }) => id)
    const withAny = kept.filter((tenant) => this.#tables.consumers.ids(tenant).length > 0)
    return { position: this.#position, tenants: [...new Set([...changed, ...withAny])] }
  }
}

export function lmdbConsumers({ tables, log, read, write, changes }: LmdbConsumersDeps): ConsumerStore {
  const { heads, consumers, consumerProgress, deliveries, users } = tables

  /** The deliveries of one consumer, in slices. */
  async function* deliveriesOf(tenant: string, id: string): AsyncGenerator<[string, UserDelivery][]> {
    const begin = `${id} `
    for (let after = begin; ; ) {
      const some = await read(() => deliveries.entries(tenant, { after, limit: RECORDS_PER_SLICE }))
      const own = some.filter(([key]) => key.startsWith(begin))
      if (own.length > 0) yield own
      if (own.length < RECORDS_PER_SLICE) return
      after = own.at(-1)![0]
      await nextSlice()
    }
  }

  async function forgetDeliveries(tenant: string, id: string): Promise<void> {
    for await (const some of deliveriesOf(tenant, id)) {
      await write(tenant, () => {
        for (const [key] of some) deliveries.remove(tenant, key)
      })
    }
  }

  return {
    list: (tenant) =>
      read(() => (heads.get(tenant) === null ? [] : consumers.entries(tenant, {}).map(([, one]) => one))),
    find: (tenant, id) => read(() => (heads.get(tenant) === null ? null : consumers.get(tenant, id))),
    async save(tenant, consumer, progress, forget) {
      // What is left of an earlier consumer of this id goes first.
      const isNew = await write(tenant, (feeds) => {
        log.headOf(tenant)
        const known = consumers.get(tenant, consumer.id)
        consumers.put(tenant, consumer.id, consumer)
        if (progress !== null) consumerProgress.put(tenant, consumer.id, progress)
        else if (known === null) consumerProgress.remove(tenant, consumer.id)
        feeds.push(saved)
        return known === null
      })
      if (isNew || forget) await forgetDeliveries(tenant, consumer.id)
      changes.record(tenant)
      return isNew
    },
    async remove(tenant, id) {
      const removed = await write(tenant, (feeds) => {
        if (heads.get(tenant) === null || consumers.get(tenant, id) === null) return false
        consumers.remove(tenant, id)
        consumerProgress.remove(tenant, id)
        feeds.push(saved)
        return true
      })
      if (removed) await forgetDeliveries(tenant, id)
      changes.record(tenant)
      return removed
    },
    progress: (tenant, id) =>
      read(() => (heads.get(tenant) === null ? null : consumerProgress.get(tenant, id))),
    async deliveries(tenant, id) {
      const found: UserDelivery[] = []
      if ((await read(() => heads.get(tenant))) === null) return found
      for await (const some of deliveriesOf(tenant, id)) found.push(...some.map(([, one]) => one))
      return found
    },
    deliveriesOfUser: (tenant, user) =>
      read(() => {
        if (heads.get(tenant) === null) return []
        return consumers.ids(tenant).flatMap((consumer) => {
          const delivery = deliveries.get(tenant, `${consumer} ${user}`)
          return delivery === null ? [] : [{ consumer, delivery }]
        })
      }),
    saveProgress: (tenant, id, version, { progress, deliveries: given, removed }) =>
      write(tenant, () => {
        if (heads.get(tenant) === null || consumers.get(tenant, id)?.version !== version) return false
        consumerProgress.put(tenant, id, progress)
        for (const one of given) {
          if (users.get(tenant, one.user) !== null) deliveries.put(tenant, `${id} ${one.user}`, one)
        }
        for (const user of removed) deliveries.remove(tenant, `${id} ${user}`)
        return true
      }),
    changedAfter: (position) => read(() => changes.after(position))
  }
}
