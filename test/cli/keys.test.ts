/** `hanvisa keys`: at a running service, in a stopped folder, in Redis; the way back in when the last key is lost. */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join, resolve } from 'node:path'
import type { Test } from 'tap'
import { runKeys } from '../../src/cli/keys.ts'
import { isWellFormedKey } from '../../src/management/api-key-format.ts'
import t from '../group/tap.ts'
import { startRedis } from '../support/redis-server.ts'
import { startTestService, type TestService } from '../support/service.ts'

interface Output {
  readonly code: number
  readonly out: string
  readonly err: string
}

type Place = Partial<Parameters<typeof runKeys>[1]['settings']>

async function keys(place: Place, ...args: string[]): Promise<Output> {
  const said = { out: '', err: '' }
  const code = await runKeys(args, {
    stdout: { write: (text) => (said.out += text) },
    stderr: { write: (text) => (said.err += text) },
    settings: {
      HANVISA_REDIS_URL: null,
      HANVISA_DATA_DIR: '/nowhere',
      HANVISA_ADMIN_KEY: null,
      ...place
    },
    clock: Date.now
  })
  return { code, ...said }
}

/** Makes, lists and revokes, and returns what was made and is left: a key of the provider. */
async function makeListRevoke(t: Test, place: Place, where: readonly string[] = []): Promise<string> {
  const run = (...args: string[]) => keys(place, ...args, ...where)
  const made = await run('make', '--name', 'Växeln', '--role', 'switch', '--tenant', 'acme')
  t.equal(made.code, 0, made.err)
  t.ok(isWellFormedKey(made.out.trim()), 'the key alone is on standard output')
  const [, id = ''] = /^Made key (\w+)\./.exec(made.err) ?? []
  const anna = ['--role', 'softphone', '--user', 'anna', '--colleagues', '--tenant', 'acme']
  t.equal((await run('make', '--name', '\u001b[2J', ...anna, '--expires', '2099-01-01T00:00:00Z')).code, 0)
  const list = await run('list', '--tenant', 'acme')
  t.match(list.out, /^id +prefix +role +user +made +last used +expires +name\n/)
  t.match(list.out, new RegExp(`^${id} +${made.out.slice(0, 8)} +switch +- .* never +never +Växeln$`, 'm'))
  t.match(list.out, /softphone +anna .* never +2099-01-01T00:00:00Z +\?\[2J$/m, 'without control characters')
  t.notMatch(list.out, made.out.trim())

  t.equal((await run('revoke', id, '--tenant', 'acme')).code, 0)
  t.notMatch((await run('list', '--tenant', 'acme')).out, id)
  t.match(await run('revoke', id, '--tenant', 'acme'), { code: 1, err: `There is no key "${id}".\n` })
  t.match(await run('list', '--tenant', 'nobody'), { code: 1, err: /^There is no tenant "nobody"/ })
  t.match(await run('make', '--name', 'x', '--role', 'switch'), { code: 1, err: /^role must be one of/m })
  const old = ['--role', 'monitor', '--expires', '2001-01-01T00:00:00Z']
  t.match(await run('make', '--name', 'x', ...old), { code: 1, err: /^expiresAt must be in the future/m })

  const provider = await run('make', '--name', 'Provisioning', '--role', 'provider')
  t.equal(provider.code, 0, provider.err)
  t.match((await run('list')).out, /provider +- .*Provisioning/)
  return provider.out.trim()
}

async function prepare(service: TestService): Promise<void> {
  await service.tenant('acme')
  const anna = { displayName: 'Anna', extension: '1070', syncEnabled: false }
  await service.call('PUT', '/v1/tenants/acme/users/anna', anna)
}

const tenantsWith = async ({ call }: TestService, key: string) =>
  (await call('GET', '/v1/tenants', undefined, { authorization: `Bearer ${key}` })).status

t.test('at a running service, with its admin key', async (t) => {
  const service = await startTestService(t)
  await prepare(service)
  const place = { HANVISA_ADMIN_KEY: service.key }
  const key = await makeListRevoke(t, place, ['--url', `${service.origin}/`])
  t.equal(await tenantsWith(service, key), 200)
  const away = 'http://127.0.0.1:9'
  const refusals: [Place, string, RegExp][] = [
    [{ HANVISA_ADMIN_KEY: 'another-admin-key-than-that' }, service.origin, /does not take the admin key/],
    [place, away, /^No Hanvisa answers at http:\/\/127.0.0.1:9 \(\w+\): check --url/],
    [place, 'localhost', /^--url must be the address/],
    [place, `${service.origin}/docs`, /is no Hanvisa|There is nothing|no such/i],
    [{}, service.origin, /^The admin key is not known: set HANVISA_ADMIN_KEY/]
  ]
  for (const [settings, url, message] of refusals) {
    const said = await keys(settings, 'list', '--url', url).catch(({ name, message }: Error) => ({
      code: name,
      err: message
    }))
    t.match(said.err, message)
    t.notMatch(said.err, service.key)
  }
})

t.test('in the folder of a stopped service, and never under a running one', async (t) => {
  const folder = t.testdir()
  const masterKey = randomBytes(32)
  const first = await startTestService(t, { dataDir: folder, masterKey })
  await prepare(first)
  const place = { HANVISA_DATA_DIR: folder }
  await t.rejects(keys(place, 'list'), { name: 'SetupError', message: /runs on .*--url http:/ })
  await first.close()
  const key = await makeListRevoke(t, place)
  const second = await startTestService(t, { dataDir: folder, masterKey })
  t.equal(await tenantsWith(second, key), 200)
  const { entries } = (await second.call('GET', '/v1/tenants/acme/audit')).body
  const byCommand = entries.filter(({ actor }: { actor: { kind: string } }) => actor.kind === 'command')
  t.strictSame(
    byCommand.map(({ action, outcome }: { action: string; outcome: string }) => `${action} ${outcome}`),
    ['create', 'create', 'delete'].flatMap((does) => [`key.${does} begun`, `key.${does} done`])
  )
  await t.rejects(keys({ HANVISA_DATA_DIR: join(folder, 'no') }, 'list'), {
    name: 'SetupError',
    message: /holds no data of Hanvisa: set HANVISA_DATA_DIR/
  })
})

t.test('in Redis, under the services that run on it', async (t) => {
  const redis = await startRedis(t)
  const empty = await startRedis(t)
  const service = await startTestService(t, { redisUrl: redis.url })
  await prepare(service)
  const key = await makeListRevoke(t, { HANVISA_REDIS_URL: redis.url })
  t.equal(await tenantsWith(service, key), 200)
  await t.rejects(keys({ HANVISA_REDIS_URL: empty.url }, 'list'), {
    name: 'SetupError',
    message: /was empty: check HANVISA_REDIS_URL/
  })
  await redis.kill()
  await t.rejects(keys({ HANVISA_REDIS_URL: redis.url }, 'list'), { name: 'SetupError', message: /Redis at/ })
})

t.test('the program: every key is lost, and the folder gives a new one', async (t) => {
  const folder = t.testdir()
  const masterKey = randomBytes(32)
  const service = await startTestService(t, { dataDir: folder, masterKey })
  await service.close()
  const run = (...args: string[]) =>
    new Promise<Output>((done) => {
      const env = { PATH: process.env.PATH, HANVISA_DATA_DIR: folder }
      const program = resolve('dist/src/main.js')
      execFile(process.execPath, [program, 'keys', ...args], { env }, (error, out, err) =>
        done({ code: Number(error?.code ?? 0), out, err })
      )
    })
  const made = await run('make', '--name', 'Way back', '--role', 'provider')
  t.equal(made.code, 0, made.err)
  t.match((await run('list')).out, /provider .*Way back/)
  const again = await startTestService(t, { dataDir: folder, masterKey })
  t.equal(await tenantsWith(again, made.out.trim()), 200)
  t.match(await run('list'), { code: 1, err: /A Hanvisa runs on/ })
})

t.test('a wrong call is answered with how it is called', async (t) => {
  for (const args of [
    [],
    ['lists'],
    ['list', 'x'],
    ['revoke'],
    ['revoke', 'a', 'b'],
    ['make', '--name', 'x'],
    ['make', '--name', 'x', '--role', 'root'],
    ['make', 'x', '--name', 'x', '--role', 'provider'],
    ['list', '--role', 'provider'],
    ['list', '--key', 'x']
  ]) {
    t.match(await keys({}, ...args), { code: 2, err: /^usage: hanvisa keys make/, out: '' }, args.join(' '))
  }
})
