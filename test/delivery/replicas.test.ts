/** A webhook that several processes could work: one does, and another goes on where it ended. */
import { randomBytes } from 'node:crypto'
import t from '../group/tap.ts'
import { startRedis } from '../support/redis-server.ts'
import { startTestService } from '../support/service.ts'
import { hangMs, until } from '../support/until.ts'
import { startWebhookReceiver } from '../support/webhook-receiver.ts'

const root = '/v1/tenants/acme'

t.test('one process posts, and another takes over', { timeout: hangMs }, async (t) => {
  const redis = await startRedis(t)
  const config = { redisUrl: redis.url, masterKey: randomBytes(32) }
  const one = await startTestService(t, config)
  const other = await startTestService(t, config)
  const receiver = await startWebhookReceiver(t)
  await one.tenant('acme')
  await one.call('PUT', `${root}/rules`, { pack: 'infracom' })
  const user = { displayName: 'Anna', extension: '1070', syncEnabled: false }
  await one.call('PUT', `${root}/users/anna`, user)
  const { body } = await one.call('PUT', `${root}/consumers/pbx`, { kind: 'webhook', url: receiver.url })
  receiver.secret = body.secret
  const divert = (diversion: string) => other.call('PUT', `${root}/users/anna/override`, { diversion })
  await until('everybody', () => receiver.state.get('anna') === 'available')
  for (const diversion of ['lunch', 'meeting', 'lunch', 'meeting', 'lunch']) {
    await divert(diversion)
    await until(diversion, () => receiver.state.get('anna') === diversion)
  }
  const ids = receiver.changes.map(({ headers }) => headers['webhook-id'])
  t.equal(new Set(ids).size, ids.length, 'nothing twice')
  for (const { call } of [one, other]) {
    await until('either says so', async () => {
      const { status } = (await call('GET', `${root}/consumers/pbx`)).body
      return status.state === 'active' && status.lagSeconds === 0 && status.users.ok === 1
    })
  }
  await one.close()
  await divert('vacation')
  await until('the other goes on', () => receiver.state.get('anna') === 'vacation')
  const taken = receiver.changes.length
  await other.call('POST', `${root}/consumers/pbx/pause`)
  await other.call('POST', `${root}/consumers/pbx/resume`)
  await divert('meeting')
  await until('after a pause', () => receiver.state.get('anna') === 'meeting')
  t.ok(receiver.changes.length - taken <= 2)
})
