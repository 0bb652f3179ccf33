/** The verifier of notifications: a valid signature is accepted, all else is dropped and counted, and nothing makes it fail. */
import fc from 'fast-check'
import { ReplayFilter } from '../../../src/connectors/graph/notifications/replay-filter.ts'
import { createNotificationUrls, keyIdOf } from '../../../src/connectors/graph/notifications/url.ts'
import { createNotificationVerifiers } from '../../../src/connectors/graph/notifications/verifier.ts'
import t from '../../group/tap.ts'

const secret = Buffer.alloc(32, 1)
const publicUrl = 'https://hanvisa.example.se/base/'
const gate = createNotificationVerifiers(secret)
const addresses = (tenant: string, key = secret) => createNotificationUrls(publicUrl, key, tenant)
const acme = addresses('acme')
const now = Date.parse('2026-11-22T12:00:00Z')
const place = { keyId: keyIdOf(secret), tenant: 'acme', targetId: 'x-1' }
const { clientState } = acme.endpointOf('x-1')
const item = {
  subscriptionId: 'c6126aa3-0ed8-412f-a988-71e6cee627c4',
  subscriptionExpirationDateTime: '2026-11-28T21:42:18.2257768+00:00',
  changeType: 'updated',
  resource: 'Users/622eaaff-0683-4862-9de4-f2ec83c2bd98/Events/AAMk=',
  resourceData: { '@odata.type': '#Microsoft.Graph.Event', '@odata.etag': 'W/"CQAA"', id: 'AAMk=' },
  clientState,
  tenantId: '84bd8158-6d4d-4958-8b9f-9d6445542f95'
}
const receive = (value: unknown, at = now) => gate(place).verify({ value }, at)
const droppedOf = (value: unknown) => Object.fromEntries(receive(value).dropped)

t.test('an address is derived from tenant and target alone, and differs from all others', async (t) => {
  const mark = keyIdOf(secret)
  const address = addresses('a+b@c.se').endpointOf('Ö /?')
  t.match(address, {
    notificationUrl: `https://hanvisa.example.se/base/notifications/graph/${mark}/a%2Bb%40c.se/%C3%96%20%2F%3F`,
    clientState: /^[\w-]{43}$/
  })
  t.same(addresses('a+b@c.se').endpointOf('Ö /?'), address, 'on any replica')
  const own = acme.endpointOf('x-1')
  for (const other of [
    acme.endpointOf('x-2'),
    addresses('acm').endpointOf('ex-1'),
    addresses('acme', Buffer.alloc(32, 2)).endpointOf('x-1')
  ]) {
    t.not(own.clientState, other.clientState)
  }
  t.notOk(own.notificationUrl.includes(clientState))

  const rows: [url: string, owner: object][] = [
    [own.notificationUrl, { whose: 'ours', targetId: 'x-1', current: true }],
    [
      `https://old.example/notifications/graph/${mark}/acme/x-1`,
      { whose: 'ours', targetId: 'x-1', current: false }
    ],
    [
      `https://hanvisa.example.se/base/notifications/graph/0123abcd/acme/x`,
      { whose: 'ours', targetId: 'x', current: false }
    ],
    [`https://hanvisa.example.se/base/notifications/graph/${mark}/globex/x-1`, { whose: 'otherTenant' }],
    [`https://old.example/notifications/graph/0123abcd/acme/x-1`, { whose: 'unknown' }],
    [`https://hanvisa.example.se/base/notifications/graph/${mark}/acme`, { whose: 'unknown' }],
    [`https://hanvisa.example.se/base/notifications/graph/${mark}/acme/x/y`, { whose: 'unknown' }],
    [`https://hanvisa.example.se/base/notifications/graph/${mark}/acme/%`, { whose: 'unknown' }],
    ['EventHub:https://vault.azure.net/secrets/x', { whose: 'unknown' }],
    ['', { whose: 'unknown' }]
  ]
  for (const [url, owner] of rows) t.same(acme.ownerOf(url), owner, url)
})

t.test('notifications of edits and of the subscription itself', async (t) => {
  const lifecycle = (lifecycleEvent: string) => {
    const { changeType: _, resource: __, resourceData: ___, ...rest } = item
    return { ...rest, lifecycleEvent }
  }
  const given = [
    item,
    { ...item, changeType: 'created' },
    { ...item, changeType: 'deleted', resourceData: undefined },
    lifecycle('missed'),
    lifecycle('subscriptionRemoved'),
    lifecycle('reauthorizationRequired')
  ]
  const { accepted: genuine, dropped } = receive(given)
  t.same(
    genuine.map(({ event }) => event),
    ['changed', 'changed', 'changed', 'missed', 'removed', 'reauthorize']
  )
  t.ok(genuine.every(({ tenant, targetId }) => tenant === 'acme' && targetId === 'x-1'))
  t.equal(dropped.size, 0)
})

