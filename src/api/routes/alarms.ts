/** `/v1/alarms` and `/v1/tenants/{tenant}/alarms`: which alarms there are, when they are told, and what is muted. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { AlarmView } from '../../alarms/alarm-settings.ts'
import { requireTenant } from '../../management/tenants.ts'
import type { Store } from '../../storage/store.ts'
import {
  AlarmListSchema,
  AlarmSettingsSchema,
  MuteSchema,
  ProviderCauseParams,
  PutAlarmSettingsSchema,
  TenantCauseParams
} from '../schemas/alarms.ts'
import { TenantParams } from '../schemas/params.ts'
import { NoContent, problems } from '../schemas/problems.ts'
import { ref } from '../schemas/types.ts'
import { type OwnerCollection, ownerOf } from './alarm-owner.ts'

const tags = ['Alarms']

const collections: readonly (OwnerCollection & {
  readonly params: { readonly params?: typeof TenantParams }
  readonly causeParams: typeof ProviderCauseParams | typeof TenantCauseParams
})[] = [
  {
    url: '/alarms',
    roles: ['provider'],
    whose: 'of the provider',
    params: {},
    causeParams: ProviderCauseParams
  },
  {
    url: '/tenants/:tenant/alarms',
    roles: ['provider', 'operator'],
    whose: 'of a tenant',
    params: { params: TenantParams },
    causeParams: TenantCauseParams
  }
]

export function alarmsRoutes({
  store,
  alarmView
}: {
  readonly store: Store
  readonly alarmView: AlarmView
}): FastifyPluginAsyncTypebox {
  const owner = (params: unknown) => ownerOf(params, (id) => requireTenant(store, id))
  return async (app) => {
    for (const { url, roles, whose, params, causeParams } of collections) {
      const access = { roles }
      const config = { access }

      app.get(
        url,
        {
          config,
          schema: {
            tags,
            summary: `Read the alarms ${whose}`,
            description:
              'What is not in order now, whether somebody is told of it or not. The provider’s list has what is raised in tenants and ' +
              'is the provider’s to know, and the same cause in many tenants as one.',
            ...params,
            response: { 200: ref(AlarmListSchema), ...problems('not_found') }
          }
        },
        async ({ params }) => ({ alarms: [...(await alarmView.alarms(await owner(params)))] })
      )

      app.get(
        `${url}/settings`,
        {
          config,
          schema: {
            tags,
            summary: `Read the alarm settings ${whose}`,
            description: 'As they were put, or as they are unless they are put.',
            ...params,
            response: { 200: ref(AlarmSettingsSchema), ...problems('not_found') }
          }
        },
        async ({ params }) => alarmView.settings(await owner(params))
      )

      app.put(
        `${url}/settings`,
        {
          config: { access, audit: 'alarm-settings.put' },
          schema: {
            tags,
            summary: `Set when alarms ${whose} are raised and told`,
            description: 'What is left out is as unless set. With `muteUntil` nothing is sent until then.',
            ...params,
            body: ref(PutAlarmSettingsSchema),
            response: {
              200: ref(AlarmSettingsSchema),
              ...problems('not_found', 'too_large', 'unsupported_media_type')
            }
          }
        },
        async ({ params, body, management }) =>
          alarmView.putSettings(management.audit.storeWith({}), await owner(params), body)
      )

      app.post(
        `${url}/:cause/mute`,
        {
          config: { access, audit: 'alarm.mute' },
          schema: {
            tags,
            summary: `Mute a cause ${whose}`,
            description: 'Until then nobody is told of it. The alarm itself goes on, and GET shows it.',
            params: causeParams,
            body: ref(MuteSchema),
            response: {
              204: NoContent('It is muted, or no longer.'),
              ...problems('not_found', 'too_large', 'unsupported_media_type')
            }
          }
        },
        async ({ params, body, management }, reply) => {
          const by = management.audit.storeWith({ cause: params.cause })
          await alarmView.mute(by, await owner(params), params.cause, body.until)
          return reply.code(204).send(null)
        }
      )
    }
  }
}
