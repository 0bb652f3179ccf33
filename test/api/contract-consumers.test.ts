/** Section 5 of the design as switches and softphones use it: statuses, filters, cursors, long polls, what goes away. */
import t from '../group/tap.ts'
import { startTestService, vevent } from '../support/service.ts'

const service = await startTestService(t)
const { call } = service
const root = (tenant: string) => `/v1/tenants/${tenant}`
type Status = Record<string, unknown> & { user: string }

const put = async (path: string, body: object) => {
  const answer = await call('PUT', path, body)
  if (answer.status >= 300) throw new Error(`${path}: ${answer.text}`)
  return answer
}
const user = (tenant: string, id: string, changes = {}) =>
  put(`${root(tenant)}/users/${id}`, { displayName: id, extension: '1000', syncEnabled: false, ...changes })
const override = (tenant: string, id: string, diversion: string, until?: string) =>
  put(`${root(tenant)}/users/${id}/override`, { diversion, ...(until && { until }) })
const statuses = async (tenant: string, query = '') =>
  (await call('GET', `${root(tenant)}/statuses${query}`)).body
const changes = (tenant: string, cursor: string, wait = 0) =>
  call('GET', `${root(tenant)}/changes?cursor=${cursor}&wait=${wait}`)
const ids = (list: readonly Status[]) => list.map((one) => one.user)
const soon = (milliseconds: number) => new Date(Date.now() + milliseconds).toISOString()

t.test('statuses: by user id, filtered, at an instant', async (t) => {
  await service.tenant('acme')
  const empty = await statuses('acme')
  t.strictSame(Object.keys(empty), ['at', 'cursor', 'statuses'])
  t.strictSame(empty.statuses, [])
  await user('acme', 'cia', { extension: '1070' })
  await user('acme', 'Bo', { extension: '1071', numbers: ['+46701740605', '+468123'] })
  await user('acme', 'anna', { extension: '1070' })
  await override('acme', 'anna', 'meeting')
  await override('acme', 'Bo', 'working-from-home')
  const all = await statuses('acme')
  t.strictSame(ids(all.statuses), ['Bo', 'anna', 'cia'])
  const filters: [string, string[]][] = [
    ['diversion=meeting', ['anna']],
    ['diversion=meeting,available', ['anna', 'cia']],
    ['diversion=unheard-of', []],
    ['phone=open', ['Bo', 'cia']],
    ['phone=closed', ['anna']],
    ['phone=open,closed', ['Bo', 'anna', 'cia']],
    ['extension=1070', ['anna', 'cia']],
    ['extension=1070,1071', ['Bo', 'anna', 'cia']],
    ['extension=%2B46701740605', ['Bo']],
    ['extension=+46701740605,9', ['Bo']],
    ['extension=1070&phone=closed', ['anna']],
    ['extension=107', []]
  ]
  for (const [query, found] of filters) {
    const body = await statuses('acme', `?${query}`)
    t.strictSame(Object.keys(body), ['at', 'statuses'], 'no cursor')
    t.strictSame(ids(body.statuses), found, query)
  }
  const thousand = Array.from({ length: 1000 }, (_, index) => `${1000 + index}`).join(',')
  t.strictSame(ids((await statuses('acme', `?extension=${thousand}`)).statuses), ['Bo', 'anna', 'cia'])
  const past = await statuses('acme', `?at=${soon(-3_600_000)}`)
  t.strictSame(Object.keys(past), ['at', 'statuses'])
  t.strictSame(
    past.statuses.map((one: Status) => one.diversion),
    ['available', 'available', 'available']
  )
  t.match((await statuses('acme', `?at=${soon(1_800_000).replace('Z', '+00:00')}`)).statuses[1], {
    diversion: 'meeting'
  })
  for (const query of [
    'phone=ajar',
    'diversion=',
    'diversion=a,,b',
    'at=now',
    'at=2020-01-01T00:00:00Z',
    'state=x',
    'limit=0',
    'limit=1001',
    'q=',
    'by=number',
    'language=s_v'
  ]) {
    t.equal((await call('GET', `${root('acme')}/statuses?${query}`)).status, 400, query)
  }
})

