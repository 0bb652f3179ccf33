/** Rules and their preview: what is put, what it comes to, what is refused. */
import t from '../group/tap.ts'
import { startTestService, vevent } from '../support/service.ts'
import { until } from '../support/until.ts'

const service = await startTestService(t)
const { call } = service
await service.tenant('acme')
const at = '/v1/tenants/acme/rules'
const meeting = { code: 'meeting', labels: { sv: 'Möte', en: 'Meeting' }, phone: 'closed' }
const lunch = { code: 'lunch', labels: { sv: 'Lunch' }, phone: 'closed' }

const faultsOf = async (body: unknown, path = at, method = 'PUT') => {
  const answer = await call(method, path, body)
  const errors: { field: string; message: string }[] = answer.body?.errors ?? []
  return Object.fromEntries(errors.map(({ field, message }) => [field, message]))
}

t.test('a tenant without rules has 3kontakt', async (t) => {
  const { body, headers } = await call('GET', at)
  t.match(body, { pack: '3kontakt', version: 0, effective: { availability: { busy: 'busy', oof: null } } })
  t.equal(headers.get('etag'), '"0"')
  const packs = await call('GET', '/v1/packs')
  const names = packs.body.packs.map(({ name }: { name: string }) => name).sort()
  t.strictSame(names, ['3kontakt', 'bredband2-availability', 'bredband2-prefix', 'infracom', 'trio-no'])
})

t.test('a pack with a member of one’s own; the member replaces the pack’s whole', async (t) => {
  const triggers = [{ match: 'word', text: 'MÖT', diversion: 'meeting' }]
  const put = await call('PUT', at, { pack: 'infracom', triggers })
  t.equal(put.status, 201, put.text)
  t.equal(put.headers.get('etag'), '"1"')
  t.match(put.body, { pack: 'infracom', version: 1 })
  t.strictSame(put.body.triggers, triggers)
  t.strictSame(put.body.effective.triggers, triggers)
  t.ok(put.body.effective.diversions.length > 10, 'the rest is the pack’s')
  t.strictSame((await call('GET', at)).body, put.body)

  const same = await call('PUT', at, put.body)
  t.strictSame(
    [same.status, same.body],
    [200, put.body],
    'what was read can be put back, and is no new version'
  )
  const edited = await call('PUT', at, { ...put.body, triggers: [] })
  t.strictSame([edited.status, edited.body.version], [200, 2])
  t.match(await faultsOf({ ...edited.body, effective: put.body.effective }), { effective: /leave it out/ })

  const versions = await call('GET', `${at}/versions`)
  t.match(versions.body.versions, [
    { version: 2, put: { pack: 'infracom', triggers: [] } },
    { version: 1, at: /Z$/, put: { triggers } }
  ])
  const first = await call('GET', `${at}/versions/1`)
  t.strictSame(first.body, put.body)
  t.equal(first.headers.get('etag'), '"1"')
  t.equal((await call('GET', `${at}/versions/7`)).status, 404)
})

t.test('a version is restored as it was, as a new one', async (t) => {
  await service.tenant('back')
  const rules = '/v1/tenants/back/rules'
  const triggers = [{ match: 'word', text: 'MÖT', diversion: 'meeting' }]
  const first = (await call('PUT', rules, { pack: 'infracom', triggers })).body
  await call('PUT', rules, { pack: 'trio-no', private: 'ignore' })
  t.equal((await call('POST', `${rules}/versions/1/restore`, undefined, { 'if-match': '"1"' })).status, 412)
  const restored = await call('POST', `${rules}/versions/1/restore`, undefined, { 'if-match': '"2"' })
  t.equal(restored.status, 200, restored.text)
  t.equal(restored.headers.get('etag'), '"3"')
  t.strictSame(restored.body, { ...first, version: 3 })
  t.strictSame((await call('GET', rules)).body, restored.body)
  t.equal(
    (await call('POST', `${rules}/versions/3/restore`)).body.version,
    3,
    'what is in force is no new version'
  )
  t.equal((await call('POST', `${rules}/versions/9/restore`)).status, 404)
  t.equal((await call('POST', `${rules}/versions/0/restore`)).status, 404)

  await call('PUT', rules, { diversions: [meeting, lunch] })
  await call('PUT', '/v1/tenants/back/users/bo', { displayName: 'Bo', extension: '1', syncEnabled: false })
  await call('PUT', rules, { diversions: [meeting, { ...lunch, code: 'fika' }] })
  await call('PUT', '/v1/tenants/back/users/bo/override', { diversion: 'fika' })
  const inUse = await call('POST', `${rules}/versions/4/restore`)
  t.match([inUse.status, inUse.body.errors], [409, [{ field: 'users/bo/override' }]])
})

