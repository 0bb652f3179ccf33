/** Kills processes in the middle of work on all users of a tenant, and checks what the next process finds. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import type { Store, TenantSnapshot } from '../../src/storage/store.ts'
import { sampleTenant } from '../contracts/store-samples.ts'
import { LARGE_TENANT, LARGE_TENANT_USERS } from './large-tenant.ts'
import { plainNodeArgs } from './plain-process.ts'
import { until } from './until.ts'

export interface PendingWorkKills {
  /** The folder or the Redis URL. */
  readonly place: string
  readonly kills: number
  /** Milliseconds: the longest that a process lives once the work has begun. */
  readonly maxLifeMs: number
  readonly open: () => Promise<Store>
  /** Called between the kill and the check. */
  readonly afterKill?: (round: number) => Promise<void>
}

const program = resolve('dist/test/support/pending-work-process.js')

/** Every other process is killed while it has all calendars read anew, the others while they remove the tenant. */
export async function killDuringPendingWork(t: Test, given: PendingWorkKills): Promise<void> {
  const seen = { unbegun: 0, halfway: 0, done: 0 }
  let generation = 0
  for (let round = 0; round < given.kills; round++) {
    const isRemoval = round % 2 === 1
    const lifeMs = (given.maxLifeMs * (round >> 1)) / Math.max(1, given.kills >> 1)
    const args = [
      program,
      given.place,
      isRemoval ? 'remove' : 'reread',
      `${round + 10}`,
      `${lifeMs}`
    ] as const
    const child = spawn('env', plainNodeArgs(...args), { stdio: ['ignore', 'pipe', 'inherit'] })
    const [output] = await Promise.all([text(child.stdout), once(child, 'close')])
    t.match(output, /^filled/, 'the process began')
    const isAcknowledged = output.includes('done')
    await given.afterKill?.(round)

    const store = await given.open()
    try {
      const found = await store.snapshot(LARGE_TENANT)
      if (isRemoval) {
        seen[found === null ? 'done' : 'unbegun'] += 1
        t.ok(found === null || !isAcknowledged, 'an acknowledged removal holds')
        if (found === null) generation = await checkRemoved(t, store)
        else checkWhole(t, found, generation, true)
      } else {
        const isConnected = found?.connection?.changedAt === round + 10
        t.ok(isConnected || !isAcknowledged, 'an acknowledged connection is there')
        const halfway = found!.users.some(({ timeline }) => timeline !== null)
        seen[!isConnected ? 'unbegun' : halfway ? 'halfway' : 'done'] += 1
        if (isConnected) generation += 1
        await until('every calendar is to be read anew', async () => {
          const { users = [] } = (await store.snapshot(LARGE_TENANT)) ?? {}
          return !isConnected || users.every(({ timeline }) => timeline === null)
        })
        checkWhole(t, (await store.snapshot(LARGE_TENANT))!, generation, !isConnected)
        await checkLog(t, store)
      }
    } finally {
      await store.close()
    }
  }
  t.comment(`rereads and removals: ${JSON.stringify(seen)}`)
}

function checkWhole(t: Test, { users }: TenantSnapshot, generation: number, hasTimelines: boolean): void {
  t.equal(users.length, LARGE_TENANT_USERS)
  const odd = users.filter(
    ({ sync, timeline }) => sync.generation !== generation || (timeline !== null) !== hasTimelines
  )
  t.strictSame(
    odd.map(({ user, sync }) => [user.id, sync.generation]),
    [],
    `every user is of generation ${generation}, ${hasTimelines ? 'with' : 'without'} a timeline`
  )
}

/** Resolves to the generation of the users who come next. */
async function checkRemoved(t: Test, store: Store): Promise<number> {
  t.equal(await store.tenant(LARGE_TENANT), null)
  t.equal(await store.connection(LARGE_TENANT), null)
  t.strictSame(await store.users(LARGE_TENANT, { limit: 10 }), [])
  t.strictSame(await store.tenants({ limit: 10 }), [])
  t.equal(await store.saveTenant(sampleTenant(LARGE_TENANT), 1), true, 'the id can be used again')
  const { users, connection, position } = (await store.snapshot(LARGE_TENANT))!
  t.strictSame([users.length, connection, position], [0, null, 1], 'of the earlier tenant nothing is left')
  return 0
}

async function checkLog(t: Test, store: Store): Promise<void> {
  const position = (await store.snapshot(LARGE_TENANT))!.position
  const entries = (await store.log(LARGE_TENANT, 0)) ?? []
  const positions = entries.map((entry) => entry.position)
  t.strictSame([positions.length, positions.at(-1)], [position, position], 'the log has no gap')
}
