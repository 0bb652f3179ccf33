/** Keeps a refused secret from being tried over and over: directories lock accounts after a handful of attempts. */
import { RemoteError } from '../../../errors.ts'

export type SignInOutcome<T> =
  /** `unknown`: the answer says nothing about the secret (503). */
  | { readonly secret: 'accepted' | 'unknown'; readonly value: T }
  | { readonly secret: 'refused'; readonly error: RemoteError }

export interface AuthCircuitBreaker {
  /** Runs what carries the secret, and once more where it is refused that was accepted before. */
  attempt<T>(signal: AbortSignal, run: () => Promise<SignInOutcome<T>>): Promise<T>
  /** The operator asks: a refused secret may be tried again at once. */
  reset(): void
}

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
export function createAuthCircuitBreaker(options: { clock: () => number; sleep: Sleep }): AuthCircuitBreaker {
  let secretState: SecretState = 'unproven'
  let acceptedAt = Number.NEGATIVE_INFINITY
  let probe: Promise<void> | null = null
  let refusal: { error: RemoteError; until: number } | null = null
  let refusals = 0
  let lastTurn: Promise<void> = Promise.resolve()

  function throwIfRefused(): void {
    if (refusal === null) return
    const left = refusal.until - options.clock()
    if (left <= 0) refusal = null
    else throw blockedError(refusal.error, left)
  }

  /** Not before whoever goes ahead after a quiet time is through, unless that takes long. */
  async function attemptConcurrently<T>(
    signal: AbortSignal,
    run: () => Promise<SignInOutcome<T>>
  ): Promise<SignInOutcome<T> | null> {
    if (probe !== null) await Promise.race([probe, options.sleep(maxProbeWaitMs, signal)])
    if (secretState !== 'proven') return null
    const going = run()
    if (probe === null && options.clock() - acceptedAt >= acceptedForMs) {
      const over = () => {
        probe = null
      }
      probe = going.then(over, over)
    }
    const status = await going
    if (status.secret === 'accepted') acceptedAt = options.clock()
    return status
  }

  async function takeTurn(signal: AbortSignal): Promise<() => void> {
    const before = lastTurn
    let leave = () => {}
    lastTurn = new Promise((resolve) => {
      leave = resolve
    })
    try {
      await orAborted(before, signal)
      return leave
    } catch (error) {
      // Our place in the line must not be passed before those ahead are through.
      void before.then(leave)
      throw error
    }
  }

  return {
    async attempt(signal, run) {
      for (let refused = 0; ; ) {
        throwIfRefused()
        if (secretState === 'proven') {
          const status = await attemptConcurrently(signal, run)
          if (status === null) continue
          if (status.secret !== 'refused') return status.value
          secretState = 'doubted'
          refused++
          if (refused > 1) throw status.error
        }
        const leave = await takeTurn(signal)
        try {
          throwIfRefused()
          // Somebody ahead in the line has found it good.
          if ((secretState as SecretState) === 'proven') continue
          if (secretState === 'doubted') await options.sleep(secondTryDelayMs, signal)
          const status = await run()
          if (status.secret === 'refused') {
            secretState = 'unproven'
            const closed = Math.min(maxOpenForMs, openForMs * 2 ** Math.min(refusals, 16))
            refusals += 1
            refusal = { error: status.error, until: options.clock() + closed }
            throw status.error
          }
          if (status.secret === 'accepted') {
            secretState = 'proven'
            acceptedAt = options.clock()
            refusals = 0
          }
          return status.value
        } finally {
          leave()
        }
      }
    },
    reset() {
      refusal = null
      refusals = 0
    }
  }
}

function blockedError({ code, hint, scope }: RemoteError, left: number): RemoteError {
  const minutes = Math.ceil(left / 60_000)
  const text = `${hint} It is not tried again for ${minutes} min, so that the account is not locked.`
  // Without retryAfter: the server asked for no pause, and a test that passes ends ours.
  return new RemoteError(code, text, { scope })
}

async function orAborted(done: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    await Promise.race([done, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