t.test('the ETag identifies the bytes, and 304 answers who has them', async (t) => {
  const path = `${root('acme')}/statuses`
  const get = (headers: Record<string, string> = {}) =>
    call('GET', path, undefined, { 'accept-encoding': 'identity', ...headers })
  const first = await get()
  const etag = first.headers.get('etag')!
  t.match(etag, /^"[^"]+"$/)
  t.equal((await get()).text, first.text)
  for (const held of [etag, `"x", ${etag}`, `W/${etag}`, '*']) {
    for (const coding of ['identity', 'gzip']) {
      const answer = await get({ 'if-none-match': held, 'accept-encoding': coding })
      t.equal(answer.status, 304)
      t.equal(answer.text, '')
      t.equal(answer.headers.get('etag'), coding === 'gzip' ? `W/${etag}` : etag)
      t.equal(answer.headers.get('vary'), 'accept-encoding')
    }
  }
  for (const [accepts, coding] of [
    ['gzip', 'gzip'],
    ['br, gzip', 'br'],
    ['br;q=0, GZIP', 'gzip'],
    ['gzip;q=0', null],
    ['zstd', null]
  ] as const) {
    for (const time of ['first', 'second']) {
      const answer = await get({ 'accept-encoding': accepts })
      t.equal(answer.headers.get('content-encoding'), coding, `${accepts}, the ${time} time`)
      t.equal(answer.headers.get('vary'), 'accept-encoding')
      t.equal(answer.headers.get('etag'), coding === null ? etag : `W/${etag}`)
      t.equal(answer.text, first.text)
    }
  }
  t.equal((await call('GET', path, undefined, { 'if-none-match': '"other"' })).status, 200)
  await user('acme', 'anna', { displayName: 'Anna Ek', extension: '1070' })
  const second = await call('GET', path, undefined, { 'if-none-match': etag })
  t.equal(second.status, 200, 'a new name is a change')
  t.not(second.headers.get('etag'), etag)
  t.ok(second.body.at >= first.body.at)
})

t.test('changes: everything that a Status shows, each user once, as they are now', async (t) => {
  let { cursor } = await statuses('acme')
  const since = async () => {
    const { status, body, text } = await changes('acme', cursor)
    t.equal(status, 200, text)
    t.strictSame(Object.keys(body).sort(), ['changes', 'cursor'])
    cursor = body.cursor
    return body.changes
  }
  t.strictSame(await since(), [])
  await user('acme', 'new')
  t.match(await since(), [{ user: 'new', diversion: 'available', sync: { state: 'off' } }])
  await user('acme', 'new', { extension: '77', mailbox: 'new.ics', syncEnabled: true })
  t.match(await since(), [{ user: 'new', extension: '77', sync: { state: 'never' } }])
  await override('acme', 'new', 'lunch')
  await override('acme', 'new', 'meeting')
  await override('acme', 'cia', 'lunch')
  const both = await since()
  t.strictSame(ids(both).sort(), ['cia', 'new'])
  t.match(
    both.find((one: Status) => one.user === 'new'),
    { diversion: 'meeting' }
  )
  const held = cursor
  await put(`${root('acme')}/rules`, {
    pack: 'infracom',
    availability: { free: null, tentative: null, busy: 'busy', oof: null, workingElsewhere: null }
  })
  await put(root('acme'), { name: 'Acme', timeZone: 'Europe/Stockholm', language: 'da-DK' })
  const relabelled = await since()
  t.equal(relabelled.find((one: Status) => one.user === 'cia').label, 'Frokost')
  await call('DELETE', `${root('acme')}/users/new`)
  t.strictSame(await since(), [{ user: 'new', extension: '77', removed: true }])
  const late = await changes('acme', held)
  t.strictSame(
    late.body.changes.find((one: Status) => one.user === 'new'),
    { user: 'new', extension: '77', removed: true }
  )
  t.match((await changes('acme', held)).body.changes, late.body.changes, 'a cursor may be used again')
})

t.test(
  'a long poll wakes on an override, on a transition to the second, and else ends with its time',
  async (t) => {
    await service.tenant('wake')
    await user('wake', 'anna')
    const { cursor } = await statuses('wake')
    const waiting = changes('wake', cursor, 30)
    // Whole seconds: that is how a Status has them.
    const until = soon(3000).replace(/\.\d+Z$/, 'Z')
    await override('wake', 'anna', 'lunch', until)
    const woken = (await waiting).body
    t.match(woken.changes, [{ user: 'anna', diversion: 'lunch', until }])
    const ended = (await changes('wake', woken.cursor, 30)).body
    t.ok(Date.now() >= Date.parse(until))
    t.match(ended.changes, [{ user: 'anna', diversion: 'available', since: until, source: 'none' }])
    const quiet = await changes('wake', ended.cursor, 1)
    t.strictSame(quiet.body.changes, [])
    t.equal((await changes('wake', quiet.body.cursor)).status, 200)
  }
)

