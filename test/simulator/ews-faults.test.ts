/** EWS's own trouble on order: throttling, rights that are gone, pages, corrupted answers; and concurrency as it is limited. */

import { fetch } from 'undici'
import { parseXml } from '../../simulator/ews/xml.ts'
import t from '../group/tap.ts'
import { until } from '../support/until.ts'
import {
  availabilityBody,
  basic,
  calendarOf,
  every,
  openEws,
  outline,
  service,
  soapCall,
  tenant,
  texts,
  view
} from './ews-open.ts'

const lunch = { subject: 'LUN: sill', start: '2026-11-23T11:00:00Z', end: '2026-11-23T12:00:00Z' }
const anna = { address: 'anna@example.se', rights: { default: 'reviewer' }, events: [lunch] } as const
const find = view(calendarOf('anna@example.se'))

t.test(
  'a fault comes in a fault, or in the messages, each with its own namespace for the pause',
  async (t) => {
    const { put, ask, simulator } = await openEws(t)
    put(anna)
    simulator.faults.add({ kind: 'ews', code: 'ErrorServerBusy', backOffMilliseconds: 297749, count: 1 })
    const busy = await ask(find)
    t.equal(busy.status, 500)
    t.equal(
      outline(busy.document!),
      'Envelope(Body(Fault(faultcode,faultstring,detail(ResponseCode,Message,MessageXml(Value)))))'
    )
    const [xml] = every(busy.body, 'MessageXml')
    t.match(xml, {
      space: 'http://schemas.microsoft.com/exchange/services/2006/types',
      children: [{ attributes: { Name: 'BackOffMilliseconds' }, text: '297749' }]
    })
    simulator.faults.add({
      kind: 'ews',
      code: 'ErrorServerBusy',
      backOffMilliseconds: 5,
      inMessages: true,
      count: 1
    })
    const item = await ask(find)
    t.match([item.status, item.code], [200, 'ErrorServerBusy'])
    t.equal(
      every(item.body, 'MessageXml')[0]?.space,
      'http://schemas.microsoft.com/exchange/services/2006/messages'
    )
    const codes = [
      'ErrorExceededConnectionCount',
      'ErrorImpersonateUserDenied',
      'ErrorNonExistentMailbox',
      'ErrorInternalServerTransientError',
      'ErrorMailboxMoveInProgress'
    ]
    for (const code of codes) {
      simulator.faults.add({ kind: 'ews', code, route: 'findItem', count: 1 })
      t.match(await ask(find), { status: 500, code })
    }
    t.equal((await ask(find)).code, 'NoError')
  }
)

t.test('a fault may affect one mailbox of an availability request', async (t) => {
  const { put, ask, simulator } = await openEws(t)
  put(anna)
  put({ ...anna, address: 'bo@example.se' })
  const codes = async () =>
    texts((await ask(availabilityBody(['anna@example.se', 'bo@example.se']))).body, 'ResponseCode')
  const id = simulator.faults.add({ kind: 'ews', code: 'ErrorMailboxLogonFailed', mailbox: 'BO@example.se' })
  t.same(await codes(), ['NoError', 'ErrorMailboxLogonFailed'])
  simulator.faults.remove(id)
  simulator.faults.add({ kind: 'status', status: 503, mailbox: 'anna@example.se', count: 1 })
  t.same(await codes(), ['ErrorProxyRequestProcessingFailed', 'NoError'])
  t.same(await codes(), ['NoError', 'NoError'])
  simulator.faults.add({ kind: 'status', status: 503, retryAfter: '7', count: 1 })
  const whole = await ask(availabilityBody(['anna@example.se']))
  t.match(
    [whole.status, whole.headers.get('retry-after'), whole.headers.get('content-type')],
    [503, '7', /^text\/html/]
  )
  simulator.faults.add({ kind: 'status', status: 401, clientId: 'svc@example.se', count: 1 })
  const out = await ask(find)
  t.match([out.status, out.headers.get('www-authenticate')], [401, /NTLM/])
})

