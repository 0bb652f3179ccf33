/** A user's own triggers, added and removed one at a time, as a softphone does it. */
import t from '../group/tap.ts'
import { startTestService } from '../support/service.ts'

const service = await startTestService(t)
const { call } = service
await service.tenant('acme')
const anna = { displayName: 'Anna', extension: '1', syncEnabled: false }
await call('PUT', '/v1/tenants/acme/users/anna', anna)
const url = '/v1/tenants/acme/users/anna/triggers'
const address = (match: string, text: string) => `${url}/${match}/${encodeURIComponent(text)}`
const put = (match: string, text: string, body: object) => call('PUT', address(match, text), body)
const list = async () => (await call('GET', url)).body.triggers

t.afterEach(() => call('PATCH', '/v1/tenants/acme/users/anna', { triggers: null }))

t.test('one is added, changed in its place, and removed', async (t) => {
  const added = await put('prefix', 'HEM:', { diversion: 'working-from-home' })
  t.equal(added.status, 201)
  t.strictSame(added.body, { match: 'prefix', text: 'HEM:', diversion: 'working-from-home' })
  t.equal((await put('word', 'padel', { diversion: 'out-of-office', phone: 'open' })).status, 201)
  const changed = await put('prefix', 'hem:', { diversion: 'out-of-office' })
  t.equal(changed.status, 200, 'the one that matching holds equal')
  t.strictSame(await list(), [
    { match: 'prefix', text: 'hem:', diversion: 'out-of-office' },
    { match: 'word', text: 'padel', diversion: 'out-of-office', phone: 'open' }
  ])
  t.strictSame((await call('GET', '/v1/tenants/acme/users/anna')).body.triggers, await list())
  t.equal((await call('DELETE', address('prefix', 'HEM:'))).status, 204)
  t.equal((await call('DELETE', address('prefix', 'HEM:'))).status, 404)
  t.equal((await call('DELETE', address('prefix', 'padel'))).status, 404, 'another kind is another trigger')
  t.equal((await list()).length, 1)
})

t.test('any text that a trigger may have can be named', async (t) => {
  for (const text of [
    'a/b',
    '50 %',
    '>070',
    'LUNCH: med kund',
    'e\u0301te\u0301',
    '?x=1#y',
    '字'.repeat(200)
  ]) {
    t.equal((await put('word', text, { diversion: 'lunch' })).status, 201, text)
    t.equal((await put('word', text, { diversion: 'lunch' })).status, 200, text)
    t.equal((await list())[0].text, text)
    t.equal((await call('DELETE', address('word', text))).status, 204, text)
  }
})

t.test('what cannot be a trigger is refused by name', async (t) => {
  const field = async (match: string, text: string, body: object) =>
    (await put(match, text, body)).body.errors?.map(({ field }: { field: string }) => field)
  t.strictSame(await field('word', 'x', { diversion: 'nowhere' }), ['diversion'])
  t.strictSame(await field('word', ' \u200b ', { diversion: 'lunch' }), ['text'])
  t.strictSame(await field('word', 'x'.repeat(201), { diversion: 'lunch' }), ['text'])
  t.strictSame(await field('word', 'x', { diversion: 'available', phone: 'closed' }), ['phone'])
  t.strictSame(await field('regex', 'x', { diversion: 'lunch' }), ['match'])
  t.strictSame(await field('word', 'x', { diversion: 'lunch', text: 'y' }), ['text'])
  t.equal(
    (await call('PUT', address('word', 'x').replace('anna', 'nobody'), { diversion: 'lunch' })).status,
    404
  )
  t.strictSame(await list(), [])
})

t.test('a hundred at most, and none is lost of those added at the same time', async (t) => {
  const texts = Array.from({ length: 110 }, (_, number) => `word${number}`)
  const answers = await Promise.all(texts.map((text) => put('word', text, { diversion: 'lunch' })))
  const refused = answers.filter(({ status }) => status !== 201)
  t.strictSame([(await list()).length, refused.length], [100, 10])
  t.match(refused[0]?.body.errors, [{ field: 'text', message: /more than 100/ }])
  t.equal(
    (await put('word', (await list())[0].text, { diversion: 'meeting' })).status,
    200,
    'one may be changed'
  )
  await Promise.all((await list()).map(({ text }: { text: string }) => call('DELETE', address('word', text))))
  t.strictSame(await list(), [])
})
