/** An import of thousands over Redis: it outlasts a store that goes away, and where it cannot it says what is saved. */
import t from '../group/tap.ts'
import { startRedis } from '../support/redis-server.ts'
import { startTestService } from '../support/service.ts'
import { until } from '../support/until.ts'

// A deadline here would only measure the machine.
t.setTimeout(0)
const redis = await startRedis(t, { appendOnly: true })
const service = await startTestService(t, { redisUrl: redis.url })
const { call } = service
const USERS = 6000

const sheet = (name: string) =>
  [
    'user,displayName,extension,syncEnabled',
    ...Array.from({ length: USERS }, (_, index) => `u${index},${name} ${index},${1000 + index},false`)
  ].join('\n')
const send = (name: string) =>
  call('POST', '/v1/tenants/acme/users/import', sheet(name), { 'content-type': 'text/csv' })

/** How many users Redis holds whose name begins so. */
async function saved(name: string): Promise<number> {
  const values = (await redis.command('HVALS', 'hanvisa:{acme}:users').catch(() => [])) as string[]
  return values.filter((value) => value.includes(`"displayName":"${name} `)).length
}

/** Whether the first user has that name: a file is saved in its order. */
async function isSaved(name: string): Promise<boolean> {
  const user = (await redis.command('HGET', 'hanvisa:{acme}:users', 'u0').catch(() => null)) as string | null
  return user?.includes(`"displayName":"${name} `) ?? false
}

async function isReady(): Promise<boolean> {
  return (await call('GET', '/readyz')).body.status === 'ok'
}

await service.tenant('acme')

t.test('an import waits for a store that is briefly unreachable', async (t) => {
  const answer = send('Anna')
  await until('a part is saved', () => isSaved('Anna'))
  redis.freeze()
  await new Promise((resolve) => setTimeout(resolve, 2500))
  redis.thaw()
  const { status, body, text } = await answer
  t.equal(status, 200, text.slice(0, 300))
  t.strictSame([body.created, body.rows.length], [USERS, USERS])
  t.equal(await saved('Anna'), USERS)
})

t.test(
  'a store that stays unreachable ends it with how much is saved, and the same file continues from there',
  async (t) => {
    // The heartbeat of a second ago may still have failed.
    await until('Redis answers', isReady)
    const answer = send('Bo')
    await until('a part is saved', () => isSaved('Bo'))
    await redis.kill()
    const { status, body, text } = await answer
    t.equal(status, 503, text.slice(0, 300))
    const [, all, done, uncertain] =
      /of (\d+) changes (\d+) are saved, of the next (\d+) it cannot be said/.exec(body.detail)!
    await redis.restart()
    await until('Redis is back', isReady)
    const now = await saved('Bo')
    t.equal(Number(all), USERS)
    t.ok(now >= Number(done) && now <= Number(done) + Number(uncertain), `${now} are saved: ${body.detail}`)
    const { body: progress } = await call('GET', '/v1/tenants/acme/import')
    t.match(progress, { total: USERS, updated: USERS })
    t.ok(
      progress.state !== 'done' && progress.saved <= now,
      `${progress.saved} of ${now} are known to be saved`
    )
    const again = await send('Bo')
    t.equal(again.status, 200, again.text.slice(0, 300))
    t.strictSame([again.body.updated, again.body.unchanged], [USERS - now, now])
  }
)
