/** Aborts the work for an answer when its client has disconnected. */
import type { FastifyReply } from 'fastify'

/**
 * Aborted when the caller hangs up. Fastify's own `request.signal` listens to the request, which also closes when its
 * body has been read.
 */
export function abortOnDisconnect({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController()
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort()
  })
  return controller.signal
}
