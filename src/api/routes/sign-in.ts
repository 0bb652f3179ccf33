/** `/sign-in`, `/sign-out`: operators sign in by OpenID Connect in a browser. */
import fastifyCookie from '@fastify/cookie'
import fastifySession from '@fastify/session'
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Instant } from '../../domain/calendar-event.ts'
import { RequestError } from '../../errors.ts'
import { Strict } from '../../lib/json-schema.ts'
import { attributionOf } from '../../management/audit/attribution.ts'
import type { RefusalTally } from '../../management/audit/refusal-tally.ts'
import type { Management } from '../../management/management.ts'
import { limitSignIns } from '../auth/limits.ts'
import type { OperatorAuthenticator } from '../auth/operators/authenticate-operator.ts'
import {
  type IdentifiedOperator,
  identifyOperator,
  type OperatorRules
} from '../auth/operators/identify-operator.ts'
import type { OidcIssuer, PendingSignIn } from '../auth/operators/oidc-issuer.ts'
import {
  type OperatorSessions,
  type SignedInOperator,
  toPrincipal
} from '../auth/operators/operator-sessions.ts'
import { sendSignInOutcome, signInOutcomeOf } from '../pages/sign-in-outcome.ts'
import type { SignInPage } from '../pages/sign-in-texts.ts'
import { HtmlPage } from '../schemas/pages.ts'
import { TenantId } from '../schemas/params.ts'
import { NoContent, problemResponses, problems } from '../schemas/problems.ts'

export interface OperatorSignIn {
  readonly issuer: OidcIssuer
  readonly sessions: OperatorSessions
  readonly authenticator: OperatorAuthenticator
  readonly rules: OperatorRules
  /** Encrypts what the browser keeps during a sign-in. */
  readonly sealer: {
    seal(plain: string, purpose: string): string
    open(sealed: string, purpose: string): string
  }
  /** Whether the service is reached over https. */
  readonly isSecure: boolean
}

export interface SignInDeps {
  /** Null where no issuer is set. */
  readonly operatorSignIn: OperatorSignIn | null
  readonly management: Pick<Management, 'tenants' | 'by'>
  readonly refusals: Pick<RefusalTally, 'count'>
  readonly clock: () => Instant
}

const tags = ['Sign-in']
/** How long an operator may take at the issuer. */
const MAX_SIGN_IN_MS = 10 * 60_000
/** Nothing but what is below this service's own address, and no scheme-relative address (`//elsewhere`). */
const OWN_PATH = '^/(?![/\\\\])[\\x21-\\x5b\\x5d-\\x7e]*$'
const DEFAULT_RETURN = '/docs'

interface PendingCookie extends PendingSignIn {
  readonly returnTo: string
  readonly tenant: string | null
  readonly startedAt: Instant
}

