/** The export of a person, on both stores: all that is kept of them, and nothing of anybody else. */
import t from '../group/tap.ts'
import { startRedis } from '../support/redis-server.ts'
import { startTestService } from '../support/service.ts'
import { until } from '../support/until.ts'

const HOUR = 3_600_000
const root = '/v1/tenants/acme'
const inDays = (days: number) => `${new Date(Date.now() + days * 24 * HOUR).toISOString().slice(0, 19)}Z`

for (const store of ['lmdb', 'Redis']) {
  t.test(`all that is kept of a person comes out, and nothing of another, on ${store}`, async (t) => {
    const redisUrl = store === 'Redis' ? (await startRedis(t)).url : null
    const { call, tenant, calendar } = await startTestService(t, { redisUrl })
    await tenant('acme')
    await call('PUT', `${root}/rules`, { pack: 'infracom' })
    const anna = {
      displayName: 'Anna Ek',
      extension: '1070',
      numbers: ['+46701234567'],
      mailbox: 'anna.ics',
      owner: 'anna@acme.example',
      syncEnabled: true,
      timeZone: 'Europe/Helsinki',
      triggers: [{ match: 'word', text: 'padel', diversion: 'out-of-office' }]
    }
    const stamp = (offset: number) => new Date(Date.now() + offset).toISOString().replace(/[-:]|\.\d+/g, '')
    await calendar(
      'acme',
      'anna.ics',
      `BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Sick hemlig\r\nDTSTART:${stamp(-HOUR)}\r\nDTEND:${stamp(HOUR)}\r\nEND:VEVENT`
    )
    await call('PUT', `${root}/users/anna`, { ...anna, extension: '1069' })
    await call('PUT', `${root}/users/anna`, anna)
    await call('PUT', `${root}/users/annabel`, { displayName: 'Annabel', extension: '2', syncEnabled: false })
    await call('PUT', `${root}/connection`, { kind: 'ics', pollSeconds: 60 })
    const override = { diversion: 'lunch', minutes: 30 }
    await call('PUT', `${root}/users/anna/override`, override)
    const absence = { diversion: 'vacation', from: inDays(3), until: inDays(9) }
    await call('PUT', `${root}/users/anna/absences/xmas`, absence)
    await call('PUT', `${root}/users/annabel/absences/hers`, absence)
    const { body: key } = await call('POST', `${root}/keys`, {
      name: 'phone',
      role: 'softphone',
      user: 'anna'
    })
    await call('POST', `${root}/keys`, { name: 'other', role: 'softphone', user: 'annabel' })

    const { body, text } = await until('the calendar was read', async () => {
      const answer = await call('GET', `${root}/users/anna/export`)
      return answer.body?.timeline?.intervals.length > 0 && answer
    })
    t.strictSame(body.user, { user: 'anna', ...anna })
    t.match(body.override, { diversion: 'lunch' })
    t.strictSame(body.absences, [{ absence: 'xmas', ...absence }])
    t.match(body.timeline.intervals[0], { diversion: 'sick', from: 'tenant', private: false })
    t.match(body.sync, { enabled: true, fault: null, detail: 'subjects' })
    const { key: secret, ...listed } = key
    t.strictSame(body.keys, [listed], 'her key, and not that of one whose id begins alike')
    t.strictSame(
      body.changes.flatMap(({ vacated }: { vacated: string[] }) => vacated),
      ['1069'],
      'the extension that she had'
    )
    for (const word of ['hemlig', 'annabel', 'Annabel', secret, 'digest']) t.notOk(text.includes(word), word)

    t.equal((await call('GET', `${root}/users/nobody/export`)).status, 404)
    const headers = { authorization: `Bearer ${secret}` }
    t.equal((await call('GET', `${root}/users/anna/export`, undefined, headers)).status, 403)
  })
}
