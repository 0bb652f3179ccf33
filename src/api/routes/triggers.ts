/** `/v1/tenants/{tenant}/users/{user}/triggers`: what a user writes in events to be diverted, added and removed one at a time. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Management } from '../../management/management.ts'
import { UserParams } from '../schemas/params.ts'
import { NoContent, problems } from '../schemas/problems.ts'
import { TriggerSchema } from '../schemas/rules.ts'
import { PutTriggerSchema, TriggerListSchema, TriggerParams } from '../schemas/triggers.ts'
import { ref } from '../schemas/types.ts'

const tags = ['Users']
const access = { roles: ['provider', 'operator', 'softphone'], softphone: 'own' } as const
const url = '/tenants/:tenant/users/:user/triggers'

export function triggersRoutes(deps: {
  readonly management: Pick<Management, 'triggers'>
}): FastifyPluginAsyncTypebox {
  const { triggers } = deps.management
  return async (app) => {
    app.get(
      url,
      {
        config: { access },
        schema: {
          tags,
          summary: 'Read a user’s own triggers',
          description: 'In the order in which events are put to them, before the triggers of the rules.',
          params: UserParams,
          response: { 200: ref(TriggerListSchema), ...problems('not_found') }
        }
      },
      async ({ params }) => ({ triggers: [...(await triggers.list(params.tenant, params.user))] })
    )

    app.put(
      `${url}/:match/:text`,
      {
        config: { access, audit: 'trigger.put' },
        schema: {
          tags,
          summary: 'Add or change a trigger of a user',
          description:
            '`match` and `text` in the address name it, percent-encoded (`prefix/HEM%3A`); texts that matching holds equal, as ' +
            '`LUN` and `lun`, name the same one. A new one is put last, an old one changed in its place. The other triggers ' +
            'stay, also if they are changed at the same time. The user’s calendar is read again at once.',
          params: TriggerParams,
          body: ref(PutTriggerSchema),
          response: {
            200: ref(TriggerSchema),
            201: ref(TriggerSchema),
            ...problems('not_found', 'too_large', 'unsupported_media_type')
          }
        }
      },
      async ({ params: { tenant, user, match, text }, body, management }, reply) => {
        const { trigger, created } = await management.triggers.put(tenant, user, { match, text }, body)
        return reply.code(created ? 201 : 200).send(trigger)
      }
    )

    app.delete(
      `${url}/:match/:text`,
      {
        config: { access, audit: 'trigger.delete' },
        schema: {
          tags,
          summary: 'Remove a trigger of a user',
          description: 'The others stay. The user’s calendar is read again at once.',
          params: TriggerParams,
          response: { 204: NoContent('It is gone.'), ...problems('not_found') }
        }
      },
      async ({ params: { tenant, user, match, text }, management }, reply) => {
        await management.triggers.remove(tenant, user, { match, text })
        return reply.code(204).send(null)
      }
    )
  }
}
