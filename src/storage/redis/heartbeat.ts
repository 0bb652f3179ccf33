/** Asks Redis each second whether it is there, which installation it holds, and what its clock says. */
import { performance } from 'node:perf_hooks'
import { Cluster } from 'ioredis'
import { withDeadline } from '../../lib/deadline.ts'
import type { RedisClient } from './client.ts'
import { STORE_KEY } from './keys.ts'

/** Milliseconds between heartbeats, and how long one may take. */
const HEARTBEAT_MS = 1000
const HEARTBEAT_TIMEOUT_MS = 1500
/** A clock is only set after an answer that was quicker than this. */
const MAX_CLOCK_DELAY_MS = 250

export class RedisHeartbeat {
  readonly #client: RedisClient
  readonly #onHeartbeat: (installation: string | null) => void
  /** On the monotonic clock. */
  #answeredAt = Number.NEGATIVE_INFINITY
  /** What Redis's clock is ahead of the monotonic one; null: not known yet. */
  #clockOffset: number | null = null
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | null = null
  #stopped = false

  /** `onHeartbeat` is called after each one that came back, with the installation's id as Redis holds it now. */
  constructor(client: RedisClient, onHeartbeat: (installation: string | null) => void) {
    this.#client = client
    this.#onHeartbeat = onHeartbeat
    client.on('close', () => {
      if (!(client instanceof Cluster)) this.#answeredAt = Number.NEGATIVE_INFINITY
    })
    client.on('ready', () => void this.send())
    client.on('-node', () => void this.send())
  }

  /** Whether Redis answered within the last moments. */
  isRecent(): boolean {
    return performance.now() - this.#answeredAt < HEARTBEAT_MS + HEARTBEAT_TIMEOUT_MS
  }

  /** What Redis's clock says now, epoch milliseconds; null where no answer has been quick enough to know. */
  redisTime(): number | null {
    return this.#clockOffset === null ? null : this.#clockOffset + performance.now()
  }

  /** Sends one now, and the next a second after its end. Does not reject. */
  send(): Promise<void> {
    this.#running ??= this.#measure().finally(() => {
      this.#running = null
      clearTimeout(this.#timer)
      if (!this.#stopped) this.#timer = setTimeout(() => void this.send(), HEARTBEAT_MS)
    })
    return this.#running
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  async #measure(): Promise<void> {
    const client = this.#client
    const asked = performance.now()
    try {
      const nodes = client instanceof Cluster ? client.nodes('master') : [client]
      const [installation, ...times] = await withDeadline(
        Promise.all([client.hget(STORE_KEY, 'installation'), ...nodes.map((node) => node.time())]),
        HEARTBEAT_TIMEOUT_MS
      )
      const answered = performance.now()
      if (this.#stopped) return
      this.#answeredAt = answered
      if (this.#clockOffset === null || answered - asked < MAX_CLOCK_DELAY_MS) {
        // In a cluster the latest clock counts, so that no node refuses what came in time.
        this.#clockOffset =
          Math.max(...times.map(([seconds = 0, micros = 0]) => 1000 * seconds + micros / 1000)) - answered
      }
      this.#onHeartbeat(installation)
    } catch {
      this.#answeredAt = Number.NEGATIVE_INFINITY
    }
  }
}
