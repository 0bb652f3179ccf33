/** Which processes use this Redis, and which master keys each of them knows: a rotation begins only when all know the new one. */
import { hostname } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { SetupError } from '../../errors.ts'
import type { RedisConnection } from './connection.ts'
import { REPLICAS_KEY } from './keys.ts'
import { readScript } from './scripts.ts'

const announceScript = readScript('announce-replica')
const listScript = readScript('list-replicas')

export interface Replica {
  readonly host: string
  readonly pid: number
  readonly masterKeyIds: readonly string[]
}

export interface ListedReplica extends Replica {
  /** When it is forgotten, by Redis's clock; it moves on at each announcement. */
  readonly expiresAt: number
}

/** Milliseconds: a process that died, or cannot reach Redis, is forgotten after so long; one that lives announces itself again. */
const REPLICA_TTL_MS = 15_000
const ANNOUNCE_INTERVAL_MS = 5_000
const LOOK_INTERVAL_MS = 250

export class ReplicaRegistry {
  readonly #link: RedisConnection
  #announced: string | null = null
  #timer: NodeJS.Timeout | undefined

  constructor(link: RedisConnection) {
    this.#link = link
  }

  /** Announces this process from now on. */
  async announce(masterKeyIds: readonly string[]): Promise<void> {
    await this.close()
    const replica: Replica = { host: hostname(), pid: process.pid, masterKeyIds }
    this.#announced = JSON.stringify(replica)
    // While Redis is away it announces itself again and again; a rotation waits for Redis too.
    this.#timer = setInterval(() => void this.#send().catch(() => {}), ANNOUNCE_INTERVAL_MS).unref()
    await this.#send()
  }

  async list(): Promise<ListedReplica[]> {
    const found = (await this.#link.ask((client) => client.eval(listScript, 1, REPLICAS_KEY))) as string[]
    const replicas: ListedReplica[] = []
    for (let index = 0; index + 1 < found.length; index += 2) {
      replicas.push({ ...(JSON.parse(found[index]!) as Replica), expiresAt: Number(found[index + 1]) })
    }
    return replicas
  }

  /** Resolves once every process that lives knows the key. Throws a SetupError with the names of those that do not. */
  async whenAllKnow(masterKeyId: string): Promise<void> {
    const lacking = async () =>
      (await this.list()).filter(({ masterKeyIds }) => !masterKeyIds.includes(masterKeyId))
    const seen = new Map<string, number>()
    const nameOf = ({ host, pid }: Replica) => `${host} (process ${pid})`
    for (let some = await lacking(); some.length > 0; some = await lacking()) {
      // One that was killed is listed until it is forgotten; one that lives announces itself again.
      const alive = some.filter((one) => (seen.get(nameOf(one)) ?? one.expiresAt) !== one.expiresAt)
      if (alive.length > 0) {
        throw new SetupError(
          `The new master key is not known to ${alive.map(nameOf).join(', ')}: restart it with HANVISA_MASTER_KEY_NEXT, and ` +
            'run this again.'
        )
      }
      for (const one of some) if (!seen.has(nameOf(one))) seen.set(nameOf(one), one.expiresAt)
      await pause(LOOK_INTERVAL_MS)
    }
  }

  /** What was announced is taken back. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    const announced = this.#announced
    if (announced === null) return
    await this.#link.ask((client) => client.zrem(REPLICAS_KEY, announced)).catch(() => {})
  }

  async #send(): Promise<void> {
    await this.#link.ask((client) =>
      client.eval(announceScript, 1, REPLICAS_KEY, this.#announced ?? '', REPLICA_TTL_MS)
    )
  }
}
