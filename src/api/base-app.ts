/** What every HTTP side here has in common: limits, key, problems, figures; and nothing unasked is passed over. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  LogController,
  type RouteOptions
} from 'fastify'
import { RequestError } from '../errors.ts'
import { authenticate, isOpen } from './auth/admin-key.ts'
import type { Metrics } from './metrics.ts'
import { answerClientError, answerError, answerNotFound } from './problem.ts'
import { parseQuery } from './query.ts'
import { schemas } from './schemas/all.ts'
import { Strict } from './schemas/types.ts'
import { validatorCompiler } from './validation.ts'

export interface BareNeeds {
  readonly log: FastifyBaseLogger
  /** The one key that opens everything. */
  readonly adminKey: string
  readonly metrics: Metrics
}

const KIB = 1024
const SECOND = 1000
/** Requests are read whole within this; answers may take longer (a long poll waits up to 55 s). */
const TO_ARRIVE = 30 * SECOND

/** `complete` is called when all routes are registered. */
export function openBareApp(needs: BareNeeds) {
  const app = Fastify({
    loggerInstance: needs.log,
    logController: new LogController({ disableRequestLogging: true }),
    // Nothing is logged of a request that went well, so that it needs no logger of its own.
    childLoggerFactory: (logger) => logger,
    bodyLimit: 1024 * KIB,
    requestTimeout: TO_ARRIVE,
    connectionTimeout: 90 * SECOND,
    keepAliveTimeout: 72 * SECOND,
    http: { maxHeaderSize: 16 * KIB, headersTimeout: TO_ARRIVE },
    routerOptions: { maxParamLength: 1024, querystringParser: parseQuery },
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    frameworkErrors: answerError,
    clientErrorHandler: answerClientError
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.setErrorHandler(answerError)
  app.setValidatorCompiler(validatorCompiler(schemas))
  // JSON.stringify was never slower than a compiled serializer (reference/packages.md, section 4).
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))
  for (const schema of schemas) app.addSchema(schema)
  readJsonStrictly(app)

  const key = authenticate(needs.adminKey)
  app.setNotFoundHandler({ preValidation: key }, answerNotFound)
  const taken = new Map<string, Set<string>>()
  app.addHook('onRoute', (route) => {
    const methods = [route.method].flat()
    taken.set(route.url, new Set([...(taken.get(route.url) ?? []), ...methods]))
    if (!isOpen(route.url)) route.onRequest = [key, ...[route.onRequest ?? []].flat()]
    if (!isDocs(route.url)) refuseUnasked(route)
    timeAnswers(route, needs.metrics)
  })

  return { app, complete: () => refuseOtherMethods(app as unknown as FastifyInstance, taken) }
}

/** A body must be UTF-8 to the letter; an empty one is none. */
function readJsonStrictly(app: FastifyInstance): void {
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
function refuseUnasked(route: RouteOptions): void {
  route.schema = { querystring: Strict({}), ...route.schema }
  if (route.schema.body !== undefined) return
  route.preValidation = [
    (request, _reply, done) => {
      done(saysNothing(request.body) ? undefined : bodyRefused)
    },
    ...[route.preValidation ?? []].flat()
  ]
}

const bodyRefused = new RequestError('invalid_request', 'This call takes no body: send none, or {}.')

/** Many clients send `{}` with every POST. */
function saysNothing(body: unknown): boolean {
  if (body === undefined || body === null) return true
  return typeof body === 'object' && !Array.isArray(body) && Object.keys(body).length === 0
}

function timeAnswers(route: RouteOptions, metrics: Metrics): void {
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
function refuseOtherMethods(app: FastifyInstance, taken: ReadonlyMap<string, ReadonlySet<string>>): void {
  const patterns = [...taken]
  for (const [url] of patterns) {
    if (isDocs(url)) continue
    // `users/import` also is the address of a user with that id.
    const methods = new Set(patterns.flatMap(([other, methods]) => (covers(other, url) ? [...methods] : [])))
    const allow = [...methods].sort().join(', ')
    const others = app.supportedMethods.filter((method) => !methods.has(method))
    app.route({
      method: others,
      url,
      schema: { hide: true },
      // Here already, so that nothing of the request is read that nobody wants.
      onRequest: (request, reply, done) => {
        reply.header('allow', allow)
        done(new RequestError('method_not_allowed', `This address takes ${allow}, not ${request.method}.`))
      },
      handler: answerNotFound
    })
  }
}

/** Whether every address of the second pattern also is one of the first. */
function covers(pattern: string, other: string): boolean {
  const parts = pattern.split('/')
  const others = other.split('/')
  return (
    parts.length === others.length && parts.every((part, index) => part[0] === ':' || part === others[index])
  )
}

function isDocs(url: string): boolean {
  return url === '/docs' || url.startsWith('/docs/')
}
