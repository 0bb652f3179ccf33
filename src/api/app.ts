/** The HTTP side put together: what all of it has in common, the document, and every routes file by name. */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import type { Instant } from '../domain/calendar-event.ts'
import type { RuleSet } from '../domain/rule-set.ts'
import type { Directory } from '../management/management.ts'
import type { Presence } from '../status/status-service.ts'
import type { Store } from '../storage/store.ts'
import type { Sync } from '../sync/sync-controller.ts'
import { type BareNeeds, openBareApp } from './base-app.ts'
import { describedApi, nameById } from './openapi-info.ts'
import { refuseWritesWithout } from './require-store.ts'
import { changesRoutes } from './routes/changes.ts'
import { connectionsRoutes } from './routes/connections.ts'
import { type NoticesNeeds, noticesRoutes } from './routes/graph-notifications.ts'
import { importRoutes } from './routes/import.ts'
import { overridesRoutes } from './routes/overrides.ts'
import { probesRoutes } from './routes/probes.ts'
import { rulesRoutes } from './routes/rules.ts'
import { serviceRoutes } from './routes/service.ts'
import { statusesRoutes } from './routes/statuses.ts'
import { syncRoutes } from './routes/sync.ts'
import { tenantsRoutes } from './routes/tenants.ts'
import { timelinesRoutes } from './routes/timelines.ts'
import { usersRoutes } from './routes/users.ts'

export interface AppNeeds extends BareNeeds {
  readonly store: Store
  readonly directory: Directory
  readonly sync: Sync
  readonly presence: Presence
  /** At `/notices/graph/…`. */
  readonly graphGate: NoticesNeeds['graphGate']
  /** What a tenant has that has put no rules. */
  readonly defaultRules: RuleSet
  readonly clock: () => Instant
}

export async function buildApp(needs: AppNeeds): Promise<FastifyInstance> {
  const { app, complete } = openBareApp(needs)
  app.addHook('onRoute', refuseWritesWithout(needs.store))

  await app.register(swagger, { openapi: describedApi, refResolver: { buildLocalReference: nameById } })
  await app.register(swaggerUi, { routePrefix: '/docs', uiConfig: { persistAuthorization: true } })

  await app.register(probesRoutes(needs))
  await app.register(serviceRoutes())
  await app.register(noticesRoutes(needs))
  await app.register(tenantsRoutes(needs), { prefix: '/v1' })
  await app.register(connectionsRoutes(needs), { prefix: '/v1' })
  await app.register(usersRoutes(needs), { prefix: '/v1' })
  await app.register(importRoutes(needs), { prefix: '/v1' })
  await app.register(rulesRoutes(needs), { prefix: '/v1' })
  await app.register(statusesRoutes(needs), { prefix: '/v1' })
  await app.register(timelinesRoutes(needs), { prefix: '/v1' })
  await app.register(changesRoutes(needs), { prefix: '/v1' })
  await app.register(overridesRoutes(needs), { prefix: '/v1' })
  await app.register(syncRoutes(needs), { prefix: '/v1' })

  complete()
  return app as unknown as FastifyInstance
}
