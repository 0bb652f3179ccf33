/** The service's own app over a thousand users, and beside it routes that answer constants; prints where it listens. */
import { randomBytes } from 'node:crypto'
import { mkdtemp } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { FastifyReply } from 'fastify'
import { pino } from 'pino'
import { createAlarmView } from '../src/alarms/alarm-settings.ts'
import { Recipients } from '../src/alarms/recipients.ts'
import { buildApp } from '../src/api/app.ts'
import { openMetrics } from '../src/api/metrics.ts'
import { StatusesHeaders, StatusesQuery } from '../src/api/routes/statuses.ts'
import { TenantParams, UserParams } from '../src/api/schemas/params.ts'
import { StatusQuerySchema } from '../src/api/schemas/statuses.ts'
import { CallerNames } from '../src/caller-names/caller-names.ts'
import { packFolder } from '../src/composition.ts'
import { createNotificationVerifiers } from '../src/connectors/graph/notifications/verifier.ts'
import { anyAddress } from '../src/connectors/net/address-policy.ts'
import { openHttpClient } from '../src/connectors/net/http-client.ts'
import { attributionOf } from '../src/management/audit/attribution.ts'
import { KeyRegistry } from '../src/management/key-registry.ts'
import { loadPacks } from '../src/management/load-packs.ts'
import { createManagement } from '../src/management/management.ts'
import type { Principal } from '../src/management/principal.ts'
import { createPeerDeps } from '../src/open-delivery.ts'
import { openProviderFeed } from '../src/status/provider-feed.ts'
import { StatusService } from '../src/status/status-service.ts'
import { TenantFeeds } from '../src/status/subscribe.ts'
import { openLmdb } from '../src/storage/lmdb/lmdb.ts'
import { sealer } from '../src/storage/secrets/seal.ts'
import { SyncController } from '../src/sync/sync-controller.ts'
import { benchUserRecord } from './fixtures/user-records.ts'

const USERS = 1000
const key = randomBytes(24).toString('base64url')
const log = pino({ level: 'info' }, pino.destination(2))
const clock = Date.now
const at = clock()
const packs = await loadPacks(packFolder)
const defaultRules = packs.get('infracom')!
const store = await openLmdb({ folder: await mkdtemp(join(tmpdir(), 'hanvisa-bench-')) })
const seal = sealer(randomBytes(32))
const metrics = openMetrics()
await store.saveTenant({ id: 'acme', name: 'Acme', timeZone: 'Europe/Stockholm', language: 'sv' }, at)
// Calendars that are good for a day: nothing turns while the figures are taken.
const records = Array.from({ length: USERS }, (_, number) =>
  benchUserRecord(number, 60, at + 3_600_000, at + 86_400_000)
)
await store.saveUsers(
  'acme',
  records.map(({ user, sync }) => ({ user, sync })),
  at
)
const outcomes = records.map(({ user, sync, timeline }) => ({
  user: user.id,
  sync,
  timeline: timeline!,
  visible: true
}))
await store.saveReadings('acme', outcomes, at)
// So that masked readers get other bytes.
await store.saveOverride('acme', 'user1', { diversion: 'sick', from: at, until: null }, at)

const statusService = new StatusService({ store, defaultRules, clock })
const openConnector = () => {
  throw new Error('there is no connection in this bench')
}
const sync = await SyncController.open({
  store,
  openConnector,
  sealer: seal,
  defaultRules,
  log,
  metrics,
  clock
})
const masterKeys = { open: seal.open, sealer: async () => seal, installationSecret: randomBytes(32) }
const registry = await KeyRegistry.open({ store: store.apiKeys, clock })
const outbound = openHttpClient({ addressPolicy: anyAddress })
const peerDeps = createPeerDeps({
  recipes: new Map(),
  outbound,
  addressPolicy: anyAddress,
  clock,
  log
})
const management = createManagement({
  store,
  sync,
  packs,
  masterKeys,
  clock,
  registry,
  consent: null,
  peerDeps
})
const feeds = new TenantFeeds(statusService)

const alarmRecipients = new Recipients({
  store,
  keys: masterKeys,
  codeKey: randomBytes(32),
  senders: new Map(),
  urlRefusal: () => null,
  publicUrl: null,
  clock,
  metrics,
  log
})
const app = await buildApp({
  log,
  adminKey: key,
  apiKeys: registry,
  metrics,
  store,
  management,
  credentialOf: () => null,
  rotateMasterKey: async () => ({ resealed: 0, unreadable: 0 }),
  statusService,
  feeds,
  delivery: null,
  providerFeed: openProviderFeed({ store, statusService, feeds, clock }),
  sync,
  graphVerifier: createNotificationVerifiers(randomBytes(32)),
  defaultRules,
  clock,
  maxCallsPerMinute: 1_000_000,
  maxLongPollsPerKey: 100,
  trustedProxies: [],
  operators: null,
  refusals: { count: () => {} },
  operatorSignIn: null,
  alarmRecipients,
  alarmView: createAlarmView({ store, clock }),
  callerNames: new CallerNames({
    contacts: store.contacts,
    unsealer: seal,
    installationSecret: masterKeys.installationSecret
  })
})

const view = (await statusService.view('acme'))!
const answer = await view.statuses()
const statuses = Buffer.concat(answer.chunks)
const compressed = gzipSync(statuses)
const { etag } = answer
const status = view.status('user500')!
const json = 'application/json; charset=utf-8'
// The same app to the handler: hooks (those of /v1 too), key, and the checks of parameters.
const config = { access: { roles: ['provider'] } } as const
const ofTenant = {
  config,
  schema: { params: TenantParams, querystring: StatusesQuery, headers: StatusesHeaders }
}
const ofUser = { config, schema: { params: UserParams, querystring: StatusQuerySchema } }
const setHeaders = (reply: FastifyReply) =>
  reply.header('vary', 'accept-encoding').header('etag', etag).header('cache-control', 'private, no-cache')
app.get('/v1/constant/:tenant/statuses', ofTenant, async (_request, reply) =>
  setHeaders(reply).type(json).send(statuses)
)
app.get('/v1/constant/:tenant/gzip', ofTenant, async (_request, reply) =>
  setHeaders(reply).header('content-encoding', 'gzip').type(json).send(compressed)
)
app.get('/v1/constant/:tenant/unchanged', ofTenant, async (_request, reply) =>
  setHeaders(reply).code(304).send()
)
app.get('/v1/constant/:tenant/status/:user', ofUser, async (_request, reply) => reply.type(json).send(status))

app.get('/cpu', { config }, async (_request, reply) => reply.send(process.cpuUsage()))

await app.listen({ host: '127.0.0.1', port: 0 })
const { port } = app.server.address() as AddressInfo
const provider: Principal = {
  kind: 'key',
  id: 'bench',
  name: 'bench',
  role: 'provider',
  tenant: null,
  user: null,
  colleagues: false,
  sensitive: true
}
const { apiKeys } = management.by(attributionOf(provider, 'key.create', '127.0.0.1'))
const masked = await apiKeys.create('acme', { name: 'masked', role: 'switch' }, provider)
const printed = { origin: `http://127.0.0.1:${port}`, key, maskedKey: masked.key }
process.stdout.write(`${JSON.stringify(printed)}\n`)
process.once('SIGTERM', () => process.exit())
