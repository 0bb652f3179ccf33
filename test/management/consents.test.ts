/** Consents in time and at once, and what Microsoft's answers come to: what a whole service cannot be made to show. */
import type { Test } from 'tap'
import type { ConsentProof } from '../../src/connectors/provider-consent.ts'
import { RemoteError, type SyncCode } from '../../src/errors.ts'
import { attributionOf } from '../../src/management/audit/attribution.ts'
import { createAuditRecorder } from '../../src/management/audit/recorder.ts'
import { createConsentManagement } from '../../src/management/consents.ts'
import type { Principal } from '../../src/management/principal.ts'
import { openLmdb } from '../../src/storage/lmdb/lmdb.ts'
import { sealer } from '../../src/storage/secrets/seal.ts'
import { sampleTenant } from '../contracts/store-samples.ts'
import t from '../group/tap.ts'
import { settableClock } from '../support/settable-clock.ts'

const START = Date.UTC(2026, 10, 23, 8)
const HOUR = 3_600_000
const DIRECTORY = '3f1b2a3c-0000-4000-8000-00000000000a'
const never = new AbortController().signal
const provider: Principal = {
  kind: 'key',
  id: 'admin',
  name: 'admin',
  role: 'provider',
  tenant: null,
  user: null,
  colleagues: false,
  sensitive: true
}
const granted: ConsentProof = { claims: { directory: DIRECTORY, roles: ['Calendars.Read'] }, error: null }

/** On a real store. `proof` stands for what Microsoft answers. */
async function open(t: Test) {
  const store = await openLmdb({ folder: t.testdir() })
  t.teardown(() => store.close())
  const clock = settableClock(START)
  for (const id of ['acme', 'bolag']) {
    const { directoryId: _, ...tenant } = sampleTenant(id)
    await store.saveTenant(tenant, START)
  }
  const held = { proof: granted }
  const consents = createConsentManagement({
    store,
    clock,
    sync: { invalidateTenant: () => {} },
    audit: createAuditRecorder(store, attributionOf(null, 'consent.complete', null), {
      packs: new Map(),
      clock
    }),
    masterKeys: { open: (text) => text },
    consent: {
      sealer: sealer(Buffer.alloc(32, 1)),
      provider: { link: (_, state) => state, prove: async () => held.proof }
    }
  })
  const begin = async (tenant: string) => (await consents.begin(tenant, provider)).url
  const link = (tenant: string) => consents.begin(tenant, provider)
  const complete = (state: string) =>
    consents.complete({ state, isRefused: false, isGranted: true, directory: DIRECTORY.toUpperCase() }, never)
  const audited = async () =>
    (await store.audit.page('acme', { after: 0, limit: 50 })).map(({ entry }) => [
      entry.outcome,
      entry.target.linkAskedBy,
      entry.after
    ])
  return { store, clock, held, link, begin, complete, audited }
}

t.test(
  'a link for one directory is good for an hour, one for any directory for a quarter of it',
  async (t) => {
    const { store, clock, link, complete } = await open(t)
    t.match(await link('acme'), { expiresAt: START + HOUR / 4, directoryId: null })
    await store.saveTenant({ ...sampleTenant('acme'), directoryId: DIRECTORY }, START)
    const { url, ...rest } = await link('acme')
    t.strictSame(rest, { expiresAt: START + HOUR, directoryId: DIRECTORY })
    clock.set(START + HOUR - 1)
    t.equal(await complete(url), 'connected')
  }
)

t.test('a state is good until it ends', async (t) => {
  const { clock, begin, complete, audited } = await open(t)
  const [late, intime] = [await begin('acme'), await begin('acme')]
  clock.set(START + HOUR / 4 - 1)
  t.equal(await complete(intime), 'connected')
  t.strictSame((await audited()).slice(2), [
    ['done', 'admin', { directoryId: DIRECTORY }],
    [
      'done',
      'admin',
      { kind: 'graph', tenantId: DIRECTORY, application: 'provider', pollSeconds: 120, secrets: [] }
    ]
  ])
  clock.set(START + HOUR / 4)
  t.equal(await complete(late), 'invalid')
})

t.test('of two tenants that come back with one directory at once, one has it', async (t) => {
  const { store, begin, complete } = await open(t)
  const outcomes = await Promise.all([complete(await begin('acme')), complete(await begin('bolag'))])
  t.strictSame([...outcomes].sort(), ['connected', 'taken'])
  const connections = await Promise.all(['acme', 'bolag'].map((tenant) => store.connection(tenant)))
  t.equal(connections.filter((connection) => connection !== null).length, 1)
})

t.test('one state that comes back many times at once connects once', async (t) => {
  const { begin, complete } = await open(t)
  const state = await begin('acme')
  const outcomes = await Promise.all([complete(state), complete(state), complete(state)])
  t.strictSame([...outcomes].sort(), ['connected', 'invalid', 'invalid'])
})

t.test('what Microsoft’s answers come to', async (t) => {
  const { store, held, begin, complete } = await open(t)
  const error = (code: SyncCode) => new RemoteError(code, 'hint')
  const { claims } = granted
  const cases: [string, ConsentProof, string][] = [
    [
      'a token of another directory',
      { claims: { directory: DIRECTORY.replace('a', 'b'), roles: ['Calendars.Read'] }, error: null },
      'otherDirectory'
    ],
    [
      'a token of none',
      { claims: { directory: null, roles: ['Calendars.Read'] }, error: null },
      'otherDirectory'
    ],
    ['no roles', { claims: { directory: DIRECTORY, roles: [] }, error: null }, 'notGranted'],
    ['other roles', { claims: { directory: DIRECTORY, roles: ['Mail.Read'] }, error: null }, 'notGranted'],
    ['no application there', { claims: null, error: error('consent_missing') }, 'notGranted'],
    ['a wrong secret', { claims: null, error: error('secret_invalid') }, 'unreachable'],
    ['a refused call', { claims, error: error('access_denied') }, 'notGranted'],
    ['no answer', { claims, error: error('unreachable') }, 'unreachable']
  ]
  for (const [name, proof, outcome] of cases) {
    held.proof = proof
    t.equal(await complete(await begin('acme')), outcome, name)
    t.equal(await store.connection('acme'), null)
  }
  held.proof = { claims, error: error('mailbox_unknown') }
  t.equal(await complete(await begin('acme')), 'connected', 'nobody has that mailbox, and it was looked for')
})

t.test('a tenant whose connection over Graph names the directory has it', async (t) => {
  const { store, begin, complete } = await open(t)
  const own = { tenantId: DIRECTORY.toUpperCase(), clientId: 'x', cloud: 'global' }
  await store.saveConnection(
    'bolag',
    { kind: 'graph', pollSeconds: 120, open: own, sealed: {}, changedAt: START },
    true,
    START
  )
  t.equal(await complete(await begin('acme')), 'taken')
})
