/** One open stream of server-sent events (WHATWG HTML, section 9.2): what is written goes to the client at its own pace. */
import type { ServerResponse } from 'node:http'

/** Milliseconds within which a client must take what was written; else it is cut off, and resumes by its last cursor. */
const MAX_DRAIN_MS = 30_000
/** The browser's wait before it connects again is spread, so that not all come back at once. */
const MIN_RETRY_MS = 2_000
const RETRY_SPREAD_MS = 3_000

const comment = Buffer.from(':\n\n')

export class EventStream {
  readonly #response: ServerResponse
  readonly #maxDrainMs: number

  /** Sends the head; `headers` are those that the service gives every answer. */
  constructor(
    response: ServerResponse,
    headers: Readonly<Record<string, string>>,
    maxDrainMs = MAX_DRAIN_MS
  ) {
    this.#response = response
    this.#maxDrainMs = maxDrainMs
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream',
      // Answers name people, and a proxy that compresses holds events back.
      'cache-control': 'no-store, no-transform',
      // nginx
      'x-accel-buffering': 'no',
      connection: 'close'
    })
    response.write(`retry: ${MIN_RETRY_MS + Math.floor(Math.random() * RETRY_SPREAD_MS)}\n\n`)
  }

  /** Resolves when the client has taken them so far that more can be written: true; or false when it is gone. */
  async send(frames: readonly Buffer[]): Promise<boolean> {
    const response = this.#response
    for (const frame of frames) {
      if (response.destroyed || response.writableEnded) return false
      if (!response.write(frame) && !(await this.#drained())) return false
    }
    return true
  }

  /** Keeps the connection alive, where nothing else is on its way. */
  beat(): void {
    if (this.#response.writableLength === 0 && !this.#response.writableEnded) this.#response.write(comment)
  }

  end(): void {
    this.#response.end()
  }

  /** A wait for `drain` alone would last for ever where the client goes meanwhile. */
  #drained(): Promise<boolean> {
    const response = this.#response
    return new Promise((resolve) => {
      const timer = setTimeout(() => response.destroy(), this.#maxDrainMs)
      const settle = () => {
        clearTimeout(timer)
        response.off('drain', settle)
        response.off('close', settle)
        resolve(!response.destroyed)
      }
      response.once('drain', settle)
      response.once('close', settle)
    })
  }
}
