/** `/v1/tenants`: the customers of this installation. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Management } from '../../management/management.ts'
import { PageQuery, TenantParams } from '../schemas/params.ts'
import { NoContent, problems } from '../schemas/problems.ts'
import { PutTenantSchema, TenantListSchema, TenantSchema } from '../schemas/tenants.ts'
import { ref } from '../schemas/types.ts'

const tags = ['Tenants']

export function tenantsRoutes(deps: { management: Pick<Management, 'tenants'> }): FastifyPluginAsyncTypebox {
  const { tenants } = deps.management
  return async (app) => {
    app.get(
      '/tenants',
      {
        config: { access: { roles: ['provider'] } },
        schema: {
          tags,
          summary: 'List the tenants',
          description: 'The tenants by id, a page at a time.',
          querystring: PageQuery,
          response: { 200: ref(TenantListSchema), ...problems() }
        }
      },
      async ({ query }) => {
        const { items, after } = await tenants.list(query)
        return { tenants: [...items], ...(after !== undefined && { after }) }
      }
    )

    app.put(
      '/tenants/:tenant',
      {
        config: { access: { roles: ['provider', 'operator'] }, audit: 'tenant.put' },
        schema: {
          tags,
          summary: 'Make or change a tenant',
          description:
            'All members are stated. Another time zone has the calendars read again. Only the provider makes tenants and sets their `directoryId`.',
          params: TenantParams,
          body: ref(PutTenantSchema),
          response: {
            200: ref(TenantSchema),
            201: ref(TenantSchema),
            ...problems('not_found', 'too_large', 'unsupported_media_type')
          }
        }
      },
      async ({ params, body, principal, management }, reply) => {
        const isProvider = principal.role === 'provider'
        const { tenant, created } = await management.tenants.put(params.tenant, body, { isProvider })
        return reply.code(created ? 201 : 200).send(tenant)
      }
    )

    app.get(
      '/tenants/:tenant',
      {
        config: { access: { roles: ['provider', 'operator'] } },
        schema: {
          tags,
          summary: 'Read a tenant',
          description: 'The tenant as it was put.',
          params: TenantParams,
          response: { 200: ref(TenantSchema), ...problems('not_found') }
        }
      },
      async ({ params }) => tenants.get(params.tenant)
    )

    app.delete(
      '/tenants/:tenant',
      {
        config: { access: { roles: ['provider'] }, audit: 'tenant.delete' },
        schema: {
          tags,
          summary: 'Remove a tenant',
          description: 'With its connection, its rules and all its users. It cannot be undone.',
          params: TenantParams,
          response: { 204: NoContent('It is gone.'), ...problems('not_found') }
        }
      },
      async ({ params, management }, reply) => {
        await management.tenants.remove(params.tenant)
        return reply.code(204).send(null)
      }
    )
  }
}
