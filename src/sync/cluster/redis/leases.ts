/**
 * Leases on Redis: a key per name with its holder's id in it, which ends by itself when nobody renews it.
 *
 * This is no consensus, and needs none. Holders may overlap for a moment: after a fail-over that lost the last writes, or
 * when a process wakes that was frozen. Both then read the same calendars and save the same; whoever read earlier
 * is refused (`saveReadings`). Watches are adopted, pauses are kept per connection, and jobs may be done twice.
 */
import { randomUUID } from 'node:crypto'
import { type Log, redactError } from '../../../lib/redact-error.ts'
import type { Timers } from '../../../lib/timers.ts'
import type { LeaseHolder, Leases, OpenLeases } from '../leases.ts'
import type { SyncRedisClient } from './clients.ts'
import { leaseKeys } from './keys.ts'

export interface RedisLeaseDeps {
  /** Fails within seconds when Redis does not answer. */
  readonly client: SyncRedisClient
  readonly timers: Timers
  readonly log: Log
}

/** Milliseconds after which a holder that renews no more has lost it. */
export const leaseTtlMs = 8_000
/** By so much sooner, by its own clock, a holder that could not renew regards it as lost. */
const margin = 1_000
/** Milliseconds between two renewals. */
const beat = 1_000
/** Milliseconds that what is done for a name has to end, when it is handed over. */
const patience = 5_000

/**
 * One turn: says that we live, renews what we hold, takes what is free up to our share: names are divided evenly among those
 * who live, in the order of their ids. A name of ours that has vanished (an emptied Redis) is taken anew. Who was not among the
 * living takes nothing else yet: where Redis was emptied, others have yet to say that they live.
 * KEYS: the living, when each name was last held, then each name. ARGV: our id, milliseconds, then for each name what it is to us: `h` held,
 * `l` leaving (renewed, but not ours any more), `e` ending (lost, and not to be taken yet), `-` nothing.
 */
const turnScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local me, ttl = ARGV[1], ARGV[2]
local known = redis.call('ZSCORE', KEYS[1], me)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + ttl, me)
local live = redis.call('ZRANGE', KEYS[1], 0, -1)
table.sort(live)
local names = #KEYS - 2
local share = math.floor(names / #live)
for rank, id in ipairs(live) do
  if id == me and rank <= names % #live then share = share + 1 end
end
local mine, answer = 0, {share, #live}
local function hold(index)
  local holder = redis.call('GET', KEYS[index + 2])
  if holder == me then
    redis.call('PEXPIRE', KEYS[index + 2], ttl)
  elseif holder or not redis.call('SET', KEYS[index + 2], me, 'PX', ttl) then
    return false
  end
  redis.call('HSET', KEYS[2], index, now)
  return true
end
for index = 1, names do
  local is = ARGV[index + 2]
  if is == 'h' and hold(index) then
    mine = mine + 1
    answer[#answer + 1] = index
  elseif is == 'l' and redis.call('GET', KEYS[index + 2]) == me then
    redis.call('PEXPIRE', KEYS[index + 2], ttl)
  end
end
for index = 1, names do
  if mine >= share or not known then break end
  if ARGV[index + 2] == '-' and hold(index) then
    mine = mine + 1
    answer[#answer + 1] = index
  end
end
return answer`

/** KEYS: the living, when names were last held, then names. ARGV: our id, and whether we leave as a whole. */
const releaseScript = `
if ARGV[2] == '1' then redis.call('ZREM', KEYS[1], ARGV[1]) end
for index = 3, #KEYS do
  if redis.call('GET', KEYS[index]) == ARGV[1] then redis.call('DEL', KEYS[index]) end
end
return 1`

/** KEYS: when each name was last held. ARGV: how many names. */
const agesScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ages = {}
for index = 1, tonumber(ARGV[1]) do
  local heldAt = redis.call('HGET', KEYS[1], index)
  ages[index] = heldAt and now - heldAt or -1
end
return ages`

/** Milliseconds since each name was last held by somebody, by the clock of Redis; null where it never was. */
export async function readLeaseAges(
  client: SyncRedisClient,
  group: string,
  names: readonly string[]
): Promise<readonly (number | null)[]> {
  const ages = (await client.eval(agesScript, 1, leaseKeys(group, [])[1]!, names.length)) as number[]
  return ages.map((age) => (age < 0 ? null : age))
}

/** `group` keeps the names of one kind (shards; consumers that are pushed to) apart from others. */
export function redisLeases(group: string, needs: RedisLeaseDeps): OpenLeases {
  return (holder) => lease(group, holder, needs)
}

function lease(group: string, holder: LeaseHolder, { client, timers, log }: RedisLeaseDeps): Leases {
  const me = randomUUID()
  const held = new Set<string>()
  /** Given up, and still ours on Redis until what is done for them has ended. */
  const leaving = new Set<string>()
  /** By name: resolves when what was done for it has ended. */
  const ending = new Map<string, Promise<void>>()
  /** Up to then nobody else can have what is held. */
  let sureUntil = Number.NEGATIVE_INFINITY
  let cancelFence = () => {}
  let cancelBeat = () => {}
  let closed = false
  let turning = takeTurn()

  return {
    async close() {
      closed = true
      cancelBeat()
      cancelFence()
      await turning
      const names = [...held, ...leaving]
      for (const name of held) end(name)
      await within(patience, Promise.all(ending.values()))
      await release(names, true)
    }
  }

  async function takeTurn(): Promise<void> {
    const sentAt = timers.now()
    try {
      const names = holder.names()
      const answer = await turn(names)
      // An answer that comes after we had to take everything for lost gives nothing back: the next turn does.
      if (!closed && timers.now() < sentAt + leaseTtlMs - margin) note(names, answer, sentAt)
    } catch (error) {
      if (held.size > 0)
        log.warn({ group, ...redactError(error) }, 'leases could not be renewed; trying again')
    }
    if (!closed) cancelBeat = timers.after(beat, () => (turning = takeTurn()))
  }

  async function turn(names: readonly string[]): Promise<readonly number[]> {
    const keys = leaseKeys(group, names)
    const is = names.map((name) =>
      held.has(name) ? 'h' : leaving.has(name) ? 'l' : ending.has(name) ? 'e' : '-'
    )
    return (await client.eval(turnScript, keys.length, ...keys, me, leaseTtlMs, ...is)) as number[]
  }

  function note(names: readonly string[], [share = 0, live = 1, ...mine]: readonly number[], sentAt: number) {
    sureUntil = sentAt + leaseTtlMs - margin
    setFence()
    const now = new Set(mine.map((index) => names[index - 1]!))
    const before = held.size
    for (const name of held) if (!now.has(name)) end(name)
    for (const name of now) {
      // The fence may have fallen, and the name with it, while the answer was on its way.
      if (held.has(name) || ending.has(name)) continue
      held.add(name)
      holder.onAcquired(name)
    }
    const surplus = [...held].slice(share)
    for (const name of surplus) void handOver(name)
    if (held.size !== before) log.info({ group, held: held.size, live }, 'the share of this process changed')
  }

  function end(name: string): void {
    held.delete(name)
    const ended = holder
      .onReleased(name)
      .catch((error) =>
        log.error({ group, name, ...redactError(error) }, 'something did not end as it should')
      )
      .then(() => {
        ending.delete(name)
      })
    ending.set(name, ended)
  }

  async function handOver(name: string): Promise<void> {
    leaving.add(name)
    end(name)
    await within(patience, ending.get(name)!)
    leaving.delete(name)
    await release([name], false)
  }

  /** What cannot be released now ends by itself. */
  async function release(names: readonly string[], whole: boolean): Promise<void> {
    const keys = leaseKeys(group, names)
    await client.eval(releaseScript, keys.length, ...keys, me, whole ? '1' : '0').catch(() => {})
  }

  /** Another takes over when our time on Redis ends, so what we hold must have ended before, whether we can ask or not. */
  function setFence(): void {
    cancelFence()
    cancelFence = timers.after(sureUntil - timers.now(), () => {
      if (timers.now() < sureUntil) return setFence()
      if (held.size === 0) return
      log.warn({ group, held: held.size }, 'Redis did not answer in time: what is held counts as lost')
      for (const name of held) end(name)
    })
  }

  function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = timers.after(milliseconds, resolve)
      const done = () => {
        cancel()
        resolve()
      }
      work.then(done, done)
    })
  }
}
