/**
 * A chaos run: replicas are killed, Redis too, Exchange throttles and cuts, while people edit calendars and set
 * overrides. At the end every consumer that followed its cursor must hold exactly what calendars and overrides imply.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { startSimulator } from '../simulator/simulator.ts'
import { packFolder } from '../src/composition.ts'
import { type CompiledRules, compileRules } from '../src/domain/decide.ts'
import { loadPacks } from '../src/management/load-packs.ts'
import { troubleOn } from './fault-injector.ts'
import { clockUser, openPlace, type Place, passingTenant, tenants } from './fixture.ts'
import { type Follower, follow } from './follower.ts'
import { impliedBy, type Person } from './oracle.ts'
import { type Random, seeded } from './random.ts'
import { openDoor, type Replica, replica } from './replicas.ts'
import { openCalls } from './retrying-client.ts'
import { openSlowLine } from './slow-proxy.ts'
import { comeAndGo } from './tenant-churn.ts'
import { openDeeds } from './workload.ts'

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
  /** It keeps its connections and answers nothing. */
  freeze(): void
  thaw(): void
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
    for (const name of ['a', 'b']) door.behind.push(replica(name, environment))
    const line = await openSlowLine(redis.url, 40)
    undo.push(() => line.close())
    door.behind.push(replica('c', { ...environment, HANVISA_REDIS_URL: line.url }))
    undo.push(() => Promise.all(door.behind.map((one) => one.end('SIGKILL'))))
    await Promise.all(door.behind.map((one) => one.start()))

    const calls = openCalls(door.origin, key)
    const place = await openPlace({
      simulator,
      packs: await loadPacks(packFolder),
      put: (tenant, path, body) => calls.insist('PUT', `/v1/tenants/${tenant}${path}`, body),
      random,
      seconds
    })
    const lives = (origin: string) => door.behind.some((one) => one.origin === origin)
    const followers = tenants.flatMap(({ id }) => {
      const common = { tenant: id, key, lives, passing: id === passingTenant.id }
      return [
        follow({ ...common, name: `steady at ${id}`, wait: 20, choose: sticking(door.behind) }),
        follow({
          ...common,
          name: `hopping at ${id}`,
          wait: 1,
          choose: hopping(door.behind, seeded(seed + 1))
        })
      ]
    })
    undo.push(() => Promise.all(followers.map((one) => one.stop())))
    const usual = compileRules(place.ruleSets[0]!.effective, 1)
    const settled = (of: RulesOf) => atRest(followers, place.people, of, restWithin)
    const atFirst = await settled(() => usual)
    if (atFirst.length > 0) return { faults: atFirst.map((fault) => `before it began: ${fault}`), counts: {} }

    say(`seed ${seed}: ${seconds} s of chaos`)
    const deeds = openDeeds({ place, simulator, random, insist: calls.insist })
    const passing = comeAndGo({
      place,
      random,
      put: (tenant, path, body) => calls.insist('PUT', `/v1/tenants/${tenant}${path}`, body),
      remove: (path) => calls.insist('DELETE', path)
    })
    const trouble = troubleOn({ replicas: door.behind, redis, line, simulator, random, say })
    await after(seconds * 1000)
    await trouble.stop()
    await Promise.all([deeds.stop(), passing.stop()])
    say(`seed ${seed}: coming to rest`)
    const faults = [
      ...calls.faults,
      ...(await settled((tenant) => (tenant === passingTenant.id ? passing.rules() : usual))),
      ...(await unlike(door.behind))
    ]
    for (const one of followers) {
      faults.push(...one.faults.map((fault) => `${one.name}: ${fault}`))
      if (one.name.endsWith(passingTenant.id)) continue
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
    const counts = { ...trouble.counts, ...deeds.counts, ...passing.counts, ...answersOf(followers) }
    return { faults, counts: { ...counts, triedAgain: calls.triedAgain() } }
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

type RulesOf = (tenant: string) => CompiledRules

/** Waits until every follower holds what is implied; what still differs when the time is over. */
async function atRest(
  followers: readonly Follower[],
  people: readonly Person[],
  rulesOf: RulesOf,
  within: number
): Promise<string[]> {
  const last = performance.now() + within * 1000
  for (;;) {
    const faults = followers.flatMap((one) => differences(one, people, rulesOf))
    if (faults.length === 0 || performance.now() > last) return faults
    await after(100)
  }
}

function differences({ name, held }: Follower, people: readonly Person[], rulesOf: RulesOf): string[] {
  const tenant = name.split(' ').at(-1)
  return people.flatMap((person) => {
    if (person.tenant !== tenant) return []
    const status = held.get(person.user)
    if (status === undefined) return [`${name}: does not know ${person.user}`]
    const { since, until, reachableAt, next, source, diversion, phone } = impliedBy(
      person,
      rulesOf(tenant),
      Date.now()
    )
    const due = {
      diversion,
      phone,
      source,
      // When an override was set only the service knows.
      since: source === 'override' ? status.since : instant(since),
      until: instant(until),
      reachableAt: instant(reachableAt),
      next: next && { diversion: next.diversion, from: instant(next.from), until: instant(next.until) },
      sync: 'fresh'
    }
    const is = {
      diversion: status.diversion,
      phone: status.phone,
      source: status.source,
      since: status.since,
      until: status.until,
      reachableAt: status.reachableAt,
      next: status.next,
      sync: status.sync.state
    }
    if (isDeepStrictEqual(is, due)) return []
    return [`${name}: ${person.user} is ${JSON.stringify(is)}, and ought to be ${JSON.stringify(due)}`]
  })
}

/** Replicas whose answers to `GET statuses` are not the same bytes with the same ETag, however often they are asked. */
async function unlike(replicas: readonly Replica[]): Promise<string[]> {
  const headers = { authorization: `Bearer ${key}` }
  const faults: string[] = []
  for (const { id } of tenants) {
    let answers: string[] = []
    // A border may fall between two answers.
    for (let attempt = 0; attempt < 5 && new Set(answers).size !== 1; attempt++) {
      answers = await Promise.all(
        replicas.map(async ({ origin }) => {
          const response = await fetch(`${origin}/v1/tenants/${id}/statuses`, { headers })
          return `${response.headers.get('etag')} ${await response.text()}`
        })
      )
    }
    if (new Set(answers).size !== 1)
      faults.push(`replicas answer differently about ${id}: ${answers.join(' | ')}`)
  }
  return faults
}

function instant(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString().replace('.000Z', 'Z')
}

/** Whoever was connected throughout must have seen each border of those whose calendars turn every few seconds. */
function borderFaults({ name, seen }: Follower, { borders }: Place): string[] {
  const is = seen.get(clockUser) ?? []
  // By the words before and after it an `available` is known, though there are many.
  const begin = is[0] === 'available' ? borders.indexOf(is[1] ?? '') - 1 : borders.indexOf(is[0] ?? '')
  const due = borders.slice(begin, begin + is.length)
  const missed = is.findIndex((diversion, index) => diversion !== due[index])
  if (missed < 0 && is.length > 1) return []
  return [`${name}: after ${is.slice(Math.max(0, missed - 3), missed)} saw ${is[missed]}, not ${due[missed]}`]
}
