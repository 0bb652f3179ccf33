/** Jobs on BullMQ: a queue for each shard, so that a cluster spreads them and the shard's owner processes it. */
import { type JobsOptions, Queue } from 'bullmq'
import { digestOf } from '../../../lib/digest.ts'
import { type Log, redactError } from '../../../lib/redact-error.ts'
import type { SyncJob, SyncJobs } from '../jobs.ts'
import { shardOf } from '../shards.ts'
import type { SyncRedisClient } from './clients.ts'
import { queueName, queuePrefix } from './keys.ts'

/** Failed jobs of a shard that are kept for diagnosis. Only a defect makes a job fail. */
const keptFailures = 100

/** The queue of each shard, opened on first use. */
export class JobQueues {
  readonly #client: SyncRedisClient
  readonly #log: Log
  readonly #byShard = new Map<number, Queue>()

  /** `client` does not wait for Redis, so a caller that uses a queue does not either. */
  constructor(client: SyncRedisClient, log: Log) {
    this.#client = client
    this.#log = log
  }

  /** Has the shard's queue do something. Rejects when Redis cannot be asked now. */
  async use<T>(shard: number, work: (queue: Queue) => Promise<T>): Promise<T> {
    if (this.#client.status !== 'ready') throw new Error('there is no connection to Redis')
    const queue = this.#byShard.get(shard) ?? this.#open(shard)
    try {
      return await work(queue)
    } catch (error) {
      // One that could not begin never will.
      if (this.#byShard.get(shard) === queue) this.#byShard.delete(shard)
      void this.#close(queue)
      throw error
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#byShard.values()].map((queue) => this.#close(queue)))
  }

  #open(shard: number): Queue {
    const queue = new Queue(queueName, {
      connection: this.#client,
      prefix: queuePrefix(shard),
      skipVersionCheck: true,
      streams: { events: { maxLen: 100 } },
      defaultJobOptions: { removeOnComplete: true, removeOnFail: { count: keptFailures } }
    })
    // `use` rejects with the same.
    queue.on('error', () => {})
    this.#byShard.set(shard, queue)
    return queue
  }

  async #close(queue: Queue): Promise<void> {
    await queue.close().catch((error) => this.#log.warn({ ...redactError(error) }, 'a queue did not close'))
  }
}

export class BullSyncJobs implements SyncJobs {
  readonly #queues: JobQueues

  constructor(queues: JobQueues) {
    this.#queues = queues
  }

  async add(jobs: readonly SyncJob[]): Promise<void> {
    const byShard = new Map<number, { name: string; data: SyncJob; opts: JobsOptions }[]>()
    for (const job of jobs) {
      const shard = shardOf(job.tenant)
      const sameShard = byShard.get(shard) ?? []
      byShard.set(shard, sameShard)
      sameShard.push({ name: job.kind, data: job, opts: { deduplication: deduplication(job) } })
    }
    await Promise.all(
      [...byShard].map(([shard, sameShard]) => this.#queues.use(shard, (queue) => queue.addBulk(sameShard)))
    )
  }
}

/**
 * A job equal to a waiting one is not added. Equal to a running one, it runs once more after it, however often it was added: the
 * calendars may have changed since the first run began.
 */
function deduplication(job: SyncJob): NonNullable<JobsOptions['deduplication']> {
  const id = digestOf(JSON.stringify(job)).slice(0, 22)
  return { id, keepLastIfActive: true }
}