t.test('rules are looked over without being saved', async (t) => {
  await service.tenant('lint')
  const path = '/v1/tenants/lint/rules'
  const prefix = (text: string) => ({ match: 'prefix', text, diversion: 'meeting' })
  const rules = {
    diversions: [meeting, lunch],
    triggers: [prefix('MÖT'), prefix('MÖTE:'), prefix('LUNCH :')]
  }
  const { status, body, text } = await call('POST', `${path}/lint`, rules)
  t.equal(status, 200, text)
  t.match(body.findings, [
    { code: 'never_fires', field: 'triggers/1', other: 'triggers/0', message: /MÖTE:.*never fires/ },
    { code: 'near_miss', field: 'triggers/2', other: null, message: /LUNCH:/ }
  ])
  t.equal((await call('GET', path)).body.version, 0, 'nothing is saved')
  await call('PUT', path, { ...rules, triggers: [prefix('MÖT:'), prefix('MTÖ:')] })
  const inForce = await call('POST', `${path}/lint`, {})
  t.match(inForce.body.findings, [{ code: 'near_miss', field: 'triggers/1', other: 'triggers/0' }])
  t.match(await faultsOf({ triggers: [] }, `${path}/lint`, 'POST'), { diversions: /is missing/ })
  t.equal((await call('POST', '/v1/tenants/nobody/rules/lint', {})).status, 404)
})

t.test('consumers read the catalogue with its labels', async (t) => {
  await service.tenant('labels')
  await call('PUT', '/v1/tenants/labels/rules', { diversions: [meeting, lunch] })
  const { body } = await call('GET', '/v1/tenants/labels/diversions')
  t.match(body, { diversions: [meeting, lunch, { code: 'available', phone: 'open' }] })
  t.equal((await call('GET', '/v1/tenants/nobody/diversions')).status, 404)
})

t.test('extra triggers come before those of the pack', async (t) => {
  await service.tenant('extra')
  const extraTriggers = [{ match: 'word', text: 'LUN', diversion: 'meeting' }]
  const put = await call('PUT', '/v1/tenants/extra/rules', { pack: 'infracom', extraTriggers })
  t.equal(put.status, 201, put.text)
  t.ok(put.body.effective.triggers.length > 5, 'the pack’s are not restated')
  const events = [{ subject: 'LUN: pizza', start: '2031-03-05T11:00:00Z', end: '2031-03-05T12:00:00Z' }]
  const { body } = await call('POST', '/v1/tenants/extra/rules/preview', { events })
  t.match(body.decisions, [{ diversion: 'meeting', rule: { from: 'tenant', match: 'word', text: 'LUN' } }])
  const wrong = await faultsOf(
    { pack: 'infracom', extraTriggers: [{ match: 'word', text: 'x', diversion: 'nope' }] },
    '/v1/tenants/extra/rules'
  )
  t.match(wrong, { 'extraTriggers/0/diversion': /lacks/ })
})

t.test('If-Match keeps two operators from undoing each other', async (t) => {
  const match = (tag: string) => call('PUT', at, { pack: 'infracom', private: 'ignore' }, { 'if-match': tag })
  for (const tag of ['"1"', '"3"', 'W/"2"', '2', '']) {
    const answer = await match(tag)
    t.equal(answer.status, 412, tag)
    t.match(answer.body, { type: /precondition_failed$/, detail: /at version 2/ })
  }
  t.equal(
    (await call('PUT', at, { pack: 'infracom', version: 1 })).status,
    412,
    '`version` of the body says the same'
  )
  t.equal((await match('"1", "2"')).body.version, 3)
  t.equal((await call('PUT', at, { pack: 'infracom' }, { 'if-match': '*' })).body.version, 4)
})

