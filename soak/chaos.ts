/**
 * A chaos run: replicas are killed, Redis too, Exchange throttles and cuts, while people edit calendars and set
 * overrides. At the end every consumer that followed its cursor must hold exactly what calendars and overrides imply.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { type Simulator, startSimulator } from '../simulator/simulator.ts'
import { compileRules } from '../src/core/decide.ts'
import { loadPacks } from '../src/packs.ts'
import { packFolder } from '../src/service.ts'
import { type Faults, openDeeds } from './deeds.ts'
import { type Follower, follow } from './follower.ts'
import { clockUser, openPlace, type Place, rulesPut, tenants } from './place.ts'
import { type Random, seeded } from './random.ts'
import { openDoor, type Replica, replica } from './replicas.ts'
import { impliedBy, type Person } from './truth.ts'

export interface ChaosOptions {
  readonly seed: number
  /** How long it goes on, in seconds, before everything is left to come to rest. */
  readonly seconds: number
  /** An empty folder. */
  readonly folder: string
  /** A Redis that keeps what it acknowledged when it is killed. */
  readonly redis: RestartableRedis
  readonly say?: (line: string) => void
}

export interface RestartableRedis {
  readonly url: string
  /** Kills it without a word and starts it over what it kept. */
  restart(): Promise<void>
}

export interface ChaosReport {
  /** Empty where nothing was lost, doubled or seen wrongly. */
  readonly faults: readonly string[]
  readonly counts: Readonly<Record<string, number>>
}

const key = 'the-key-of-the-chaos-run'
/** Seconds in which all must have come to rest: a lease runs out, jobs are taken up again, refused calls are made anew. */
const restWithin = 60

export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, seconds, folder, redis, say = () => {} } = options
  const random = seeded(seed)
  const undo: (() => Promise<unknown> | unknown)[] = []
  try {
    const simulator = await startSimulator({ folder: join(folder, 'simulator') })
    undo.push(() => simulator.close())
    const door = await openDoor()
    undo.push(() => door.close())
    const environment = {
      HANVISA_REDIS_URL: redis.url,
      HANVISA_DATA_DIR: join(folder, 'data'),
      HANVISA_ADMIN_KEY: key,
      HANVISA_MASTER_KEY: randomBytes(32).toString('base64'),
      HANVISA_PUBLIC_URL: door.origin,
      HANVISA_ALLOW_PRIVATE_TARGETS: '1',
      NODE_EXTRA_CA_CERTS: simulator.caFile!
    }
    for (const name of ['a', 'b', 'c']) door.behind.push(replica(name, environment))
    undo.push(() => Promise.all(door.behind.map((one) => one.end('SIGKILL'))))
    await Promise.all(door.behind.map((one) => one.start()))

    const place = await openPlace({ simulator, origin: door.origin, key, random, seconds })
    const followers = tenants.flatMap(({ id }) => [
      follow({ name: `steady at ${id}`, tenant: id, key, wait: 20, choose: sticking(door.behind) }),
      follow({
        name: `hopping at ${id}`,
        tenant: id,
        key,
        wait: 1,
        choose: hopping(door.behind, seeded(seed + 1))
      })
    ])
    undo.push(() => Promise.all(followers.map((one) => one.stop())))
    const rules = compileRules(await rulesPut(await loadPacks(packFolder)), 1)
    const settled = (within: number) => atRest(followers, place.people, rules, within)
    const atFirst = await settled(restWithin)
    if (atFirst.length > 0) return { faults: atFirst.map((fault) => `before it began: ${fault}`), counts: {} }

    say(`seed ${seed}: ${seconds} s of chaos`)
    const deeds = openDeeds({ place, simulator, random, origin: door.origin, key })
    const trouble = troubleOn({ replicas: door.behind, redis, simulator, random, say })
    await after(seconds * 1000)
    await Promise.all([trouble.stop(), deeds.stop()])
    say(`seed ${seed}: coming to rest`)
    const faults = [...deeds.faults, ...(await settled(restWithin))]
    for (const one of followers) {
      faults.push(...one.faults.map((fault) => `${one.name}: ${fault}`))
      if (one.counts.resets > 0)
        faults.push(`${one.name} was sent back to statuses ${one.counts.resets} times`)
      if (one.name.startsWith('steady')) faults.push(...borderFaults(one, place))
    }
    for (const { name, printed } of door.behind) {
      const defect = printed.find(
        (line) => line.includes('"level":60') || line.includes('triggerUncaughtException')
      )
      if (defect !== undefined) faults.push(`${name}: ${defect}`)
    }
    return { faults, counts: { ...trouble.counts, ...deeds.counts, ...answersOf(followers) } }
  } finally {
    for (const step of undo.reverse()) await step()
  }
}

function answersOf(followers: readonly Follower[]): Record<string, number> {
  const sum = (member: 'answers' | 'misses') => followers.reduce((all, { counts }) => all + counts[member], 0)
  return { answers: sum('answers'), misses: sum('misses') }
}

