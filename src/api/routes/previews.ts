/** `/v1/tenants/{tenant}/rules/preview`: what rules decide for events. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { abortOnDisconnect } from '../abort-on-disconnect.ts'
import { limitCallsOfKey } from '../auth/limits.ts'
import { TenantParams } from '../schemas/params.ts'
import { PreviewBodySchema, PreviewSchema } from '../schemas/previews.ts'
import { problems } from '../schemas/problems.ts'
import { ref } from '../schemas/types.ts'

/** Over all tenants: each preview of a calendar reveals something of its subjects. */
const MAX_USER_PREVIEWS_PER_MINUTE = 10

export function previewsRoutes(): FastifyPluginAsyncTypebox {
  return async (app) => {
    const countUserPreview = limitCallsOfKey(app, MAX_USER_PREVIEWS_PER_MINUTE)
    app.post(
      '/tenants/:tenant/rules/preview',
      {
        config: { access: { roles: ['provider', 'operator'] }, audit: 'rules.preview' },
        schema: {
          tags: ['Rules'],
          summary: 'Try rules out',
          description:
            'On the events given, whatever their dates, or on the calendar of `user` as it is now. Nothing is saved, and no ' +
            'subject comes out. With `user` what the stored rules say of private events and of forward targets holds, the ' +
            'triggers of `rules` are not put to private events, and 10 calls a minute may be made with one key.',
          params: TenantParams,
          body: ref(PreviewBodySchema),
          response: {
            200: ref(PreviewSchema),
            ...problems('not_found', 'too_large', 'unsupported_media_type', 'calendar_unreachable')
          }
        }
      },
      async (request, reply) => {
        const { management, params, body } = request
        if (body.user !== undefined) await countUserPreview(request)
        return management.previews.preview(params.tenant, body, abortOnDisconnect(reply))
      }
    )
  }
}