t.test('rules without a pack', async (t) => {
  const { body } = await call('PUT', at, { diversions: [meeting, lunch] })
  t.strictSame(body.diversions, [meeting, lunch])
  t.match(body.effective, {
    triggers: [],
    availability: { free: null, tentative: null, busy: null, oof: null, workingElsewhere: null },
    private: 'match',
    allDay: 'trigger-or-oof',
    invitations: 'accepted'
  })
  t.match(body.effective.diversions.at(-1), {
    code: 'available',
    phone: 'open',
    labels: { sv: 'Tillgänglig' }
  })
})

t.test('an error names each wrong member', async (t) => {
  const long = 'x'.repeat(201)
  const trigger = { match: 'word', text: 'x', diversion: 'meeting' }
  const wrong: [object, Record<string, RegExp>][] = [
    [{}, { diversions: /is missing/ }],
    [{ pack: 'nope' }, { pack: /write one of 3kontakt/ }],
    [{ diversions: [] }, { diversions: /at least 1 entry/ }],
    [{ diversions: [meeting, meeting] }, { 'diversions/1/code': /twice/ }],
    [{ diversions: [{ ...meeting, code: 'Möte' }] }, { 'diversions/0/code': /not written/ }],
    [{ diversions: [{ ...meeting, labels: {} }] }, { 'diversions/0/labels': /at least 1 member/ }],
    [{ diversions: [{ ...meeting, labels: { sv: ' ' } }] }, { 'diversions/0/labels/sv': /empty/ }],
    [{ diversions: [{ ...meeting, phone: 'busy' }] }, { 'diversions/0/phone': /"open", "closed"/ }],
    [{ diversions: [{ ...meeting, code: 'available' }] }, { 'diversions/0/phone': /must be open/ }],
    [{ pack: 'infracom', triggers: [{ ...trigger, text: '' }] }, { 'triggers/0/text': /empty/ }],
    [{ pack: 'infracom', triggers: [{ ...trigger, text: long }] }, { 'triggers/0/text': /at most 200/ }],
    [
      { pack: 'infracom', triggers: [{ ...trigger, text: '\ud800' }] },
      { 'triggers/0/text': /half a character/ }
    ],
    [
      { pack: 'infracom', triggers: [{ ...trigger, diversion: 'nope' }] },
      { 'triggers/0/diversion': /lacks/ }
    ],
    [{ pack: 'infracom', triggers: Array(2001).fill(trigger) }, { triggers: /at most 2000/ }],
    [{ pack: 'infracom', availability: { busy: 'busy' } }, { 'availability/free': /is missing/ }],
    [{ pack: 'infracom', private: 'show' }, { private: /"match"/ }],
    [{ pack: 'infracom', trigers: [] }, { trigers: /not a known member.*triggers/ }]
  ]
  const before = (await call('GET', at)).body
  for (const [body, faults] of wrong) {
    t.match(await faultsOf(body), faults, JSON.stringify(body).slice(0, 100))
  }
  t.strictSame((await call('GET', at)).body, before, 'nothing was changed')
})

t.test('a diversion in use cannot go', async (t) => {
  await call('PUT', at, { diversions: [meeting, lunch] })
  const anna = { displayName: 'Anna', extension: '1', syncEnabled: false }
  const annaAt = '/v1/tenants/acme/users/anna'
  await call('PUT', annaAt, { ...anna, triggers: [{ match: 'word', text: 'x', diversion: 'lunch' }] })
  await call('PUT', `${annaAt}/override`, { diversion: 'lunch' })
  const refused = await call('PUT', at, { diversions: [meeting] })
  t.equal(refused.status, 409)
  t.match(refused.body, {
    type: /code_in_use$/,
    errors: [{ field: 'users/anna/override' }, { field: 'users/anna/triggers/0' }]
  })
  await call('PUT', annaAt, anna)
  t.equal((await call('PUT', at, { diversions: [meeting] })).status, 409, 'an override is enough')
  await call('DELETE', `${annaAt}/override`)
  t.equal((await call('PUT', at, { diversions: [meeting] })).status, 200)
})

