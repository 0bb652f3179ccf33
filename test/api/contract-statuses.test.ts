/** Section 4 of the design at the running service: window, override, Status and sync states, over calendar files. */
import t from '../group/tap.ts'
import { startTestService, vevent } from '../support/service.ts'
import { until } from '../support/until.ts'

const service = await startTestService(t)
const { call } = service
const MINUTE = 60_000
const DAY = 1440 * MINUTE
const now = Math.floor(Date.now() / 1000) * 1000
const iso = (minutes: number) => new Date(now + minutes * MINUTE).toISOString().replace('.000Z', 'Z')
const event = (subject: string, from: number, until: number, ...lines: string[]) =>
  vevent(subject, now + from * MINUTE, now + until * MINUTE, ...lines)

const codes = ['vacation', 'meeting', 'lunch', 'busy', 'available']
const diversionsOf = (some: readonly string[]) =>
  some.map((code) => ({
    code,
    labels: { sv: `${code} på svenska`, en: code },
    phone: code === 'available' ? 'open' : 'closed'
  }))
const word = (text: string, diversion: string) => ({ match: 'word', text, diversion })
const rules = {
  diversions: diversionsOf(codes),
  triggers: [
    word('MÖT', 'meeting'),
    word('LUN', 'lunch'),
    word('VAC', 'vacation'),
    word('TILL', 'available'),
    word('kaffe', 'meeting'),
    { ...word('ÖPPEN', 'meeting'), phone: 'open' }
  ],
  availability: { free: null, tentative: null, busy: 'busy', oof: null, workingElsewhere: null }
}
const acme = '/v1/tenants/acme'
const user = (id: string, changes = {}) =>
  call('PUT', `${acme}/users/${id}`, {
    displayName: id,
    extension: '1',
    mailbox: `${id}.ics`,
    syncEnabled: true,
    ...changes
  })
const statusOf = async (id: string, query = '') =>
  (await call('GET', `${acme}/users/${id}/status${query}`)).body
const intervalsOf = async (id: string, query = '') =>
  (await call('GET', `${acme}/users/${id}/timeline${query}`)).body.intervals
const isIn = (state: string, id: string) =>
  until(`${id} is ${state}`, async () => {
    const status = await statusOf(id)
    return status.sync.state === state && status
  })
/** What a Status says of the diversion. */
const held = ({ diversion, phone, since, until, reachableAt, next, source }: Record<string, unknown>) => ({
  diversion,
  phone,
  since,
  until,
  reachableAt,
  next,
  source
})
const nothing = {
  diversion: 'available',
  phone: 'open',
  since: null,
  until: null,
  reachableAt: null,
  next: null,
  source: 'none'
}

await service.tenant('acme')
await call('PUT', `${acme}/rules`, rules)
const calendars: Record<string, string[]> = {
  anna: [event('MÖT', -30, 30), event('LUN', 30, 60), event('MÖT', 180, 240)],
  bo: [event('ÖPPEN', -10, 10), event('MÖT', 10, 20), event('LUN', 20, 30)],
  cia: [event('VAC', -20 * 1440, 20 * 1440)],
  leo: [event('VAC', -60, 250 * 1440)],
  dan: [event('VAC', -60, 17 * 1440), event('VAC', 17 * 1440, 30 * 1440), event('MÖT', -120, -60)],
  eva: [event('MÖT', -120, -60), event('LUN', 60, 90)],
  fia: [],
  gus: [event('kund', -60, 60), event('TILL', -30, 30)],
  hal: [
    event('kund', -60, 60, 'CLASS:PRIVATE'),
    event('LUN', 60, 90),
    event('LUN', 90, 120, 'CLASS:PRIVATE')
  ],
  ora: [event('kaffe', -60, 60), event('MÖT', -30, 30)],
  far: [event('MÖT', 16 * 1440, 16 * 1440 + 60)]
}
for (const [id, events] of Object.entries(calendars)) {
  await service.calendar('acme', `${id}.ics`, ...events)
  await user(id)
}
await user('off', { syncEnabled: false })
await user('bare', { mailbox: null })
await user('lost', { mailbox: 'lost.ics' })

