/** `/v1/tenants/{tenant}/rules` and `/v1/packs`: how events become diversions, and what they would come to. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { Strict } from '../../lib/json-schema.ts'
import type { Management } from '../../management/management.ts'
import { entityTag } from '../../management/rules.ts'
import { abortOnDisconnect } from '../abort-on-disconnect.ts'
import { PageQuery, pageQuery, TenantParams } from '../schemas/params.ts'
import { PreviewBodySchema, PreviewSchema } from '../schemas/previews.ts'
import { problems } from '../schemas/problems.ts'
import { PackListSchema, PutRulesSchema, RulesSchema, RulesVersionListSchema } from '../schemas/rules.ts'
import { ref } from '../schemas/types.ts'

const tags = ['Rules']
const url = '/tenants/:tenant/rules'

const IfMatch = Type.Object({
  'if-match': Type.Optional(
    Type.String({
      maxLength: 1000,
      description:
        'The `ETag` of the rules that were read: if they have changed since, nothing is saved (412).',
      examples: ['"3"']
    })
  )
})

export function rulesRoutes(deps: {
  management: Pick<Management, 'rules' | 'previews'>
}): FastifyPluginAsyncTypebox {
  const { rules, previews } = deps.management
  return async (app) => {
    app.put(
      url,
      {
        schema: {
          tags,
          summary: 'Set the rules',
          description:
            'A new version, unless it comes to the very same. The pack is stored as it is now: an upgrade never changes a ' +
            'tenant. `available` is added last where a stated catalogue lacks it. All calendars are read again at once.',
          params: TenantParams,
          headers: IfMatch,
          body: ref(PutRulesSchema),
          response: {
            200: ref(RulesSchema),
            201: ref(RulesSchema),
            ...problems(
              'not_found',
              'code_in_use',
              'precondition_failed',
              'too_large',
              'unsupported_media_type'
            )
          }
        }
      },
      async ({ params, headers, body }, reply) => {
        const put = await rules.put(params.tenant, body, headers['if-match'])
        return reply
          .code(put.created ? 201 : 200)
          .header('etag', entityTag(put.rules.version))
          .send(put.rules)
      }
    )

    app.get(
      url,
      {
        schema: {
          tags,
          summary: 'Read the rules',
          description:
            'What was put, at the top level, and `effective`: what it comes to. `ETag` is the version. A tenant that has put ' +
            'none has the pack `3kontakt`, version 0.',
          params: TenantParams,
          querystring: Strict({
            version: Type.Optional(
              Type.Integer({ minimum: 0, description: 'Another version than the newest.', examples: [2] })
            )
          }),
          response: { 200: ref(RulesSchema), ...problems('not_found') }
        }
      },
      async ({ params, query }, reply) => {
        const found = await rules.get(params.tenant, query.version)
        return reply.header('etag', entityTag(found.version)).send(found)
      }
    )

    app.get(
      `${url}/versions`,
      {
        schema: {
          tags,
          summary: 'List the versions of the rules',
          description: 'Newest first, a page at a time; at least the last 100 are kept.',
          params: TenantParams,
          querystring: Strict({
            limit: pageQuery.limit,
            after: Type.Optional(
              Type.Integer({
                minimum: 1,
                description: 'Give those older than this version: the `after` of the page before.',
                examples: [3]
              })
            )
          }),
          response: { 200: ref(RulesVersionListSchema), ...problems('not_found') }
        }
      },
      async ({ params, query }) => rules.versions(params.tenant, query)
    )

    app.post(
      `${url}/preview`,
      {
        schema: {
          tags,
          summary: 'Try rules out',
          description:
            'On the events given, whatever their dates, or on the calendar of `user` as it is now. Nothing is saved, and no ' +
            'subject comes out.',
          params: TenantParams,
          body: ref(PreviewBodySchema),
          response: {
            200: ref(PreviewSchema),
            ...problems('not_found', 'too_large', 'unsupported_media_type', 'calendar_unreachable')
          }
        }
      },
      async ({ params, body }, reply) => previews.preview(params.tenant, body, abortOnDisconnect(reply))
    )

    app.get(
      '/packs',
      {
        schema: {
          tags,
          summary: 'List the packs',
          description: 'The RuleSets that come with this version, to start from, by name.',
          querystring: PageQuery,
          response: { 200: ref(PackListSchema), ...problems() }
        }
      },
      async ({ query }) => rules.packs(query)
    )
  }
}