t.test('a preview shows the decision for each event, and saves nothing', async (t) => {
  const before = (await call('GET', at)).body
  const preview = (body: unknown) => call('POST', `${at}/preview`, body)
  const [start, end] = ['2031-03-05T11:00:00Z', '2031-03-05T12:00:00+00:00']
  const { body, status, text } = await preview({
    rules: { pack: 'infracom' },
    events: [
      { subject: 'LUN: pizza', start, end },
      { id: 'x', subject: 'Kund', start, end },
      { subject: 'lun', start: '2031-03-05T12:00:00Z', end: '2031-03-05T12:30:00Z', visibility: 'private' },
      { subject: 'LUN', start, end, cancelled: true }
    ],
    at: '2031-03-05T11:30:00Z'
  })
  t.equal(status, 200, text)
  const rule = { from: 'tenant', match: 'word', text: 'LUN' }
  t.match(body.decisions, [
    { event: '0', diversion: 'lunch', rule, because: /LUN/ },
    { event: 'x', diversion: null, rule: null, because: /.{10,}/ },
    { event: '2', diversion: 'lunch', because: /privat/ },
    { event: '3', diversion: null, rule: null, because: /inställd/ }
  ])
  t.strictSame(body.decisions[2].rule, { from: 'tenant' }, 'the text of a private event is not shown')
  t.strictSame(
    body.timeline,
    [{ start, end: '2031-03-05T12:30:00Z', diversion: 'lunch', phone: 'closed' }],
    'one interval, though two rules'
  )
  t.strictSame(body.status, {
    diversion: 'lunch',
    phone: 'closed',
    since: start,
    until: '2031-03-05T12:30:00Z',
    untilKind: 'known',
    reachableAt: '2031-03-05T12:30:00Z',
    forwardTo: null,
    next: null
  })
  t.notMatch(text, /pizza|Kund/, 'no subject comes out')
  t.strictSame((await call('GET', at)).body, before)
  t.notMatch(service.log().join(''), /pizza|Kund/)

  const faults = (given: unknown) => faultsOf(given, `${at}/preview`, 'POST')
  t.match(await faults({}), { events: /state events, or a "user"/ })
  t.match(await faults({ events: [{ start: end, end: start }] }), { 'events/0/end': /before/ })
  t.match(await faults({ events: [{ start: '2031-02-30T11:00:00Z', end }] }), {
    'events/0/start': /RFC 3339/
  })
  t.match(await faults({ events: [{ start: '2031-03-05 11:00', end }] }), { 'events/0/start': /RFC 3339/ })
  t.match(await faults({ events: [], rules: { pack: 'nope' } }), { 'rules/pack': /write one of/ })
  t.equal((await preview({ events: [], user: 'nobody' })).status, 404)
})

t.test('a preview of a user’s calendar reads it now, with their own triggers', async (t) => {
  const now = Math.floor(Date.now() / 1000) * 1000
  await call('PUT', at, { pack: 'infracom' })
  await service.calendar('acme', 'eva.ics', vevent('Hemlig padel', now, now + 3_600_000))
  const eva = { displayName: 'Eva', extension: '2', syncEnabled: false, mailbox: 'eva.ics' }
  await call('PUT', '/v1/tenants/acme/users/eva', {
    ...eva,
    triggers: [{ match: 'word', text: 'padel', diversion: 'lunch' }]
  })
  const asked = { user: 'eva' }
  t.match(await faultsOf(asked, `${at}/preview`, 'POST'), { user: /no connection yet/ })
  await call('PUT', '/v1/tenants/acme/connection', { kind: 'ics' })
  await until('the connection is open', async () => {
    const { body } = await call('POST', '/v1/tenants/acme/connection/test?user=eva')
    return body.ok
  })
  const { body, text } = await call('POST', `${at}/preview`, asked)
  t.match(body.decisions, [{ event: '0', diversion: 'lunch', rule: { from: 'user', text: 'padel' } }])
  t.equal(body.timeline.length, 1)
  t.notMatch(text, /Hemlig/)
  await call('PUT', '/v1/tenants/acme/users/eva', { ...eva, mailbox: 'missing.ics' })
  const failed = await call('POST', `${at}/preview`, asked)
  t.equal(failed.status, 502)
  t.match(failed.body, { type: /calendar_unreachable$/, code: String, hint: /.{10,}/ })
})
