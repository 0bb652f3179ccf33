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
import { type RestartableRedis, startFaultInjector } from './fault-injector.ts'
import { churnedTenant, clockUser, createSoakFixture, type SoakFixture, soakTenants } from './fixture.ts'
import { type ConsumerProbe, startFollower } from './follower.ts'
import { expectedStatus, type SoakUser } from './oracle.ts'
import { startEventFollower, startWebhookProbe } from './pushed-probes.ts'
import { createRandom, type RandomSource } from './random.ts'
import { createReplica, openLoadBalancer, type ReplicaProcess } from './replicas.ts'
import { createRetryingClient } from './retrying-client.ts'
import { openSlowProxy } from './slow-proxy.ts'
import { churnTenant } from './tenant-churn.ts'
import { startWorkload } from './workload.ts'

export interface ChaosOptions {
  readonly seed: number
  /** How long it goes on, in seconds, before everything is left to come to rest. */
  readonly seconds: number
  /** An empty folder. */
  readonly folder: string
  /** A Redis that keeps what it acknowledged when it is killed. */
  readonly redis: RestartableRedis
  readonly log?: (line: string) => void
}

export interface ChaosReport {
  /** Empty where nothing was lost, doubled or seen wrongly. */
  readonly faults: readonly string[]
  readonly counts: Readonly<Record<string, number>>
}

const adminKey = 'the-key-of-the-chaos-run'
/** Seconds in which all must have come to rest: a lease runs out, jobs are taken up again, refused calls are sent again. */
const convergeWithinSeconds = 60

export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, seconds, folder, redis, log = () => {} } = options
  const random = createRandom(seed)
  const undo: (() => Promise<unknown> | unknown)[] = []
  try {
    const simulator = await startSimulator({ folder: join(folder, 'simulator') })
    undo.push(() => simulator.close())
    const loadBalancer = await openLoadBalancer()
    undo.push(() => loadBalancer.close())
    const environment = {
      HANVISA_REDIS_URL: redis.url,
      HANVISA_DATA_DIR: join(folder, 'data'),
      HANVISA_ADMIN_KEY: adminKey,
      HANVISA_MASTER_KEY: randomBytes(32).toString('base64'),
      HANVISA_PUBLIC_URL: loadBalancer.origin,
      HANVISA_ALLOW_PRIVATE_TARGETS: '1',
      NODE_EXTRA_CA_CERTS: simulator.caFile!
    }
    for (const name of ['a', 'b']) loadBalancer.replicas.push(createReplica(name, environment))
    const line = await openSlowProxy(redis.url, 40)
    undo.push(() => line.close())
    loadBalancer.replicas.push(createReplica('c', { ...environment, HANVISA_REDIS_URL: line.url }))
    undo.push(() => Promise.all(loadBalancer.replicas.map((one) => one.end('SIGKILL'))))
    await Promise.all(loadBalancer.replicas.map((one) => one.start()))

    const calls = createRetryingClient(loadBalancer.origin, adminKey)
    const fixture = await createSoakFixture({
      simulator,
      packs: await loadPacks(packFolder),
      put: (tenant, path, body) => calls.callUntilAccepted('PUT', `/v1/tenants/${tenant}${path}`, body),
      random,
      seconds
    })
    const isAlive = (origin: string) => loadBalancer.replicas.some((one) => one.origin === origin)
    const followers = soakTenants.flatMap(({ id }) => {
      const common = { tenant: id, key: adminKey, isAlive, mayVanish: id === churnedTenant.id }
      return [
        startFollower({
          ...common,
          name: `steady at ${id}`,
          wait: 20,
          chooseOrigin: stickToOne(loadBalancer.replicas)
        }),
        startFollower({
          ...common,
          name: `hopping at ${id}`,
          wait: 1,
          chooseOrigin: rotate(loadBalancer.replicas, createRandom(seed + 1))
        })
      ]
    })
    const { id: pushed } = soakTenants.find(({ id }) => id !== churnedTenant.id)!
    followers.push(
      startEventFollower({
        name: `events at ${pushed}`,
        tenant: pushed,
        key: adminKey,
        isAlive,
        chooseOrigin: stickToOne(loadBalancer.replicas)
      })
    )
    const moods = createRandom(seed + 2)
    const probe = `/v1/tenants/${pushed}/consumers/probe`
    let isResting = false
    followers.push(
      await startWebhookProbe({
        name: `webhook at ${pushed}`,
        // The oracle knows no stand-ins.
        put: (url) => calls.callUntilAccepted('PUT', probe, { kind: 'webhook', url, sensitive: true }),
        isRefused: () => !isResting && moods.of([true, false, false, false, false])
      })
    )
    undo.push(() => Promise.all(followers.map((one) => one.stop())))
    const usual = compileRules(fixture.ruleSets[0]!.effective, 1)
    const converged = (of: RulesOf) => whenConverged(followers, fixture.users, of, convergeWithinSeconds)
    const atFirst = await converged(() => usual)
    if (atFirst.length > 0) return { faults: atFirst.map((fault) => `before it began: ${fault}`), counts: {} }

    log(`seed ${seed}: ${seconds} s of chaos`)
    const workload = startWorkload({ fixture, simulator, random, callUntilAccepted: calls.callUntilAccepted })
    const churn = churnTenant({
      fixture,
      random,
      put: (tenant, path, body) => calls.callUntilAccepted('PUT', `/v1/tenants/${tenant}${path}`, body),
      remove: (path) => calls.callUntilAccepted('DELETE', path)
    })
    const { replicas } = loadBalancer
    const faultInjector = startFaultInjector({ replicas, redis, proxy: line, simulator, random, log })
    await after(seconds * 1000)
    await faultInjector.stop()
    await Promise.all([workload.stop(), churn.stop()])
    log(`seed ${seed}: coming to rest`)
    isResting = true
    // Its back-off may be minutes by now.
    await calls.callUntilAccepted('POST', `${probe}/resume`)
    const faults = [
      ...calls.faults,
      ...(await converged((tenant) => (tenant === churnedTenant.id ? churn.rules() : usual))),
      ...(await compareReplicas(loadBalancer.replicas))
    ]
    for (const one of followers) {
      faults.push(...one.faults.map((fault) => `${one.name}: ${fault}`))
      if (one.name.endsWith(churnedTenant.id)) continue
      if (one.counts.resets > 0)
        faults.push(`${one.name} was sent back to statuses ${one.counts.resets} times`)
      if (one.name.startsWith('steady')) faults.push(...transitionFaults(one, fixture))
    }
    for (const { name, output } of loadBalancer.replicas) {
      const defect = output.find(
        (line) => line.includes('"level":60') || line.includes('triggerUncaughtException')
      )
      if (defect !== undefined) faults.push(`${name}: ${defect}`)
    }
    const counts = {
      ...faultInjector.counts,
      ...workload.counts,
      ...churn.counts,
      ...countAnswers(followers)
    }
    return { faults, counts: { ...counts, triedAgain: calls.retries() } }
  } finally {
    for (const step of undo.reverse()) await step()
  }
}

