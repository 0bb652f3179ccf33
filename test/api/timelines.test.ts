/** A user's coming diversions: by the calendar, by hand, and as they count together. */
import t from '../group/tap.ts'
import { startTestService, vevent } from '../support/service.ts'
import { until } from '../support/until.ts'

const service = await startTestService(t)
const { call } = service
const MINUTE = 60_000
const now = Math.floor(Date.now() / 1000) * 1000
const iso = (minutes: number) => new Date(now + minutes * MINUTE).toISOString().replace('.000Z', 'Z')
const anna = '/v1/tenants/acme/users/anna'

await service.tenant('acme')
await call('PUT', '/v1/tenants/acme/rules', { pack: 'infracom' })
await service.calendar('acme', 'anna.ics', vevent('LUN', now + 30 * MINUTE, now + 60 * MINUTE))
await call('PUT', anna, { displayName: 'Anna', extension: '1', mailbox: 'anna.ics', syncEnabled: true })
await call('PUT', '/v1/tenants/acme/connection', { kind: 'ics' })
await until(
  'the calendar is read',
  async () => (await call('GET', `${anna}/status`)).body.sync.state === 'fresh'
)

const lunch = { start: iso(30), end: iso(60), diversion: 'lunch', phone: 'closed' }
const timeline = async (query = '') => {
  const { body, status, text } = await call('GET', `${anna}/timeline${query}`)
  if (status !== 200) throw new Error(text)
  return body
}

t.test('without an override the two are the same', async (t) => {
  const { intervals, override, absences } = await timeline()
  t.strictSame({ intervals, override, absences }, { intervals: [lunch], override: null, absences: [] })
  t.strictSame((await timeline('?effective=true')).intervals, [lunch])
})

t.test('an override is listed beside the calendar, and with effective=true replaces it', async (t) => {
  await call('PUT', `${anna}/override`, { diversion: 'meeting', until: iso(45) })
  const { intervals, override } = await timeline()
  t.strictSame(intervals, [lunch], 'the calendar alone')
  t.match(override, { diversion: 'meeting', from: /Z$/, until: iso(45) })
  t.strictSame((await timeline('?effective=true')).intervals, [
    { start: override.from, end: iso(45), diversion: 'meeting', phone: 'closed' },
    { start: iso(45), end: iso(60), diversion: 'lunch', phone: 'closed' }
  ])
  const [first, second] = (await timeline('?effective=true&explain=true')).intervals
  t.match([first.rule, first.because], [null, /för hand/])
  t.match(second.rule, { from: 'tenant', text: 'LUN' })
})

t.test('one that somebody must remove has no end', async (t) => {
  await call('PUT', `${anna}/override`, { diversion: 'meeting', until: null })
  const { intervals, override } = await timeline('?effective=true')
  t.match(
    [intervals.length, intervals[0].diversion, intervals[0].end, override.until],
    [1, 'meeting', null, null]
  )
  await call('PUT', `${anna}/override`, { diversion: 'meeting', minutes: 10 })
  t.ok(Date.parse((await timeline()).override.until) <= Date.now() + 10 * MINUTE)
  await call('DELETE', `${anna}/override`)
  t.equal((await timeline()).override, null)
})
