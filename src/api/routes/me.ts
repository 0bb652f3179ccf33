/** `/v1/me`: who asks. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ROLES } from '../../management/principal.ts'
import { PrincipalSchema } from '../schemas/principals.ts'
import { problems } from '../schemas/problems.ts'
import { ref } from '../schemas/types.ts'

export function meRoutes(): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/me',
      {
        config: { access: { roles: ROLES } },
        schema: {
          tags: ['Sign-in'],
          summary: 'Who asks',
          description: 'The principal of the key or the session with which this is asked.',
          response: { 200: ref(PrincipalSchema), ...problems() }
        }
      },
      async ({ principal: { kind, id, name, role, tenant, user, colleagues, sensitive } }) => ({
        kind,
        id,
        name,
        role,
        tenant,
        user,
        colleagues,
        sensitive
      })
    )
  }
}
