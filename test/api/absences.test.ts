/** Absences at the running service, on both stores: entered, shown everywhere, changed, masked, counted and removed. */
import type { Test } from 'tap'
import t from '../group/tap.ts'
import { startRedis } from '../support/redis-server.ts'
import { startTestService, type TestService } from '../support/service.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const now = Math.floor(Date.now() / 1000) * 1000
const iso = (offset: number) => new Date(now + offset).toISOString().replace('.000Z', 'Z')
const acme = '/v1/tenants/acme'
const anna = `${acme}/users/anna`

async function startWithAnna(t: Test, store: string): Promise<TestService> {
  const redisUrl = store === 'Redis' ? (await startRedis(t)).url : null
  const service = await startTestService(t, { redisUrl })
  await service.tenant('acme')
  await service.call('PUT', `${acme}/rules`, { pack: 'infracom' })
  await service.call('PUT', anna, { displayName: 'Anna', extension: '1', syncEnabled: false })
  return service
}

for (const store of ['lmdb', 'Redis']) {
  t.test(`an absence is entered, shown everywhere and removed, on ${store}`, async (t) => {
    const { call } = await startWithAnna(t, store)
    const { cursor } = (await call('GET', `${acme}/statuses`)).body
    const vacation = { diversion: 'vacation', from: iso(-HOUR), until: iso(9 * DAY) }

    const put = await call('PUT', `${anna}/absences/summer`, vacation)
    t.strictSame([put.status, put.body], [201, { absence: 'summer', ...vacation }])
    t.equal((await call('PUT', `${anna}/absences/summer`, put.body)).status, 200, 'what GET gives can be put')

    const { changes, cursor: second } = (await call('GET', `${acme}/changes?cursor=${cursor}`)).body
    const shows = {
      user: 'anna',
      diversion: 'vacation',
      phone: 'closed',
      since: vacation.from,
      until: vacation.until,
      untilKind: 'known',
      reachableAt: vacation.until,
      source: 'absence'
    }
    t.match(changes, [shows], 'it is a change')
    const status = (await call('GET', `${anna}/status?explain=true`)).body
    t.match(status, { ...shows, rule: { from: 'absence' }, because: /inlagd/ })
    const timeline = (await call('GET', `${anna}/timeline`)).body
    t.strictSame(timeline.intervals, [], 'the calendar alone')
    t.strictSame(timeline.absences, [put.body])
    const effective = (await call('GET', `${anna}/timeline?effective=true&explain=true`)).body.intervals
    t.match(effective, [
      { start: vacation.from, end: vacation.until, diversion: 'vacation', rule: { from: 'absence' } }
    ])

    await call('PUT', `${anna}/override`, { diversion: 'available' })
    t.match((await call('GET', `${anna}/status`)).body, {
      diversion: 'available',
      source: 'override',
      until: null
    })
    await call('DELETE', `${anna}/override`)
    await call('PUT', `${anna}/absences/summer`, { ...vacation, diversion: 'on-leave' })
    t.match((await call('GET', `${anna}/status`)).body, { diversion: 'on-leave' })

    const waiting = call('GET', `${acme}/changes?cursor=${second}&wait=20`)
    t.equal((await call('DELETE', `${anna}/absences/summer`)).status, 204)
    t.equal((await call('DELETE', `${anna}/absences/summer`)).status, 404)
    t.ok((await waiting).body.changes.length > 0, 'a long poll wakes')
    t.match((await call('GET', `${anna}/status`)).body, { diversion: 'available', source: 'none' })
  })

  t.test(`absences come from a sheet, on ${store}`, async (t) => {
    const { call } = await startWithAnna(t, store)
    const send = (text: string, query = '') =>
      call('POST', `${acme}/absences/import${query}`, text, { 'content-type': 'text/csv' })
    const day = (offset: number) => iso(offset * DAY).slice(0, 10)
    const head = 'user;absence;diversion;from;until;phone\r\n'
    const good = `${head}anna;week;vacation;${day(10)};${day(12)};\r\nanna;dentist;out-of-office;${day(20)} 13:00;${day(20)} 15:00;open\r\n`

    t.match((await send(good, '?dryRun=true')).body, { dryRun: true, created: 2 })
    t.strictSame((await call('GET', `${anna}/absences`)).body.absences, [])
    t.match((await send(good)).body, {
      created: 2,
      updated: 0,
      unchanged: 0,
      rows: [
        { row: 2, user: 'anna', absence: 'week', action: 'created' },
        { row: 3, user: 'anna', absence: 'dentist', action: 'created' }
      ]
    })
    const { absences } = (await call('GET', `${anna}/absences`)).body
    t.strictSame(
      absences.map(({ absence, phone }: { absence: string; phone?: string }) => [absence, phone]),
      [
        ['dentist', 'open'],
        ['week', undefined]
      ],
      'by id'
    )
    const week = absences[1]
    const local = (time: string) => new Date(time).toLocaleString('sv-SE', { timeZone: 'Europe/Stockholm' })
    t.strictSame([local(week.from), local(week.until)], [`${day(10)} 00:00:00`, `${day(13)} 00:00:00`])
    t.match((await send(good)).body, { unchanged: 2 })

    const bad = await send(
      `${head}nobody;a;vacation;${day(1)};${day(2)};\r\nanna;b;holiday;${day(1)};32/13;\r\nanna;week;vacation;${day(9)};${day(8)};\r\n`
    )
    t.equal(bad.status, 400)
    t.strictSame(
      bad.body.errors.map(({ row, field }: { row: number; field: string }) => [row, field]),
      [
        [2, 'user'],
        [3, 'until'],
        [4, 'until']
      ]
    )
    t.match((await call('GET', `${anna}/absences/week`)).body, week, 'nothing was saved')
  })
}