t.test(
  'answers are corrupted in every way that a network, a proxy or a hostile server can corrupt them',
  async (t) => {
    const { put, ask, simulator } = await openEws(t)
    put(anna)
    const right = await ask(find)
    const corrupted = (garbage: string, bytes?: number) => {
      simulator.faults.add({
        kind: 'garbage',
        garbage: garbage as 'html',
        count: 1,
        ...(bytes ? { bytes } : {})
      })
      return ask(find)
    }
    const other = await corrupted('reprefixed')
    t.same(outline(other.document!), outline(right.document!))
    t.match(other.text, /^<\?xml [^>]*><SOAP-ENV:Envelope .*<ns2:Subject>LUN: sill</)
    t.match((await corrupted('html')).text, /^<!DOCTYPE html>/)
    t.equal((await corrupted('truncatedJson')).text.length, Math.ceil(Buffer.byteLength(right.text) / 2))
    t.equal((await corrupted('concatenated')).text, right.text + right.text)
    t.equal((await corrupted('empty')).text, '')
    t.match((await corrupted('entities')).text, /<!DOCTYPE x \[<!ENTITY a .*&i;<\/t:Subject>/)
    t.equal((await corrupted('deep')).text.split('<m:x>').length, 100_001)
    t.match((await corrupted('wrongTypes')).text, /<t:Start>noon</)
    t.notOk(parseXml((await corrupted('wrongCharset')).text))
    const huge = await corrupted('huge', 1_000_000)
    t.ok(huge.text.length > 1_000_000 && huge.document, 'right to the last byte')
    for (const kind of ['cutOff', 'reset'] as const) {
      simulator.faults.add({ kind, count: 1 })
      await t.rejects(ask(find))
    }
    simulator.faults.add({ kind: 'slow', milliseconds: 1, count: 1 })
    t.equal((await ask(find)).text, right.text)
  }
)

t.test(
  'more calls at a time than the budget allows are turned away; impersonated ones have their mailbox’s own',
  async (t) => {
    const { put, ask, simulator, agent } = await openEws(t, { atOnce: 2 })
    put(anna)
    put('bo@example.se')
    const hang = simulator.faults.add({ kind: 'hang', count: 2 })
    const hanging = [ask(find), ask(find)]
    await until(() => simulator.requests.peakConcurrency('svc@example.se') === 2)
    t.equal((await ask(find)).code, 'ErrorExceededConnectionCount')
    t.equal((await ask(view(calendarOf()), { impersonate: { name: 'bo@example.se' } })).code, 'NoError')
    simulator.faults.remove(hang)
    t.same(
      (await Promise.all(hanging)).map(({ code }) => code),
      ['NoError', 'NoError']
    )
    t.same(
      simulator.requests.list({ route: 'findItem', mailbox: 'anna@example.se' }).map(({ status }) => status),
      [500, 200, 200]
    )

    const gone = new AbortController()
    simulator.faults.add({ kind: 'hang', count: 1 })
    const left = fetch(simulator.ewsUrl, {
      method: 'POST',
      headers: { 'content-type': 'text/xml', authorization: basic(service.user, service.password) },
      body: soapCall(find),
      dispatcher: agent,
      signal: gone.signal
    })
    await until(() => simulator.faults.list().length === 0)
    gone.abort()
    await t.rejects(left)
    await until(() => simulator.requests.list({ tenant, status: 0 }).length === 1)
  }
)

t.test('a fault can apply before the sign-in', async (t) => {
  const { put, ask, simulator } = await openEws(t)
  put(anna)
  const route = 'signIn'
  simulator.faults.add({ kind: 'status', status: 440, route, count: 1 })
  t.equal((await ask(find)).status, 440)
  simulator.faults.add({ kind: 'status', status: 401, route, count: 1 })
  t.match((await ask(find)).headers.get('www-authenticate'), /Negotiate, NTLM/)
  simulator.faults.add({ kind: 'garbage', garbage: 'html', route, count: 1 })
  t.match((await ask(find)).text, /^<!DOCTYPE html>/)
  simulator.faults.add({ kind: 'status', status: 503, count: 1 })
  t.equal(
    (await ask(find, { authorization: null })).status,
    401,
    'other trouble is for those who have signed in'
  )
  t.same([(await ask(find)).status, (await ask(find)).status], [503, 200])
})

t.test('a person puts, sees and removes a server over the control API', async (t) => {
  const { ask, put, simulator, agent } = await openEws(t)
  put(anna)
  const control = async (method: string, path: string, body?: unknown) => {
    const sent =
      body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    const response = await fetch(`${simulator.origin}/control${path}`, { method, ...sent, dispatcher: agent })
    const text = await response.text()
    return [response.status, text && JSON.parse(text)]
  }
  const path = `/tenants/${tenant}/exchange`
  const accounts = [{ user: 'other', password: 'x', address: 'svc@example.se', impersonates: 'everybody' }]
  t.same(await control('PUT', path, { version: '2010_SP3', schemes: ['basic'], accounts }), [
    200,
    { version: '2010_SP3', schemes: ['basic'] }
  ])
  t.same(
    await control('GET', path),
    [200, { version: '2010_SP3', schemes: ['basic'] }],
    'no password comes out'
  )
  t.equal(
    (await ask(find, { authorization: basic('other', 'x'), version: 'Exchange2010_SP2' })).code,
    'NoError'
  )
  for (const wrong of [
    { version: '2003' },
    { versions: 'SE' },
    { accounts: [{ user: 'x' }] },
    { schemes: ['kerberos'] },
    { atOnce: 0 }
  ]) {
    t.equal((await control('PUT', path, wrong))[0], 400, JSON.stringify(wrong))
  }
  t.equal(
    (
      await control('POST', '/faults', {
        kind: 'ews',
        code: 'ErrorServerBusy',
        backOffMilliseconds: 5,
        count: 1
      })
    )[0],
    201
  )
  t.equal(
    (await ask(find, { authorization: basic('other', 'x'), version: 'Exchange2010_SP2' })).code,
    'ErrorServerBusy'
  )
  t.equal((await control('POST', '/faults', { kind: 'ews' }))[0], 400)
  t.equal((await control('DELETE', `/tenants/${tenant}/subscriptions`))[0], 204)
  t.equal((await control('DELETE', path))[0], 204)
  t.equal((await control('GET', path))[0], 404)
  t.equal((await ask(find)).status, 404)
})
