/** The HTTP side of a worker: whether it lives, whether it can work, and its figures. */
import type { FastifyInstance } from 'fastify'
import type { Store } from '../storage/store.ts'
import { type BareNeeds, openBareApp } from './base-app.ts'
import { probesRoutes } from './routes/probes.ts'

export interface ProbesNeeds extends BareNeeds {
  readonly store: Pick<Store, 'reachable'>
}

export async function buildProbes(needs: ProbesNeeds): Promise<FastifyInstance> {
  const { app, complete } = openBareApp(needs)
  await app.register(probesRoutes(needs))
  complete()
  return app as unknown as FastifyInstance
}
