/** `/v1/changes` and `/v1/events`: what changed in any tenant, with one cursor, for the provider. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { Strict } from '../../lib/json-schema.ts'
import { encodeListInSlices } from '../../lib/time-slices.ts'
import { requireProviderCursor } from '../../status/provider-cursor.ts'
import type { ProviderFeed } from '../../status/provider-feed.ts'
import { abortOnDisconnect } from '../abort-on-disconnect.ts'
import { audienceOf } from '../auth/audience.ts'
import { problems } from '../schemas/problems.ts'
import { ProviderChangesSchema } from '../schemas/provider-changes.ts'
import { formatQuery } from '../schemas/statuses.ts'
import { ref } from '../schemas/types.ts'
import { sendJsonChunks } from '../send-json.ts'
import { WaitParam } from './changes.ts'
import { EventStreamSchema, type EventsDeps, EventsHeaders, sendEvents } from './events.ts'

const cursor = Type.Optional(
  Type.String({
    maxLength: 256,
    description: 'Where to go on: from the answer before, or an `id` of the stream. Without it: from now.',
    examples: ['cDEuMDE5YWQyZmUuNDIuMTc5NTQ']
  })
)

export function providerFeedsRoutes(
  deps: EventsDeps & { readonly providerFeed: ProviderFeed }
): FastifyPluginAsyncTypebox {
  const { providerFeed, metrics } = deps
  return async (app) => {
    app.get(
      '/changes',
      {
        config: { access: { roles: ['provider'] }, limits: 'from-memory' },
        schema: {
          tags: ['Statuses'],
          summary: 'What changed in any tenant since a cursor',
          description:
            'As a tenant’s `changes`, each entry with its `tenant`; one cursor for all tenants. Take a cursor first (a call without one answers it at once), ' +
            'then read each tenant’s `statuses`, then go on from the cursor. An answer holds about 5,000 changes, the next call gives the others. ' +
            'Any replica takes the cursor of any other; after a change of replica some entries are given again, as they are now. ' +
            'A process that is asked for the first time loads all tenants.',
          querystring: Strict({ cursor, wait: WaitParam, ...formatQuery }),
          response: { 200: ref(ProviderChangesSchema), ...problems('cursor_expired') }
        }
      },
      async ({ query, principal }, reply) => {
        const { wait = 0, by = 'user', language = null } = query
        const from = query.cursor === undefined ? null : requireProviderCursor(query.cursor)
        const found = await providerFeed.changes(from, {
          waitMs: wait * 1000,
          signal: abortOnDisconnect(reply),
          format: { by, language, audience: audienceOf(principal) }
        })
        metrics.countChanges(found.changes.length)
        const head = `{"cursor":${JSON.stringify(found.cursor)},"changes":[`
        return sendJsonChunks(reply, await encodeListInSlices(head, found.changes, ']}'))
      }
    )

    app.get(
      '/events',
      {
        config: { access: { roles: ['provider'] }, limits: 'from-memory', isStream: true },
        schema: {
          tags: ['Statuses'],
          summary: 'Changes of any tenant as server-sent events',
          description:
            'What `/v1/changes` gives, as a stream: one event for each change, with its `tenant`. Without a cursor it begins with the ' +
            'present one, as the `id` of a frame without data.',
          produces: ['text/event-stream'],
          querystring: Strict({ cursor, ...formatQuery }),
          headers: EventsHeaders,
          response: {
            200: {
              description: 'The stream.',
              content: { 'text/event-stream': { schema: EventStreamSchema } }
            },
            ...problems('cursor_expired', 'not_acceptable')
          }
        }
      },
      async (request, reply) => {
        const { query, headers, principal } = request
        const { by = 'user', language = null } = query
        const format = { by, language, audience: audienceOf(principal) }
        const text = headers['last-event-id'] || query.cursor
        const from = text === undefined ? null : requireProviderCursor(text)
        await sendEvents(deps, request, reply, (signal) => providerFeed.subscribe(from, { signal, format }))
        return reply
      }
    )
  }
}