export function signInRoutes({
  operatorSignIn,
  management,
  refusals,
  clock
}: SignInDeps): FastifyPluginAsyncTypebox {
  return async (app) => {
    const signIn = operatorSignIn
    if (signIn !== null) {
      await app.register(fastifyCookie)
      await app.register(fastifySession, {
        store: signIn.sessions,
        secret: signIn.sessions.signer,
        cookieName: signIn.sessions.cookieName,
        // `lax`: the browser comes back from the issuer with it.
        cookie: { path: '/', secure: signIn.isSecure, httpOnly: true, sameSite: 'lax' },
        saveUninitialized: false,
        rolling: false
      })
    }
    const pendingName = signIn?.isSecure ? '__Host-hanvisa-sign-in' : 'hanvisa-sign-in'
    const pendingOptions = {
      path: '/',
      secure: signIn?.isSecure ?? true,
      httpOnly: true,
      sameSite: 'lax'
    } as const

    app.get(
      '/sign-in',
      {
        config: { access: 'public' },
        onRequest: limitSignIns(app),
        schema: {
          tags,
          summary: 'Sign in as an operator',
          description:
            'For browsers: leads to the OpenID Connect issuer that HANVISA_OIDC_ISSUER names, and from there back to `return`. ' +
            'After it the browser’s cookie is who asks, wherever no `Authorization` is sent. `tenant` chooses one where the ' +
            'operator’s directory has several.',
          querystring: Strict({
            return: Type.Optional(
              Type.String({
                pattern: OWN_PATH,
                maxLength: 500,
                description: 'A path of this service to return to.',
                examples: ['/docs']
              })
            ),
            tenant: Type.Optional(TenantId)
          }),
          response: {
            302: { description: 'To the issuer.', type: 'null' },
            503: HtmlPage('The issuer does not answer: a page that says so.'),
            ...problemResponses('invalid_request', 'not_found', 'rate_limited')
          }
        }
      },
      async (request, reply) => {
        const { issuer, sealer } = requireSignIn(signIn)
        const { return: returnTo = DEFAULT_RETURN, tenant = null } = request.query
        try {
          const { url, pending } = await issuer.begin()
          const cookie: PendingCookie = { ...pending, returnTo, tenant, startedAt: clock() }
          reply.setCookie(pendingName, sealer.seal(JSON.stringify(cookie), 'sign-in'), {
            ...pendingOptions,
            maxAge: MAX_SIGN_IN_MS / 1000
          })
          return reply.header('cache-control', 'no-store').redirect(url.href)
        } catch (error) {
          return sendSignInOutcome(request, reply, signInOutcomeOf(error, request))
        }
      }
    )

    app.get(
      '/sign-in/callback',
      {
        config: { access: 'public', audit: 'sign-in' },
        onRequest: limitSignIns(app),
        schema: {
          tags,
          summary: 'Come back from the issuer',
          description:
            'Where the issuer sends the browser after a sign-in; register this address there. Takes only the answer to the ' +
            'sign-in that this browser began within the last ten minutes.',
          querystring: Type.Object({}, { additionalProperties: true }),
          response: {
            200: HtmlPage('The operator’s directory has several tenants: a page to choose one.'),
            302: { description: 'Signed in.', type: 'null' },
            400: HtmlPage('Too late, used already, or of another browser: a page that says so.'),
            403: HtmlPage(
              'The issuer refused, or the operator has no role or no tenant here: a page that says so.'
            ),
            503: HtmlPage('The issuer does not answer: a page that says so.'),
            ...problemResponses('not_found', 'rate_limited')
          }
        }
      },
      async (request, reply) => {
        const { issuer, rules, sealer } = requireSignIn(signIn)
        const pending = readPending(request.cookies[pendingName], sealer)
        reply.clearCookie(pendingName, pendingOptions)
        if (pending === null) return refuse(request, reply, 'invalid')
        let operator: IdentifiedOperator | null
        try {
          operator = identifyOperator(await issuer.complete(queryOf(request.url), pending), rules)
        } catch (error) {
          return refuse(request, reply, signInOutcomeOf(error, request))
        }
        if (operator === null || operator.role === null) return refuse(request, reply, 'noRole')
        const { role, identity, name } = operator
        let tenant: string | null = null
        if (role === 'operator') {
          const tenants = await management.tenants.ofDirectory(operator.directory)
          const chosen =
            tenants.length === 1 ? tenants[0] : tenants.find(({ tenant }) => tenant === pending.tenant)
          if (tenants.length === 0) return refuse(request, reply, 'noTenant')
          if (chosen === undefined) {
            const links = tenants.map(({ tenant, name }) => ({
              text: name,
              href: `/sign-in?${new URLSearchParams({ tenant, return: pending.returnTo })}`
            }))
            return sendSignInOutcome(request, reply, 'chooseTenant', links)
          }
          tenant = chosen.tenant
        }
        const signedIn: SignedInOperator = { identity, name, role, tenant, since: clock() }
        const attribution = attributionOf(toPrincipal(signedIn), 'sign-in', request.ip)
        await management.by(attribution).audit.record(tenant)
        // A new id, so that nobody who planted one in the browser shares the session (session fixation).
        await request.session.regenerate()
        request.session.set('operator', signedIn)
        return reply.header('cache-control', 'no-store').redirect(pending.returnTo)
      }
    )

    app.post(
      '/sign-out',
      {
        config: { access: { roles: ['provider', 'operator'] }, audit: 'sign-out' },
        schema: {
          tags,
          summary: 'Sign out',
          description:
            'Ends the session of the cookie; with `everywhere=true` all sessions of the operator, in every browser and on every ' +
            'replica. The sign-in at the issuer lasts.',
          querystring: Strict({
            everywhere: Type.Optional(
              Type.Boolean({ description: 'Whether all sessions of the operator end.', examples: [true] })
            )
          }),
          response: { 204: NoContent('The session is ended.'), ...problems('not_found') }
        }
      },
      async (request, reply) => {
        const { sessions } = requireSignIn(signIn)
        const { kind, id } = request.principal
        if (kind !== 'operator') {
          throw new RequestError('not_found', 'A key has no session: DELETE its address to revoke it.')
        }
        const { everywhere = false } = request.query
        await request.management.audit.record(request.principal.tenant, { after: { everywhere } })
        await request.session.destroy()
        if (everywhere) await sessions.endAll(id)
        return reply.clearCookie(sessions.cookieName, pendingOptions).code(204).send(null)
      }
    )

    function refuse(request: FastifyRequest, reply: FastifyReply, outcome: SignInPage) {
      if (outcome !== 'unreachable') refusals.count('sign-in.failed', request.ip, outcome)
      return sendSignInOutcome(request, reply, outcome)
    }

    function readPending(sealed: string | undefined, sealer: OperatorSignIn['sealer']): PendingCookie | null {
      if (sealed === undefined) return null
      try {
        const pending = JSON.parse(sealer.open(sealed, 'sign-in')) as PendingCookie
        const age = clock() - pending.startedAt
        return age >= 0 && age <= MAX_SIGN_IN_MS ? pending : null
      } catch {
        return null
      }
    }
  }
}

function requireSignIn(signIn: OperatorSignIn | null): OperatorSignIn {
  if (signIn !== null) return signIn
  throw new RequestError(
    'not_found',
    'Nobody can sign in here: set HANVISA_OIDC_ISSUER, or use a key in the header Authorization.'
  )
}

/** `''`, or the query with its question mark. */
function queryOf(url: string): string {
  const start = url.indexOf('?')
  return start === -1 ? '' : url.slice(start)
}
