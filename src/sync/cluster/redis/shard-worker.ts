/** The BullMQ worker of one shard. It can be stopped while Redis is away, which BullMQ's own `close` cannot. */
import { Worker } from 'bullmq'
import { endsWithin } from '../../../lib/deadline.ts'
import type { SyncJob } from '../jobs.ts'

/** Milliseconds that jobs have to end or to go back to the queue. */
const maxCloseMs = 5_000

export class ShardWorker extends Worker<SyncJob> {
  /**
   * `close` waits for its blocking connection to end before it cancels the timer that renews the locks of jobs. A connection that
   * is closed between two attempts to reconnect never reports its end (taskforcesh/bullmq#4585), so the timer would go on for as
   * long as the process lives. After the deadline the locks expire, and the next owner of the shard finds the jobs stalled. The
   * connection that the worker shares with others stays open.
   */
  async stop(): Promise<void> {
    if (await endsWithin(this.close(), maxCloseMs)) return
    await this.lockManager.close()
    await this.backend.close(true)
  }
}
