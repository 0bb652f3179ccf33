/** All open event streams of this process: kept alive, ended when their key no longer holds, and when the process ends. */
import type { ServerResponse } from 'node:http'
import { RequestError } from '../../errors.ts'
import type { Changes } from '../../status/changes.ts'
import type { Standing } from '../auth/standing.ts'
import { problemOf } from '../problem.ts'
import { resetFrame, writeFrames } from './event-frames.ts'
import { EventStream } from './event-stream.ts'

const TICK_MS = 1000
/** Ticks between two comments to one client: section 9.2.7 of WHATWG HTML advises about 15 seconds. */
const BEAT_TICKS = 15
/** Ticks between two looks at whether the keys still hold. With the second that a revocation takes to be known, well below five seconds. */
const STANDING_TICKS = 2

interface OpenStream {
  readonly stream: EventStream
  readonly standing: Standing
}

export interface StreamOptions {
  readonly response: ServerResponse
  /** Those of every answer. */
  readonly headers: Readonly<Record<string, string>>
  readonly standing: Standing
  readonly batches: AsyncIterable<Changes>
  readonly onSent: (count: number) => void
}

export class EventStreams {
  /** Each stream is in the place of the second in which it is kept alive. */
  readonly #places: readonly Set<OpenStream>[] = Array.from({ length: BEAT_TICKS }, () => new Set())
  readonly #timer: NodeJS.Timeout
  #tick = 0
  #opened = 0
  #isClosed = false

  constructor() {
    this.#timer = setInterval(() => this.#onTick(), TICK_MS)
    this.#timer.unref()
  }

  get count(): number {
    return this.#places.reduce((sum, { size }) => sum + size, 0)
  }

  /** Resolves when the stream has ended, whoever ended it. The response is this stream's from now on. */
  async run({ response, headers, standing, batches, onSent }: StreamOptions): Promise<void> {
    const stream = new EventStream(response, headers)
    const place = this.#places[this.#opened++ % BEAT_TICKS]!
    const open = { stream, standing }
    place.add(open)
    if (this.#isClosed) stream.end()
    try {
      for await (const batch of batches) {
        if (!(await stream.send(await writeFrames(batch)))) break
        onSent(batch.changes.length)
      }
    } catch (error) {
      // The store is away: the client asks again, perhaps another replica.
      if (error instanceof RequestError) await stream.send([resetFrame(problemOf(error))])
    } finally {
      place.delete(open)
      stream.end()
    }
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#timer)
    for (const place of this.#places) for (const { stream } of place) stream.end()
  }

  #onTick(): void {
    this.#tick++
    for (const { stream } of this.#places[this.#tick % BEAT_TICKS]!) stream.beat()
    if (this.#tick % STANDING_TICKS === 0) void this.#endRefused()
  }

  async #endRefused(): Promise<void> {
    for (const place of this.#places) {
      for (const { stream, standing } of place) {
        const holds = standing.holds()
        if (holds !== true && !(await holds)) stream.end()
      }
    }
  }
}
