/** The HTTP side put together: what all of it has in common, the document, and every routes file by name. */
import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import type { AlarmView } from '../alarms/alarm-settings.ts'
import type { RecipientManagement } from '../alarms/recipients.ts'
import type { CallerNames } from '../caller-names/caller-names.ts'
import type { DeliveryController } from '../delivery/delivery-controller.ts'
import type { Instant } from '../domain/calendar-event.ts'
import type { RuleSet } from '../domain/rule-set.ts'
import type { Management } from '../management/management.ts'
import type { ProviderFeed } from '../status/provider-feed.ts'
import type { StatusService } from '../status/status-service.ts'
import type { StatusFeeds } from '../status/subscribe.ts'
import type { Store } from '../storage/store.ts'
import type { Sync } from '../sync/sync.ts'
import { decorateWithManagement } from './audited-calls.ts'
import { WaitingCalls } from './auth/waiting-calls.ts'
import { type BaseAppDeps, createBaseApp } from './base-app.ts'
import { compressAnswer } from './compression.ts'
import { consolePages } from './console-pages.ts'
import { docsPages } from './docs-pages.ts'
import { EventStreams } from './events/event-streams.ts'
import { componentName, describeAccess, openapiInfo } from './openapi-info.ts'
import { requireStoreForWrites } from './require-store.ts'
import { absenceImportRoutes } from './routes/absence-import.ts'
import { absencesRoutes } from './routes/absences.ts'
import { alarmRecipientsRoutes } from './routes/alarm-recipients.ts'
import { alarmsRoutes } from './routes/alarms.ts'
import { auditRoutes } from './routes/audit.ts'
import { callerNamesRoutes } from './routes/caller-names.ts'
import { changesRoutes } from './routes/changes.ts'
import { connectionsRoutes } from './routes/connections.ts'
import { consentsRoutes } from './routes/consents.ts'
import { consumersRoutes } from './routes/consumers.ts'
import { contactsRoutes } from './routes/contacts.ts'
import { eventsRoutes } from './routes/events.ts'
import { extensionsRoutes } from './routes/extensions.ts'
import { type GraphNotificationDeps, graphNotificationRoutes } from './routes/graph-notifications.ts'
import { healthRoutes } from './routes/health.ts'
import { keysRoutes } from './routes/keys.ts'
import { type MasterKeyDeps, masterKeyRoutes } from './routes/master-key.ts'
import { meRoutes } from './routes/me.ts'
import { namesRoutes } from './routes/names.ts'
import { overridesRoutes } from './routes/overrides.ts'
import { personExportRoutes } from './routes/person-export.ts'
import { phonebookRoutes } from './routes/phonebook.ts'
import { previewsRoutes } from './routes/previews.ts'
import { probesRoutes } from './routes/probes.ts'
import { providerFeedsRoutes } from './routes/provider-feeds.ts'
import { rulesRoutes } from './routes/rules.ts'
import { serviceRoutes } from './routes/service.ts'
import { type OperatorSignIn, signInRoutes } from './routes/sign-in.ts'
import { statusesRoutes } from './routes/statuses.ts'
import { type CredentialOf, syncRoutes } from './routes/sync.ts'
import { tenantsRoutes } from './routes/tenants.ts'
import { timelinesRoutes } from './routes/timelines.ts'
import { triggersRoutes } from './routes/triggers.ts'
import { importRoutes } from './routes/user-import.ts'
import { usersRoutes } from './routes/users.ts'

