/** Office hours at the running service, on both stores: off until they are put, then a floor below everything. */

import { officeDays } from '../../src/domain/hours/office-hours.ts'
import t from '../group/tap.ts'
import { startRedis } from '../support/redis-server.ts'
import { startTestService } from '../support/service.ts'

const DAY = 86_400_000
const acme = '/v1/tenants/acme'
const anna = `${acme}/users/anna`
const tomorrow = new Date(Math.floor(Date.now() / DAY) * DAY + DAY)
const name = officeDays[(tomorrow.getUTCDay() + 6) % 7]!
const opens = `${tomorrow.toISOString().slice(0, 10)}T08:00:00Z`
const closes = opens.replace('T08', 'T09')
/** Open tomorrow from eight to nine, and never today. */
const hours = { zone: 'UTC', week: { [name]: [['08:00', '09:00']] }, outside: 'gone-for-the-day' }
const tenant = { name: 'Acme', timeZone: 'Europe/Stockholm', language: 'sv' }

for (const store of ['lmdb', 'Redis']) {
  t.test(`who has no calendar is gone until the office opens, on ${store}`, async (t) => {
    const redisUrl = store === 'Redis' ? (await startRedis(t)).url : null
    const { call } = await startTestService(t, { redisUrl })
    await call('PUT', acme, tenant)
    await call('PUT', `${acme}/rules`, { pack: 'infracom' })
    await call('PUT', anna, { displayName: 'Anna', extension: '1', syncEnabled: false })
    const status = async (query = '') => (await call('GET', `${anna}/status${query}`)).body
    t.match(await status(), { diversion: 'available', phone: 'open', source: 'none' }, 'off by default')
    const { cursor } = (await call('GET', `${acme}/statuses`)).body

    const waiting = call('GET', `${acme}/changes?cursor=${cursor}&wait=30`)
    const put = await call('PUT', acme, { ...tenant, officeHours: hours })
    t.strictSame([put.status, put.body.officeHours], [200, hours])
    const gone = {
      user: 'anna',
      diversion: 'gone-for-the-day',
      phone: 'closed',
      until: opens,
      untilKind: 'known',
      reachableAt: opens,
      source: 'hours',
      sync: { state: 'off' }
    }
    t.match((await waiting).body.changes, [gone], 'a long poll wakes')
    t.match(await status('?explain=true'), {
      ...gone,
      rule: { from: 'hours' },
      because: 'Utanför kontorstid.'
    })
    t.match((await call('GET', `${acme}/statuses`)).body.statuses, [gone])
    t.match(await status(`?at=${opens}`), { diversion: 'available', source: 'none' })
    const effective = (await call('GET', `${anna}/timeline?effective=true`)).body.intervals
    t.match(effective[0], { end: opens, diversion: 'gone-for-the-day' })

    await call('PUT', `${anna}/override`, { diversion: 'available' })
    t.match(
      await status(),
      { diversion: 'available', source: 'override', until: closes },
      'back early, until they are gone again'
    )
    await call('PUT', `${anna}/override`, { diversion: 'gone-for-the-day' })
    t.match(await status(), { source: 'override', until: opens }, 'it ends at the next opening')
    await call('DELETE', `${anna}/override`)

    const date = new Date().toISOString().slice(0, 10)
    const holidays = { add: [{ date, name: 'Firmafest' }] }
    await call('PATCH', anna, { officeHours: { ...hours, holidays } })
    t.match((await call('GET', anna)).body.officeHours, { ...hours, holidays })
    t.match(await status('?explain=true'), {
      rule: { from: 'holiday' },
      because: 'Stängt: Firmafest.',
      reachableAt: opens
    })
    await call('PATCH', anna, { officeHours: { ...hours, outside: null } })
    t.match(await status(), { diversion: 'available', source: 'none' }, 'their own say none')
    await call('PATCH', anna, { officeHours: null })
    t.match(await status(), gone, 'the tenant’s again')
    await call(
      'POST',
      `${acme}/users/import`,
      'user;displayName;extension;syncEnabled\r\nanna;Anna;1;false\r\n',
      { 'content-type': 'text/csv' }
    )
    await call('PUT', acme, tenant)
    t.match(await status(), { diversion: 'available', source: 'none' })
  })
}

t.test('what cannot be is refused by name', async (t) => {
  const { call } = await startTestService(t)
  await call('PUT', acme, tenant)
  const faultOf = async (officeHours: object) => {
    const { status, body } = await call('PUT', acme, { ...tenant, officeHours })
    return [status, body.errors?.[0]?.field]
  }
  t.strictSame(await faultOf({ ...hours, outside: 'siesta' }), [400, 'officeHours/outside'])
  t.strictSame(await faultOf({ ...hours, zone: 'Stockholm' }), [400, 'officeHours/zone'])
  t.strictSame(await faultOf({ ...hours, week: { mon: [['17:00', '08:00']] } }), [
    400,
    'officeHours/week/mon/0'
  ])
  t.strictSame(await faultOf({ ...hours, holidays: { country: 'DE' } }), [
    400,
    'officeHours/holidays/country'
  ])
  t.equal((await faultOf({ ...hours, week: { monday: [] } }))[0], 400)
  t.equal((await faultOf({ ...hours, week: { mon: [['08:00']] } }))[0], 400)
})

t.test('a diversion that holds outside office hours cannot leave the catalogue', async (t) => {
  const { call } = await startTestService(t)
  await call('PUT', acme, { ...tenant, officeHours: hours })
  const { effective, version: _, ...put } = (await call('GET', `${acme}/rules`)).body
  const without = (list: { code?: string; diversion?: string }[]) =>
    list.filter(({ code, diversion }) => (code ?? diversion) !== hours.outside)
  const body = { ...put, diversions: without(effective.diversions), triggers: without(effective.triggers) }
  const refused = await call('PUT', `${acme}/rules`, body)
  t.match([refused.status, refused.body.errors?.[0]?.field], [409, 'tenant/officeHours/outside'])
  await call('PUT', acme, tenant)
  t.match((await call('PUT', `${acme}/rules`, body)).status, /200|201/)
})
