/** `…/alarms/recipients`: to whom the alarms of a tenant, or of the provider, go. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { RecipientManagement } from '../../alarms/recipients.ts'
import { requireTenant } from '../../management/tenants.ts'
import type { Store } from '../../storage/store.ts'
import {
  ConfirmSchema,
  ProviderRecipientParams,
  PutRecipientSchema,
  RecipientListSchema,
  RecipientSchema,
  RecipientTestSchema,
  TenantRecipientParams
} from '../schemas/alarm-recipients.ts'
import { TenantParams } from '../schemas/params.ts'
import { NoContent, problems } from '../schemas/problems.ts'
import { ref } from '../schemas/types.ts'
import { type OwnerCollection, ownerOf } from './alarm-owner.ts'

const tags = ['Alarms']

const collections: readonly (OwnerCollection & {
  readonly params: { readonly params?: typeof TenantParams }
  readonly recipientParams: typeof ProviderRecipientParams | typeof TenantRecipientParams
})[] = [
  {
    url: '/alarms',
    roles: ['provider'],
    whose: 'of the provider’s alarms',
    params: {},
    recipientParams: ProviderRecipientParams
  },
  {
    url: '/tenants/:tenant/alarms',
    roles: ['provider', 'operator'],
    whose: 'of a tenant’s alarms',
    params: { params: TenantParams },
    recipientParams: TenantRecipientParams
  }
]

export function alarmRecipientsRoutes({
  store,
  alarmRecipients
}: {
  readonly store: Store
  readonly alarmRecipients: RecipientManagement
}): FastifyPluginAsyncTypebox {
  const owner = (params: unknown) => ownerOf(params, (id) => requireTenant(store, id))
  return async (app) => {
    for (const { url, roles, whose, params, recipientParams } of collections) {
      const access = { roles }
      const config = { access }
      const one = `${url}/recipients/:recipient`

      app.get(
        `${url}/recipients`,
        {
          config,
          schema: {
            tags,
            summary: `List the recipients ${whose}`,
            description: 'All of them, at most ten, each with what came of the last message.',
            ...params,
            response: { 200: ref(RecipientListSchema), ...problems('not_found') }
          }
        },
        async ({ params }) => ({ recipients: [...(await alarmRecipients.list(await owner(params)))] })
      )

      app.put(
        one,
        {
          config: { access, audit: 'alarm-recipient.put' },
          schema: {
            tags,
            summary: `Put a recipient ${whose}`,
            description:
              'A new or changed address is sent a code; once it was given back (`confirm`), alarms go there. `lastResult` says what ' +
              'came of the code. At most ten, three of them by SMS. The secret of a webhook is in this answer alone.',
            params: recipientParams,
            body: ref(PutRecipientSchema),
            response: {
              200: ref(RecipientSchema),
              201: ref(RecipientSchema),
              ...problems('not_found', 'limit_reached', 'rate_limited', 'too_large', 'unsupported_media_type')
            }
          }
        },
        async ({ params, body, management }, reply) => {
          const by = management.audit.storeWith({ recipient: params.recipient })
          const { recipient, created } = await alarmRecipients.put(
            by,
            await owner(params),
            params.recipient,
            body
          )
          return reply.code(created ? 201 : 200).send(recipient)
        }
      )

      app.get(
        one,
        {
          config,
          schema: {
            tags,
            summary: `Read a recipient ${whose}`,
            description: 'With what came of the last message.',
            params: recipientParams,
            response: { 200: ref(RecipientSchema), ...problems('not_found') }
          }
        },
        async ({ params }) => alarmRecipients.get(await owner(params), params.recipient)
      )

      app.delete(
        one,
        {
          config: { access, audit: 'alarm-recipient.delete' },
          schema: {
            tags,
            summary: `Remove a recipient ${whose}`,
            description: 'Nothing is sent there any more, and the address is gone.',
            params: recipientParams,
            response: { 204: NoContent('It is gone.'), ...problems('not_found') }
          }
        },
        async ({ params, management }, reply) => {
          const by = management.audit.storeWith({ recipient: params.recipient })
          await alarmRecipients.remove(by, await owner(params), params.recipient)
          return reply.code(204).send(null)
        }
      )

      app.post(
        `${one}/confirm`,
        {
          config: { access, audit: 'alarm-recipient.confirm' },
          schema: {
            tags,
            summary: `Confirm a recipient ${whose}`,
            description:
              'With the code that was sent there. It is good for 24 hours and for five attempts; then another is to be sent.',
            params: recipientParams,
            body: ref(ConfirmSchema),
            response: {
              200: ref(RecipientSchema),
              ...problems('not_found', 'too_large', 'unsupported_media_type')
            }
          }
        },
        async ({ params, body, management }) => {
          const by = management.audit.storeWith({ recipient: params.recipient })
          return alarmRecipients.confirm(by, await owner(params), params.recipient, body.code)
        }
      )

      app.post(
        `${one}/code`,
        {
          config: { access, audit: 'alarm-recipient.code' },
          schema: {
            tags,
            summary: `Send a recipient ${whose} another code`,
            description:
              'The former code no longer counts. Where it is confirmed already nothing happens. At most 20 a day.',
            params: recipientParams,
            response: { 200: ref(RecipientSchema), ...problems('not_found', 'rate_limited') }
          }
        },
        async ({ params, management }) => {
          const found = await owner(params)
          await management.audit.record(found?.id ?? null, { target: { recipient: params.recipient } })
          return alarmRecipients.sendCode(found, params.recipient)
        }
      )

      app.post(
        `${one}/test`,
        {
          config: { access, audit: 'alarm-recipient.test' },
          schema: {
            tags,
            summary: `Send a recipient ${whose} a test`,
            description: 'Sends a message that says it is a test, and answers what the far side said.',
            params: recipientParams,
            response: { 200: ref(RecipientTestSchema), ...problems('not_found', 'not_confirmed') }
          }
        },
        async ({ params, management }) => {
          const found = await owner(params)
          await management.audit.record(found?.id ?? null, { target: { recipient: params.recipient } })
          return alarmRecipients.test(found, params.recipient)
        }
      )
    }
  }
}
