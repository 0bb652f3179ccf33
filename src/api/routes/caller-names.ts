/** `/v1/tenants/{tenant}/caller-names`: whether a tenant has them on. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Management } from '../../management/management.ts'
import { CallerNamesSchema, PutCallerNamesSchema } from '../schemas/caller-names.ts'
import { TenantParams } from '../schemas/params.ts'
import { NoContent, problems } from '../schemas/problems.ts'
import { ref } from '../schemas/types.ts'

const tags = ['Caller names']
const path = '/tenants/:tenant/caller-names'

export function callerNamesRoutes(deps: {
  readonly management: Pick<Management, 'callerNames'>
}): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.put(
      path,
      {
        config: { access: { roles: ['provider', 'operator'] }, audit: 'caller-names.put' },
        schema: {
          tags,
          summary: 'Turn caller names on',
          description:
            'From then on `names`, `names.txt` and `phonebook.xml` answer. The tenant’s `country` must be stated. Off until this is called; ' +
            'numbers that are looked up are logged nowhere.',
          params: TenantParams,
          body: ref(PutCallerNamesSchema),
          response: {
            200: ref(CallerNamesSchema),
            201: ref(CallerNamesSchema),
            ...problems('not_found', 'too_large', 'unsupported_media_type')
          }
        }
      },
      async ({ params, body, management }, reply) => {
        const { callerNames, created } = await management.callerNames.put(params.tenant, body)
        return reply.code(created ? 201 : 200).send(callerNames)
      }
    )

    app.get(
      path,
      {
        config: { access: { roles: ['provider', 'operator'] } },
        schema: {
          tags,
          summary: 'Whether caller names are on',
          description:
            'How numbers are read, and how many shared contacts there are. 404 while they are off.',
          params: TenantParams,
          response: { 200: ref(CallerNamesSchema), ...problems('not_found') }
        }
      },
      async ({ params }) => deps.management.callerNames.get(params.tenant)
    )

    app.delete(
      path,
      {
        config: { access: { roles: ['provider', 'operator'] }, audit: 'caller-names.delete' },
        schema: {
          tags,
          summary: 'Turn caller names off',
          description: 'Every contact that was kept is gone at once. It cannot be undone.',
          params: TenantParams,
          response: { 204: NoContent('They are off.'), ...problems('not_found') }
        }
      },
      async ({ params, management }, reply) => {
        await management.callerNames.remove(params.tenant)
        return reply.code(204).send(null)
      }
    )
  }
}
