/** Where edits cannot be notified: each listener is inactive with a hint that says who must act, and it is tried again. */

import { GraphConnector } from '../../../src/connectors/graph/connector.ts'
import { subscriptionError } from '../../../src/connectors/graph/subscriptions/errors.ts'
import t from '../../group/tap.ts'
import { until } from '../../support/until.ts'
import { isActive, minute, openSubscribed, watch } from './subscription-fixture.ts'

const people = (count: number) => Array.from({ length: count }, (_, index) => `p${index}@example.se`)
const hour = 60 * minute

t.test('each refusal has its code and a hint that says what to do', async (t) => {
  const answerOf = (status: number, code: string, message: string) => ({
    status,
    body: { error: { code, message: `${message} Uppsägning` } },
    retryAfterMs: undefined,
    challenge: null,
    isWholeBatch: false
  })
  const outlook = (name: string, reason: string) =>
    `Operation: Create; Exception: [Status Code: ${name}; Reason: ${reason}]`
  const about = { mailbox: 'anna@example.se', clientId: 'app', host: 'hanvisa.example.se' }
  const rows = [
    [
      403,
      'ExtensionError',
      outlook('Forbidden', 'The mailbox has reached its limit of 1000'),
      'throttled',
      /as many subscriptions/,
      false
    ],
    [
      403,
      'ExtensionError',
      outlook('Forbidden', 'Access is denied.'),
      'access_denied',
      /ReadBasic does not suffice.*-Identity 'app' -Resource 'anna@example\.se'/,
      false
    ],
    [
      403,
      'ErrorAccessDenied',
      'Access to OData is disabled.',
      'access_denied',
      /Test-ApplicationAccessPolicy/,
      false
    ],
    [
      403,
      'Authorization_RequestDenied',
      'Insufficient privileges',
      'consent_missing',
      /ReadBasic does not suffice/,
      false
    ],
    [
      401,
      'NoPermissionsInAccessToken',
      'The token contains no permissions',
      'consent_missing',
      /Calendars\.Read/,
      false
    ],
    [401, 'InvalidAuthenticationToken', 'x', 'access_denied', /refuses the token/, false],
    [
      400,
      'ValidationError',
      'Subscription validation request timed out.',
      'unreachable',
      /at hanvisa\.example\.se: HANVISA_PUBLIC_URL/,
      true
    ],
    [
      400,
      'InvalidRequest',
      'Subscription validation request failed. Notification endpoint must respond with 200 OK',
      'unreachable',
      /HANVISA_PUBLIC_URL/,
      true
    ],
    [
      400,
      'ExtensionError',
      'Subscription expiration can only be 10080 minutes in the future.',
      'clock_wrong',
      /clock/,
      true
    ],
    [
      404,
      'ExtensionError',
      outlook('NotFound', 'The mailbox is either inactive'),
      'mailbox_unknown',
      /room/,
      false
    ],
    [404, 'ResourceNotFound', 'x', 'mailbox_unknown', /no calendar that can be subscribed to/, false],
    [
      400,
      'ExtensionError',
      outlook('ServiceUnavailable', 'backend Unknown'),
      'unreachable',
      /tried again/,
      false
    ],
    [503, 'serviceNotAvailable', 'x', 'unreachable', /has trouble/, false],
    [429, 'TooManyRequests', 'limit exceeded', 'throttled', /fewer requests/, false],
    [400, 'BadRequest', 'x', 'protocol_error', /does not take the request/, false]
  ] as const
  for (const [status, code, message, expected, hint, all] of rows) {
    const refusal = subscriptionError(answerOf(status, code, message), about)
    t.match(refusal, { isApplicationWide: all, error: { code: expected, hint } }, `${status} ${message}`)
    t.notMatch(refusal.error.message, /Uppsägning|Operation/, 'nothing of what Graph wrote but its code')
  }
})

t.test('a full mailbox is polled, and tried again every hour; the others have subscriptions', async (t) => {
  const cloud = await openSubscribed(t)
  for (const mailbox of people(3)) cloud.put(mailbox)
  const connector = cloud.connect()
  const [first, second] = people(3)
    .slice(0, 2)
    .map((mailbox) => watch(connector, mailbox))
  await until('active', () => [first!, second!].every(isActive))
  cloud.simulator.graphSubscriptions.configure({ perMailbox: 0 })
  const third = watch(connector, people(3)[2]!)
  await until('inactive', () => third.words[0] === 'throttled')
  t.match(third.reason?.hint, /p2@example\.se has as many subscriptions as it may have/)
  t.same(first?.words, ['active'])
  const before = cloud.count('createSubscription')
  cloud.leap(59 * minute)
  cloud.simulator.graphSubscriptions.configure({ perMailbox: 1000 })
  cloud.leap(minute)
  await until('active', () => isActive(third))
  t.equal(cloud.count('createSubscription'), before + 1)
})

