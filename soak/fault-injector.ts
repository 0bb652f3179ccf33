/** What fails meanwhile: processes die or stand still, Redis restarts, Exchange refuses and cuts, notifications get lost. */
import { setTimeout as after } from 'node:timers/promises'
import type { Simulator } from '../simulator/simulator.ts'
import type { RandomSource } from './random.ts'
import type { ReplicaProcess } from './replicas.ts'
import type { SlowProxy } from './slow-proxy.ts'

export interface RestartableRedis {
  readonly url: string
  /** Kills it and restarts it over the data that it stored. */
  restart(): Promise<void>
  /** It keeps its connections and answers nothing. */
  freeze(): void
  thaw(): void
}

export interface FaultInjector {
  readonly counts: Record<string, number>
  /** Ends all faults: everybody lives and nothing is refused any more. */
  stop(): Promise<void>
}

export interface FaultInjectorDeps {
  readonly replicas: readonly ReplicaProcess[]
  readonly redis: RestartableRedis
  /** That of one replica. */
  readonly proxy: SlowProxy
  readonly simulator: Simulator
  readonly random: RandomSource
  readonly log: (proxy: string) => void
}

/** Notifications come late, twice and out of order. Those that are lost are followed by `missed`, as Graph does: otherwise only reconciliation finds them. */
const conditions = { delay: { min: 0, max: 600 }, duplicated: 0.2, reordered: 0.2 }

export function startFaultInjector({
  replicas,
  redis,
  proxy,
  simulator,
  random,
  log
}: FaultInjectorDeps): FaultInjector {
  const counts = { kills: 0, freezes: 0, redisRestarts: 0, redisFreezes: 0, cuts: 0, troubles: 0 }
  const stopping = new AbortController()
  const { signal } = stopping
  const { faults, deliveryFaults, ewsSubscriptions, graphNotifications } = simulator
  deliveryFaults.set({ ...conditions, seed: random.integer(1, 1000) })
  simulator.graphDeliveries.configure({ longestRetry: 4_000 })
  const pause = (least: number, most: number) =>
    after(least + random.next() * (most - least), undefined, { signal }).catch(() => {})

  const running = [
    repeat(2_000, 5_000, killOrFreeze),
    repeat(9_000, 18_000, disturbRedis),
    repeat(4_000, 8_000, cutProxy),
    repeat(1_000, 4_000, disturbExchange),
    repeat(3_000, 8_000, disturbNotifications)
  ]
  return {
    counts,
    async stop() {
      stopping.abort()
      await Promise.all(running)
      faults.clear()
      deliveryFaults.set({})
      await Promise.all(replicas.map((one) => (one.pid === null ? startAgain(one) : null)))
    }
  }

  async function repeat(least: number, most: number, work: (turn: number) => Promise<void>): Promise<void> {
    for (let turn = 0; ; turn++) {
      await pause(least, most)
      if (signal.aborted) return
      await work(turn)
    }
  }

  async function killOrFreeze(turn: number): Promise<void> {
    const victim = replicas[turn % replicas.length]!
    if (random.next() < 0.3) {
      // Beyond 8 s others take over what it keeps.
      const seconds = random.of([2, 4, 12])
      log(`freeze ${victim.name} for ${seconds} s`)
      counts.freezes += 1
      victim.freeze()
      await after(seconds * 1000)
      victim.thaw()
      return
    }
    log(`kill ${victim.name}`)
    counts.kills += 1
    await victim.end('SIGKILL')
    await startAgain(victim)
  }

  /** As a supervisor does: a replica that does not find Redis when it starts ends, and is started again. */
  async function startAgain(victim: ReplicaProcess): Promise<void> {
    while (
      !(await victim.start().then(
        () => true,
        () => false
      ))
    ) {
      log(`${victim.name} could not start`)
      await after(500)
    }
  }

  async function disturbRedis(): Promise<void> {
    if (random.next() < 0.4) {
      const seconds = random.of([1, 5])
      log(`freeze Redis for ${seconds} s`)
      counts.redisFreezes += 1
      redis.freeze()
      await after(seconds * 1000)
      redis.thaw()
      return
    }
    log('restart Redis')
    counts.redisRestarts += 1
    await redis.restart()
  }

  async function cutProxy(): Promise<void> {
    const milliseconds = random.of([100, 1_000, 3_000])
    log(`cut the connection to Redis for ${milliseconds} ms`)
    counts.cuts += 1
    proxy.cut()
    await after(milliseconds)
    proxy.restore()
  }

  async function disturbExchange(): Promise<void> {
    const kind = random.of(['throttle', 'cut', 'reset', 'slow'] as const)
    log(`Exchange: ${kind}`)
    counts.troubles += 1
    const count = random.integer(1, 12)
    if (kind === 'throttle') faults.add({ kind: 'status', status: 503, retryAfter: '1', count })
    if (kind === 'cut') faults.add({ kind: 'cutOff', count })
    if (kind === 'reset') faults.add({ kind: 'reset', count })
    if (kind === 'slow') faults.add({ kind: 'slow', milliseconds: 700, count })
  }

  async function disturbNotifications(): Promise<void> {
    const kind = random.of(['lost', 'removed', 'reauthorize', 'close', 'cut', 'reset'] as const)
    log(`notifications: ${kind}`)
    counts.troubles += 1
    if (kind === 'lost') {
      deliveryFaults.dropNext(random.integer(1, 6))
      await after(700)
      deliveryFaults.dropNext(0)
      graphNotifications.lifecycle('missed')
      ewsSubscriptions.streams.end('reset')
    } else if (kind === 'removed')
      graphNotifications.lifecycle('subscriptionRemoved', { probability: 0.5, seed: random.integer(1, 1000) })
    else if (kind === 'reauthorize') graphNotifications.lifecycle('reauthorizationRequired')
    else ewsSubscriptions.streams.end(kind)
  }
}
