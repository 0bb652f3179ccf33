/** `/v1/tenants/{tenant}/events`: changes as server-sent events, for as long as the client listens. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { RequestError } from '../../errors.ts'
import { Strict } from '../../lib/json-schema.ts'
import { type Cursor, requireCursor } from '../../status/cursor.ts'
import type { Batches, StatusFeeds } from '../../status/subscribe.ts'
import { abortOnDisconnect } from '../abort-on-disconnect.ts'
import { audienceOf } from '../auth/audience.ts'
import type { Authenticator } from '../auth/authenticator.ts'
import type { OperatorAuthenticator } from '../auth/operators/authenticate-operator.ts'
import type { WaitingCalls } from '../auth/waiting-calls.ts'
import type { EventStreams } from '../events/event-streams.ts'
import type { Metrics } from '../metrics.ts'
import { TenantParams } from '../schemas/params.ts'
import { problems } from '../schemas/problems.ts'
import { formatQuery } from '../schemas/statuses.ts'

export interface EventsDeps {
  readonly feeds: StatusFeeds
  readonly streams: EventStreams
  readonly authenticator: Authenticator
  /** Null where nobody can sign in. */
  readonly operators: OperatorAuthenticator | null
  readonly metrics: Pick<Metrics, 'countChanges'>
  readonly waitingCalls: WaitingCalls
}

export const EventsHeaders = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({
      maxLength: 256,
      description: 'The `id` received last: the stream goes on from there. It goes before `cursor`.',
      examples: ['MS5hYmMuNDIuMTc5NTQ']
    })
  )
})

export const EventStreamSchema = Type.String({
  description:
    'Server-sent events. `event: status` has one Status as its `data`; the cursor is the `id` of the last of those that changed ' +
    'together. `event: reset` has a problem as its `data`: begin anew, without a cursor. A comment comes every 15 seconds.',
  examples: [
    'retry: 3127\n\nid: MS5hYmMuNDIuMTc5NTQ\nevent: status\ndata: {"user":"anna","extension":"1070","diversion":"meeting","phone":"closed"}\n\n'
  ]
})

export function eventsRoutes(deps: EventsDeps): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/tenants/:tenant/events',
      {
        config: {
          access: { roles: ['provider', 'operator', 'switch', 'softphone'], softphone: 'colleagues' },
          limits: 'from-memory',
          isStream: true
        },
        schema: {
          tags: ['Statuses'],
          summary: 'Changes as server-sent events',
          description:
            'What `changes` gives, as a stream: one event for each user (with `by=extension` each extension) of whom anything that a ' +
            'Status shows has changed; a transition is a change. With a cursor, in the parameter or as `Last-Event-ID`, it begins with ' +
            'what changed since; without one, with everybody. Any replica takes the cursor of any other. A client that takes nothing ' +
            'for 30 seconds is cut off, and resumes by its cursor. The stream ends within five seconds when the key is revoked.',
          produces: ['text/event-stream'],
          params: TenantParams,
          querystring: Strict({
            cursor: Type.Optional(
              Type.String({
                maxLength: 256,
                description: 'Where to go on: from `statuses`, `changes`, or an `id` of the stream.',
                examples: ['MS5hYmMuNDIuMTc5NTQ']
              })
            ),
            ...formatQuery
          }),
          headers: EventsHeaders,
          response: {
            200: {
              description: 'The stream.',
              content: { 'text/event-stream': { schema: EventStreamSchema } }
            },
            ...problems('not_found', 'cursor_expired', 'not_acceptable')
          }
        }
      },
      async (request, reply) => {
        const { params, query, headers, principal } = request
        const { by = 'user', language = null } = query
        const format = { by, language, audience: audienceOf(principal) }
        const cursor = readCursor(headers['last-event-id'], query.cursor)
        await sendEvents(deps, request, reply, (signal) =>
          deps.feeds.subscribe({ tenant: params.tenant, cursor, format, signal })
        )
        return reply
      }
    )
  }
}

/** What goes wrong before the first byte is a problem, like that of any call. */
export function sendEvents(
  { streams, authenticator, operators, metrics, waitingCalls }: EventsDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  subscribe: (signal: AbortSignal) => Promise<Batches>
): Promise<void> {
  requireEventStream(request.headers.accept)
  if (request.method === 'HEAD') {
    reply.type('text/event-stream').send()
    return Promise.resolve()
  }
  return waitingCalls.run(request.principal, async () => {
    const standing = operators?.isAsked(request)
      ? operators.standing(request)
      : authenticator.standing(request)
    const batches = await subscribe(abortOnDisconnect(reply))
    const headers = reply.getHeaders() as Record<string, string>
    reply.hijack()
    const onSent = (count: number) => metrics.countChanges(count)
    await streams.run({ response: reply.raw, headers, standing, batches, onSent })
  })
}

/** A browser sends an empty id after a reset. */
export function readCursor(lastEventId: string | undefined, cursor: string | undefined): Cursor | null {
  const text = lastEventId || cursor
  return text === undefined ? null : requireCursor(text)
}

function requireEventStream(accept: string | undefined): void {
  if (accept === undefined || /text\/event-stream|text\/\*|\*\/\*/i.test(accept)) return
  throw new RequestError(
    'not_acceptable',
    'This is a stream of server-sent events: send "Accept: text/event-stream", or poll `changes`.'
  )
}
