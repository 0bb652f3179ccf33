/** The HTTP side of a worker: whether it lives, whether it can work, and its figures. */
import type { FastifyInstance } from 'fastify'
import type { Store } from '../storage/store.ts'
import { type BaseAppDeps, createBaseApp } from './base-app.ts'
import { healthRoutes } from './routes/health.ts'
import { probesRoutes } from './routes/probes.ts'

export interface WorkerAppDeps extends BaseAppDeps {
  readonly store: Pick<Store, 'reachable'>
}

export async function buildWorkerApp(deps: WorkerAppDeps): Promise<FastifyInstance> {
  const { app, finish } = await createBaseApp(deps)
  await app.register(probesRoutes(deps))
  await app.register(healthRoutes(deps), { prefix: '/v1' })
  finish()
  return app as unknown as FastifyInstance
}
