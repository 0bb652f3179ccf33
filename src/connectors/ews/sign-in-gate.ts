/** Keeps a refused secret from being tried over and over: directories lock accounts after a handful of attempts. */
import { RemoteError } from '../../errors.ts'

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

/** Milliseconds. A busy domain controller refuses for a moment; lock-outs count over ten minutes and more. */
const beforeSecondTry = 2_000
const closedFor = 5 * 60_000

/** Until the secret is known to be right, and when that comes into doubt, one attempt goes at a time. */
export function signInGate(options: { clock: () => number; pause: Pause }): SignInGate {
  let standing: Standing = 'unproven'
  let refusal: { error: RemoteError; until: number } | null = null
  let line: Promise<void> = Promise.resolve()

  function throwIfRefused(): void {
    if (refusal === null) return
    const left = refusal.until - options.clock()
    if (left <= 0) refusal = null
    else throw again(refusal.error, left)
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
          const verdict = await run()
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
            refusal = { error: verdict.error, until: options.clock() + closedFor }
            throw verdict.error
          }
          if (verdict.secret === 'accepted') standing = 'proven'
          return verdict.value
        } finally {
          leave()
        }
      }
    },
    reopen() {
      refusal = null
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
