/**
 * What is peculiar to Microsoft Entra, at a stand-in that answers as its documents describe (learn.microsoft.com: "OpenID Connect on the
 * Microsoft identity platform", "ID token claims reference"): the issuer of `organizations` names no directory.
 */
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { identifyOperator } from '../../../src/api/auth/operators/identify-operator.ts'
import { OidcIssuer } from '../../../src/api/auth/operators/oidc-issuer.ts'
import t from '../../group/tap.ts'

const login = 'https://login.microsoftonline.com'
const issuer = `${login}/organizations/v2.0`
const clientId = '6731de76-14a6-49ae-97bc-6eba6914391e'
const redirectUri = 'https://hanvisa.test/sign-in/callback'
const ours = '11111111-1111-4111-8111-111111111111'
const theirs = '22222222-2222-4222-8222-222222222222'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey

type Claims = Record<string, unknown>

function idToken(claims: Claims, key = privateKey): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${part({ typ: 'JWT', alg: 'RS256', kid: 'k1' })}.${part(claims)}`
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`
}

/** Microsoft's three addresses; the next ID token is the one given. */
function entra(next: { token: string }): typeof fetch {
  const answers: Record<string, () => unknown> = {
    [`${issuer}/.well-known/openid-configuration`]: () => ({
      issuer: `${login}/{tenantid}/v2.0`,
      authorization_endpoint: `${login}/organizations/oauth2/v2.0/authorize`,
      token_endpoint: `${login}/organizations/oauth2/v2.0/token`,
      jwks_uri: `${login}/organizations/discovery/v2.0/keys`,
      response_types_supported: ['code', 'id_token'],
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['RS256'],
      token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic']
    }),
    [`${login}/organizations/discovery/v2.0/keys`]: () => ({
      keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'RS256' }]
    }),
    [`${login}/organizations/oauth2/v2.0/token`]: () => ({
      token_type: 'Bearer',
      scope: 'openid profile',
      expires_in: 3600,
      access_token: 'opaque',
      id_token: next.token
    })
  }
  return (async (input: unknown) => {
    const answer = answers[String(input)]
    if (answer === undefined) throw new Error(`Entra has nothing at ${input}`)
    return Response.json(answer())
  }) as typeof fetch
}

async function signIn(change: Claims, key = privateKey): Promise<Claims> {
  const next = { token: '' }
  const oidc = new OidcIssuer({
    issuer,
    clientId,
    clientSecret: 'secret',
    redirectUri,
    fetch: entra(next),
    clock: Date.now
  })
  const { url, pending } = await oidc.begin()
  t.equal(url.searchParams.get('code_challenge_method'), 'S256')
  t.equal(
    url.searchParams.get('code_challenge'),
    createHash('sha256').update(pending.verifier).digest('base64url')
  )
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    iss: `${login}/${ours}/v2.0`,
    aud: clientId,
    sub: 'pairwise-subject',
    oid: 'object-id',
    tid: ours,
    name: 'Anna Ek',
    preferred_username: 'anna@acme.example',
    nonce: pending.nonce,
    iat: now,
    exp: now + 3600,
    ...change
  }
  next.token = idToken(JSON.parse(JSON.stringify(claims)), key)
  return { ...(await oidc.complete(`?code=c&state=${pending.state}&session_state=s`, pending)) }
}

const rules = { rolesClaim: 'roles', providerDirectory: ours }

t.test('an operator is who the directory and the object id say', async (t) => {
  const claims = await signIn({ roles: ['Hanvisa.Operator'] })
  t.strictSame(identifyOperator(claims, rules), {
    identity: `${ours}/object-id`,
    directory: ours,
    name: 'Anna Ek',
    role: 'operator'
  })
})

t.test('the library lets every directory in: Hanvisa.Provider counts in the provider’s alone', async (t) => {
  const roles = ['Hanvisa.Provider']
  t.match(identifyOperator(await signIn({ roles }), rules), { role: 'provider' })
  const foreign = await signIn({ roles, tid: theirs, iss: `${login}/${theirs}/v2.0` })
  t.match(identifyOperator(foreign, rules), { directory: theirs, role: null })
  t.match(identifyOperator(foreign, { ...rules, providerDirectory: null }), { role: null })
  const both = await signIn({
    roles: [...roles, 'Hanvisa.Operator'],
    tid: theirs,
    iss: `${login}/${theirs}/v2.0`
  })
  t.match(identifyOperator(both, rules), { directory: theirs, role: 'operator' })
})

t.test('an ID token that Microsoft did not give for this sign-in is refused', async (t) => {
  const refused: [string, Claims, typeof privateKey?][] = [
    ['a signature of another key', {}, stranger],
    ['the issuer of one directory with the id of another', { tid: theirs }],
    ['the issuer of version 1', { iss: `https://sts.windows.net/${ours}/` }],
    ['no directory', { tid: undefined }],
    ['for another application', { aud: 'another' }],
    ['expired', { exp: Math.floor(Date.now() / 1000) - 3600 }],
    ['of another sign-in', { nonce: 'another' }]
  ]
  for (const [name, change, key] of refused) {
    await t.rejects(signIn(change, key), { name: 'SignInFailed', reason: 'invalid' }, name)
  }
})

t.test('roles may lie deeper, as Keycloak has them; without any there is none', async (t) => {
  const keycloak = {
    iss: 'https://sso.example/realms/acme',
    sub: 's',
    realm_access: { roles: ['x', 'Hanvisa.Operator'] }
  }
  const deep = { rolesClaim: 'realm_access.roles', providerDirectory: null }
  t.match(identifyOperator(keycloak, deep), {
    identity: 'https://sso.example/realms/acme/s',
    name: 's',
    role: 'operator'
  })
  for (const roles of [undefined, null, [], 7, { roles: [] }, 'Hanvisa.operator']) {
    t.match(
      identifyOperator({ ...keycloak, realm_access: { roles } }, deep),
      { role: null },
      JSON.stringify(roles)
    )
  }
  t.equal(identifyOperator({ tid: ours, sub: 'only pairwise' }, rules), null, 'no object id')
})