t.test('an error of the application is probed by one request, and reported to all', async (t) => {
  const cloud = await openSubscribed(t)
  for (const mailbox of people(30)) cloud.put(mailbox)
  const connector = cloud.connect({ publicUrl: 'http://127.0.0.1:9/behind/a/proxy/' })
  const all = people(30).map((mailbox) => watch(connector, mailbox))
  await until('inactive', () => all.every(({ words }) => words.length > 0))
  t.match(all[29]?.reason, { code: 'unreachable', hint: /at 127\.0\.0\.1:9: HANVISA_PUBLIC_URL must be/ })
  t.ok(cloud.count('createSubscription') <= 30)
  const sizes = () => cloud.simulator.requests.list({ route: 'batch' }).map(({ items }) => items)
  const known = sizes().length
  await until('tried again', () => {
    cloud.leap(minute)
    return sizes().length >= known + 4
  })
  // A batch that was in flight may come after the count.
  t.same(sizes().slice(known + 1, known + 4), [1, 1, 1], 'by one of the thirty')
  t.ok(
    all.every(({ words }) => words.join() === 'unreachable'),
    'and it is said once'
  )
})

t.test('without Calendars.Read every listener gets the permission that is missing', async (t) => {
  const cloud = await openSubscribed(t)
  for (const mailbox of people(3)) cloud.put(mailbox)
  cloud.register({ roles: ['Calendars.ReadBasic.All'] })
  const connector = cloud.connect()
  const all = people(3).map((mailbox) => watch(connector, mailbox))
  await until('inactive', () => all.every(({ words }) => words[0] === 'access_denied'))
  t.match(
    all[0]?.reason?.hint,
    /Calendars\.Read with admin consent \(Calendars\.ReadBasic does not suffice\)/
  )
  cloud.register({})
  cloud.leap(2 * hour)
  await until('active after the grant', () => {
    cloud.leap(100)
    return all.every(isActive)
  })
})

t.test('a secret that expired: all are inactive, retries are rare, and all are active again', async (t) => {
  const cloud = await openSubscribed(t)
  for (const mailbox of people(4)) cloud.put(mailbox)
  const connector = cloud.connect()
  const old = people(3).map((mailbox) => watch(connector, mailbox))
  await until('active', () => old.every(isActive))
  cloud.register({ secretExpires: '2020-01-01T00:00:00Z' })
  cloud.leap(2 * hour)
  const young = watch(connector, people(4)[3]!)
  const all = [...old, young]
  await until('inactive', () => all.every(({ words }) => words.at(-1) === 'secret_expired'))
  const before = cloud.count('token')
  cloud.leap(7 * minute)
  cloud.register({})
  cloud.leap(8 * minute)
  await until('active', () => all.every(isActive))
  t.equal(cloud.count('token'), before + 1)
  t.equal(cloud.count('createSubscription'), 4, 'those that were subscribed to still are')
})

t.test('throttled: no call before the time that Graph gave, and all succeed', async (t) => {
  const cloud = await openSubscribed(t)
  for (const mailbox of people(25)) cloud.put(mailbox)
  cloud.simulator.faults.add({ kind: 'status', status: 429, retryAfter: '90', route: 'batch', count: 1 })
  const connector = cloud.connect()
  const all = people(25).map((mailbox) => watch(connector, mailbox))
  await until('inactive', () => all.every(({ words }) => words[0] === 'throttled'))
  const before = cloud.count('batch')
  cloud.leap(80_000)
  t.equal(cloud.count('batch'), before)
  cloud.leap(10_000)
  await until('active', () => {
    cloud.leap(100)
    return all.every(isActive)
  })
})

t.test('answers that are none, and links that lead elsewhere', async (t) => {
  for (const route of ['createSubscription', 'listSubscriptions'] as const) {
    const cloud = await openSubscribed(t)
    for (const mailbox of people(2)) cloud.put(mailbox)
    const fault = cloud.simulator.faults.add({ kind: 'garbage', garbage: 'wrongTypes', route })
    const connector = cloud.connect()
    const all = people(2).map((mailbox) => watch(connector, mailbox))
    await until('inactive', () => all.every(({ words }) => words[0] === 'protocol_error'))
    cloud.simulator.faults.remove(fault)
    await until('active', () => {
      cloud.leap(5 * minute)
      return all.every(isActive)
    })
    t.pass(route)
  }
})

t.test('without a public URL Graph gets no request, and closing is immediate', async (t) => {
  const cloud = await openSubscribed(t)
  cloud.put('anna@example.se')
  const connector = new GraphConnector({
    connection: cloud.connection,
    http: cloud.http,
    notificationUrls: null
  })
  const { words, watch: one } = watch(connector, 'anna@example.se')
  one.onNotification('removed')
  one.stop()
  await connector.close()
  await cloud.connect().close()
  t.same(words, [])
  t.equal(cloud.count('batch'), 0)
})