t.test('what is removed during a long poll', async (t) => {
  await service.tenant('gone')
  await user('gone', 'anna')
  const { cursor } = await statuses('gone')
  const userGone = changes('gone', cursor, 30)
  await call('DELETE', `${root('gone')}/users/anna`)
  t.strictSame((await userGone).body.changes, [{ user: 'anna', extension: '1000', removed: true }])
  const after = (await userGone).body.cursor
  const waiting = Array.from({ length: 20 }, () => changes('gone', after, 30))
  t.equal((await call('DELETE', root('gone'))).status, 204)
  for (const answer of await Promise.all(waiting)) t.equal(answer.status, 404)
  for (const path of [
    'statuses',
    'users/anna/status',
    `changes?cursor=${after}`,
    'rules',
    'sync',
    'users',
    'connection'
  ]) {
    t.equal((await call('GET', `${root('gone')}/${path}`)).status, 404, path)
  }
  t.equal((await call('PUT', `${root('gone')}/users/anna/override`, { diversion: 'lunch' })).status, 404)
  await service.tenant('gone')
  const old = await changes('gone', after)
  t.equal(old.status, 410, 'made again it is another')
  t.match(old.body, { type: /cursor_expired$/, detail: /`statuses` again/ })
  t.strictSame((await statuses('gone')).statuses, [])
  t.equal((await call('GET', `${root('gone')}/rules`)).body.version, 0)
})

t.test('5,000 users imported are 5,000 changes, once each', async (t) => {
  await service.tenant('big')
  const { cursor } = await statuses('big')
  const rows = Array.from({ length: 5000 }, (_, index) => `u${index},U,${index + 1},nej`)
  const sheet = ['user,displayName,extension,syncEnabled', ...rows].join('\n')
  const send = () => call('POST', `${root('big')}/users/import`, sheet, { 'content-type': 'text/csv' })
  t.match((await send()).body, { created: 5000, updated: 0, unchanged: 0 })
  const { body } = await changes('big', cursor)
  t.equal(body.changes.length, 5000)
  t.equal(new Set(ids(body.changes)).size, 5000)
  t.strictSame((await changes('big', body.cursor)).body.changes, [])
  t.match((await send()).body, { created: 0, updated: 0, unchanged: 5000 })
  t.strictSame((await changes('big', body.cursor)).body.changes, [], 'what is as it was is no change')
})

t.test('an edit of a calendar ends the long poll, and an edit that no Status shows does not', async (t) => {
  await service.tenant('cal')
  const now = Math.floor(Date.now() / 1000) * 1000
  const HOUR = 3_600_000
  const meeting = vevent('Kund', now - HOUR, now + HOUR)
  const week = vevent('Kund', now + 100 * HOUR, now + 101 * HOUR)
  const next = vevent('Kund', now + 2 * HOUR, now + 3 * HOUR)
  await service.calendar('cal', 'anna.ics', meeting, next)
  await put(`${root('cal')}/connection`, { kind: 'ics' })
  const before = await statuses('cal')
  await user('cal', 'anna', { mailbox: 'anna.ics', syncEnabled: true })
  let { cursor } = before
  const until = async (enough: (status: Status) => boolean): Promise<boolean> => {
    const { body } = await changes('cal', cursor, 20)
    cursor = body.cursor
    if (body.changes.length === 0) throw new Error('nothing came')
    return enough(body.changes[0]) || until(enough)
  }
  t.ok(await until((one) => one.diversion === 'busy'), 'the first read')
  await service.calendar('cal', 'anna.ics', meeting, next, week)
  const timeline = async () => (await call('GET', `${root('cal')}/users/anna/timeline`)).body.intervals
  while ((await timeline()).length < 3) await changes('cal', cursor, 1)
  t.strictSame(
    (await changes('cal', cursor)).body.changes,
    [],
    'next week is in the timeline, and in no Status'
  )
  await service.calendar('cal', 'anna.ics', next, week)
  t.ok(await until((one) => one.diversion === 'available'), 'deleted')
})

t.test('nothing of all that was a fault of ours', (t) => {
  t.strictSame(
    service.log().filter((line) => /"level":(50|60)/.test(line)),
    []
  )
  t.end()
})
