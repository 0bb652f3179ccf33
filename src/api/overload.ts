/** Refuses work early, with 503, while the process cannot keep up. Probes, notifications, pages and reads from memory go on. */
import { getHeapStatistics } from 'node:v8'
import underPressure from '@fastify/under-pressure'
import type { FastifyInstance } from 'fastify'
import { RequestError } from '../errors.ts'
import { isPage } from './page-headers.ts'

/** Milliseconds by which the event loop is late on average while nothing else can be done in time. */
const MAX_EVENT_LOOP_DELAY_MS = 1000
const MAX_HEAP_SHARE = 0.9
const SAMPLE_INTERVAL_MS = 2000
/** While a process starts, compiling delays the event loop, and nothing is wrong. */
const START_MS = 10_000

export interface OverloadLimits {
  readonly maxEventLoopDelayMs?: number | undefined
  readonly startMs?: number
}

export async function refuseOverload(
  app: FastifyInstance,
  { maxEventLoopDelayMs = MAX_EVENT_LOOP_DELAY_MS, startMs = START_MS }: OverloadLimits = {}
): Promise<void> {
  const startedAt = performance.now()
  await app.register(underPressure, {
    maxEventLoopDelay: maxEventLoopDelayMs,
    maxHeapUsedBytes: getHeapStatistics().heap_size_limit * MAX_HEAP_SHARE,
    sampleInterval: SAMPLE_INTERVAL_MS,
    pressureHandler: ({ routeOptions, url }) => {
      const goesOn = routeOptions.config.limits !== undefined || isPage(url)
      if (goesOn || performance.now() - startedAt < startMs) return
      throw new RequestError(
        'overloaded',
        'The service has more to do than it can: send the same again later.'
      )
    }
  })
}