function countAnswers(followers: readonly ConsumerProbe[]): Record<string, number> {
  const sum = (member: 'answers' | 'misses') => followers.reduce((all, { counts }) => all + counts[member], 0)
  return { answers: sum('answers'), misses: sum('misses') }
}

/** Stays with one replica until that does not answer. */
function stickToOne(replicas: readonly ReplicaProcess[]): (failed: string | null) => string | null {
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
function rotate(replicas: readonly ReplicaProcess[], random: RandomSource): () => string | null {
  return () => {
    const living = replicas.flatMap((one) => one.origin ?? [])
    return living.length === 0 ? null : random.of(living)
  }
}

type RulesOf = (tenant: string) => CompiledRules

/** Waits until every follower holds what is implied; what still differs when the time is over. */
async function whenConverged(
  followers: readonly ConsumerProbe[],
  people: readonly SoakUser[],
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

function differences(
  { name, statuses: held }: ConsumerProbe,
  people: readonly SoakUser[],
  rulesOf: RulesOf
): string[] {
  const tenant = name.split(' ').at(-1)
  return people.flatMap((person) => {
    if (person.tenant !== tenant) return []
    const status = held.get(person.user)
    if (status === undefined) return [`${name}: does not know ${person.user}`]
    const { since, until, reachableAt, next, source, diversion, phone } = expectedStatus(
      person,
      rulesOf(tenant),
      Date.now()
    )
    const expected = {
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
    const actual = {
      diversion: status.diversion,
      phone: status.phone,
      source: status.source,
      since: status.since,
      until: status.until,
      reachableAt: status.reachableAt,
      next: status.next,
      sync: status.sync.state
    }
    if (isDeepStrictEqual(actual, expected)) return []
    return [
      `${name}: ${person.user} is ${JSON.stringify(actual)}, and ought to be ${JSON.stringify(expected)}`
    ]
  })
}

/** Replicas whose answers to `GET statuses` are not the same bytes with the same ETag, however often they are asked. */
async function compareReplicas(replicas: readonly ReplicaProcess[]): Promise<string[]> {
  const headers = { authorization: `Bearer ${adminKey}` }
  const faults: string[] = []
  for (const { id } of soakTenants) {
    let answers: string[] = []
    // A transition may fall between two answers.
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

/** Whoever was connected throughout must have seen each transition of the users whose calendars change every few seconds. */
function transitionFaults({ name, seen }: ConsumerProbe, { transitions }: SoakFixture): string[] {
  const actual = seen.get(clockUser) ?? []
  // By the words before and after it an `available` is known, though there are many.
  const begin =
    actual[0] === 'available'
      ? transitions.indexOf(actual[1] ?? '') - 1
      : transitions.indexOf(actual[0] ?? '')
  const expected = transitions.slice(begin, begin + actual.length)
  const missed = actual.findIndex((diversion, index) => diversion !== expected[index])
  if (missed < 0 && actual.length > 1) return []
  return [
    `${name}: after ${actual.slice(Math.max(0, missed - 3), missed)} received ${actual[missed]}, not ${expected[missed]}`
  ]
}
