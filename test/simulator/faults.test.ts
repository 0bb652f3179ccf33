/** Trouble on order: each kind does what it says, to whom it says, as often as it says. */

import { fetch } from 'undici'
import type { FaultSpec } from '../../simulator/faults.ts'
import t from '../group/tap.ts'
import { openSimulator, simulatedTenant } from '../support/open-simulator.ts'
import { until } from '../support/until.ts'

const path = '/users/anna@example.se/calendarView?startDateTime=2026-11-23&endDateTime=2026-11-24'

t.test('an injected status has the body of its route, with the default or the given values', async (t) => {
  const { put, graph, simulator, token } = await openSimulator(t)
  put('anna@example.se')
  const cases: [number, string][] = [
    [401, 'UnknownError'],
    [403, 'ErrorAccessDenied'],
    [404, 'MailboxNotEnabledForRESTAPI'],
    [410, 'syncStateNotFound'],
    [429, 'ApplicationThrottled'],
    [503, 'serviceNotAvailable']
  ]
  for (const [status, code] of cases) {
    simulator.faults.add({ kind: 'status', status, count: 1 })
    t.match(await graph(path), { status, body: { error: { code, message: String, innerError: {} } } })
  }
  simulator.faults.add({
    kind: 'status',
    status: 503,
    code: 'MailboxInfoStale',
    retryAfter: '2.128',
    count: 1
  })
  const stale = await graph(path)
  t.equal(stale.body.error.code, 'MailboxInfoStale')
  t.equal(stale.headers['retry-after'], '2.128')
  t.equal((await graph(path)).status, 200, 'each was for one request')

  simulator.faults.add({ kind: 'status', status: 401, code: '7000222', route: 'token', count: 1 })
  t.match(await token().catch((error: unknown) => error), { errorCode: 'invalid_client', errorNo: '7000222' })
  simulator.faults.add({ kind: 'status', status: 429, route: 'token', count: 1 })
  t.match(await token().catch((error: unknown) => error), { errorNo: '90055' })
  t.ok(await token())
})

t.test('a fault affects the calls that it names, for as many requests or until it is removed', async (t) => {
  const { put, graph, simulator } = await openSimulator(t)
  put({ address: 'anna@example.se', aliases: ['a@example.se'] })
  put('bo@example.se')
  const statuses = async () => [
    (await graph(path)).status,
    (await graph(path.replace('anna', 'bo'))).status,
    (await graph('/$batch', { body: { requests: [{ id: '1', method: 'GET', url: path }] } })).status
  ]
  const during = async (fault: Parameters<typeof simulator.faults.add>[0]) => {
    const id = simulator.faults.add(fault)
    const found = await statuses()
    t.ok(simulator.faults.remove(id))
    return found
  }
  const status = 503
  t.same(await during({ kind: 'status', status }), [503, 503, 503])
  t.same(await during({ kind: 'status', status, tenant: 'example.se' }), [503, 503, 503])
  t.same(await during({ kind: 'status', status, tenant: 'elsewhere.se' }), [200, 200, 200])
  t.same(
    await during({ kind: 'status', status, mailbox: 'A@example.se' }),
    [503, 200, 200],
    'a batch is no mailbox'
  )
  t.same(await during({ kind: 'status', status, route: 'batch' }), [200, 200, 503])
  t.same(await during({ kind: 'status', status, route: 'getSchedule' }), [200, 200, 200])
  t.same(
    await during({ kind: 'status', status, tenant: simulatedTenant, clientId: 'another' }),
    [200, 200, 200]
  )

  simulator.faults.add({
    kind: 'status',
    status: 429,
    retryAfter: '0.25',
    mailbox: 'anna@example.se',
    count: 1
  })
  const requests = ['anna', 'bo', 'anna'].map((name, id) => ({
    id: String(id),
    method: 'GET',
    url: path.replace('anna', name)
  }))
  const { body } = await graph('/$batch', { body: { requests } })
  const throttled = body.responses.filter((each: { status: number }) => each.status === 429)
  t.equal(throttled.length, 1, 'one item of the batch')
  t.equal(throttled[0].headers['Retry-After'], '0.25')
  t.same(simulator.faults.list(), [])
})

