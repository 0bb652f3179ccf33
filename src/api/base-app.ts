/** What every HTTP side here has in common: limits, key, problems, figures; and nothing unasked is passed over. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  LogController,
  type RouteOptions
} from 'fastify'
import { RequestError } from '../errors.ts'
import { Strict } from '../lib/json-schema.ts'
import type { RefusalTally } from '../management/audit/refusal-tally.ts'
import type { Principal } from '../management/principal.ts'
import { requireAuditAction } from './audited-calls.ts'
import { type Access, anyRole, requireAccess } from './auth/access.ts'
import { Authenticator, type AuthenticatorDeps } from './auth/authenticator.ts'
import { createGuard } from './auth/guard.ts'
import { addLimits, type RouteLimits } from './auth/limits.ts'
import type { OperatorAuthenticator } from './auth/operators/authenticate-operator.ts'
import type { Metrics } from './metrics.ts'
import { refuseOverload } from './overload.ts'
import { isPage } from './page-headers.ts'
import { sendClientError, sendError, sendNotFound } from './problem.ts'
import { parseQuery } from './query.ts'
import { schemas } from './schemas/all.ts'
import { cutOffSlowReaders } from './slow-readers.ts'
import { validatorCompiler } from './validation.ts'

export interface BaseAppDeps extends AuthenticatorDeps {
  /** Null where nobody can sign in. */
  readonly operators: OperatorAuthenticator | null
  readonly log: FastifyBaseLogger
  readonly metrics: Metrics
  /** Of one key, or without a key of one address. */
  readonly maxCallsPerMinute: number
  /** As `OverloadLimits`. */
  readonly maxEventLoopDelayMs?: number | undefined
  /** Counts refused keys for the audit. */
  readonly refusals: Pick<RefusalTally, 'count'>
  /** The proxies whose `X-Forwarded-For` is trusted: addresses and CIDR ranges. */
  readonly trustedProxies: readonly string[]
}

/** One for the process, as the schemas are: a schema is compiled once. */
const compileValidator = validatorCompiler(schemas)
const noParameters = Strict({})

const KIB = 1024
const SECOND_MS = 1000
/** Requests are read whole within this; answers may take longer (a long poll waits up to 55 s). */
const REQUEST_TIMEOUT_MS = 30 * SECOND_MS
/** Of a trigger's text, 200 characters, percent-encoded. */
const MAX_PARAM_LENGTH = 2400
/** How often Node looks for requests that take longer. */
const CHECK_INTERVAL_MS = 5 * SECOND_MS

/** `finish` is called when all routes are registered. */
export async function createBaseApp(deps: BaseAppDeps) {
  const app = Fastify({
    loggerInstance: deps.log,
    logController: new LogController({ disableRequestLogging: true }),
    // Nothing is logged of a request that went well, so that it needs no logger of its own.
    childLoggerFactory: (logger) => logger,
    bodyLimit: 1024 * KIB,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: 90 * SECOND_MS,
    keepAliveTimeout: 72 * SECOND_MS,
    http: {
      maxHeaderSize: 16 * KIB,
      headersTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_INTERVAL_MS
    },
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH, querystringParser: parseQuery },
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    frameworkErrors: sendError,
    clientErrorHandler: sendClientError,
    trustProxy: deps.trustedProxies.length > 0 && [...deps.trustedProxies]
  }).withTypeProvider<TypeBoxTypeProvider>()

  cutOffSlowReaders(app.server)
  // Set by the guard of each route; no handler of a public route asks for it.
  app.decorateRequest('principal', null as unknown as Principal)
  app.setErrorHandler(sendError)
  app.setValidatorCompiler(compileValidator)
  // JSON.stringify was never slower than a compiled serializer (reference/packages.md, section 4).
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))
  for (const schema of schemas) app.addSchema(schema)
  parseJsonStrictly(app)

  const { maxEventLoopDelayMs } = deps
  await refuseOverload(app as unknown as FastifyInstance, { maxEventLoopDelayMs })
  const limits = await addLimits(app as unknown as FastifyInstance, deps.maxCallsPerMinute)
  const authenticator = new Authenticator(deps)
  const guard = { authenticator, operators: deps.operators, limits, refusals: deps.refusals }
  const hooksFor = (access: Access, routeLimits?: RouteLimits) => [
    ...(access === 'public' ? [] : [createGuard(guard, access)]),
    ...(routeLimits === 'none' ? [] : [limits.hookFor(access, routeLimits)])
  ]
  app.setNotFoundHandler({ preValidation: hooksFor(anyRole) }, sendNotFound)
  const routes = new Map<string, RegisteredRoute>()
  app.addHook('onRoute', (route) => {
    // The pages of @fastify/swagger-ui and @fastify/static cannot declare theirs.
    if (isPage(route.url)) route.config = { ...route.config, access: 'public' }
    const access = requireAccess(route)
    requireAuditAction(route)
    const methods = [...(routes.get(route.url)?.methods ?? []), ...[route.method].flat()]
    routes.set(route.url, { methods: new Set(methods), isPublic: access === 'public' })
    route.onRequest = [...hooksFor(access, route.config?.limits), ...[route.onRequest ?? []].flat()]
    if (!isPage(route.url)) rejectUnexpectedInput(route)
    if (route.url.startsWith('/v1/')) forbidCaching(route)
    observeResponseTimes(route, deps.metrics)
  })

  const finish = () => rejectOtherMethods(app as unknown as FastifyInstance, routes)
  return { app, authenticator, finish }
}

