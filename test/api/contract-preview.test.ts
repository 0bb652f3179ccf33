/** A preview of a person's calendar is no way to read subjects. */
import t from '../group/tap.ts'
import { startTestService, vevent } from '../support/service.ts'
import { until } from '../support/until.ts'

const service = await startTestService(t)
const { call } = service
const now = Math.floor(Date.now() / 1000) * 1000
const HOUR = 3_600_000

/** A tenant whose user eva has a private event and an open one, and rules of the tenant's own. */
async function tenantWith(id: string, rules: object) {
  await service.tenant(id)
  await call('PUT', `/v1/tenants/${id}/rules`, rules)
  const secret = vevent('Onkolog', now, now + HOUR, 'CLASS:PRIVATE', 'X-MICROSOFT-CDO-BUSYSTATUS:BUSY')
  const open = vevent('LUN: pizza', now + 2 * HOUR, now + 3 * HOUR)
  await service.calendar(id, 'eva.ics', secret, open)
  const eva = { displayName: 'Eva', extension: '2', syncEnabled: true, mailbox: 'eva.ics' }
  await call('PUT', `/v1/tenants/${id}/users/eva`, eva)
  await call('PUT', `/v1/tenants/${id}/connection`, { kind: 'ics' })
  await until('the calendar is read', async () => {
    const { body } = await call('GET', `/v1/tenants/${id}/users/eva/status`)
    return body.sync.state === 'fresh'
  })
}

const letters = [...'abcdefghijklmnopqrstuvwxyzåäö']
const diversion = (code: string) => ({ code, labels: { sv: code }, phone: 'closed' })
/** Maps each first letter to a code of its own: repeated with longer prefixes this spells out a subject. */
const spelling = {
  diversions: [...letters.map((_, index) => diversion(`letter-${index}`)), diversion('busy')],
  triggers: letters.map((letter, index) => ({ match: 'prefix', text: letter, diversion: `letter-${index}` })),
  availability: { free: null, tentative: null, busy: 'busy', oof: null, workingElsewhere: null },
  private: 'match'
}
const codesOf = (body: { decisions: { diversion: string | null }[] }) =>
  body.decisions.map(({ diversion }) => diversion)

t.test('what the tenant stored of private events holds, whatever rules are supplied', async (t) => {
  await tenantWith('ignores', { pack: 'infracom', private: 'ignore' })
  const path = '/v1/tenants/ignores/rules/preview'
  const { body, text, status } = await call('POST', path, { user: 'eva', rules: spelling })
  t.equal(status, 200, text)
  t.strictSame(codesOf(body), [null, `letter-${letters.indexOf('l')}`], 'the private event gives nothing')
  t.equal(body.timeline.length, 1)
  t.notMatch(text, /Onkolog/i)
  const extra = { ...spelling, triggers: [], extraTriggers: spelling.triggers }
  t.equal((await call('POST', path, { user: 'eva', rules: extra })).body.decisions[0].diversion, null)
})

t.test('where they match, private events are still put to no trigger that was supplied', async (t) => {
  await tenantWith('matches', { pack: 'infracom', private: 'match' })
  const path = '/v1/tenants/matches/rules/preview'
  const { body } = await call('POST', path, { user: 'eva', rules: spelling })
  t.strictSame(codesOf(body), ['busy', `letter-${letters.indexOf('l')}`], 'availability alone decides it')
  t.strictSame(body.decisions[0].rule, { from: 'availability' })
  const category = [{ match: 'word', text: 'Onkolog', diversion: 'letter-0' }]
  const whole = await call('POST', path, { user: 'eva', rules: { ...spelling, triggers: category } })
  t.strictSame(codesOf(whole.body), ['busy', 'busy'])
  const stored = await call('POST', path, { user: 'eva' })
  t.equal(stored.body.decisions[1].diversion, 'lunch', 'the rules in force decide as they do')
  const mine = [
    { subject: 'Onkolog', start: '2031-03-05T11:00:00Z', end: '2031-03-05T12:00:00Z', visibility: 'private' }
  ]
  const own = await call('POST', path, { rules: spelling, events: mine })
  t.equal(
    own.body.decisions[0].diversion,
    `letter-${letters.indexOf('o')}`,
    'events of the caller’s own are tried as stated'
  )
})

t.test(
  'ten a minute over all tenants, and each is in the audit, its user in a part that can be erased',
  async (t) => {
    await tenantWith('many', { pack: 'infracom' })
    const statuses: number[] = []
    let last = await call('POST', '/v1/tenants/many/rules/preview', { user: 'eva' })
    for (let tries = 0; last.status === 200 && tries < 12; tries++) {
      statuses.push(last.status)
      const tenant = tries % 2 === 0 ? 'matches' : 'many'
      last = await call('POST', `/v1/tenants/${tenant}/rules/preview`, { user: 'eva' })
    }
    t.equal(last.status, 429)
    t.match(last.body, { type: 'urn:hanvisa:problem:rate_limited', detail: /10 times a minute.*seconds/ })
    t.ok(Number(last.headers.get('retry-after')) > 0 && Number(last.headers.get('retry-after')) <= 60)
    // Five were made in the tests before.
    t.equal(statuses.length, 10 - 5)
    const events = [{ subject: 'LUN', start: '2031-03-05T11:00:00Z', end: '2031-03-05T12:00:00Z' }]
    t.equal(
      (await call('POST', '/v1/tenants/many/rules/preview', { events })).status,
      200,
      'no calendar, no limit'
    )

    const audits = ['matches', 'ignores', 'many'].map((tenant) =>
      call('GET', `/v1/tenants/${tenant}/audit?limit=100`)
    )
    const notes = (await Promise.all(audits))
      .flatMap(({ body }) => body.entries)
      .filter(({ action }: { action: string }) => action === 'rules.preview')
    t.equal(notes.length, 10)
    for (const { actor, parts, ...rest } of notes) {
      t.match({ actor, parts }, { actor: { id: 'admin' }, parts: [{ part: { user: 'eva' } }] })
      t.notMatch(JSON.stringify(rest), /"eva"/)
    }
    t.notMatch(JSON.stringify(notes), /Onkolog|pizza/i)
  }
)
