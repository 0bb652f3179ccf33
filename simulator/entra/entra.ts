/** Entra: discovery documents and the token endpoint for client credentials, with a secret or a certificate. */
import { randomUUID } from 'node:crypto'
import type { App, EntraDirectories, EntraDirectory } from '../directories.ts'
import type { Faults, Route } from '../faults.ts'
import type { ProtocolRequest, ProtocolResponse } from '../protocol-message.ts'
import type { Requests } from '../requests.ts'
import type { TokenIssuer } from '../tokens.ts'
import { type Aadsts, orderedTokenError, refuseToken } from './aadsts.ts'
import { adminConsent } from './admin-consent.ts'
import { checkAssertion } from './assertion.ts'

export interface EntraDeps {
  readonly directories: EntraDirectories
  readonly tokens: TokenIssuer
  readonly faults: Faults
  readonly requests: Requests
  /** Roots, without a slash at the end. */
  readonly loginRoot: string
  readonly graphRoot: string
  readonly clock: () => number
}

const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** Tokens for EWS; those for a server of one's own have its origin, which is Graph's here. */
const exchangeOnline = 'https://outlook.office365.com'
const noTenants = new Set(['common', 'organizations', 'consumers'])

/** Answers what belongs to Entra, and null for everything else. */
export function createEntra(needs: EntraDeps): (call: ProtocolRequest) => Promise<ProtocolResponse | null> {
  return async (call) => {
    if (call.segments.length === 3 && call.segments[1] === 'v2.0' && call.segments[2] === 'adminconsent')
      return adminConsent(needs, call)
    const route = routeOf(call)
    if (route === null) return null
    const form = new URLSearchParams(route === 'token' ? call.body : '')
    const name = call.segments[0] ?? ''
    const directory = needs.directories.find(name)
    const clientId = form.get('client_id')
    const record = (status: number) =>
      needs.requests.add({
        at: needs.clock(),
        route,
        tenant: directory?.id ?? null,
        clientId,
        mailbox: null,
        method: call.method,
        url: call.url,
        status,
        items: null,
        batch: null
      })
    try {
      const who = { tenant: [name.toLowerCase(), ...namesOf(directory)], clientId, mailbox: [], route }
      const effect = await needs.faults.apply(who, call.signal)
      let answer: ProtocolResponse
      if (effect?.kind === 'status') answer = orderedTokenError(effect, needs.clock)
      else if (effect?.kind === 'wrongTypes') answer = { status: 200, headers: {}, body: malformedToken }
      else
        answer = route === 'token' ? token(needs, call, form, directory) : discovery(needs, call, directory)
      record(answer.status)
      return effect?.kind === 'corruption' ? { ...answer, corruption: effect.corruption } : answer
    } catch (error) {
      record(0)
      throw error
    }
  }
}

function routeOf({ segments }: ProtocolRequest): Route | null {
  const [, second, third, fourth] = segments
  if (second === 'oauth2' && third === 'v2.0' && fourth === 'token') return 'token'
  if (segments.slice(-2).join('/') === '.well-known/openid-configuration') return 'discovery'
  if (second === 'discovery' && (third === 'instance' || third === 'v2.0')) return 'discovery'
  return null
}

function token(
  needs: EntraDeps,
  call: ProtocolRequest,
  form: URLSearchParams,
  directory: EntraDirectory | undefined
): ProtocolResponse {
  const correlation = call.headers['client-request-id'] ?? form.get('client-request-id') ?? randomUUID()
  const no = (code: Aadsts, what: string) => refuseToken(code, what, needs.clock, correlation)
  const name = call.segments[0] ?? ''
  if (call.method !== 'POST') return no(900144, 'grant_type')
  const grantType = form.get('grant_type')
  if (!grantType) return no(900144, 'grant_type')
  if (noTenants.has(name)) return no(9001023, name)
  if (!directory) return no(90002, name)
  if (grantType !== 'client_credentials') return no(70003, grantType)
  const clientId = form.get('client_id')
  if (!clientId) return no(900144, 'client_id')
  const scope = form.get('scope')
  if (!scope) return no(90014, 'scope')
  const app = directory.apps.get(clientId.toLowerCase())
  if (!app) return no(700016, clientId)
  if (app.disabled) return no(7000112, clientId)
  const refusal = checkCredential(needs, form, directory, name, app)
  if (refusal) return no(refusal.code, refusal.what)
  const resources = scope.split(' ').filter((each) => !['openid', 'profile', 'offline_access'].includes(each))
  const resource = resources[0] ?? ''
  if (resources.length !== 1 || !resource.endsWith('/.default')) return no(1002012, scope)
  const audience = resource.slice(0, -'/.default'.length)
  if (audience !== needs.graphRoot && audience !== exchangeOnline) return no(500011, audience)
  const issuer = `${needs.loginRoot}/${directory.id}/`
  return {
    status: 200,
    headers: { 'Cache-Control': 'no-store, no-cache', Pragma: 'no-cache', 'client-request-id': correlation },
    body: {
      token_type: 'Bearer',
      expires_in: directory.tokenSeconds,
      ext_expires_in: directory.tokenSeconds,
      access_token: needs.tokens.issue(directory, app, audience, issuer)
    }
  }
}