t.test('sync states: off, never, and what of them the Status says', async (t) => {
  for (const [id, state] of [
    ['off', 'off'],
    ['bare', 'off'],
    ['anna', 'never'],
    ['lost', 'never']
  ] as const) {
    const status = await statusOf(id)
    t.match(status, { ...nothing, label: 'available på svenska', sync: { state, since: /Z$/ } }, id)
  }
  t.equal((await call('PUT', `${acme}/connection`, { kind: 'ics', pollSeconds: 10 })).status, 201)
  for (const id of Object.keys(calendars)) await isIn('fresh', id)
  await isIn('failed', 'lost')
  const { users } = (await call('GET', `${acme}/sync`)).body
  const of = (id: string) => users.find((one: { user: string }) => one.user === id)
  t.match(of('lost'), {
    state: 'failed',
    lastSuccess: null,
    code: 'mailbox_unknown',
    hint: /correct the user's mailbox/,
    rulesVersion: null
  })
  t.match(of('anna'), { state: 'fresh', lastSuccess: /Z$/, code: null, hint: null, rulesVersion: 1 })
  t.match(of('off'), { state: 'off', lastSuccess: null, code: null, rulesVersion: null })
})

t.test('a Status: its run, when the caller should call again, and what comes next', async (t) => {
  const lunch = { diversion: 'lunch', from: iso(30), until: iso(60) }
  const anna = await statusOf('anna')
  t.strictSame(anna, {
    user: 'anna',
    extension: '1',
    displayName: 'anna',
    diversion: 'meeting',
    label: 'meeting på svenska',
    phone: 'closed',
    since: iso(-30),
    until: iso(30),
    untilKind: 'known',
    reachableAt: iso(60),
    forwardTo: null,
    timeZone: 'Europe/Stockholm',
    next: lunch,
    source: 'calendar',
    sync: { state: 'fresh', since: anna.sync.since }
  })
  const bo = { diversion: 'meeting', since: iso(-10), until: iso(20), source: 'calendar' }
  const boNext = { diversion: 'lunch', from: iso(20), until: iso(30) }
  t.strictSame(
    held(await statusOf('bo')),
    { ...bo, phone: 'open', reachableAt: null, next: boNext },
    'a boundary, no gap'
  )
  const boLater = held(await statusOf('bo', `?at=${iso(10)}`))
  t.strictSame(boLater, { ...bo, phone: 'closed', reachableAt: iso(30), next: boNext })
  t.strictSame(held(await statusOf('eva')), {
    ...nothing,
    since: iso(-60),
    until: iso(60),
    next: { diversion: 'lunch', from: iso(60), until: iso(90) }
  })
  t.strictSame(held(await statusOf('fia')), nothing)
  t.strictSame(held(await statusOf('gus')), {
    ...nothing,
    since: iso(-30),
    until: iso(30),
    next: { diversion: 'busy', from: iso(30), until: iso(60) },
    source: 'calendar'
  })
})

t.test('the window selects events and cuts none', async (t) => {
  const cia = { ...nothing, diversion: 'vacation', phone: 'closed', source: 'calendar' }
  const [since, until] = [iso(-20 * 1440), iso(20 * 1440)]
  t.strictSame(held(await statusOf('cia')), { ...cia, since, until, reachableAt: until })
  t.strictSame(
    held(await statusOf('dan')),
    { ...cia, since: iso(-60), until: iso(30 * 1440), reachableAt: iso(30 * 1440) },
    'an absence in parts is followed beyond the window'
  )
  t.match(await intervalsOf('dan'), [{ diversion: 'vacation', start: iso(-60), end: iso(30 * 1440) }])
  t.match(
    await statusOf('leo'),
    { until: null, untilKind: 'unknown', reachableAt: null },
    '180 days, no further'
  )
  t.match(await intervalsOf('leo'), [{ diversion: 'vacation', start: iso(-60), end: null }])
  t.strictSame(held(await statusOf('far')), nothing, 'what lies beyond it is not shown')
  const start = Math.floor(now / DAY) * DAY - DAY
  const edge = (instant: number) => new Date(instant).toISOString()
  for (const [instant, status] of [
    [start, 200],
    [start - 1, 400],
    [start + 16 * DAY - 1, 200],
    [start + 16 * DAY, 400]
  ] as const) {
    for (const path of ['users/cia/status', 'users/cia/timeline', 'statuses']) {
      t.equal(
        (await call('GET', `${acme}/${path}?at=${edge(instant)}`)).status,
        status,
        `${path} ${edge(instant)}`
      )
    }
  }
})