interface RegisteredRoute {
  readonly methods: ReadonlySet<string>
  readonly isPublic: boolean
}

/** A body must be UTF-8 to the letter; an empty one is none. */
function parseJsonStrictly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  const parse = app.getDefaultJsonParser('error', 'error')
  const utf8 = new TextDecoder('utf-8', { fatal: true })
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) {
      done(null, undefined)
      return
    }
    let text: string
    try {
      text = utf8.decode(body as Buffer)
    } catch {
      done(new RequestError('invalid_request', 'The body is not UTF-8: save or send it as UTF-8.'))
      return
    }
    void parse(request, text, done)
  })
}

/** What a call does not ask for is refused, not passed over: a parameter as much as a body. */
function rejectUnexpectedInput(route: RouteOptions): void {
  route.schema = { querystring: noParameters, ...route.schema }
  if (route.schema.body !== undefined) return
  route.preValidation = [
    (request, _reply, done) => {
      done(isEmptyBody(request.body) ? undefined : unexpectedBodyError)
    },
    ...[route.preValidation ?? []].flat()
  ]
}

const unexpectedBodyError = new RequestError('invalid_request', 'This call takes no body: send none, or {}.')

/** Many clients send `{}` with every POST. */
function isEmptyBody(body: unknown): boolean {
  if (body === undefined || body === null) return true
  return typeof body === 'object' && !Array.isArray(body) && Object.keys(body).length === 0
}

/** Answers name people: no cache on the way may keep them. Those with an entity tag say otherwise (`setEntityTag`). */
function forbidCaching(route: RouteOptions): void {
  route.onRequest = [
    (_request, reply, done) => {
      reply.header('cache-control', 'no-store')
      done()
    },
    ...[route.onRequest ?? []].flat()
  ]
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The answer lasts as long as the client listens: it has no time to observe. */
    isStream?: boolean
  }
}

function observeResponseTimes(route: RouteOptions, metrics: Metrics): void {
  if (route.config?.isStream) return
  const timed = metrics.timing([route.method].flat().join(' '), route.url)
  route.onResponse = [
    (_request, reply, done) => {
      timed(reply.statusCode, reply.elapsedTime)
      done()
    },
    ...[route.onResponse ?? []].flat()
  ]
}

/** 405 with `Allow` (RFC 9110 section 15.5.6) for the methods that an address does not take. */
function rejectOtherMethods(app: FastifyInstance, routes: ReadonlyMap<string, RegisteredRoute>): void {
  const patterns = [...routes].map(([url, { methods, isPublic }]) => ({
    url,
    parts: url.split('/'),
    methods,
    isPublic
  }))
  for (const { url, parts, isPublic } of patterns) {
    if (isPage(url)) continue
    // `users/import` also is the address of a user with that id.
    const methods = new Set(
      patterns.flatMap((other) => (coversPattern(other.parts, parts) ? [...other.methods] : []))
    )
    const allow = [...methods].sort().join(', ')
    const others = app.supportedMethods.filter((method) => !methods.has(method))
    app.route({
      method: others,
      url,
      config: { access: isPublic ? 'public' : anyRole, audit: 'none' },
      schema: { hide: true },
      // Before the body is read, because no handler would use it.
      onRequest: (request, reply, done) => {
        reply.header('allow', allow)
        done(new RequestError('method_not_allowed', `This address takes ${allow}, not ${request.method}.`))
      },
      handler: sendNotFound
    })
  }
}

/** Whether every address of the second pattern also is one of the first. */
function coversPattern(parts: readonly string[], others: readonly string[]): boolean {
  return (
    parts.length === others.length && parts.every((part, index) => part[0] === ':' || part === others[index])
  )
}
