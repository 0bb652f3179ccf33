/** Keeps a refused secret from being tried over and over: directories lock accounts after a handful of attempts. */
import { RemoteError } from '../../errors.ts'
import { untilAborted } from '../../lib/deadline.ts'

export type SignInOutcome<T> =
  /** `unknown`: the answer says nothing about the secret (503). */
  | { readonly secret: 'accepted' | 'unknown'; readonly value: T }
  | { readonly secret: 'refused'; readonly error: RemoteError }

type SecretState = 'unproven' | 'proven' | 'doubted'

export type Sleep = (milliseconds: number, signal: AbortSignal) => Promise<void>

/** Milliseconds. After that one goes ahead again: fifty streams that are cut at once do not show a changed password at once. */
const acceptedForMs = 60_000
const maxProbeWaitMs = 2_000
/** Milliseconds. A busy domain controller refuses for a moment. */
const secondTryDelayMs = 2_000
/**
 * Milliseconds after the first refusal, twice as long after each further one: streams and reads together try four times
 * in half an hour at the most, and directories lock accounts after five and more.
 */
const openForMs = 5 * 60_000
const maxOpenForMs = 30 * 60_000

/** Until the secret is known to be right, and when that comes into doubt, one attempt goes at a time. */
export class AuthCircuitBreaker {
  readonly #clock: () => number
  readonly #sleep: Sleep
  #state: SecretState = 'unproven'
  #acceptedAt = Number.NEGATIVE_INFINITY
  #probe: Promise<void> | null = null
  #refusal: { readonly error: RemoteError; readonly until: number } | null = null
  #refusals = 0
  #lastTurn: Promise<void> = Promise.resolve()

  constructor({ clock, sleep }: { clock: () => number; sleep: Sleep }) {
    this.#clock = clock
    this.#sleep = sleep
  }

  /** Runs what carries the secret, and once more where it is refused that was accepted before. */
  async attempt<T>(signal: AbortSignal, run: () => Promise<SignInOutcome<T>>): Promise<T> {
    for (let refused = 0; ; ) {
      this.#throwIfOpen()
      if (this.#state === 'proven') {
        const outcome = await this.#attemptConcurrently(signal, run)
        if (outcome === null) continue
        if (outcome.secret !== 'refused') return outcome.value
        this.#state = 'doubted'
        refused++
        if (refused > 1) throw outcome.error
      }
      const endTurn = await this.#takeTurn(signal)
      try {
        this.#throwIfOpen()
        // Somebody ahead has found it good.
        if (this.#isProven()) continue
        if (this.#state === 'doubted') await this.#sleep(secondTryDelayMs, signal)
        return this.#record(await run())
      } finally {
        endTurn()
      }
    }
  }

  /** The operator asks: a refused secret may be tried again at once. */
  reset(): void {
    this.#refusal = null
    this.#refusals = 0
  }

  #isProven(): boolean {
    return this.#state === 'proven'
  }

  #throwIfOpen(): void {
    if (this.#refusal === null) return
    const leftMs = this.#refusal.until - this.#clock()
    if (leftMs > 0) throw blockedError(this.#refusal.error, leftMs)
    this.#refusal = null
  }

  #record<T>(outcome: SignInOutcome<T>): T {
    if (outcome.secret === 'refused') {
      this.#state = 'unproven'
      const openMs = Math.min(maxOpenForMs, openForMs * 2 ** Math.min(this.#refusals, 16))
      this.#refusals += 1
      this.#refusal = { error: outcome.error, until: this.#clock() + openMs }
      throw outcome.error
    }
    if (outcome.secret === 'accepted') {
      this.#state = 'proven'
      this.#acceptedAt = this.#clock()
      this.#refusals = 0
    }
    return outcome.value
  }

  /** Not before the probe after a quiet time is through, unless that takes long. Null where the secret is proven no more. */
  async #attemptConcurrently<T>(
    signal: AbortSignal,
    run: () => Promise<SignInOutcome<T>>
  ): Promise<SignInOutcome<T> | null> {
    if (this.#probe !== null) await Promise.race([this.#probe, this.#sleep(maxProbeWaitMs, signal)])
    if (!this.#isProven()) return null
    const running = run()
    if (this.#probe === null && this.#clock() - this.#acceptedAt >= acceptedForMs) {
      const onEnd = () => {
        this.#probe = null
      }
      this.#probe = running.then(onEnd, onEnd)
    }
    const outcome = await running
    if (outcome.secret === 'accepted') this.#acceptedAt = this.#clock()
    return outcome
  }

  /** Resolves to what ends the turn. */
  async #takeTurn(signal: AbortSignal): Promise<() => void> {
    const before = this.#lastTurn
    let endTurn = () => {}
    this.#lastTurn = new Promise((resolve) => {
      endTurn = resolve
    })
    try {
      signal.throwIfAborted()
      await untilAborted(before, signal)
      return endTurn
    } catch (error) {
      // Our turn must not be passed before those ahead are through.
      void before.then(endTurn)
      throw error
    }
  }
}

function blockedError({ code, hint, scope }: RemoteError, left: number): RemoteError {
  const minutes = Math.ceil(left / 60_000)
  const text = `${hint} It is not tried again for ${minutes} min, so that the account is not locked.`
  // Without retryAfter: the server asked for no pause, and a test that passes ends ours.
  return new RemoteError(code, text, { scope })
}
