/** `/v1/tenants/{tenant}/rules` and `/v1/packs`: how events become diversions. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { Strict } from '../../lib/json-schema.ts'
import type { Management } from '../../management/management.ts'
import { entityTag, type RulesResponse } from '../../management/rules.ts'
import { audienceOf } from '../auth/audience.ts'
import { PageQuery, pageQuery, TenantId, TenantParams } from '../schemas/params.ts'
import { problems } from '../schemas/problems.ts'
import {
  DiversionListSchema,
  LintResultSchema,
  PackListSchema,
  RulesDiffSchema,
  RulesVersionListSchema
} from '../schemas/rule-lists.ts'
import { PutRulesSchema, RulesFieldsSchema, RulesSchema } from '../schemas/rules.ts'
import { ref } from '../schemas/types.ts'
import { setEntityTag } from '../send-json.ts'

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

const VersionParams = Strict({
  tenant: TenantId,
  version: Type.Integer({ minimum: 0, description: 'A version; 0: the default pack.', examples: [2] })
})

const DiffParams = Strict({
  ...VersionParams.properties,
  other: Type.Integer({ minimum: 0, description: 'Another version; 0: the default pack.', examples: [3] })
})

export function rulesRoutes(deps: {
  management: Pick<Management, 'rules' | 'ruleComparison'>
}): FastifyPluginAsyncTypebox {
  const { rules, ruleComparison } = deps.management
  return async (app) => {
    app.put(
      url,
      {
        config: { access: { roles: ['provider', 'operator'] }, audit: 'rules.put' },
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
      async ({ params, headers, body, principal, management }, reply) => {
        const put = await management.rules.put(params.tenant, body, headers['if-match'], principal)
        return sendRules(reply, put.created ? 201 : 200, put.rules)
      }
    )

    app.get(
      url,
      {
        config: { access: { roles: ['provider', 'operator'] } },
        schema: {
          tags,
          summary: 'Read the rules',
          description:
            'What was put, at the top level, and `effective`: what it comes to. `ETag` is the version. A tenant that has put ' +
            'none has the pack `3kontakt`, version 0.',
          params: TenantParams,
          response: { 200: ref(RulesSchema), ...problems('not_found') }
        }
      },
      async ({ params }, reply) => sendRules(reply, 200, await rules.get(params.tenant))
    )

    app.get(
      `${url}/versions`,
      {
        config: { access: { roles: ['provider', 'operator'] } },
        schema: {
          tags,
          summary: 'List the versions of the rules',
          description:
            'Newest first, a page at a time, each with when it was put and by whom; at least the last 100 are kept.',
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

    app.get(
      `${url}/versions/:version`,
      {
        config: { access: { roles: ['provider', 'operator'] } },
        schema: {
          tags,
          summary: 'Read a version of the rules',
          description: 'As it was put, and `effective`: what it came to. `ETag` is the version.',
          params: VersionParams,
          response: { 200: ref(RulesSchema), ...problems('not_found') }
        }
      },
      async ({ params }, reply) => sendRules(reply, 200, await rules.get(params.tenant, params.version))
    )

    app.get(
      `${url}/versions/:version/diff/:other`,
      {
        config: { access: { roles: ['provider', 'operator'] } },
        schema: {
          tags,
          summary: 'Compare two versions of the rules',
          description:
            'What `other` has otherwise than `version`, in what the rules come to: diversions by their code, triggers by what they ' +
            'match. With who put each, and when.',
          params: DiffParams,
          response: { 200: ref(RulesDiffSchema), ...problems('not_found') }
        }
      },
      async ({ params: { tenant, version, other } }) => ruleComparison.diff(tenant, version, other)
    )

    app.post(
      `${url}/versions/:version/restore`,
      {
        config: { access: { roles: ['provider', 'operator'] }, audit: 'rules.restore' },
        schema: {
          tags,
          summary: 'Restore a version of the rules',
          description:
            'A new version that is what this one was, its pack as it then was; nothing where it is in force already. All ' +
            'calendars are read again at once.',
          params: VersionParams,
          headers: IfMatch,
          response: { 200: ref(RulesSchema), ...problems('not_found', 'code_in_use', 'precondition_failed') }
        }
      },
      async ({ params: { tenant, version }, headers, principal, management }, reply) =>
        sendRules(reply, 200, await management.rules.restore(tenant, version, headers['if-match'], principal))
    )

    app.post(
      `${url}/lint`,
      {
        config: { access: { roles: ['provider', 'operator'] }, audit: 'none' },
        schema: {
          tags,
          summary: 'Look rules over',
          description:
            'What is allowed and hardly meant: triggers that never fire and which takes their events, everyday words, near ' +
            'misses of a prefix, codes without a label in the tenant’s language. With `{}` the rules in force. Nothing is saved.',
          params: TenantParams,
          body: ref(RulesFieldsSchema),
          response: {
            200: ref(LintResultSchema),
            ...problems('not_found', 'too_large', 'unsupported_media_type')
          }
        }
      },
      async ({ params, body }) => ({ findings: await rules.lint(params.tenant, body) })
    )

    app.get(
      '/tenants/:tenant/diversions',
      {
        config: { access: { roles: ['provider', 'operator', 'switch', 'softphone'] } },
        schema: {
          tags,
          summary: 'The catalogue of diversions',
          description:
            'For consumers: the codes that a Status can have, highest first, with their labels. A key without `sensitive` gets no ' +
            'sensitive ones.',
          params: TenantParams,
          response: { 200: ref(DiversionListSchema), ...problems('not_found') }
        }
      },
      async ({ params, principal }) => {
        const { sensitive, unmaskedUser } = audienceOf(principal)
        const diversions = await rules.diversions(params.tenant)
        // Who sees one user as they are must know all that can be shown of them, and set by them.
        if (sensitive || unmaskedUser !== null) return { diversions: [...diversions] }
        return { diversions: diversions.filter((diversion) => !diversion.sensitive) }
      }
    )

    app.get(
      '/packs',
      {
        config: { access: { roles: ['provider', 'operator'] } },
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

function sendRules(reply: Pick<FastifyReply, 'code' | 'header'>, status: 200 | 201, rules: RulesResponse) {
  setEntityTag(reply, entityTag(rules.version))
  reply.code(status)
  return (reply as FastifyReply).send(rules)
}
