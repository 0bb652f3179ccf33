/** The composition root: every adapter is made here, and handed on. */
import { createHmac } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { openAlarmService } from './alarm-service.ts'
import { buildApp } from './api/app.ts'
import { openMetrics } from './api/metrics.ts'
import { buildWorkerApp } from './api/worker-app.ts'
import { CallerNames } from './caller-names/caller-names.ts'
import type { Config, ProcessRole } from './config.ts'
import type { ConnectorDeps } from './connectors/connector-kind.ts'
import { withCredentialEnd } from './connectors/credential-end.ts'
import type { Environment } from './connectors/ews/client/proxy.ts'
import { createNotificationVerifiers } from './connectors/graph/notifications/verifier.ts'
import { kindOf } from './connectors/kinds.ts'
import { AddressPolicy, anyAddress } from './connectors/net/address-policy.ts'
import { openHttpClient } from './connectors/net/http-client.ts'
import { createConsentDeps } from './customer-consent.ts'
import { SetupError } from './errors.ts'
import { restoreStringMethods } from './lib/string-prototype.ts'
import { RefusalTally } from './management/audit/refusal-tally.ts'
import { KeyRegistry } from './management/key-registry.ts'
import { loadPacks } from './management/load-packs.ts'
import { loadRecipes } from './management/load-recipes.ts'
import { createManagement } from './management/management.ts'
import { defaultRules } from './management/resolve-rules.ts'
import { Retention } from './management/retention.ts'
import { createPeerDeps, openDelivery } from './open-delivery.ts'
import { openStorage } from './open-storage.ts'
import { createOperatorSignIn } from './operator-sign-in.ts'
import { openProviderFeed } from './status/provider-feed.ts'
import { StatusService } from './status/status-service.ts'
import { TenantFeeds } from './status/subscribe.ts'
import type { SyncRedisClients } from './sync/cluster/redis/clients.ts'
import type { OpenConnector } from './sync/connection/open-connector.ts'
import { storedCredential } from './sync/stored-credential.ts'
import type { Sync } from './sync/sync.ts'
import { SyncController, type SyncOptions } from './sync/sync-controller.ts'
import type { TenantReports } from './sync/tenant-report.ts'

export interface Service {
  /** Where it listens: `http://127.0.0.1:8080`. */
  readonly origin: string
  /** Answers what has been asked, reads and saves no more, and lets go of the folder. */
  close(): Promise<void>
}

/** From dist/src, where this file runs. */
export const packFolder = fileURLToPath(new URL('../../rules', import.meta.url))
export const recipeFolder = fileURLToPath(new URL('../../rules/recipes', import.meta.url))

/**
 * Throws SetupError, a plain sentence, when the operator must act first. `environment` says which proxies lead to mail
 * servers (HTTPS_PROXY, NO_PROXY).
 */
