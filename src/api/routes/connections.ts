/** `/v1/tenants/{tenant}/connection`: how the tenant's calendars are reached. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Directory } from '../../management/management.ts'
import { untilGone } from '../abort-on-disconnect.ts'
import { Connection, ConnectionPut, TestResult } from '../schemas/connections.ts'
import { TenantParams, UserId } from '../schemas/params.ts'
import { Nothing, problems } from '../schemas/problems.ts'
import { ref, Strict } from '../schemas/types.ts'

const tags = ['Connections']
const url = '/tenants/:tenant/connection'

export function connectionsRoutes(needs: {
  directory: Pick<Directory, 'connections'>
}): FastifyPluginAsyncTypebox {
  const { connections } = needs.directory
  return async (app) => {
    app.put(
      url,
      {
        schema: {
          tags,
          summary: 'Make or change the connection',
          description:
            'Secrets go in and never come out. Another kind, tenant, client or cloud drops what was read of all calendars, ' +
            'and they are read anew at once.',
          params: TenantParams,
          body: ref(ConnectionPut),
          response: {
            200: ref(Connection),
            201: ref(Connection),
            ...problems('not_found', 'too_large', 'unsupported_media_type')
          }
        }
      },
      async ({ params, body }, reply) => {
        const { connection, created } = await connections.put(params.tenant, body)
        return reply.code(created ? 201 : 200).send(connection)
      }
    )

    app.get(
      url,
      {
        schema: {
          tags,
          summary: 'Read the connection',
          description: 'Without its secrets; `secrets` names those that are held.',
          params: TenantParams,
          response: { 200: ref(Connection), ...problems('not_found') }
        }
      },
      async ({ params }) => connections.get(params.tenant)
    )

    app.delete(
      url,
      {
        schema: {
          tags,
          summary: 'Remove the connection',
          description: 'With its secrets and all that was read over it. Overrides stay.',
          params: TenantParams,
          response: { 204: Nothing('It is gone.'), ...problems('not_found') }
        }
      },
      async ({ params }, reply) => {
        await connections.remove(params.tenant)
        return reply.code(204).send(null)
      }
    )

    app.post(
      `${url}/test`,
      {
        schema: {
          tags,
          summary: 'Test the connection',
          description:
            'Step by step, with the very calls that reading uses, for `?user=`, else the first user that was read ' +
            'successfully, else the first enabled. May take up to 45 seconds.',
          params: TenantParams,
          querystring: Strict({ user: Type.Optional(UserId) }),
          response: { 200: ref(TestResult), ...problems('not_found') }
        }
      },
      async ({ params, query }, reply) => connections.test(params.tenant, query.user, untilGone(reply))
    )
  }
}
