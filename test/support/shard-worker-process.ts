/**
 * An embedded worker of one shard: it stops on the command `stop`, closes its connections, and does not call `process.exit`.
 * Argument: Redis' URL. It says `ready` when it waits for jobs, and `stopped`.
 */
import { createInterface } from 'node:readline'
import { redisAddress } from '../../src/storage/redis/address.ts'
import { openClient } from '../../src/storage/redis/client.ts'
import { ShardWorker } from '../../src/sync/cluster/redis/shard-worker.ts'

const client = openClient(redisAddress(process.argv[2]!), { for: 'blocking', name: 'worker' })
const worker = new ShardWorker('sync', async () => {}, {
  connection: client,
  prefix: '{test}',
  // Its timer, which BullMQ leaves running as well, ends with the interval.
  stalledInterval: 1_000
})
worker.on('error', () => {})
await worker.waitUntilReady()
console.log('ready')
const input = createInterface({ input: process.stdin })
input.once('line', async () => {
  input.close()
  process.stdin.destroy()
  const blocking = await worker.backend.blockingClient
  // Between two attempts to connect: that is where BullMQ's own `close` hangs.
  while (blocking?.status !== 'reconnecting') await new Promise((resolve) => setTimeout(resolve, 1))
  await worker.stop()
  client.disconnect()
  console.log('stopped')
})
