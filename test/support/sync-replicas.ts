/** Several real processes that keep tenants over one Redis, the calendars that they read, and the sync client that asks them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { kindOf } from '../../src/connectors/kinds.ts'
import { initialSyncRecord } from '../../src/domain/sync-state.ts'
import type { Timers } from '../../src/lib/timers.ts'
import { redisAddress } from '../../src/storage/redis/address.ts'
import { openClient } from '../../src/storage/redis/client.ts'
import { openRedis } from '../../src/storage/redis/redis.ts'
import { sealConnection } from '../../src/storage/secrets/connection-secrets.ts'
import { sealer } from '../../src/storage/secrets/seal.ts'
import type { User } from '../../src/storage/store.ts'
import { openRedisSyncClient } from '../../src/sync/cluster/redis/compose.ts'
import { subscriptionIdOf, targetOf } from '../../src/sync/targets/read-target.ts'
import { plainNodeArgs } from './plain-process.ts'
import type { TestRedis } from './redis-server.ts'
import { hangMs } from './until.ts'

export interface ReplicaRequest {
  readonly mailbox: string
  readonly reader: number
  /** On the monotonic clock. */
  readonly at: number
}

export interface SyncReplica {
  readonly pid: number
  readonly said: readonly string[]
  /** What it said so far. */
  forget(): void
  kill(): Promise<void>
  /** As SIGTERM does to the service. */
  close(): Promise<void>
}

const zone = 'Europe/Stockholm'

/** `program` is sync-replica-process.ts, compiled. `time` is what the sync client goes by, the machine's unless given. */
export async function startSyncReplicas(
  t: Test,
  redis: TestRedis,
  program: string,
  time: { readonly clock?: () => number; readonly timers?: Timers } = {}
) {
  const masterKey = randomBytes(32)
  const seal = sealer(masterKey)
  const asked: ReplicaRequest[] = []
  const hanging = new Set<string>()
  const held = new Set<() => void>()
  let refusing = false
  const server = createServer((request, response) => {
    const mailbox = decodeURIComponent(request.url!.slice(1))
    asked.push({ mailbox, reader: Number(request.headers['x-reader']), at: performance.now() })
    const answer = () => {
      if (refusing) response.writeHead(401).end()
      else response.end('[]')
    }
    if (!hanging.has(mailbox)) return answer()
    held.add(answer)
    response.on('close', () => held.delete(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const root = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`

  const address = redisAddress(redis.url)
  // On a busy machine an answer may take longer than the 2 s that the service waits.
  const store = await openRedis({ address: redisAddress(redis.url, hangMs) })
  const clients = {
    failFast: openClient(address, { for: 'commands', name: 'quick' }),
    blocking: openClient(address, { for: 'blocking', name: 'patient' })
  }
  const quiet = { info: () => {}, warn: () => {}, error: () => {} }
  const syncClient = openRedisSyncClient(
    {
      store,
      openConnector: () => {
        throw new Error('a sync client reads nothing')
      },
      sealer: seal,
      log: quiet,
      ...time
    },
    clients
  )
  const running: ChildProcess[] = []
  t.teardown(async () => {
    for (const child of running) child.kill('SIGKILL')
    await syncClient.close()
    clients.failFast.disconnect()
    clients.blocking.disconnect()
    await store.close()
    server.closeAllConnections()
    server.close()
  })

  return {
    store,
    syncClient,
    asked,
    hanging,
    /** Lets those that hang have their answers. */
    release() {
      hanging.clear()
      for (const answer of held) answer()
      held.clear()
    },
    held,
    refuse(now: boolean) {
      refusing = now
    },
    async start(notifications: 'subscribed' | 'none' = 'none'): Promise<SyncReplica> {
      const args = plainNodeArgs(program, redis.url, root, masterKey.toString('base64'), notifications)
      const child = spawn('env', args, { stdio: ['pipe', 'pipe', 'inherit'] })
      running.push(child)
      const said: string[] = []
      createInterface({ input: child.stdout }).on('line', (line) => said.push(line))
      const gone = once(child, 'exit')
      return {
        pid: child.pid!,
        said,
        forget: () => void said.splice(0),
        async kill() {
          child.kill('SIGKILL')
          await gone
        },
        async close() {
          child.stdin.write('close\n')
          await gone
        }
      }
    },
    /** Makes a tenant with so many users; the mailbox of the nth is `{n}@{tenant}`. */
    async tenant(id: string, users: number, pollSeconds = 3600): Promise<void> {
      await store.saveTenant({ id, name: id, timeZone: zone, language: 'sv' }, Date.now())
      const all = Array.from({ length: users }, (_, index) => ({
        user: user(id, index),
        sync: initialSyncRecord(true, Date.now())
      }))
      for (let from = 0; from < users; from += 1000) {
        await store.saveUsers(id, all.slice(from, from + 1000), Date.now())
      }
      const connection = {
        kind: 'graph',
        tenantId: 't',
        clientId: 'c',
        clientSecret: 's',
        cloud: 'global',
        pollSeconds
      } as const
      await store.saveConnection(
        id,
        sealConnection(id, connection, kindOf(connection).secretMembers, seal, Date.now()),
        true,
        Date.now()
      )
      syncClient.invalidateTenant(id)
    },
    /** What notifications call the nth user's calendar. */
    subscriptionId: (tenant: string, index: number) =>
      subscriptionIdOf(
        targetOf(user(tenant, index), zone, ({ mailbox }) => (mailbox as { address: string }).address)!
      ),
    of: (tenant: string) => asked.filter(({ mailbox }) => mailbox.endsWith(`@${tenant}`)),
    /** Jobs that wait or are being done, of all shards. */
    async jobs(): Promise<number> {
      let count = 0
      for (const state of ['wait', 'active']) {
        for (const key of (await redis.command('KEYS', `{hanvisa:s*}:sync:${state}`)) as string[]) {
          count += (await redis.command('LLEN', key)) as number
        }
      }
      return count
    }
  }
}

function user(tenant: string, index: number): User {
  return {
    id: `u${index}`,
    displayName: `u${index}`,
    extension: `${index}`,
    numbers: [],
    mailbox: { address: `${index}@${tenant}` },
    syncEnabled: true,
    timeZone: null,
    triggers: [],
    owner: null,
    triggersSince: 0
  }
}
