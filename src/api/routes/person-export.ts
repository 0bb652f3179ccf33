/** `/v1/tenants/{tenant}/users/{user}/export`: all that is kept of one person. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { UserParams } from '../schemas/params.ts'
import { PersonExportSchema } from '../schemas/person-export.ts'
import { problems } from '../schemas/problems.ts'
import { ref } from '../schemas/types.ts'

export function personExportRoutes(): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/tenants/:tenant/users/:user/export',
      {
        // A lost telephone must not open everything: whoever wants to know asks their employer (Article 15).
        config: { access: { roles: ['provider', 'operator'] }, audit: 'user.export' },
        schema: {
          tags: ['Users'],
          summary: 'Export all that is kept of a person',
          description:
            'For a request of access (GDPR, Article 15). Nothing is masked: hand it to the person alone. A mailbox that is a URL ' +
            'is shown by its host, and no key and no digest of one is in it. Subjects are not in it, since they are not kept.',
          params: UserParams,
          response: { 200: ref(PersonExportSchema), ...problems('not_found') }
        }
      },
      async ({ params, management }) => management.personExport.read(params.tenant, params.user)
    )
  }
}
