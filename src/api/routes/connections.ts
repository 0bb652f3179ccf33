/** `/v1/tenants/{tenant}/connection`: how the tenant's calendars are reached. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { Strict } from '../../lib/json-schema.ts'
import type { Management } from '../../management/management.ts'
import { abortOnDisconnect } from '../abort-on-disconnect.ts'
import { sendTestLines, TEST_LINES } from '../connection-test-lines.ts'
import {
  ConnectionSchema,
  ConnectionTestLinesSchema,
  ConnectionTestSchema,
  PutConnectionSchema
} from '../schemas/connections.ts'
import { TenantParams, UserId } from '../schemas/params.ts'
import { NoContent, problems } from '../schemas/problems.ts'
import { ref } from '../schemas/types.ts'

const tags = ['Connections']
const url = '/tenants/:tenant/connection'

const Probe = Type.String({
  pattern: '^[^\\s@]{1,64}@[^\\s@]{1,255}$',
  maxLength: 320,
  description:
    'The address of a mailbox that exists and that the connection may not read. Nothing of it is kept or shown.',
  examples: ['ceo@contoso.com']
})

export function connectionsRoutes(deps: {
  management: Pick<Management, 'connections'>
}): FastifyPluginAsyncTypebox {
  const { connections } = deps.management
  return async (app) => {
    app.put(
      url,
      {
        config: { access: { roles: ['provider', 'operator'] }, audit: 'connection.put' },
        schema: {
          tags,
          summary: 'Make or change the connection',
          description:
            'Secrets go in and never come out. Another kind, tenant, client or cloud drops what was read of all calendars, ' +
            'and they are read anew at once.',
          params: TenantParams,
          body: ref(PutConnectionSchema),
          response: {
            200: ref(ConnectionSchema),
            201: ref(ConnectionSchema),
            ...problems('not_found', 'too_large', 'unsupported_media_type')
          }
        }
      },
      async ({ params, body, management }, reply) => {
        const { connection, created } = await management.connections.put(params.tenant, body)
        return reply.code(created ? 201 : 200).send(connection)
      }
    )

    app.get(
      url,
      {
        config: { access: { roles: ['provider', 'operator'] } },
        schema: {
          tags,
          summary: 'Read the connection',
          description: 'Without its secrets; `secrets` names those that are held.',
          params: TenantParams,
          response: { 200: ref(ConnectionSchema), ...problems('not_found') }
        }
      },
      async ({ params }) => connections.get(params.tenant)
    )

    app.delete(
      url,
      {
        config: { access: { roles: ['provider', 'operator'] }, audit: 'connection.delete' },
        schema: {
          tags,
          summary: 'Remove the connection',
          description: 'With its secrets and all that was read over it. Overrides stay.',
          params: TenantParams,
          response: { 204: NoContent('It is gone.'), ...problems('not_found') }
        }
      },
      async ({ params, management }, reply) => {
        await management.connections.remove(params.tenant)
        return reply.code(204).send(null)
      }
    )

    app.post(
      `${url}/test`,
      {
        config: { access: { roles: ['provider', 'operator'] }, audit: 'connection.test' },
        schema: {
          tags,
          summary: 'Test the connection',
          description:
            'Step by step, with the very calls that reading uses, for `?user=`, else the first user that was read ' +
            'successfully, else the first enabled. May take up to 45 seconds. With `?probe=` one mailbox more is asked for, ' +
            'which is outside the list that the customer limited the connection to: it must be refused. ' +
            `With \`Accept: ${TEST_LINES}\` each step is a line as it passes, and the result the last line.`,
          produces: ['application/json', TEST_LINES],
          params: TenantParams,
          querystring: Strict({ user: Type.Optional(UserId), probe: Type.Optional(Probe) }),
          response: {
            200: {
              description: 'What went well, and what did not.',
              content: {
                'application/json': { schema: ref(ConnectionTestSchema) },
                [TEST_LINES]: { schema: ConnectionTestLinesSchema }
              }
            },
            ...problems('not_found')
          }
        }
      },
      async ({ params, query, headers, management }, reply) => {
        const untyped = reply as unknown as FastifyReply
        const signal = abortOnDisconnect(untyped)
        const { connections } = management
        if (!headers.accept?.includes(TEST_LINES)) {
          return untyped.send(await connections.test(params.tenant, query, signal))
        }
        return sendTestLines(untyped, (onPassed) => connections.test(params.tenant, query, signal, onPassed))
      }
    )
  }
}
