/** While the store is away a write is refused at once, by every call that writes, before anything is begun. */
import type { RouteOptions } from 'fastify'
import { type Store, StoreUnavailable } from '../storage/store.ts'

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD'])

/** For Fastify's `onRoute`. Runs after validation, so an invalid request gets 400 although the store is unreachable. */
export function requireStoreForWrites(store: Pick<Store, 'reachable'>): (route: RouteOptions) => void {
  return (route) => {
    if (!route.url.startsWith('/v1/') || [route.method].flat().every((method) => SAFE_METHODS.has(method)))
      return
    route.preHandler = [
      (_request, _reply, done) => {
        done(store.reachable() ? undefined : new StoreUnavailable('Nothing can be written.'))
      },
      ...[route.preHandler ?? []].flat()
    ]
  }
}
