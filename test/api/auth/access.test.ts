/** Access stands beside each route's schema: what is left out does not start. */
import type { RouteShorthandOptions } from 'fastify'
import { pino } from 'pino'
import { createBaseApp } from '../../../src/api/base-app.ts'
import { openMetrics } from '../../../src/api/metrics.ts'
import t from '../../group/tap.ts'

const deps = {
  log: pino({ level: 'silent' }),
  adminKey: 'a-key-for-tests-only',
  apiKeys: {
    authenticate: () => null,
    freshness: () => 'current' as const,
    confirm: async () => true,
    holds: () => true
  },
  metrics: openMetrics(),
  maxCallsPerMinute: 600,
  trustedProxies: [],
  operators: null,
  refusals: { count: () => {} }
}

async function start(url: string, options: RouteShorthandOptions) {
  const { app, finish } = await createBaseApp(deps)
  await app.register(async (app) => {
    app.get(url, options, async () => 'said')
  })
  finish()
  await app.ready()
  return app
}

t.test('a service with a route that does not say who may call it does not start', async (t) => {
  await t.rejects(start('/v1/secret', {}), /GET \/v1\/secret does not say who may call it/)
  await t.rejects(start('/v1/secret', { config: { access: { roles: [] } } }), /may be called by nobody/)
  const softphone = { access: { roles: ['softphone'] } } as const
  await t.rejects(start('/v1/tenants/:tenant/users/:user/x', { config: softphone }), /whose user a softphone/)
})

t.test(
  'a service with a route that may write and does not say what that is in the audit does not start',
  async (t) => {
    const { app } = await createBaseApp(deps)
    const register = app.register(async (app) => {
      app.post('/v1/write', { config: { access: 'public' } }, async () => 'written')
    })
    await t.rejects(async () => register, /POST \/v1\/write does not say what it is in the audit/)
  }
)

t.test('a route that says it is open without a key', async (t) => {
  const app = await start('/v1/open', { config: { access: 'public' } })
  t.teardown(() => app.close())
  t.equal((await app.inject('/v1/open')).payload, 'said')
  t.equal((await app.inject({ method: 'POST', url: '/v1/open' })).statusCode, 405)
  t.equal((await app.inject('/v1/other')).statusCode, 401)
})