t.test('what is not genuine is dropped and counted', async (t) => {
  for (const body of [undefined, null, 7, 'x', [], {}, { value: {} }, { value: 'x' }]) {
    t.same(Object.fromEntries(gate(place).verify(body, now).dropped), { malformed: 1 }, JSON.stringify(body))
  }
  t.same(droppedOf([]), {})
  t.same(droppedOf([null, 7, 'x', [], {}, { ...item, subscriptionId: 5 }, { ...item, clientState: null }]), {
    malformed: 7
  })
  t.same(
    droppedOf([
      { ...item, changeType: 'moved' },
      { ...item, lifecycleEvent: 'resumed' }
    ]),
    { malformed: 2 }
  )
  t.same(
    droppedOf(
      [
        '',
        'x',
        `${clientState}x`,
        clientState.slice(1),
        clientState.toLowerCase(),
        `${clientState.slice(0, -1)}é`
      ].map((clientState) => ({ ...item, clientState }))
    ),
    { invalid_signature: 6 }
  )
  for (const other of [
    { ...place, keyId: 'other' },
    { ...place, tenant: 'globex' },
    { ...place, targetId: 'x-2' }
  ]) {
    const { accepted: genuine, dropped } = gate(other).verify({ value: [item] }, now)
    t.same(
      [genuine.length, dropped.get('invalid_signature')],
      [0, 1],
      'what is genuine here is not elsewhere'
    )
  }
  t.same(droppedOf(Array(2_500).fill({ ...item, clientState: '' })), {
    invalid_signature: 2000,
    malformed: 500
  })
})

t.test('an identical notification is a replay, for minutes and in bounded memory', async (t) => {
  const edit = (etag: string, changes = {}) => ({
    ...item,
    resourceData: { id: 'r', '@odata.etag': etag },
    ...changes
  })
  const outcome = (value: object, at: number) => receive([value], at).accepted.length === 1
  const start = now + 3_600_000
  t.ok(outcome(edit('1'), start))
  t.notOk(outcome(edit('1'), start + 1_000))
  t.ok(outcome(edit('2'), start + 1_000), 'another etag is another edit')
  t.ok(outcome(edit('1', { changeType: 'deleted' }), start + 1_000), 'what is deleted keeps its etag')
  t.ok(outcome(edit('1', { subscriptionId: 'another' }), start + 1_000))
  t.notOk(outcome(edit('1'), start + 290_000))
  t.ok(outcome(edit('1'), start + 1_300_000), 'after minutes it counts again')
  t.ok(outcome(edit('1'), start - 86_400_000), 'a clock that was set back makes nothing last')
  for (const resourceData of [undefined, null, {}, { id: 'r' }, { id: 'r', '@odata.etag': '' }]) {
    t.ok(
      outcome({ ...item, resourceData }, start) && outcome({ ...item, resourceData }, start),
      'without an etag never'
    )
  }
  const replays = new ReplayFilter()
  for (let index = 0; index < 400_000; index += 1) replays.add(`${index}`, now)
  t.notOk(replays.add('399999', now))
  t.ok(replays.add('1', now), 'what came long ago is forgotten')
})

t.test(
  'law: whatever is posted, nothing is thrown, and nothing is genuine without the right clientState',
  async (t) => {
    const odd = fc.oneof(fc.jsonValue(), fc.constantFrom(...Object.values(item)), fc.constant(undefined))
    const members = [...Object.keys(item), 'lifecycleEvent', '__proto__', 'toString']
    const almost = fc
      .tuple(fc.dictionary(fc.constantFrom(...members), odd), fc.boolean())
      .map(([some, full]) => (full ? { ...item, clientState: 'guess', ...some } : some))
    const body = fc.oneof(fc.jsonValue(), fc.record({ value: fc.oneof(odd, fc.array(almost)) }))
    const where = fc.record({
      keyId: fc.oneof(fc.constant(place.keyId), fc.string()),
      tenant: fc.oneof(fc.constant('acme'), fc.string()),
      targetId: fc.oneof(fc.constant('x-1'), fc.string())
    })
    fc.assert(
      fc.property(where, body, (where, body) => {
        const { accepted: genuine, dropped } = gate(where).verify(body, now)
        const value = (body as { value?: unknown } | null)?.value
        const right = (Array.isArray(value) ? value : []).filter((one) => one?.clientState === clientState)
        const own = where.keyId === place.keyId && where.tenant === 'acme' && where.targetId === 'x-1'
        if (genuine.length > (own ? right.length : 0)) return false
        const count = Array.isArray(value) ? value.length : 1
        return genuine.length + [...dropped.values()].reduce((sum, each) => sum + each, 0) === count
      }),
      { numRuns: 2_000 }
    )
    t.pass()
  }
)