export interface AppDeps extends BaseAppDeps, MasterKeyDeps {
  readonly store: Store
  readonly management: Management
  readonly sync: Sync
  readonly credentialOf: CredentialOf
  readonly alarmRecipients: RecipientManagement
  readonly alarmView: AlarmView
  readonly callerNames: CallerNames
  readonly statusService: StatusService
  readonly feeds: StatusFeeds
  /** Null in a process that pushes nothing. */
  readonly delivery: DeliveryController | null
  readonly providerFeed: ProviderFeed
  /** At `/notifications/graph/…`. */
  readonly graphVerifier: GraphNotificationDeps['graphVerifier']
  /** What a tenant has that has put no rules. */
  readonly defaultRules: RuleSet
  readonly clock: () => Instant
  readonly maxLongPollsPerKey: number
  /** Null where no issuer is set. */
  readonly operatorSignIn: OperatorSignIn | null
}

export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const { app, authenticator, finish } = await createBaseApp(deps)
  decorateWithManagement(app as unknown as FastifyInstance, deps.management)
  app.addHook('onRoute', requireStoreForWrites(deps.store))
  app.addHook('onSend', compressAnswer)

  await app.register(swagger, {
    openapi: openapiInfo,
    refResolver: { buildLocalReference: componentName },
    transform: describeAccess
  })
  await app.register(docsPages)
  await app.register(consolePages, { prefix: '/console' })

  await app.register(probesRoutes(deps))
  await app.register(healthRoutes(deps), { prefix: '/v1' })
  await app.register(serviceRoutes())
  await app.register(graphNotificationRoutes(deps))
  await app.register(signInRoutes(deps))
  await app.register(meRoutes(), { prefix: '/v1' })
  await app.register(tenantsRoutes(deps), { prefix: '/v1' })
  await app.register(keysRoutes(deps), { prefix: '/v1' })
  await app.register(connectionsRoutes(deps), { prefix: '/v1' })
  await app.register(consentsRoutes())
  await app.register(usersRoutes(deps), { prefix: '/v1' })
  await app.register(personExportRoutes(), { prefix: '/v1' })
  await app.register(triggersRoutes(deps), { prefix: '/v1' })
  await app.register(importRoutes(deps), { prefix: '/v1' })
  await app.register(rulesRoutes(deps), { prefix: '/v1' })
  await app.register(previewsRoutes(), { prefix: '/v1' })
  await app.register(statusesRoutes(deps), { prefix: '/v1' })
  await app.register(extensionsRoutes(deps), { prefix: '/v1' })
  await app.register(timelinesRoutes(deps), { prefix: '/v1' })
  const waitingCalls = new WaitingCalls(deps.maxLongPollsPerKey)
  await app.register(changesRoutes({ ...deps, waitingCalls }), { prefix: '/v1' })
  const streams = new EventStreams()
  // Fastify waits for open answers before it closes, and these never end by themselves.
  app.addHook('preClose', async () => {
    deps.providerFeed.releaseWaiters()
    streams.close()
  })
  deps.metrics.observeStreams(() => streams.count)
  const events = { ...deps, authenticator, streams, waitingCalls }
  await app.register(eventsRoutes(events), { prefix: '/v1' })
  await app.register(providerFeedsRoutes(events), { prefix: '/v1' })
  await app.register(consumersRoutes(deps), { prefix: '/v1' })
  await app.register(callerNamesRoutes(deps), { prefix: '/v1' })
  await app.register(contactsRoutes(), { prefix: '/v1' })
  await app.register(namesRoutes(deps), { prefix: '/v1' })
  await app.register(phonebookRoutes(deps), { prefix: '/v1' })
  await app.register(overridesRoutes(deps), { prefix: '/v1' })
  await app.register(absencesRoutes(deps), { prefix: '/v1' })
  await app.register(absenceImportRoutes(), { prefix: '/v1' })
  await app.register(syncRoutes(deps), { prefix: '/v1' })
  await app.register(alarmsRoutes(deps), { prefix: '/v1' })
  await app.register(alarmRecipientsRoutes(deps), { prefix: '/v1' })
  await app.register(masterKeyRoutes(deps), { prefix: '/v1' })
  await app.register(auditRoutes(deps), { prefix: '/v1' })

  finish()
  return app as unknown as FastifyInstance
}
