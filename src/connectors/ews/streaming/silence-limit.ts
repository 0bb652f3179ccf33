/** How long the streams of a group may send nothing before they count as broken. */

/** Exchange sends a heartbeat every 30 to 45 s (Microsoft's client expects 45, GetStreamingEventsRequest.cs). */
const usualLimitMs = 60_000
/** As long as Microsoft's client waits: for servers whose heartbeats come less often. */
const maxLimitMs = 90_000
/** With heartbeats in time for so long, the last silence was a server that hung. */
const provenAfterMs = 600_000

export class SilenceLimit {
  #limitMs = usualLimitMs
  #isSlow = false
  #sinceSilenceMs = 0

  get limitMs(): number {
    return this.#limitMs
  }

  /** The limit has passed: the server hangs, or its heartbeats come less often. The next stream shows which. */
  onSilence(): void {
    this.#limitMs = maxLimitMs
    this.#sinceSilenceMs = 0
  }

  /** The server sent something after so long. */
  onHeartbeat(silenceMs: number): void {
    this.#isSlow ||= silenceMs > usualLimitMs
    this.#sinceSilenceMs += silenceMs
    if (!this.#isSlow && this.#sinceSilenceMs >= provenAfterMs) this.#limitMs = usualLimitMs
  }
}
