/** `/v1/audit` and `/v1/tenants/{tenant}/audit`: who did what. */
import { Readable } from 'node:stream'
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { Enum, Strict } from '../../lib/json-schema.ts'
import { auditActions } from '../../management/audit/actions.ts'
import type { Management } from '../../management/management.ts'
import type { Role } from '../../management/principal.ts'
import { AuditLinesSchema, AuditListSchema, AuditVerificationSchema } from '../schemas/audit.ts'
import { pageQuery, TenantParams } from '../schemas/params.ts'
import { problems } from '../schemas/problems.ts'
import { ref } from '../schemas/types.ts'

const tags = ['Audit']
const LINES = 'application/x-ndjson'

const AuditQueryParams = Strict({
  limit: pageQuery.limit,
  after: Type.Optional(
    Type.Integer({ minimum: 0, description: 'Give the entries after this position.', examples: [7] })
  ),
  actor: Type.Optional(
    Type.String({
      maxLength: 500,
      description: 'Only what this key (its id, or `admin`) or this operator did.',
      examples: ['admin']
    })
  ),
  action: Type.Optional(Enum(auditActions, { description: 'Only this.', examples: ['key.create'] }))
})

interface AuditCollection {
  readonly url: '/audit' | '/tenants/:tenant/audit'
  readonly roles: readonly Role[]
  readonly whose: string
  readonly params: { readonly params?: typeof TenantParams }
}

const collections: readonly AuditCollection[] = [
  { url: '/audit', roles: ['provider'], whose: 'the provider’s audit', params: {} },
  {
    url: '/tenants/:tenant/audit',
    roles: ['provider', 'operator'],
    whose: 'a tenant’s audit',
    params: { params: TenantParams }
  }
]

export function auditRoutes(deps: {
  management: Pick<Management, 'auditReader'>
}): FastifyPluginAsyncTypebox {
  const { auditReader } = deps.management
  return async (app) => {
    for (const { url, roles, whose, params } of collections) {
      app.get(
        url,
        {
          config: { access: { roles } },
          schema: {
            tags,
            summary: `Read ${whose}`,
            description:
              'Who did what, when and from where, oldest first, a page at a time; a page may be short and have an `after` all the same. ' +
              `With \`Accept: ${LINES}\` all of it from \`after\` on, one entry a line.`,
            ...params,
            querystring: AuditQueryParams,
            produces: ['application/json', LINES],
            response: {
              200: {
                description: 'The entries.',
                content: {
                  'application/json': { schema: ref(AuditListSchema) },
                  [LINES]: { schema: AuditLinesSchema }
                }
              },
              ...problems('not_found')
            }
          }
        },
        async ({ params, query, headers }, reply) => {
          const tenant = tenantIn(params)
          const untyped = reply as unknown as FastifyReply
          if (!headers.accept?.includes(LINES)) return untyped.send(await auditReader.list(tenant, query))
          const lines = await auditReader.lines(tenant, query)
          return untyped.type(LINES).send(Readable.from(lines, { objectMode: false }))
        }
      )

      app.get(
        `${url}/verification`,
        {
          config: { access: { roles } },
          schema: {
            tags,
            summary: `Verify ${whose}`,
            description:
              'Whether every entry that is kept follows upon the one before, by their hashes, up to the newest; else where it breaks.',
            ...params,
            response: { 200: ref(AuditVerificationSchema), ...problems('not_found') }
          }
        },
        async ({ params }) => auditReader.verify(tenantIn(params))
      )
    }
  }
}

/** Null: the provider's. */
function tenantIn(params: unknown): string | null {
  return (params as { readonly tenant?: string }).tenant ?? null
}
