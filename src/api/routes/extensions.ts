/** `/v1/tenants/{tenant}/extensions/{extension}/status`: what holds for an extension and all users who share it. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { RequestError } from '../../errors.ts'
import { Strict } from '../../lib/json-schema.ts'
import type { StatusService } from '../../status/status-service.ts'
import { audienceOf } from '../auth/audience.ts'
import { requireView, setDegradedHeader } from '../lookup.ts'
import { ExtensionParam, TenantId } from '../schemas/params.ts'
import { problems } from '../schemas/problems.ts'
import { ExtensionStatusSchema, fromMemory } from '../schemas/statuses.ts'
import { ref, withHeaders } from '../schemas/types.ts'
import { sendJson } from '../send-json.ts'

export function extensionsRoutes(deps: { readonly statusService: StatusService }): FastifyPluginAsyncTypebox {
  const { statusService } = deps
  return async (app) => {
    app.get(
      '/tenants/:tenant/extensions/:extension/status',
      {
        config: {
          access: { roles: ['provider', 'operator', 'switch', 'softphone'], softphone: 'colleagues' },
          limits: 'from-memory'
        },
        schema: {
          tags: ['Statuses'],
          summary: 'One extension’s status',
          description: 'As `GET …/statuses?by=extension` has it. 404 when no user has the extension.',
          params: Strict({ tenant: TenantId, extension: ExtensionParam }),
          response: { 200: withHeaders(ref(ExtensionStatusSchema), fromMemory), ...problems('not_found') }
        }
      },
      async ({ params: { tenant, extension }, principal }, reply) => {
        const view = statusService.loadedView(tenant) ?? (await requireView(statusService, tenant))
        setDegradedHeader(reply, view)
        const moment = view.moment().in({ language: null, audience: audienceOf(principal) })
        const users = (await moment.groupByExtension(new Set([extension]))).get(extension)
        if (users === undefined) {
          throw new RequestError('not_found', `Nobody in this tenant has the extension "${extension}".`)
        }
        return sendJson(reply, moment.renderExtension(users))
      }
    )
  }
}
