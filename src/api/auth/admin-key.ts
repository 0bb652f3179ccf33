/** One key opens everything; a few addresses are open without. */
import { timingSafeEqual } from 'node:crypto'
import type { onRequestHookHandler } from 'fastify'
import { RequestError } from '../../errors.ts'

/** Keys have at most 200 characters (config.ts); `Bearer ` comes before. */
const ROOM = 256

const openPatterns: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/openapi.json'])

/** Whether a route (by its pattern) is open without a key. Notices carry a secret of their own. */
export function isOpen(pattern: string): boolean {
  return openPatterns.has(pattern) || pattern === '/docs' || /^\/(docs|notices)\//.test(pattern)
}

/**
 * Lets pass who shows `Authorization: Bearer KEY`. Both are laid into buffers of one length and compared whole, so
 * the time taken tells nothing of the key.
 */
export function authenticate(key: string): onRequestHookHandler {
  const expected = Buffer.alloc(ROOM)
  expected.write(key, 'latin1')
  const given = Buffer.alloc(ROOM)

  return (request, _reply, done) => {
    const header = request.headers.authorization
    if (header === undefined || !/^bearer /i.test(header)) {
      done(
        new RequestError('unauthorized', 'Send the header "Authorization: Bearer KEY" with the admin key.')
      )
      return
    }
    const shown = header.slice('bearer '.length)
    given.fill(0)
    given.write(shown, 'latin1')
    // The length is compared too: a key must not be good with zeros after it, nor one longer than the room.
    const same = timingSafeEqual(given, expected) && shown.length === key.length
    if (same) done()
    else done(new RequestError('unauthorized', 'That is not the admin key of this service.'))
  }
}