t.test('on the wire: cut off, reset, a sign-in page, half a JSON, nothing, far too much', async (t) => {
  const { put, graph, simulator } = await openSimulator(t)
  put('anna@example.se', { start: '2026-11-23T09:00:00Z', end: '2026-11-23T10:00:00Z' })
  await graph(path)
  const batch = { body: { requests: [{ id: '1', method: 'GET', url: path }] } }
  const once = (fault: object) => simulator.faults.add({ ...fault, route: 'calendarView', count: 1 } as never)
  for (const kind of ['cutOff', 'reset']) {
    once({ kind })
    await t.rejects(graph(path), kind)
    once({ kind })
    await t.rejects(graph('/$batch', batch), `${kind} of a batch`)
  }
  once({ kind: 'garbage', garbage: 'html' })
  await t.rejects(graph(path), SyntaxError)
  once({ kind: 'garbage', garbage: 'truncatedJson' })
  await t.rejects(graph(path), SyntaxError)
  once({ kind: 'garbage', garbage: 'empty' })
  t.equal((await graph(path)).body, '')
  once({ kind: 'garbage', garbage: 'wrongTypes' })
  const wrong = await graph(path)
  t.equal(wrong.status, 200)
  t.equal(wrong.body.value[0], null)
  once({ kind: 'garbage', garbage: 'huge', bytes: 3_000_000 })
  const huge = await graph(path)
  t.ok(JSON.stringify(huge.body).length > 3_000_000)
  t.equal((await graph(path)).body.value.length, 1, 'and then all is well again')
})

t.test('slow answers come late, hanging ones when the fault is removed; both can be left', async (t) => {
  const { put, simulator, token, send, agent } = await openSimulator(t)
  put('anna@example.se')
  const headers = { authorization: `Bearer ${await token()}` }
  const caught = () => simulator.faults.list().length === 0
  const left = async (fault: FaultSpec) => {
    simulator.faults.add({ ...fault, count: 1 })
    const leaving = new AbortController()
    const { signal } = leaving
    const waiting = fetch(`${simulator.graphRoot}/v1.0${path}`, { headers, signal, dispatcher: agent })
    await until(caught)
    leaving.abort()
    await t.rejects(waiting, { name: 'AbortError' })
  }
  await left({ kind: 'slow', milliseconds: 3_600_000 })
  await left({ kind: 'hang' })
  await until(() => simulator.requests.count({ status: 0 }) === 2)
  t.equal(simulator.requests.list({ status: 0 })[0]?.mailbox, 'anna@example.se', 'the log knows who left')
  simulator.faults.add({ kind: 'slow', milliseconds: 5, count: 1 })
  t.equal((await send('GET', `/v1.0${path}`, { headers })).status, 200)

  const hang = simulator.faults.add({ kind: 'hang', count: 1 })
  let answered = false
  const hanging = send('GET', `/v1.0${path}`, { headers }).finally(() => {
    answered = true
  })
  await until(caught)
  t.equal((await send('GET', `/v1.0${path}`, { headers })).status, 200, 'others pass by')
  t.notOk(answered)
  simulator.faults.remove(hang)
  t.equal((await hanging).status, 200)
})

t.test('a share of the calls is befallen, the same ones with the same seed, for a while', async (t) => {
  const { put, graph, simulator } = await openSimulator(t)
  put('anna@example.se')
  const run = async (fault: object) => {
    simulator.faults.add({
      kind: 'status',
      status: 429,
      retryAfter: '1',
      probability: 0.3,
      ...fault
    } as never)
    const statuses: number[] = []
    for (let call = 0; call < 60; call += 1) statuses.push((await graph(path)).status)
    const hits = simulator.faults.list()[0]?.hits
    simulator.faults.clear()
    return { statuses, hits }
  }
  const first = await run({ seed: 4 })
  t.equal(first.statuses.filter((status) => status === 429).length, first.hits)
  t.ok(first.hits! > 8 && first.hits! < 30, `${first.hits} of 60`)
  t.same((await run({ seed: 4 })).statuses, first.statuses)
  t.notSame((await run({ seed: 5 })).statuses, first.statuses)
  simulator.faults.add({ kind: 'status', status: 503, durationMs: 1 })
  await until(() => !simulator.faults.any)
  t.equal((await graph(path)).status, 200)
})
