/**
 * A process that keeps its share of the tenants, as a worker does. It reads calendars over HTTP from the address that it is
 * given, with its own number in each request. Arguments: Redis' URL, that address, the master key in base64, and `subscribed` where
 * the calendar system notifies of every edit. It prints what it logs, closes on the command `close`, and says `closed`.
 */
import { createInterface } from 'node:readline'
import type { Connector, ReadResult } from '../../src/connectors/connector.ts'
import type { CalendarEvent } from '../../src/domain/calendar-event.ts'
import { RemoteError } from '../../src/errors.ts'
import { redisAddress } from '../../src/storage/redis/address.ts'
import { openClient } from '../../src/storage/redis/client.ts'
import { openRedis } from '../../src/storage/redis/redis.ts'
import { sealer } from '../../src/storage/secrets/seal.ts'
import { openRedisSyncController } from '../../src/sync/cluster/redis/compose.ts'
import { harnessRules } from './sync-harness.ts'

const [redisUrl = '', root = '', masterKey = '', notifications = ''] = process.argv.slice(2)
const say = (facts: object, message: string) => console.log(JSON.stringify({ message, ...facts }))
const nothing = () => {}

const address = redisAddress(redisUrl)
const store = await openRedis({ address })
const clients = {
  failFast: openClient(address, { for: 'commands', name: 'quick' }),
  blocking: openClient(address, { for: 'blocking', name: 'patient' })
}
const controller = await openRedisSyncController(
  {
    store,
    openConnector: connector,
    sealer: sealer(Buffer.from(masterKey, 'base64')),
    defaultRules: harnessRules,
    log: { info: say, warn: say, error: say },
    metrics: {
      countRead: nothing,
      countNotifications: nothing,
      countReconciliation: nothing,
      countMissedNotification: nothing,
      countMailboxMove: nothing,
      observeFreshnessLag: nothing,
      observeQueue: nothing,
      observeSubscriptions: nothing,
      observeUnreadableMailboxes: nothing,
      observeConnections: nothing,
      observeCredentials: nothing,
      observeShards: nothing
    }
  },
  clients
)
createInterface({ input: process.stdin }).on('line', async () => {
  await controller.close()
  clients.failFast.disconnect()
  clients.blocking.disconnect()
  await store.close()
  say({}, 'closed')
  process.exit()
})

function connector(): Connector {
  return {
    batchSize: 10,
    read: ({ targets, signal }) => Promise.all(targets.map(({ mailbox }) => read(mailbox, signal))),
    check: async () => [],
    fingerprints: async ({ targets }) => targets.map(() => null),
    subscribe(_request, { onActive }) {
      if (notifications === 'subscribed') queueMicrotask(onActive)
      return { onNotification: nothing, stop: nothing }
    },
    close: async () => {}
  }
}

async function read(mailbox: string, signal: AbortSignal): Promise<ReadResult> {
  try {
    const response = await fetch(`${root}${encodeURIComponent(mailbox)}`, {
      headers: { 'x-reader': String(process.pid) },
      signal
    })
    if (response.status !== 200) {
      return {
        outcome: 'failed',
        error: new RemoteError('secret_invalid', 'Put the right secret.', { scope: 'connection' })
      }
    }
    const events = (await response.json()) as CalendarEvent[]
    return { outcome: 'read', events, detail: 'subjects', partialRead: null, etag: null }
  } catch {
    return { outcome: 'failed', error: new RemoteError('unreachable', 'It does not answer.') }
  }
}
