/** Sync with the Graph connector over the simulator: what a tenant of Microsoft 365 comes to. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openMetrics } from '../../src/api/metrics.ts'
import type { GraphConnection } from '../../src/connectors/connection.ts'
import { GraphConnector } from '../../src/connectors/graph/connector.ts'
import { kindOf } from '../../src/connectors/kinds.ts'
import { anyAddress } from '../../src/connectors/net/address-policy.ts'
import { openHttpClient } from '../../src/connectors/net/http-client.ts'
import { initialSyncRecord, syncStateAt } from '../../src/domain/sync-state.ts'
import { openLmdb } from '../../src/storage/lmdb/lmdb.ts'
import { sealConnection } from '../../src/storage/secrets/connection-secrets.ts'
import { sealer } from '../../src/storage/secrets/seal.ts'
import { SyncController } from '../../src/sync/sync-controller.ts'
import t from '../group/tap.ts'
import { simulatedTenant as directory, openSimulator, simulatedClientId } from '../support/open-simulator.ts'
import { harnessRules } from '../support/sync-harness.ts'

t.test('a tenant is read over Graph; a wrong secret and a wrong address say what to do', async (t) => {
  const { simulator, put } = await openSimulator(t)
  const outbound = openHttpClient({ addressPolicy: anyAddress, ca: simulator.ca })
  const folder = await mkdtemp(join(tmpdir(), 'hanvisa-graph-'))
  const store = await openLmdb({ folder })
  const seal = sealer(randomBytes(32))
  const said: unknown[] = []
  const say = (facts: object, message: string) => void said.push({ ...facts, message })
  const at = Math.floor(Date.now() / 3_600_000) * 3_600_000
  const utc = (instant: number) => new Date(instant).toISOString()
  put({ address: 'guest@example.se', hosting: 'unlicensed' })
  put('anna@example.se', { subject: 'MÖT: kund', start: utc(at), end: utc(at + 7_200_000) })

  const connect = (name: string, clientSecret: string) => {
    const connection: GraphConnection = {
      kind: 'graph',
      tenantId: directory,
      clientId: simulatedClientId,
      clientSecret,
      cloud: { login: simulator.origin, graph: simulator.origin },
      pollSeconds: 60
    }
    return store.saveConnection(
      name,
      sealConnection(name, connection, kindOf(connection).secretMembers, seal, Date.now()),
      true,
      Date.now()
    )
  }
  for (const [name, secret] of [
    ['acme', 'right'],
    ['other', 'xyzzy']
  ] as const) {
    await store.saveTenant({ id: name, name, timeZone: 'Europe/Stockholm', language: 'sv' }, Date.now())
    await connect(name, secret)
    const users = ['anna', 'nobody', 'guest'].map((id) => ({
      user: {
        id,
        displayName: id,
        extension: '1',
        numbers: [],
        mailbox: { address: `${id}@example.se` },
        syncEnabled: true,
        timeZone: null,
        triggers: [],
        owner: null,
        triggersSince: Date.now()
      },
      sync: initialSyncRecord(true, Date.now())
    }))
    await store.saveUsers(name, users, Date.now())
  }
  const sync = await SyncController.open({
    store,
    openConnector: (_tenant, connection) =>
      new GraphConnector({ connection: connection as GraphConnection, http: outbound }),
    sealer: seal,
    defaultRules: harnessRules,
    log: { info: say, warn: say, error: say },
    metrics: openMetrics()
  })
  t.teardown(async () => {
    await sync.close()
    await outbound.close()
    await store.close()
    await rm(folder, { recursive: true })
  })
  const state = async (name: string, user: string) => {
    const record = (await store.record(name, user))!
    return `${syncStateAt(record.sync, 120_000, Date.now()).state} ${record.sync.fault?.code ?? ''}`
  }
  const becomes = async (name: string, user: string, wanted: string) => {
    while ((await state(name, user)) !== wanted) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await becomes('acme', 'anna', 'fresh ')
  t.equal((await store.record('acme', 'anna'))?.timeline?.causes[0]?.diversion, 'meeting')
  await becomes('acme', 'nobody', 'failed mailbox_unknown')
  await becomes('acme', 'guest', 'failed mailbox_unknown')
  t.equal(
    (await sync.connection('acme')).fault,
    null,
    'a mailbox that is answered 401 is no fault of the connection'
  )
  put('anna@example.se', { subject: 'upptagen', start: utc(at), end: utc(at + 7_200_000) })
  await sync.readNow('acme', ['anna', 'guest'])
  const diversion = async () => (await store.record('acme', 'anna'))?.timeline?.causes[0]?.diversion
  while ((await diversion()) !== 'busy') await new Promise((resolve) => setTimeout(resolve, 5))
  t.equal(await state('acme', 'anna'), 'fresh ', 'an edit of somebody else shows all the same')
  await becomes('other', 'anna', 'failed secret_invalid')
  await becomes('other', 'nobody', 'failed secret_invalid')
  t.equal((await sync.connection('other')).fault?.code, 'secret_invalid')
  await connect('other', 'right')
  await becomes('other', 'anna', 'fresh ')
  await becomes('other', 'nobody', 'failed mailbox_unknown')
  t.notMatch(JSON.stringify(said), /kund|xyzzy/)
})
