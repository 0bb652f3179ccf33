/**
 * The masking canary, on both stores: a sick user, and every answer that a masked principal gets holds neither the code of a sensitive
 * diversion, nor a label of it in any language, nor the text that gave it.
 */

import { packFolder } from '../../src/composition.ts'
import { loadPacks } from '../../src/management/load-packs.ts'
import t from '../group/tap.ts'
import { startRedis } from '../support/redis-server.ts'
import { startTestService, vevent } from '../support/service.ts'
import { until } from '../support/until.ts'

const HOUR = 3_600_000
const root = '/v1/tenants/acme'
const TRIGGER = 'KANARIE'

for (const on of ['lmdb', 'Redis']) {
  t.test(on, async (t) => {
    const redis = on === 'Redis' ? await startRedis(t) : null
    const service = await startTestService(t, redis === null ? {} : { redisUrl: redis.url })
    const { call } = service
    const { diversions } = (await loadPacks(packFolder)).get('infracom')!
    const sensitive = diversions.filter((one) => one.sensitive)
    const secrets = [TRIGGER, ...sensitive.flatMap(({ code, labels }) => [code, ...Object.values(labels)])]

    const as = async (key: string, path: string) =>
      call('GET', `${root}${path}`, undefined, { authorization: `Bearer ${key}` })
    const keyOf = async (body: object): Promise<string> => {
      const made = await call('POST', `${root}/keys`, { name: 'test', ...body })
      t.equal(made.status, 201, made.text)
      return made.body.key
    }

    t.before(async () => {
      t.same(
        sensitive.map(({ code }) => code),
        ['sick', 'parental-leave'],
        'the packs mark them'
      )
      await service.tenant('acme')
      await call('PUT', `${root}/rules`, {
        pack: 'infracom',
        extraTriggers: [{ match: 'word', text: TRIGGER, diversion: 'sick' }]
      })
      await service.calendar(
        'acme',
        'anna.ics',
        vevent(`${TRIGGER} hela dagen`, Date.now() - HOUR, Date.now() + HOUR),
        vevent('Parental leave', Date.now() + 2 * HOUR, Date.now() + 3 * HOUR)
      )
      await call('PUT', `${root}/connection`, { kind: 'ics', pollSeconds: 60 })
      const anna = { displayName: 'Anna', extension: '1070', mailbox: 'anna.ics', syncEnabled: true }
      await call('PUT', `${root}/users/anna`, anna)
      await call('PUT', `${root}/users/bo`, { displayName: 'Bo', extension: '1071', syncEnabled: false })
      await call('PUT', `${root}/users/bo/override`, { diversion: 'sick' })
      await until(async () => (await call('GET', `${root}/users/anna/status`)).body.diversion === 'sick')
    })

    async function pathsToRead(key: string): Promise<string[]> {
      const { body } = await as(key, '/statuses')
      const old = body.cursor as string
      // Everybody changes, behind the mask and before it.
      await call('PATCH', `${root}/users/anna`, { displayName: 'Anna Ek' })
      await call('PUT', `${root}/users/bo/override`, { diversion: 'parental-leave' })
      const user = (id: string) => [
        `/users/${id}/status`,
        `/users/${id}/status?explain=true`,
        `/users/${id}/status?at=${new Date(Date.now() + 2.5 * HOUR).toISOString()}&explain=true`,
        `/users/${id}/timeline`,
        `/users/${id}/timeline?effective=true&explain=true`
      ]
      return [
        '/statuses',
        ...['sv', 'en', 'da', 'nb', 'fi'].map((language) => `/statuses?language=${language}`),
        '/statuses?by=extension',
        '/statuses?q=a',
        '/statuses?phone=closed&by=extension',
        '/statuses?diversion=sick,parental-leave',
        '/statuses?diversion=out-of-office',
        `/statuses?at=${new Date(Date.now() + 2.5 * HOUR).toISOString()}`,
        `/changes?cursor=${old}`,
        `/changes?cursor=${old}&by=extension&language=en`,
        '/extensions/1070/status',
        '/extensions/1071/status',
        '/diversions',
        '/rules',
        '/users',
        '/users/export',
        '/users/anna',
        '/sync',
        ...user('anna'),
        ...user('bo')
      ]
    }

    function leaksIn(text: string): string[] {
      return secrets.filter((secret) => text.toLowerCase().includes(secret.toLowerCase()))
    }

    t.test('a switch without `sensitive` never reads what is masked', async (t) => {
      const key = await keyOf({ role: 'switch', sensitive: false })
      let read = 0
      for (const path of await pathsToRead(key)) {
        const answer = await as(key, path)
        t.ok([200, 403, 404].includes(answer.status), `${path}: ${answer.status}`)
        if (answer.status === 200) read++
        t.same(leaksIn(answer.text), [], path)
      }
      t.ok(read > 20, 'and most of it may be read')
    })

    t.test('filters find what is shown', async (t) => {
      const masked = await keyOf({ role: 'switch', sensitive: false })
      const plain = await keyOf({ role: 'switch', sensitive: true })
      const found = async (key: string, code: string) =>
        (await as(key, `/statuses?diversion=${code}`)).body.statuses.map(({ user }: { user: string }) => user)
      t.same(await found(masked, 'sick'), [])
      t.same(await found(masked, 'parental-leave'), [])
      t.same(await found(masked, 'out-of-office'), ['anna', 'bo'])
      t.same(await found(plain, 'sick'), ['anna'])
      t.same(await found(plain, 'out-of-office'), [])
    })

    t.test('what the switch acts on is the same: phone, until, reachableAt', async (t) => {
      const masked = await keyOf({ role: 'switch', sensitive: false })
      const plain = await keyOf({ role: 'switch', sensitive: true })
      const [one, other] = [await as(masked, '/users/anna/status'), await as(plain, '/users/anna/status')]
      for (const name of ['phone', 'since', 'until', 'untilKind', 'reachableAt', 'source']) {
        t.equal(one.body[name], other.body[name], name)
      }
      t.equal(one.body.diversion, 'out-of-office')
      t.equal(one.body.label, 'Ej på kontoret')
      t.equal(other.body.label, 'Sjuk')
    })

    t.test('a softphone sees its own user as they are, and its colleagues masked', async (t) => {
      const key = await keyOf({ role: 'softphone', user: 'anna', colleagues: true })
      const { statuses } = (await as(key, '/statuses')).body
      t.match(statuses, [
        { user: 'anna', diversion: 'sick' },
        { user: 'bo', diversion: 'out-of-office' }
      ])
      t.match((await as(key, '/users/anna/status?explain=true')).body, { rule: { text: TRIGGER } })
      t.match((await as(key, '/users/anna/timeline')).body.intervals, [
        { diversion: 'sick' },
        { diversion: 'parental-leave' }
      ])
      t.match((await as(key, '/users/bo/status')).body, { diversion: 'out-of-office' })
      t.ok(JSON.stringify((await as(key, '/diversions')).body).includes('sick'), 'what it may set for itself')
    })

    t.test('a masked reader is told of every stand-in the same, whether it is one or not', async (t) => {
      await call('PUT', `${root}/users/bo/override`, { diversion: 'out-of-office' })
      const key = await keyOf({ role: 'switch', sensitive: false })
      const explained = async () => {
        const { rule, because, diversion } = (await as(key, '/users/bo/status?explain=true')).body
        return { rule, because, diversion }
      }
      const real = await explained()
      await call('PUT', `${root}/users/bo/override`, { diversion: 'sick' })
      t.same(await explained(), real)
    })
  })
}