t.test('the timeline: what is to come, merged, with its rules', async (t) => {
  t.strictSame(await intervalsOf('anna', `?at=${iso(30)}`), [
    { start: iso(30), end: iso(60), diversion: 'lunch', phone: 'closed' },
    { start: iso(180), end: iso(240), diversion: 'meeting', phone: 'closed' }
  ])
  t.match(await intervalsOf('bo'), [
    { diversion: 'meeting', phone: 'open' },
    { diversion: 'meeting', phone: 'closed' },
    { diversion: 'lunch' }
  ])
  const [first, second] = await intervalsOf('hal', '?explain=true')
  t.strictSame(first.rule, { from: 'availability' }, 'of what is private the source alone')
  t.match(second, { start: iso(60), end: iso(120), because: /LUN.*privat/i })
  t.strictSame(second.rules, [{ from: 'tenant', match: 'word', text: 'LUN' }, { from: 'tenant' }])
  t.match(await statusOf('anna', '?explain=true'), {
    rule: { from: 'tenant', match: 'word', text: 'MÖT' },
    because: /MÖT/
  })
  t.match((await statusOf('ora', '?explain=true')).rule, { text: 'MÖT' }, 'the rule that stands first')
  t.match((await statusOf('ora', `?explain=true&at=${iso(30)}`)).rule, { text: 'kaffe' })
  t.match(await statusOf('fia', '?explain=true'), { rule: null, because: /.{10,}/ })
  t.notOk('rule' in (await statusOf('anna')))
})

t.test('an override', async (t) => {
  const at = (id: string) => `${acme}/users/${id}/override`
  const set = async (id: string, body: object) => {
    const answer = await call('PUT', at(id), body)
    t.equal(answer.status, 200, answer.text)
    t.strictSame(answer.body, await statusOf(id), 'it answers the Status')
    return held(answer.body)
  }
  const early = await set('anna', { diversion: 'available' })
  const next = { diversion: 'lunch', from: iso(30), until: iso(60) }
  t.match(
    early,
    { diversion: 'available', phone: 'open', until: iso(30), next, source: 'override' },
    'back early'
  )
  t.strictSame(await set('anna', { diversion: 'available' }), early, 'and again is no change')
  t.match(await statusOf('anna', `?at=${iso(30)}`), { diversion: 'lunch', source: 'calendar' })
  t.match(await set('anna', { diversion: 'vacation' }), {
    diversion: 'vacation',
    until: null,
    reachableAt: null,
    next: null
  })
  t.match(await intervalsOf('anna'), [
    { diversion: 'meeting' },
    { diversion: 'lunch' },
    { diversion: 'meeting' }
  ])
  t.match(
    await set('anna', { diversion: 'lunch', until: iso(20) }),
    {
      diversion: 'lunch',
      until: iso(20),
      reachableAt: iso(60),
      next: { diversion: 'meeting', from: iso(20), until: iso(30) }
    },
    'computed on the calendar with it laid over'
  )
  t.match(
    await set('anna', { diversion: 'meeting', until: iso(40) }),
    { diversion: 'meeting', since: iso(-30), until: iso(40), source: 'override' },
    'one run with the calendar’s'
  )
  t.match(await set('anna', { diversion: 'available', until: iso(200) }), {
    until: iso(200),
    next: { diversion: 'meeting', from: iso(200), until: iso(240) }
  })
  t.equal((await call('DELETE', at('anna'))).status, 204)
  t.match(held(await statusOf('anna')), { diversion: 'meeting', since: iso(-30), source: 'calendar' })
  t.equal((await call('DELETE', at('anna'))).status, 204, 'twice is no fault')
  await set('eva', { diversion: 'lunch' })
  t.match(
    await set('eva', { diversion: 'available' }),
    { since: iso(-60), source: 'none' },
    'the same as removing'
  )
  t.match(
    await set('off', { diversion: 'meeting' }),
    { diversion: 'meeting', source: 'override' },
    'also without a calendar'
  )
  await set('off', { diversion: 'available' })
  for (const body of [
    { diversion: 'gone' },
    { diversion: 'lunch', until: iso(-1) },
    { diversion: 'lunch', until: new Date().toISOString() },
    {},
    { diversion: 'lunch', until: iso(9), note: 1 }
  ]) {
    t.equal((await call('PUT', at('anna'), body)).status, 400, JSON.stringify(body))
  }
  for (const path of [`${acme}/users/nobody/override`, '/v1/tenants/nobody/users/anna/override']) {
    t.equal((await call('PUT', path, { diversion: 'lunch' })).status, 404)
    t.equal((await call('DELETE', path)).status, 404)
  }
})
