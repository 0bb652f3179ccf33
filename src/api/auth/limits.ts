/**
 * How often one caller may call: by key, and without a good one by address. The counters are in this process, so that reads need no
 * store; with several replicas each allows as much.
 */
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify'
import { RateLimited } from '../../errors.ts'
import type { Access } from './access.ts'
import { CallCounter, tooManyCalls } from './call-counter.ts'

/**
 * `from-memory`: a read that switches poll; ten times as many, and also under pressure. `none`: a probe, or a notification. Absent:
 * as `callsPerMinute`, by key or by address.
 */
export type RouteLimits = 'from-memory' | 'none'

declare module 'fastify' {
  interface FastifyContextConfig {
    limits?: RouteLimits
  }
}

const MINUTE_MS = 60_000
/** Wrong keys from one address within a minute; then they are refused with 429, and never a right one. */
const MAX_WRONG_KEYS = 20
/** Sign-ins begun, and sign-ins ended, from one address within a minute. */
const MAX_SIGN_INS = 10
/** Reads from memory, in calls of another kind. */
const READ_FACTOR = 10
/** Addresses that are counted at once: the least recent are forgotten first. */
const MAX_ADDRESSES = 50_000

export interface Limits {
  /** The hook that counts a route's calls: after the guard, where there is one. */
  hookFor(access: Access, limits: 'from-memory' | undefined): onRequestHookHandler
  /** Counts a request that was refused with 401. Resolves to that refusal, or to RateLimited. */
  countRefusal(request: FastifyRequest, refusal: Error): Promise<Error>
  /** Whether the address has presented too many wrong keys. */
  isBraked(request: FastifyRequest): Promise<boolean>
}

export async function addLimits(app: FastifyInstance, callsPerMinute: number): Promise<Limits> {
  await app.register(rateLimit, { global: false })
  const options = { ...optionsWith(tooManyCalls), cache: MAX_ADDRESSES }
  const byAddress: onRequestHookHandler = app.rateLimit({ ...options, max: callsPerMinute })
  const byKey = createCountByKey(callsPerMinute)
  const readsByKey = createCountByKey(callsPerMinute * READ_FACTOR)
  const wrongKeys = app.createRateLimit({ ...options, max: MAX_WRONG_KEYS })
  const missingKeys = app.createRateLimit({ ...options, max: callsPerMinute })

  return {
    hookFor(access, limits) {
      if (access === 'public') return byAddress
      return limits === 'from-memory' ? readsByKey : byKey
    },
    async countRefusal(request, refusal) {
      // Many clients send credentials only once they are asked for: to ask is no guess.
      const isGuess = request.headers.authorization !== undefined
      const count = await (isGuess ? wrongKeys : missingKeys)(request)
      if (count.isAllowed || !count.isExceeded) return refusal
      return new RateLimited(
        isGuess
          ? `More than ${MAX_WRONG_KEYS} wrong keys within a minute came from your address: correct the key.`
          : 'Too many calls without a key came from your address: send the key with each.',
        Math.max(1, count.ttlInSeconds)
      )
    },
    async isBraked(request) {
      const count = await wrongKeys(request, { increment: false })
      return !count.isAllowed && count.remaining === 0
    }
  }
}

/** Rejects with RateLimited from one call more on, the provider's too: for what must be rare whoever asks. */
export function limitCallsOfKey(
  app: Pick<FastifyInstance, 'createRateLimit'>,
  max: number
): (request: FastifyRequest) => Promise<void> {
  const keyGenerator = ({ principal }: FastifyRequest) => principal.id
  const count = app.createRateLimit({ max, timeWindow: MINUTE_MS, keyGenerator })
  return async (request) => {
    const calls = await count(request)
    if (calls.isAllowed || !calls.isExceeded) return
    const seconds = Math.max(1, calls.ttlInSeconds)
    throw new RateLimited(
      `This call may be made ${max} times a minute: try again in ${seconds} seconds.`,
      seconds
    )
  }
}

/** The hook of routes at which operators sign in: by address. */
export function limitSignIns(app: Pick<FastifyInstance, 'rateLimit'>): onRequestHookHandler {
  const options = optionsWith(
    (max, leftMs) =>
      new RateLimited(
        `More than ${max} sign-ins within a minute came from your address.`,
        Math.max(1, Math.ceil(leftMs / 1000))
      )
  )
  return app.rateLimit({ ...options, max: MAX_SIGN_INS })
}

function optionsWith(refusalFor: (max: number, leftMs: number) => RateLimited) {
  return {
    timeWindow: MINUTE_MS,
    addHeaders: noHeaders,
    addHeadersOnExceeding: noHeaders,
    errorResponseBuilder: (_request: FastifyRequest, { max, ttl }: { max: number; ttl: number }) =>
      refusalFor(max, ttl)
  }
}

/** `Retry-After` comes from the problem itself. */
const noHeaders = {
  'x-ratelimit-limit': false,
  'x-ratelimit-remaining': false,
  'x-ratelimit-reset': false,
  'retry-after': false
}

/** The provider runs the machine: limits protect tenants from each other. */
function createCountByKey(maxPerMinute: number): onRequestHookHandler {
  const counter = new CallCounter(maxPerMinute)
  return ({ principal }, _reply, done) => {
    const refusal = principal.role === 'provider' ? null : counter.count(principal.id)
    if (refusal === null) done()
    else done(refusal)
  }
}
