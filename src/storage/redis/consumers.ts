/** Consumers in Redis: with their tenant, and beside that an index of whose consumers changed when. */
import { nextSlice } from '../../lib/time-slices.ts'
import { consumerProgressRecord, consumerRecord, userDeliveryRecord } from '../consumer-codec.ts'
import type { ConsumerRecord, ConsumerStore, UserDelivery } from '../consumers.ts'
import type { RedisConnection } from './connection.ts'
import { tenantGone } from './errors.ts'
import { CONSUMER_INDEX_KEYS, deliveriesKey, isTenantId, tenantKeys } from './keys.ts'
import type { WriteScript } from './scripts.ts'

const LF = 0x0a
const RECORDS_PER_SCAN = 1000

interface RedisConsumersDeps {
  readonly link: RedisConnection
  /** Does work as long as the store is not closed. */
  readonly run: <T>(work: () => Promise<T>) => Promise<T>
  readonly write: (
    tenant: string,
    script: WriteScript,
    args: readonly (string | number | Buffer)[]
  ) => Promise<unknown>
}

export function redisConsumers({ link, run, write }: RedisConsumersDeps): ConsumerStore {
  const { position: positionKey, changed } = CONSUMER_INDEX_KEYS

  /** Before a write, so that no consumer is unlisted, and after, so that who looked between looks again. */
  async function recorded<T>(tenant: string, work: () => Promise<T>): Promise<T> {
    if (!isTenantId(tenant)) throw tenantGone(tenant)
    await link.recordConsumerChange(tenant)
    const result = await work()
    await link.recordConsumerChange(tenant)
    return result
  }

  async function* deliveriesIn(tenant: string, id: string): AsyncGenerator<UserDelivery[]> {
    for (let cursor = '0'; ; ) {
      const [next, flat]: [Buffer, Buffer[]] = await link.askBulk((client) =>
        client.hscanBuffer(deliveriesKey(tenant, id), cursor, 'COUNT', RECORDS_PER_SCAN)
      )
      yield flat.filter((_, index) => index % 2 === 1).map((bytes) => userDeliveryRecord.decode(bytes))
      cursor = next.toString()
      if (cursor === '0') return
      await nextSlice()
    }
  }

  return {
    list: (tenant) =>
      run(async () => {
        if (!isTenantId(tenant)) return []
        const kept = await link.ask((client) => client.hvalsBuffer(tenantKeys(tenant).consumers))
        return kept.map(decode).sort((one, other) => (one.id < other.id ? -1 : 1))
      }),
    find: (tenant, id) =>
      run(async () => {
        if (!isTenantId(tenant)) return null
        const bytes = await link.ask((client) => client.hgetBuffer(tenantKeys(tenant).consumers, id))
        return bytes && decode(bytes)
      }),
    save: (tenant, consumer, progress, forget) =>
      run(() =>
        recorded(tenant, async () => {
          const { id, version } = consumer
          const saved = progress === null ? '' : consumerProgressRecord.encode(progress)
          const args = [id, version, consumerRecord.encode(consumer), saved, forget ? '1' : '0']
          return (await write(tenant, 'saveConsumer', args)) === 1
        })
      ),
    remove: (tenant, id) =>
      run(async () => {
        if (!isTenantId(tenant)) return false
        return recorded(tenant, async () => (await write(tenant, 'removeConsumer', [id])) === 1)
      }),
    progress: (tenant, id) =>
      run(async () => {
        if (!isTenantId(tenant)) return null
        const bytes = await link.ask((client) => client.hgetBuffer(tenantKeys(tenant).consumerProgress, id))
        return bytes && consumerProgressRecord.decode(bytes)
      }),
    deliveries: (tenant, id) =>
      run(async () => {
        if (!isTenantId(tenant)) return []
        // A scan may give an entry twice.
        const found = new Map<string, UserDelivery>()
        for await (const some of deliveriesIn(tenant, id)) for (const one of some) found.set(one.user, one)
        return [...found.values()]
      }),
    deliveriesOfUser: (tenant, user) =>
      run(async () => {
        if (!isTenantId(tenant)) return []
        const ids = (await link.ask((client) => client.hkeys(tenantKeys(tenant).consumers))).sort()
        const kept = await link.ask((client) =>
          Promise.all(ids.map((id) => client.hgetBuffer(deliveriesKey(tenant, id), user)))
        )
        return ids.flatMap((consumer, index) => {
          const bytes = kept[index]
          return bytes ? [{ consumer, delivery: userDeliveryRecord.decode(bytes) }] : []
        })
      }),
    saveProgress: (tenant, id, version, { progress, deliveries, removed }) =>
      run(async () => {
        if (!isTenantId(tenant)) return false
        const pairs = deliveries.flatMap((one) => [one.user, userDeliveryRecord.encode(one)])
        const args = [
          id,
          version,
          consumerProgressRecord.encode(progress),
          removed.length,
          ...removed,
          ...pairs
        ]
        return (await write(tenant, 'saveConsumerProgress', args)) === 1
      }),
    changedAfter: (after) =>
      run(async () => {
        // The position first: what comes between the two is given again.
        const position = Number((await link.ask((client) => client.get(positionKey))) ?? 0)
        const tenants = await link.ask((client) => client.zrangebyscore(changed, `(${after}`, '+inf'))
        return { position, tenants }
      })
  }
}

/** The version, a line feed, the record: as scripts/save-consumer.lua writes it. */
export function encodeConsumer(record: ConsumerRecord): Buffer {
  return Buffer.concat([Buffer.from(`${record.version}\n`), consumerRecord.encode(record)])
}

function decode(bytes: Buffer): ConsumerRecord {
  return consumerRecord.decode(bytes.subarray(bytes.indexOf(LF) + 1))
}