t.test('what cannot be is refused by name', async (t) => {
  const { call } = await startWithAnna(t, 'lmdb')
  const good = { diversion: 'vacation', from: iso(DAY), until: iso(2 * DAY) }
  const faultOf = async (body: object) => {
    const { status, body: problem } = await call('PUT', `${anna}/absences/a`, body)
    return [status, problem.errors?.[0]?.field]
  }
  t.strictSame(await faultOf({ ...good, diversion: 'siesta' }), [400, 'diversion'])
  t.strictSame(await faultOf({ ...good, until: good.from }), [400, 'until'])
  t.strictSame(await faultOf({ ...good, from: iso(-2 * DAY), until: iso(-DAY) }), [400, 'until'])
  t.strictSame(await faultOf({ ...good, until: iso(401 * DAY) }), [400, 'until'])
  t.strictSame(await faultOf({ ...good, diversion: 'available', phone: 'closed' }), [400, 'phone'])
  t.strictSame(await faultOf({ ...good, absence: 'b' }), [400, 'absence'])
  t.equal((await call('PUT', `${acme}/users/nobody/absences/a`, good)).status, 404)
  for (let index = 0; index < 50; index++) {
    t.equal((await call('PUT', `${anna}/absences/${index}`, good)).status, 201)
  }
  const full = await call('PUT', `${anna}/absences/50`, good)
  t.match([full.status, full.body.type], [409, /limit_reached$/])
  t.equal((await call('PUT', `${anna}/absences/49`, { ...good, phone: 'open' })).status, 200)
  const page = (await call('GET', `${anna}/absences?limit=2`)).body
  t.strictSame([page.absences.length, page.after], [2, '1'])

  const rules = (await call('GET', `${acme}/rules`)).body
  const { effective, version: _, ...put } = rules
  const diversions = effective.diversions.filter(({ code }: { code: string }) => code !== 'vacation')
  const triggers = effective.triggers.filter(
    ({ diversion }: { diversion: string }) => diversion !== 'vacation'
  )
  const refused = await call('PUT', `${acme}/rules`, { ...put, diversions, triggers })
  t.match([refused.status, refused.body.errors[0].field], [409, 'users/anna/absences/0'])
})

t.test('a softphone enters its own, and a sensitive one is masked for others', async (t) => {
  const { call } = await startWithAnna(t, 'lmdb')
  await call('PUT', `${acme}/users/bo`, { displayName: 'Bo', extension: '2', syncEnabled: false })
  const keyOf = async (body: object) => {
    const { key } = (await call('POST', `${acme}/keys`, { name: 'k', ...body })).body
    return { authorization: `Bearer ${key}` }
  }
  const own = await keyOf({ role: 'softphone', user: 'anna' })
  const board = await keyOf({ role: 'switch', sensitive: false })
  const sick = { diversion: 'sick', from: iso(0), until: iso(DAY) }
  t.match((await call('PUT', `${anna}/absences/flu`, sick, own)).body, { diversion: 'sick' })
  t.equal((await call('PUT', `${acme}/users/bo/absences/flu`, sick, own)).status, 404)
  for (const path of [`${anna}/absences/flu`, `${anna}/absences`, `${anna}/timeline`, `${anna}/status`]) {
    t.match((await call('GET', path, undefined, own)).text, '"sick"', path)
    const { text, status } = await call('GET', path, undefined, board)
    t.equal(status, 200)
    t.notMatch(text, 'sick', path)
    t.match(text, '"out-of-office"', path)
  }
  const answer = await call('PUT', `${anna}/absences/flu`, { ...sick, phone: 'open' }, board)
  t.match([answer.status, answer.body.diversion], [200, 'out-of-office'], 'its writer too')
})
