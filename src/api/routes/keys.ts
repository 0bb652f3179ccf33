/** `/v1/keys` and `/v1/tenants/{tenant}/keys`: the API keys of the provider and of a tenant. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Management } from '../../management/management.ts'
import type { Role } from '../../management/principal.ts'
import {
  KeyListSchema,
  KeySchema,
  NewKeySchema,
  PostKeySchema,
  ProviderKeyParams,
  RotateKeySchema,
  TenantKeyParams
} from '../schemas/keys.ts'
import { PageQuery, TenantParams } from '../schemas/params.ts'
import { NoContent, problems } from '../schemas/problems.ts'
import { ref } from '../schemas/types.ts'

const tags = ['Keys']

/** What the calls on the keys of a tenant, and of the provider, do not have in common. */
interface KeyCollection {
  readonly url: '/keys' | '/tenants/:tenant/keys'
  readonly roles: readonly Role[]
  /** Whose they are, as it goes on from "keys". */
  readonly whose: string
  readonly params: { readonly params?: typeof TenantParams }
  readonly keyParams: typeof ProviderKeyParams | typeof TenantKeyParams
}

const collections: readonly KeyCollection[] = [
  {
    url: '/keys',
    roles: ['provider'],
    whose: 'of the provider',
    params: {},
    keyParams: ProviderKeyParams
  },
  {
    url: '/tenants/:tenant/keys',
    roles: ['provider', 'operator'],
    whose: 'of a tenant',
    params: { params: TenantParams },
    keyParams: TenantKeyParams
  }
]

export function keysRoutes(deps: { management: Pick<Management, 'apiKeys'> }): FastifyPluginAsyncTypebox {
  const { apiKeys } = deps.management
  return async (app) => {
    for (const { url, roles, whose, params, keyParams } of collections) {
      const access = { roles }

      app.post(
        url,
        {
          config: { access, audit: 'key.create' },
          schema: {
            tags,
            summary: `Make a key ${whose}`,
            description:
              'The answer shows the key, once: only its SHA-256 is kept. It opens this API at once, on every replica. At most 50, ' +
              'beside the keys of softphones, of which each user has at most 5.',
            ...params,
            body: ref(PostKeySchema),
            response: {
              201: ref(NewKeySchema),
              ...problems('not_found', 'limit_reached', 'too_large', 'unsupported_media_type')
            }
          }
        },
        async ({ params, body, principal, management }, reply) =>
          reply.code(201).send(await management.apiKeys.create(tenantIn(params), body, principal))
      )

      app.get(
        url,
        {
          config: { access },
          schema: {
            tags,
            summary: `List the keys ${whose}`,
            description: 'The keys by id, a page at a time, without the keys themselves.',
            ...params,
            querystring: PageQuery,
            response: { 200: ref(KeyListSchema), ...problems('not_found') }
          }
        },
        async ({ params, query }) => {
          const { items, after } = await apiKeys.list(tenantIn(params), query)
          return { keys: [...items], ...(after !== undefined && { after }) }
        }
      )

      app.get(
        `${url}/:id`,
        {
          config: { access },
          schema: {
            tags,
            summary: `Read a key ${whose}`,
            description: 'What the key opens, and when it was used last; not the key itself.',
            params: keyParams,
            response: { 200: ref(KeySchema), ...problems('not_found') }
          }
        },
        async ({ params }) => apiKeys.get(tenantIn(params), params.id)
      )

      app.post(
        `${url}/:id/rotate`,
        {
          config: { access, audit: 'key.rotate' },
          schema: {
            tags,
            summary: `Rotate a key ${whose}`,
            description:
              'Makes a new key with the same id and the same rights, and shows it once. The key until now stays good for the overlap; ' +
              'one from an earlier rotation does not.',
            params: keyParams,
            body: ref(RotateKeySchema),
            response: {
              200: ref(NewKeySchema),
              ...problems('not_found', 'precondition_failed', 'too_large', 'unsupported_media_type')
            }
          }
        },
        async ({ params, body, principal, management }) =>
          management.apiKeys.rotate(tenantIn(params), params.id, body.overlapHours ?? 24, principal)
      )

      app.delete(
        `${url}/:id`,
        {
          config: { access, audit: 'key.delete' },
          schema: {
            tags,
            summary: `Remove a key ${whose}`,
            description:
              'The key is refused from now on, by every replica within 5 seconds. It cannot be undone.',
            params: keyParams,
            response: { 204: NoContent('It is gone.'), ...problems('not_found') }
          }
        },
        async ({ params, principal, management }, reply) => {
          await management.apiKeys.remove(tenantIn(params), params.id, principal)
          return reply.code(204).send(null)
        }
      )
    }
  }
}

/** Null: the provider's. */
function tenantIn(params: unknown): string | null {
  return (params as { readonly tenant?: string }).tenant ?? null
}
