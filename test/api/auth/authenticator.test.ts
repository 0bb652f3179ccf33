/** What a key opens by how sure it is, and that a key which is not known is looked for before it is refused. */
import type { FastifyRequest } from 'fastify'
import { Authenticator } from '../../../src/api/auth/authenticator.ts'
import { makeApiKey } from '../../../src/management/api-key-format.ts'
import type { KeyFreshness } from '../../../src/management/key-registry.ts'
import type { Principal } from '../../../src/management/principal.ts'
import t from '../../group/tap.ts'

const adminKey = 'a-key-for-tests-only'
const { key } = makeApiKey()
const principal: Principal = {
  kind: 'key',
  id: 'k1',
  name: 'Switch',
  role: 'switch',
  tenant: 'acme',
  user: null,
  colleagues: false,
  sensitive: false
}

function request(method: string, presented: string): FastifyRequest {
  const authorization = `Bearer ${presented}`
  const raw = { headers: { authorization }, rawHeaders: ['Authorization', authorization] }
  return { method, raw } as unknown as FastifyRequest
}

/** What became of the call: who it is from, or the error's name and code. */
async function outcome(authenticator: Authenticator, method: string, presented: string) {
  try {
    const call = request(method, presented)
    const known = authenticator.authenticate(call)
    return (known ?? (await authenticator.authenticateNew(call, { mayAsk: true }))).id
  } catch (error) {
    const { name, code } = error as Error & { code?: string }
    return code ?? name
  }
}

t.test(
  'a key opens everything while it is sure, then reads, then nothing; the admin key always all',
  async (t) => {
    let freshness: KeyFreshness = 'current'
    const authenticator = new Authenticator({
      adminKey,
      apiKeys: {
        authenticate: () => principal,
        freshness: () => freshness,
        confirm: async () => false,
        holds: () => true
      }
    })
    const all = async (presented: string) =>
      Promise.all(
        ['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE'].map((method) =>
          outcome(authenticator, method, presented)
        )
      )
    t.strictSame(await all(key), Array(6).fill('k1'))
    freshness = 'stale'
    t.strictSame(await all(key), ['k1', 'k1', ...Array(4).fill('StoreUnavailable')])
    t.strictSame(await all(adminKey), Array(6).fill('admin'))
    freshness = 'unknown'
    t.strictSame(await all(key), Array(6).fill('StoreUnavailable'))
    t.strictSame(await all(adminKey), Array(6).fill('admin'))
  }
)

t.test('a key that is not known yet is looked for, if it looks like one', async (t) => {
  let isAnswered = true
  let isMade = false
  let looks = 0
  const authenticator = new Authenticator({
    adminKey,
    apiKeys: {
      authenticate: (presented) => (isMade && presented === key ? principal : null),
      freshness: () => 'current',
      holds: () => true,
      confirm: async () => {
        looks++
        if (isAnswered) isMade = true
        return isAnswered
      }
    }
  })
  t.equal(await outcome(authenticator, 'PUT', `${key.slice(0, -1)}!`), 'unauthorized')
  t.equal(await outcome(authenticator, 'PUT', `${adminKey}x`), 'unauthorized')
  t.equal(looks, 0)
  isAnswered = false
  t.equal(await outcome(authenticator, 'GET', key), 'StoreUnavailable', 'not known, and nobody to ask')
  isAnswered = true
  t.equal(await outcome(authenticator, 'PUT', key), 'k1')
  t.equal(await outcome(authenticator, 'PUT', key), 'k1')
  t.equal(looks, 2)
  t.equal(await outcome(authenticator, 'PUT', makeApiKey().key), 'unauthorized')
})

t.test('the admin key opens everything in any form, that of an API key too', async (t) => {
  const adminKey = makeApiKey().key
  const apiKeys = {
    authenticate: () => null,
    holds: () => false,
    freshness: () => 'current' as const,
    confirm: async () => true
  }
  const authenticator = new Authenticator({ adminKey, apiKeys })
  t.equal(await outcome(authenticator, 'PUT', adminKey), 'admin')
  t.equal(await outcome(authenticator, 'PUT', makeApiKey().key), 'unauthorized')
})
