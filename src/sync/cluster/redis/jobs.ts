/** Jobs on BullMQ: a queue for each shard, so that a cluster spreads them and the shard's owner processes it. */
import { createHash } from 'node:crypto'
import { type JobsOptions, Queue } from 'bullmq'
import { type Log, redactError } from '../../../lib/redact-error.ts'
import type { SyncJob, SyncJobs } from '../jobs.ts'
import { shardOf } from '../shards.ts'
import type { SyncRedisClient } from './clients.ts'
import { queueName, queuePrefix } from './keys.ts'

/** The queue of each shard, opened on first use. */
export interface JobQueues {
  /** Has the queue of the tenant's shard do something. Rejects when Redis cannot be asked now. */
  use<T>(shard: number, work: (queue: Queue) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Failed jobs of a shard that are kept for diagnosis. Only a defect makes a job fail. */
const keptFailures = 100

/** `client` does not wait for Redis, so a caller that uses a queue does not either. */
export function openJobQueues(client: SyncRedisClient, log: Log): JobQueues {
  const queues = new Map<number, Queue>()
  return {
    async use(shard, work) {
      if (client.status !== 'ready') throw new Error('there is no connection to Redis')
      const queue = queues.get(shard) ?? open(shard)
      try {
        return await work(queue)
      } catch (error) {
        // One that could not begin never will.
        if (queues.get(shard) === queue) queues.delete(shard)
        void closed(queue)
        throw error
      }
    },
    async close() {
      await Promise.all([...queues.values()].map(closed))
    }
  }

  function open(shard: number): Queue {
    const queue = new Queue(queueName, {
      connection: client,
      prefix: queuePrefix(shard),
      skipVersionCheck: true,
      streams: { events: { maxLen: 100 } },
      defaultJobOptions: { removeOnComplete: true, removeOnFail: { count: keptFailures } }
    })
    // `use` rejects with the same.
    queue.on('error', () => {})
    queues.set(shard, queue)
    return queue
  }

  function closed(queue: Queue): Promise<void> {
    return queue.close().catch((error) => log.warn({ ...redactError(error) }, 'a queue did not close'))
  }
}

export function bullSyncJobs(queues: JobQueues): SyncJobs {
  return {
    async add(jobs) {
      const byShard = new Map<number, { name: string; data: SyncJob; opts: JobsOptions }[]>()
      for (const job of jobs) {
        const shard = shardOf(job.tenant)
        const those = byShard.get(shard) ?? []
        byShard.set(shard, those)
        those.push({ name: job.kind, data: job, opts: { deduplication: deduplication(job) } })
      }
      await Promise.all(
        [...byShard].map(([shard, those]) => queues.use(shard, (queue) => queue.addBulk(those)))
      )
    }
  }
}

/**
 * A job equal to a waiting one is not added. Equal to a running one, it runs once more after it, however often it was added: the
 * calendars may have changed since the first run began.
 */
function deduplication(job: SyncJob): NonNullable<JobsOptions['deduplication']> {
  const id = createHash('sha256').update(JSON.stringify(job)).digest('base64url').slice(0, 22)
  return { id, keepLastIfActive: true }
}
