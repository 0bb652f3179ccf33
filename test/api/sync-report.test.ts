/** Finding the users whose calendars are not read as they should be. */
import t from '../group/tap.ts'
import { startTestService, vevent } from '../support/service.ts'
import { until } from '../support/until.ts'

const service = await startTestService(t)
const { call } = service
await service.tenant('acme')
await service.calendar('acme', 'good.ics', vevent('LUN', Date.now(), Date.now() + 3_600_000))
const users: [string, object][] = [
  ['anna', { mailbox: 'good.ics', syncEnabled: true }],
  ['bo', { mailbox: 'missing.ics', syncEnabled: true }],
  ['cia', { syncEnabled: false }],
  ['dan', { mailbox: 'gone.ics', syncEnabled: true }]
]
for (const [id, more] of users) {
  await call('PUT', `/v1/tenants/acme/users/${id}`, { displayName: id, extension: '1', ...more })
}
await call('PUT', '/v1/tenants/acme/connection', { kind: 'ics' })
const report = async (query = '') => {
  const { body, status, text } = await call('GET', `/v1/tenants/acme/sync${query}`)
  if (status !== 200) throw new Error(text)
  return { ids: body.users.map(({ user }: { user: string }) => user).join(' '), after: body.after }
}
await until('all were tried', async () => (await report('?state=never')).ids === '')

t.test('by state and by code, a comma list of each, page by page', async (t) => {
  t.equal((await report()).ids, 'anna bo cia dan')
  t.equal((await report('?state=fresh')).ids, 'anna')
  t.equal((await report('?state=fresh,off')).ids, 'anna cia')
  t.equal((await report('?state=failed')).ids, 'bo dan')
  t.equal((await report('?code=mailbox_unknown')).ids, 'bo dan')
  t.equal((await report('?code=mailbox_unknown,throttled&state=fresh')).ids, '', 'both must be true')
  t.strictSame(await report('?state=failed&limit=1'), { ids: 'bo', after: 'bo' })
  t.strictSame(await report('?state=failed&limit=1&after=bo'), { ids: 'dan', after: undefined })
})

t.test('a state or code that does not exist is refused with those that do', async (t) => {
  for (const query of ['state=red', 'state=', 'state=fresh,', 'code=oops']) {
    const { status, body } = await call('GET', `/v1/tenants/acme/sync?${query}`)
    t.equal(status, 400, query)
    t.match(body.detail, /comma list of/)
  }
})
