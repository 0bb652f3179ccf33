/** Keeps a refused secret from being tried over and over: directories lock accounts after a handful of attempts. */
import { RemoteError } from '../../../errors.ts'

export type Verdict<T> =
  /** `unknown`: the answer says nothing about the secret (503). */
  | { readonly secret: 'accepted' | 'unknown'; readonly value: T }
  | { readonly secret: 'refused'; readonly error: RemoteError }

export interface SignInGate {
  /** Runs what carries the secret, and once more where it is refused that was accepted before. */
  attempt<T>(signal: AbortSignal, run: () => Promise<Verdict<T>>): Promise<T>
  /** The operator asks: a refused secret may be tried again at once. */
  reopen(): void
}

type Standing = 'unproven' | 'proven' | 'doubted'

export type Pause = (milliseconds: number, signal: AbortSignal) => Promise<void>

/** Milliseconds. After that one goes ahead again: fifty streams that are cut at once do not show a changed password at once. */
const provenFor = 60_000
const scoutPatience = 2_000
/** Milliseconds. A busy domain controller refuses for a moment. */
const beforeSecondTry = 2_000
/**
 * Milliseconds after the first refusal, twice as long after each further one: streams and reads together try four times
 * in half an hour at the most, and directories lock accounts after five and more.
 */
const closedFor = 5 * 60_000
const longestClosed = 30 * 60_000

/** Until the secret is known to be right, and when that comes into doubt, one attempt goes at a time. */
export function signInGate(options: { clock: () => number; pause: Pause }): SignInGate {
  let standing: Standing = 'unproven'
  let provenAt = Number.NEGATIVE_INFINITY
  let scout: Promise<void> | null = null
  let refusal: { error: RemoteError; until: number } | null = null
  let refusals = 0
  let line: Promise<void> = Promise.resolve()

  function throwIfRefused(): void {
    if (refusal === null) return
    const left = refusal.until - options.clock()
    if (left <= 0) refusal = null
    else throw again(refusal.error, left)
  }

  /** Not before whoever goes ahead after a quiet time is through, unless that takes long. */
  async function together<T>(
    signal: AbortSignal,
    run: () => Promise<Verdict<T>>
  ): Promise<Verdict<T> | null> {
    if (scout !== null) await Promise.race([scout, options.pause(scoutPatience, signal)])
    if (standing !== 'proven') return null
    const going = run()
    if (scout === null && options.clock() - provenAt >= provenFor) {
      const over = () => {
        scout = null
      }
      scout = going.then(over, over)
    }
    const verdict = await going
    if (verdict.secret === 'accepted') provenAt = options.clock()
    return verdict
  }

  async function alone(signal: AbortSignal): Promise<() => void> {
    const before = line
    let leave = () => {}
    line = new Promise((resolve) => {
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
        if (standing === 'proven') {
          const verdict = await together(signal, run)
          if (verdict === null) continue
          if (verdict.secret !== 'refused') return verdict.value
          standing = 'doubted'
          refused++
          if (refused > 1) throw verdict.error
        }
        const leave = await alone(signal)
        try {
          throwIfRefused()
          // Somebody ahead in the line has found it good.
          if ((standing as Standing) === 'proven') continue
          if (standing === 'doubted') await options.pause(beforeSecondTry, signal)
          const verdict = await run()
          if (verdict.secret === 'refused') {
            standing = 'unproven'
            const closed = Math.min(longestClosed, closedFor * 2 ** Math.min(refusals, 16))
            refusals += 1
            refusal = { error: verdict.error, until: options.clock() + closed }
            throw verdict.error
          }
          if (verdict.secret === 'accepted') {
            standing = 'proven'
            provenAt = options.clock()
            refusals = 0
          }
          return verdict.value
        } finally {
          leave()
        }
      }
    },
    reopen() {
      refusal = null
      refusals = 0
    }
  }
}

function again({ code, hint, scope }: RemoteError, left: number): RemoteError {
  const minutes = Math.ceil(left / 60_000)
  const text = `${hint} It is not tried again for ${minutes} min, so that the account is not locked.`
  return new RemoteError(code, text, { scope, retryAfter: left })
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
