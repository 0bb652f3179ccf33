/** Section 5 of the design for switches: one entry for each extension, whoever shares it; searching, pages and languages. */
import t from '../group/tap.ts'
import { startTestService } from '../support/service.ts'

const service = await startTestService(t)
const { call } = service
const acme = '/v1/tenants/acme'
type Entry = Record<string, unknown> & { extension: string; users?: string[]; user?: string }

const put = async (path: string, body: object) => {
  const answer = await call('PUT', path, body)
  if (answer.status >= 300) throw new Error(`${path}: ${answer.text}`)
  return answer.body
}
const user = (id: string, extension: string, more = {}) =>
  put(`${acme}/users/${id}`, { displayName: id, extension, syncEnabled: false, ...more })
const override = (id: string, diversion: string, minutes: number | null = null) =>
  put(`${acme}/users/${id}/override`, {
    diversion,
    ...(minutes === null ? { until: null } : { until: new Date(Date.now() + minutes * 60_000).toISOString() })
  })
const get = async (path: string) => {
  const answer = await call('GET', `${acme}/${path}`)
  t.equal(answer.status, 200, answer.text)
  return answer.body
}
const entries = async (query = ''): Promise<Entry[]> => (await get(`statuses?by=extension${query}`)).statuses
const follow = (from: string) => {
  let cursor = from
  return async (): Promise<Entry[]> => {
    const body = await get(`changes?by=extension&cursor=${cursor}`)
    cursor = body.cursor
    return body.changes
  }
}

await service.tenant('acme')
await user('anna', '1070')
await user('bo', '1070')
await user('cia', '1071', { displayName: 'Cia Ek', numbers: ['+46701740605'] })

t.test(
  'an extension is closed only while all who share it are, and then shows who is reachable first',
  async (t) => {
    const all = await get('statuses?by=extension')
    t.match(all, { cursor: /./, at: /^[^.]+Z$/ })
    t.match(all.statuses, [
      { extension: '1070', users: ['anna', 'bo'], user: 'anna', phone: 'open' },
      { extension: '1071', users: ['cia'], user: 'cia' }
    ])
    const since = follow(all.cursor)
    await override('anna', 'meeting')
    t.match(await since(), [{ extension: '1070', user: 'bo', phone: 'open', users: ['anna', 'bo'] }])
    await override('bo', 'lunch', 30)
    const closed = { extension: '1070', user: 'bo', diversion: 'lunch', phone: 'closed', reachableAt: /Z$/ }
    t.match(await since(), [closed], 'who has no known end comes last')
    await override('anna', 'meeting', 10)
    t.match(await since(), [{ extension: '1070', user: 'anna', diversion: 'meeting', phone: 'closed' }])
    t.match(await entries(), [{ user: 'anna' }, { user: 'cia' }])
    t.match(await entries('&phone=open'), [{ user: 'cia' }])
    t.match(await get('extensions/1070/status'), { extension: '1070', users: ['anna', 'bo'], user: 'anna' })
    t.equal((await call('GET', `${acme}/extensions/9/status`)).status, 404)
    t.equal((await call('GET', '/v1/tenants/nobody/extensions/1070/status')).status, 404)
    t.strictSame(await since(), [])
  }
)

t.test('an extension that moves to another user, or to none', async (t) => {
  const { cursor } = await get('statuses')
  const since = follow(cursor)
  await user('bo', '1072')
  const moved = await since()
  t.match(moved, [
    { extension: '1070', users: ['anna'] },
    { extension: '1072', users: ['bo'] }
  ])
  await user('bo', '1073')
  t.match(await since(), [{ extension: '1073' }, { extension: '1072', removed: true }])
  t.equal((await call('DELETE', `${acme}/users/bo`)).status, 204)
  t.strictSame(await since(), [{ extension: '1073', removed: true }])
  t.match(
    (await get(`changes?cursor=${cursor}`)).changes,
    [{ user: 'bo', extension: '1073', removed: true }],
    'by user the cursor is the same'
  )
  await user('bo', '1070')
  t.match(await since(), [{ extension: '1070', users: ['anna', 'bo'] }])
  t.match(
    (await get(`changes?by=extension&cursor=${cursor}`)).changes,
    [{ extension: '1070' }, { extension: '1072', removed: true }, { extension: '1073', removed: true }],
    'who was away all the while'
  )
})

t.test('searched, a page at a time, and in another language', async (t) => {
  const users = async (query: string) =>
    (await get(`statuses?${query}`)).statuses.map((one: Entry) => one.user)
  t.strictSame(await users('q=EK'), ['cia'])
  t.strictSame(await users('q=4670174'), ['cia'])
  t.strictSame(await users('q=107'), ['anna', 'bo', 'cia'])
  t.strictSame(await users('q=nobody'), [])
  const first = await get('statuses?limit=2')
  t.strictSame(Object.keys(first), ['at', 'after', 'statuses'], 'a page carries no cursor')
  t.match(first, { after: 'bo', statuses: [{ user: 'anna' }, { user: 'bo' }] })
  t.match(await get('statuses?limit=2&after=bo'), { statuses: [{ user: 'cia' }] })
  t.notOk('after' in (await get('statuses?limit=3')))
  t.match(await get('statuses?by=extension&limit=1'), { after: '1070', statuses: [{ extension: '1070' }] })
  t.match(await get('statuses?by=extension&limit=1&after=1070'), { statuses: [{ extension: '1071' }] })

  const english = await get('statuses?language=en')
  t.match(english, { cursor: /./, statuses: [{ label: 'Meeting' }, {}, {}] })
  t.match(await get('statuses'), { statuses: [{ label: 'Möte' }, {}, {}] })
  await override('cia', 'lunch')
  t.match((await get(`changes?cursor=${english.cursor}&language=en`)).changes, [
    { user: 'cia', label: 'Lunch' }
  ])
})

t.test('a timeline with the override beside it, and laid over it', async (t) => {
  const calendar = await get('users/cia/timeline')
  t.match(calendar, { override: { diversion: 'lunch', from: /^[^.]+Z$/, until: null } })
  t.strictSame(calendar.intervals, [])
  const { intervals } = await get('users/cia/timeline?effective=true&explain=true')
  t.match(intervals, [{ diversion: 'lunch', phone: 'closed', end: null, rule: null, because: /./ }])
  t.equal((await get('users/bo/timeline')).override, null)
})