export async function startService(
  config: Config,
  log: FastifyBaseLogger,
  environment: Environment = {}
): Promise<Service> {
  const undo: (() => Promise<unknown> | unknown)[] = []
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const packs = await loadPacks(packFolder)
    const recipes = await loadRecipes(recipeFolder)
    const kept = await openStorage(config, log)
    undo.push(() => kept.close())
    const { store, adminKey, masterKeys } = kept
    const metrics = openMetrics()
    metrics.observeStore(() => ({ reachable: store.reachable(), emptied: kept.emptied() }))
    const addressPolicy = new AddressPolicy(config)
    const outbound = openHttpClient({ addressPolicy })
    undo.push(() => outbound.close())
    const rules = defaultRules(packs)
    const clock = Date.now
    const registry = await KeyRegistry.open({ store: store.apiKeys, clock })
    undo.push(() => registry.close())
    metrics.observeApiKeys((days) => registry.countEndingWithin(days))
    const secret = notificationSecretOf(masterKeys.installationSecret)
    const openConnector = await connectors(config, {
      outbound,
      addressPolicy,
      environment,
      notificationSecret: secret
    })
    const { sync, reports } = await openSyncOf(config.role, kept.clients, undo, {
      store,
      openConnector,
      sealer: masterKeys,
      defaultRules: rules,
      log,
      metrics,
      clock
    })
    // Every module is loaded now, ioredis among them.
    restoreStringMethods()
    const ownHttp = openHttpClient({ addressPolicy: anyAddress })
    undo.push(() => ownHttp.close())
    const alarms = openAlarmService(config, {
      store,
      outbound,
      ownHttp,
      addressPolicy,
      masterKeys,
      reports,
      keyEnds: () => registry.ends(),
      metrics,
      clock,
      log
    })
    undo.push(() => alarms.close())
    const applicationEndsAt = config.providerApplication?.endsAt ?? null
    if (applicationEndsAt !== null) {
      metrics.observeCredentials(() => [['', 'provider application', applicationEndsAt]])
    }
    const { maxCallsPerMinute, maxEventLoopDelayMs, maxLongPollsPerKey, trustedProxies } = config
    const limits = { maxCallsPerMinute, maxEventLoopDelayMs, maxLongPollsPerKey, trustedProxies }
    const operatorSignIn = createOperatorSignIn(config, {
      store: store.sessions,
      fetch: outbound.fetch as unknown as typeof fetch,
      clock,
      installationSecret: masterKeys.installationSecret
    })
    const operators = operatorSignIn?.authenticator ?? null
    const refusals = new RefusalTally({ audit: store.audit, clock })
    undo.push(() => refusals.flush())
    const bare = { log, refusals, adminKey, apiKeys: registry, operators, metrics, store, ...limits }
    const retention = new Retention({ store, auditDays: config.auditDays, clock, log })
    undo.push(() => retention.close())
    const statusService = new StatusService({ store, defaultRules: rules, clock })
    undo.push(() => statusService.close())
    const feeds = new TenantFeeds(statusService)
    const peerDeps = createPeerDeps({ recipes, outbound, addressPolicy, clock, log })
    const pushing = { store, statusService, feeds, unsealer: masterKeys, peerDeps, clock, log }
    const delivery = config.role === 'api' ? null : await openDelivery(pushing, kept.clients)
    undo.push(() => delivery?.close())
    let app: FastifyInstance
    if (sync === null) app = await buildWorkerApp(bare)
    else {
      const providerFeed = openProviderFeed({ store, statusService, feeds, clock })
      undo.push(() => providerFeed.close())
      const management = createManagement({
        store,
        sync,
        packs,
        masterKeys,
        clock,
        consent: createConsentDeps(config, {
          http: outbound,
          installationSecret: masterKeys.installationSecret
        }),
        registry,
        peerDeps
      })
      const graphVerifier = createNotificationVerifiers(secret)
      app = await buildApp({
        ...bare,
        management,
        statusService,
        feeds,
        providerFeed,
        delivery,
        sync,
        graphVerifier,
        rotateMasterKey: kept.rotateMasterKey,
        credentialOf: (tenant, stored) => storedCredential(tenant, stored, masterKeys),
        defaultRules: rules,
        operatorSignIn,
        alarmRecipients: alarms.alarmRecipients,
        alarmView: alarms.alarmView,
        callerNames: new CallerNames({
          contacts: store.contacts,
          unsealer: masterKeys,
          installationSecret: masterKeys.installationSecret
        }),
        clock
      })
    }
    undo.push(() => app.close())
    await listen(app, config)
    const { address, family, port } = app.server.address() as AddressInfo
    const origin = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
    return { origin, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** What is asked of sync over HTTP, where this process answers that at all, and what it reports where this process reads calendars. */
async function openSyncOf(
  role: ProcessRole,
  clients: SyncRedisClients | null,
  undo: (() => Promise<unknown> | unknown)[],
  options: SyncOptions
): Promise<{ readonly sync: Sync | null; readonly reports: TenantReports | null }> {
  if (clients === null) {
    const sync = await SyncController.open(options)
    undo.push(() => sync.close())
    return { sync, reports: sync }
  }
  // As in openStorage: BullMQ comes with Redis alone.
  const { openRedisSyncClient, openRedisSyncController } = await import('./sync/cluster/redis/compose.ts')
  // Who is asked closes before who reads, so that what was asked for last is handed over.
  const controller = role === 'api' ? null : await openRedisSyncController(options, clients)
  if (controller !== null) undo.push(() => controller.close())
  if (role === 'worker') return { sync: null, reports: controller }
  const client = openRedisSyncClient(options, clients, controller)
  undo.push(() => client.close())
  return { sync: client, reports: controller }
}

async function connectors(
  { dataDir, redisUrl, publicUrl, providerApplication }: Config,
  {
    outbound,
    addressPolicy,
    environment,
    notificationSecret
  }: Pick<ConnectorDeps, 'outbound' | 'addressPolicy' | 'environment' | 'notificationSecret'>
): Promise<OpenConnector> {
  const calendars = join(dataDir, 'calendars')
  // Workers that share Redis share this folder too, if they need it: it is made outside, and may be read-only.
  if (redisUrl === null) await mkdir(calendars, { recursive: true, mode: 0o700 })
  const deps: ConnectorDeps = {
    outbound,
    addressPolicy,
    environment,
    calendarFolder: (tenant) => join(calendars, tenant),
    publicUrl,
    providerApplication,
    notificationSecret
  }
  return (tenant, connection) => {
    const kind = kindOf(connection)
    const connector = kind.createConnector(tenant, connection, deps)
    return withCredentialEnd(connector, kind.credentialOf(connection), Date.now)
  }
}

/**
 * The same in every process, so that any of them can verify notifications, and after a rotation of the master key, because
 * Microsoft posts to the address that a subscription was made with.
 */
function notificationSecretOf(installationSecret: Buffer): Buffer {
  return createHmac('sha256', installationSecret).update('hanvisa graph notifications').digest()
}

async function listen(
  app: { listen(options: { host: string; port: number }): Promise<unknown> },
  { host, port }: Config
): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const remedy: Readonly<Record<string, string>> = {
      EADDRINUSE: 'another process listens there: stop it, or set HANVISA_PORT',
      EACCES: 'the right to listen there is lacking: set HANVISA_PORT to 1024 or more',
      EADDRNOTAVAIL: 'this machine has no such address: set HANVISA_HOST',
      ENOTFOUND: 'the name is not known: set HANVISA_HOST to an address'
    }
    throw new SetupError(
      `Cannot listen at ${host}, port ${port}: ${remedy[code ?? ''] ?? code ?? String(error)}.`
    )
  }
}
