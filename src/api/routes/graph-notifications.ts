/** The address that Graph posts notifications to. It is open to the internet, so it must answer fast and cheaply. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { NotificationVerifier } from '../../connectors/notification.ts'
import type { Instant } from '../../domain/calendar-event.ts'
import { withDeadline } from '../../lib/deadline.ts'
import type { Sync } from '../../sync/sync.ts'
import type { Metrics } from '../metrics.ts'
import { NoContent } from '../schemas/problems.ts'

/** What the address names. */
export interface NotificationAddress {
  readonly keyId: string
  readonly tenant: string
  readonly targetId: string
}

export interface GraphNotificationDeps {
  /** The gate at one place. */
  readonly graphVerifier: (place: NotificationAddress) => NotificationVerifier
  readonly sync: Pick<Sync, 'onNotifications'>
  readonly metrics: Pick<Metrics, 'countNotifications'>
  readonly clock: () => Instant
}

/** Milliseconds that an answer waits until the notifications are stored. Graph delays notifications to an address that takes three seconds. */
const maxAnswerMs = 1_000
/** Characters. Graph's tokens have below 200. */
const maxTokenLength = 2_048

const Place = Type.Object({
  keyId: Type.String({
    description: 'Of the secret under which the address was made.',
    examples: ['b2p0mW_x']
  }),
  tenant: Type.String({ description: 'Tenant id.', examples: ['acme'] }),
  targetId: Type.String({
    description: 'What names the calendar; no mailbox address.',
    examples: ['5cF2nPq0Zr8mT3uV1wXyAg']
  })
})

const Asked = Type.Object({
  validationToken: Type.Optional(
    Type.String({
      description: 'Of Graph’s handshake: it is given back.',
      examples: ['Validation: Testing client application reachability']
    })
  )
})

const Posted = Type.Unsafe<unknown>({
  type: 'object',
  additionalProperties: true,
  description: 'Graph’s changeNotificationCollection. Whatever else is posted is counted and dropped.',
  examples: [
    {
      value: [
        {
          subscriptionId: '5522bd62-7c96-4530-85b0-00b916f6151a',
          clientState: 'gkQ0o5nPjJ0mG9yqXy0c8w1uQeXh3v2rT6sZbLkMnOp',
          changeType: 'updated',
          resource: 'Users/622eaaff-0683-4862-9de4-f2ec83c2bd98/Events/AAMkAGUwNjQ4ZjIxAAA=',
          resourceData: { id: 'AAMkAGUwNjQ4ZjIxAAA=', '@odata.etag': 'W/"CQAAABYAAACQ2fKd"' }
        }
      ]
    }
  ]
})

const Token = Type.String({
  description: 'The token, when one was sent.',
  examples: ['Validation: Testing client application reachability']
})

const tooLarge = {
  description: 'The body is larger than 1 MiB.',
  content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } }
}

export function graphNotificationRoutes(deps: GraphNotificationDeps): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, parsed(body)))
    app.setErrorHandler((error, request, reply) => {
      // A body above the limit is refused unread. Any other unreadable body gets the same answer as a readable one.
      if ((error as { statusCode?: number }).statusCode === 413) throw error
      return receive({ place: request.params as NotificationAddress, body: undefined }, reply)
    })

    app.post(
      '/notifications/graph/:keyId/:tenant/:targetId',
      {
        config: { access: 'public', limits: 'none', audit: 'none' },
        schema: {
          tags: ['Service'],
          summary: 'Microsoft Graph tells of an edit',
          description:
            'For Microsoft 365, not for consumers: the address of a subscription. Open without a key, since each item ' +
            'proves itself by its `clientState`. The answer tells nothing of what was made of it; `/metrics` counts it.',
          params: Place,
          querystring: Asked,
          body: Posted,
          response: {
            200: {
              description: 'Graph’s question whether the address is ours.',
              content: { 'text/plain': { schema: Token } }
            },
            202: NoContent('Kept, or dropped.'),
            503: NoContent('Genuine, but it could not be kept: send it again.'),
            413: tooLarge
          }
        },
        // No body is refused for its content.
        validatorCompiler: () => () => true
      },
      async (request, reply) => {
        const token = tokenIn(request)
        if (token === null) return receive({ place: request.params, body: request.body }, reply)
        return reply.header('x-content-type-options', 'nosniff').type('text/plain; charset=utf-8').send(token)
      }
    )
  }

  async function receive(
    { place, body }: { place: NotificationAddress; body: unknown },
    reply: FastifyReply
  ) {
    const { accepted, dropped, forget } = deps.graphVerifier(place).verify(body, deps.clock())
    for (const [reason, count] of dropped) deps.metrics.countNotifications('graph', reason, count)
    if (accepted.length === 0) return reply.code(202).send()
    if (await isKept(deps.sync.onNotifications(accepted))) {
      deps.metrics.countNotifications('graph', 'accepted', accepted.length)
      return reply.code(202).send()
    }
    // Graph sends it again for four hours (change-notifications-delivery-webhooks).
    forget()
    deps.metrics.countNotifications('graph', 'not_kept', accepted.length)
    return reply.code(503).send()
  }
}

/** By the rules of forms, in which a space is a plus: so Graph writes it. */
function tokenIn({ raw: { url = '' } }: FastifyRequest): string | null {
  const at = url.indexOf('?')
  if (at === -1 || !url.includes('validationToken=', at)) return null
  const token = new URLSearchParams(url.slice(at)).get('validationToken')
  return token === null || token.length > maxTokenLength ? null : token
}

/** Undefined for a body that is no JSON: it is counted, and the answer is the same. */
function parsed(body: string | Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}

/** Whether they were stored in time. */
async function isKept(keeping: Promise<void>): Promise<boolean> {
  try {
    await withDeadline(keeping, maxAnswerMs)
    return true
  } catch {
    return false
  }
}
