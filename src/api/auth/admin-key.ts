/** One key opens everything; a few addresses are open without. */
import { timingSafeEqual } from 'node:crypto'
import type { onRequestHookHandler } from 'fastify'
import { RequestError } from '../../errors.ts'
import { PROVIDER } from './principal.ts'

/** Keys have at most 200 characters (config.ts); `Bearer ` comes before. */
const MAX_KEY_BYTES = 256

const PUBLIC_ROUTES: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/openapi.json'])

/** Whether a route (by its pattern) is open without a key. Notifications carry a secret of their own. */
export function isPublicRoute(pattern: string): boolean {
  return PUBLIC_ROUTES.has(pattern) || pattern === '/docs' || /^\/(docs|notifications)\//.test(pattern)
}

/**
 * Lets pass who shows `Authorization: Bearer KEY`. Both are laid into buffers of one length and compared whole, so
 * the time taken reveals nothing of the key.
 */
export function createAdminKeyHook(key: string): onRequestHookHandler {
  const expected = Buffer.alloc(MAX_KEY_BYTES)
  expected.write(key, 'latin1')
  const given = Buffer.alloc(MAX_KEY_BYTES)

  return (request, _reply, done) => {
    const header = request.headers.authorization
    if (header === undefined || !/^bearer /i.test(header)) {
      done(
        new RequestError('unauthorized', 'Send the header "Authorization: Bearer KEY" with the admin key.')
      )
      return
    }
    const presentedKey = header.slice('bearer '.length)
    given.fill(0)
    given.write(presentedKey, 'latin1')
    // The length is compared too: a key must not be good with zeros after it, nor one longer than the room.
    const same = timingSafeEqual(given, expected) && presentedKey.length === key.length
    if (same) {
      request.principal = PROVIDER
      done()
    } else done(new RequestError('unauthorized', 'That is not the admin key of this service.'))
  }
}