/** Null when the client has proved who it is. */
function checkCredential(
  needs: EntraDeps,
  form: URLSearchParams,
  directory: EntraDirectory,
  name: string,
  app: App
): { code: Aadsts; what: string } | null {
  const assertion = form.get('client_assertion')
  if (assertion !== null) {
    if (form.get('client_assertion_type') !== jwtBearer)
      return { code: 900144, what: 'client_assertion_type' }
    const audiences = [name, directory.id].flatMap((each) => [
      `${needs.loginRoot}/${each}/oauth2/v2.0/token`,
      `${needs.loginRoot}/${each}/v2.0`
    ])
    return checkAssertion(assertion, app, audiences, needs.clock())
  }
  const secret = form.get('client_secret')
  if (!secret) return { code: 7000218, what: '' }
  if (app.secret === null || secret !== app.secret) return { code: 7000215, what: app.clientId }
  if (app.secretExpires !== null && app.secretExpires <= needs.clock()) {
    return { code: 7000222, what: app.clientId }
  }
  return null
}

function discovery(
  needs: EntraDeps,
  call: ProtocolRequest,
  directory: EntraDirectory | undefined
): ProtocolResponse {
  const { loginRoot, graphRoot } = needs
  const [name = '', second, third] = call.segments
  if (second === 'discovery' && third === 'instance') {
    const host = new URL(loginRoot).host
    return found({
      tenant_discovery_endpoint: `${loginRoot}/common/v2.0/.well-known/openid-configuration`,
      'api-version': '1.1',
      metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }]
    })
  }
  if (second === 'discovery') return found(needs.tokens.publicKeys())
  if (!directory && !noTenants.has(name)) {
    const { body, ...rest } = refuseToken(90002, name, needs.clock)
    return { ...rest, body: { ...(body as object), error: 'invalid_tenant' } }
  }
  const root = `${loginRoot}/${name}`
  return found({
    token_endpoint: `${root}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: `${root}/discovery/v2.0/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: `${loginRoot}/${directory?.id ?? '{tenantid}'}/v2.0`,
    request_uri_parameter_supported: false,
    userinfo_endpoint: `${graphRoot}/oidc/userinfo`,
    authorization_endpoint: `${root}/oauth2/v2.0/authorize`,
    device_authorization_endpoint: `${root}/oauth2/v2.0/devicecode`,
    http_logout_supported: true,
    frontchannel_logout_supported: true,
    end_session_endpoint: `${root}/oauth2/v2.0/logout`,
    claims_supported: [
      'sub',
      'iss',
      'aud',
      'exp',
      'iat',
      'nonce',
      'preferred_username',
      'name',
      'tid',
      'ver'
    ],
    tenant_region_scope: directory ? 'EU' : null,
    cloud_instance_name: new URL(loginRoot).hostname,
    cloud_graph_host_name: 'graph.windows.net',
    msgraph_host: new URL(graphRoot).host
  })
}

function found(body: unknown): ProtocolResponse {
  return { status: 200, headers: { 'Cache-Control': 'max-age=86400, private' }, body }
}

function namesOf(directory: EntraDirectory | undefined): string[] {
  return directory ? [directory.id, ...(directory.domain ? [directory.domain] : [])] : []
}

/** Every member is there and none is what it should be. */
const malformedToken = {
  token_type: 17,
  expires_in: 'soon',
  access_token: { no: 'token' },
  token_endpoint: 4,
  authorization_endpoint: null,
  issuer: [],
  jwks_uri: false,
  metadata: 'none'
}
