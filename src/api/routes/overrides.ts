/** `/v1/tenants/{tenant}/users/{user}/override`: a diversion set by hand. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { StatusService } from '../../status/status-service.ts'
import { audienceOf } from '../auth/audience.ts'
import { requireUserState, requireView, setDegradedHeader } from '../lookup.ts'
import { PutOverrideSchema } from '../schemas/overrides.ts'
import { UserParams } from '../schemas/params.ts'
import { NoContent, problems } from '../schemas/problems.ts'
import { StatusSchema } from '../schemas/statuses.ts'
import { ref } from '../schemas/types.ts'
import { sendJson } from '../send-json.ts'

const tags = ['Overrides']
const url = '/tenants/:tenant/users/:user/override'
const access = { roles: ['provider', 'operator', 'switch', 'softphone'], softphone: 'own' } as const

export function overridesRoutes(deps: { readonly statusService: StatusService }): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.put(
      url,
      {
        config: { access, audit: 'override.put' },
        schema: {
          tags,
          summary: 'Set by hand',
          description:
            'Holds from now on, over the calendar. It ends at `until` or after `minutes`; `"until": null` asks for one that ' +
            'holds until it is removed; without either it ends as `overrideEnds` of the diversion says. `available` without ' +
            'an end is “back early”: it ends with the calendar’s present diversion, and the next one still comes; where the ' +
            'calendar diverts nothing it removes the override. Answers the Status that now holds.',
          params: UserParams,
          body: ref(PutOverrideSchema),
          response: {
            200: ref(StatusSchema),
            ...problems('not_found', 'too_large', 'unsupported_media_type')
          }
        }
      },
      async ({ params, body, principal, management }, reply) => {
        await management.overrides.put(params.tenant, params.user, body)
        const view = await requireView(deps.statusService, params.tenant)
        setDegradedHeader(reply, view)
        requireUserState(view, params.user)
        return sendJson(reply, view.status(params.user, audienceOf(principal)))
      }
    )

    app.delete(
      url,
      {
        config: { access, audit: 'override.delete' },
        schema: {
          tags,
          summary: 'Remove what was set by hand',
          description: 'The calendar holds again at once. Where nothing was set nothing happens.',
          params: UserParams,
          response: { 204: NoContent('Nothing is set by hand.'), ...problems('not_found') }
        }
      },
      async ({ params, management }, reply) => {
        await management.overrides.remove(params.tenant, params.user)
        return reply.code(204).send(null)
      }
    )
  }
}
