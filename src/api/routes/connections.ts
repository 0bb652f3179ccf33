/** `/v1/tenants/{tenant}/connection`: how the tenant's calendars are reached. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { ConnectionResponse } from '../../connectors/connection-body.ts'
import type { NamedConnectionResponse } from '../../management/connections.ts'
import type { Management } from '../../management/management.ts'
import {
  ConnectionListSchema,
  ConnectionSchema,
  NamedConnectionSchema,
  PutConnectionSchema,
  PutNamedConnectionSchema
} from '../schemas/connections.ts'
import { ConnectionParams, TenantParams } from '../schemas/params.ts'
import { NoContent, problems } from '../schemas/problems.ts'
import { ref } from '../schemas/types.ts'
import { addConnectionTest } from './connection-test.ts'

const tags = ['Connections']
const url = '/tenants/:tenant/connection'
const namedUrl = '/tenants/:tenant/connections/:connection'

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
        const { connection, created } = await management.connections.put(params.tenant, null, body)
        return reply.code(created ? 201 : 200).send(withoutPlace(connection))
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
      async ({ params }) => withoutPlace(await connections.get(params.tenant, null))
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
        await management.connections.remove(params.tenant, null)
        return reply.code(204).send(null)
      }
    )

    addConnectionTest(app, `${url}/test`, { params: TenantParams, idOf: () => null })
    addNamedRoutes(app, deps)
  }
}

type NamedRoutesApp = Parameters<FastifyPluginAsyncTypebox>[0]

/** For a tenant with several connections. */
function addNamedRoutes(
  app: NamedRoutesApp,
  { management: { connections } }: { management: Pick<Management, 'connections'> }
): void {
  app.get(
    '/tenants/:tenant/connections',
    {
      config: { access: { roles: ['provider', 'operator'] } },
      schema: {
        tags,
        summary: 'List the connections',
        description:
          'In the order in which they are asked for a mailbox of which it is not known where it is. `GET …/sync` says where each is.',
        params: TenantParams,
        response: { 200: ref(ConnectionListSchema), ...problems('not_found') }
      }
    },
    async ({ params }) => ({ connections: [...(await connections.list(params.tenant))] })
  )

  app.put(
    namedUrl,
    {
      config: { access: { roles: ['provider', 'operator'] }, audit: 'connection.put' },
      schema: {
        tags,
        summary: 'Make or change one of several connections',
        description:
          'As `PUT …/connection`, for a tenant whose mailboxes are in several places: Exchange on premises and Microsoft 365, say. ' +
          'Each mailbox is read where it is, which is found out. The other connections and their mailboxes stay as they are.',
        params: ConnectionParams,
        body: ref(PutNamedConnectionSchema),
        response: {
          200: ref(NamedConnectionSchema),
          201: ref(NamedConnectionSchema),
          ...problems('not_found', 'limit_reached', 'too_large', 'unsupported_media_type')
        }
      }
    },
    async ({ params, body, management }, reply) => {
      const { connection, created } = await management.connections.put(params.tenant, params.connection, body)
      return reply.code(created ? 201 : 200).send(connection)
    }
  )

  app.get(
    namedUrl,
    {
      config: { access: { roles: ['provider', 'operator'] } },
      schema: {
        tags,
        summary: 'Read one of several connections',
        description: 'Without its secrets; `secrets` names those that are held.',
        params: ConnectionParams,
        response: { 200: ref(NamedConnectionSchema), ...problems('not_found') }
      }
    },
    async ({ params }) => connections.get(params.tenant, params.connection)
  )

  app.delete(
    namedUrl,
    {
      config: { access: { roles: ['provider', 'operator'] }, audit: 'connection.delete' },
      schema: {
        tags,
        summary: 'Remove one of several connections',
        description:
          'With its secrets and all that was read over it. Its mailboxes are looked for over the others.',
        params: ConnectionParams,
        response: { 204: NoContent('It is gone.'), ...problems('not_found') }
      }
    },
    async ({ params, management }, reply) => {
      await management.connections.remove(params.tenant, params.connection)
      return reply.code(204).send(null)
    }
  )

  addConnectionTest(app, `${namedUrl}/test`, {
    params: ConnectionParams,
    idOf: ({ connection }) => connection ?? null
  })
}

/** As it is shown where it is the only one. */
function withoutPlace({ connection: _, order: __, ...shown }: NamedConnectionResponse): ConnectionResponse {
  return shown as ConnectionResponse
}