/** Stays with one replica until that does not answer. */
function sticking(replicas: readonly Replica[]): (failed: string | null) => string | null {
  let origin: string | null = null
  return (failed) => {
    const living = replicas.flatMap((one) => one.origin ?? [])
    if (origin === null || origin === failed || !living.includes(origin)) {
      origin = living.find((one) => one !== failed) ?? living[0] ?? null
    }
    return origin
  }
}

/** Asks another at each call. */
function hopping(replicas: readonly Replica[], random: Random): () => string | null {
  return () => {
    const living = replicas.flatMap((one) => one.origin ?? [])
    return living.length === 0 ? null : random.of(living)
  }
}

/** Waits until every follower holds what is implied; what still differs when the time is over. */
async function atRest(
  followers: readonly Follower[],
  people: readonly Person[],
  rules: ReturnType<typeof compileRules>,
  within: number
): Promise<string[]> {
  const last = performance.now() + within * 1000
  for (;;) {
    const faults = followers.flatMap((one) => differences(one, people, rules))
    if (faults.length === 0 || performance.now() > last) return faults
    await after(100)
  }
}

function differences(
  { name, held }: Follower,
  people: readonly Person[],
  rules: ReturnType<typeof compileRules>
): string[] {
  const tenant = name.split(' ').at(-1)
  return people.flatMap((person) => {
    if (person.tenant !== tenant) return []
    const status = held.get(person.user)
    if (status === undefined) return [`${name}: does not know ${person.user}`]
    const now = impliedBy(person, rules, Date.now())
    const due = [now.diversion, now.phone, instant(now.until), now.source, 'fresh'].join(' ')
    const is = [status.diversion, status.phone, status.until, status.source, status.sync.state].join(' ')
    return is === due ? [] : [`${name}: ${person.user} is ${is}, and ought to be ${due}`]
  })
}

function instant(at: number | null): string {
  return at === null ? '' : new Date(at).toISOString().replace('.000Z', 'Z')
}

/** Whoever was connected throughout must have seen each border of those whose calendars turn every few seconds. */
function borderFaults({ name, seen }: Follower, { borders }: Place): string[] {
  const is = seen.get(clockUser) ?? []
  const from = borders.indexOf(is[0] ?? '')
  const due = borders.slice(from, from + is.length)
  const missed = is.findIndex((diversion, index) => diversion !== due[index])
  if (missed < 0 && is.length > 1) return []
  return [`${name}: after ${is.slice(Math.max(0, missed - 3), missed)} saw ${is[missed]}, not ${due[missed]}`]
}

interface Trouble {
  readonly counts: Record<string, number>
  /** Ends all trouble: everybody lives and nothing is refused any more. */
  stop(): Promise<void>
}

function troubleOn(needs: {
  readonly replicas: readonly Replica[]
  readonly redis: RestartableRedis
  readonly simulator: Simulator
  readonly random: Random
  readonly say: (line: string) => void
}): Trouble {
  const { replicas, redis, simulator, random, say } = needs
  const counts = { kills: 0, redisRestarts: 0, troubles: 0 }
  const stopping = new AbortController()
  const { signal } = stopping
  const faults: Faults = simulator.faults
  const pause = (least: number, most: number) =>
    after(least + random.next() * (most - least), undefined, { signal }).catch(() => {})

  const kills = (async () => {
    for (let turn = 0; !signal.aborted; turn++) {
      await pause(2_000, 5_000)
      if (signal.aborted) return
      const victim = replicas[turn % replicas.length]!
      say(`kill ${victim.name}`)
      await victim.end('SIGKILL')
      counts.kills += 1
      await victim.start()
    }
  })()
  const restarts = (async () => {
    while (!signal.aborted) {
      await pause(9_000, 18_000)
      if (signal.aborted) return
      say('restart Redis')
      await redis.restart()
      counts.redisRestarts += 1
    }
  })()
  const troubles = (async () => {
    while (!signal.aborted) {
      await pause(1_000, 4_000)
      if (signal.aborted) return
      const kind = random.of(['throttle', 'cut', 'reset', 'slow', 'streams'] as const)
      say(`Exchange: ${kind}`)
      counts.troubles += 1
      if (kind === 'streams') simulator.notices.closeStreams()
      else {
        const count = random.whole(1, 12)
        if (kind === 'throttle') faults.add({ kind: 'status', status: 503, retryAfter: '1', count })
        if (kind === 'cut') faults.add({ kind: 'cutOff', count })
        if (kind === 'reset') faults.add({ kind: 'reset', count })
        if (kind === 'slow') faults.add({ kind: 'slow', milliseconds: 700, count })
      }
    }
  })()

  return {
    counts,
    async stop() {
      stopping.abort()
      await Promise.all([kills, restarts, troubles])
      faults.clear()
      await Promise.all(replicas.map((one) => (one.origin === null ? one.start() : null)))
    }
  }
}
