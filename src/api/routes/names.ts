/** `/v1/tenants/{tenant}/names` and `names.txt`: who is calling. */
import { type FastifyPluginAsyncTypebox, type Static, Type } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import type { CallerNames, FoundName } from '../../caller-names/caller-names.ts'
import { formatName } from '../../domain/caller-name.ts'
import { RequestError } from '../../errors.ts'
import type { Principal } from '../../management/principal.ts'
import type { StatusService } from '../../status/status-service.ts'
import type { TenantView } from '../../status/tenant-view.ts'
import type { RoleAccess } from '../auth/access.ts'
import { requireUserState, requireView, setDegradedHeader } from '../lookup.ts'
import type { NameMetrics } from '../name-counters.ts'
import { NameQuerySchema, NameSchema } from '../schemas/caller-names.ts'
import { TenantParams } from '../schemas/params.ts'
import { problems } from '../schemas/problems.ts'
import { fromMemory } from '../schemas/statuses.ts'
import { ref, withHeaders } from '../schemas/types.ts'

const tags = ['Caller names']

export const namesAccess: RoleAccess = {
  roles: ['provider', 'operator', 'switch', 'softphone'],
  softphone: 'colleagues'
}

const whose =
  'The extension’s user first, then the contacts of the user at whose telephone it rings (`user` or `extension`), the shared contacts, and ' +
  'the tenant’s users. A softphone asks for its own user alone.'

export interface NamesDeps {
  readonly statusService: StatusService
  readonly callerNames: CallerNames
  readonly metrics: NameMetrics
}

export function namesRoutes({ statusService, callerNames, metrics }: NamesDeps): FastifyPluginAsyncTypebox {
  async function find(
    tenant: string,
    query: Static<typeof NameQuerySchema>,
    principal: Principal,
    reply: { header(name: string, value: string): unknown }
  ): Promise<FoundName> {
    const view = statusService.loadedView(tenant) ?? (await requireView(statusService, tenant))
    const user = await whoseTelephone(view, query, principal)
    try {
      const found = await callerNames.find(view, { tenant, number: query.number, user })
      metrics.countNameLookup(found?.source ?? 'unknown')
      if (found !== null) return found
    } catch (error) {
      if (error instanceof RequestError && error.code === 'number_unreadable')
        metrics.countNameLookup('unreadable')
      throw error
    } finally {
      // After the look-up, which may have found out that the store is away.
      setDegradedHeader(reply, view)
    }
    throw new RequestError('name_unknown', 'Nobody known has that number.')
  }

  /**
   * Whose own contacts may be shown: a softphone's are its user's, and a switch says for whose telephone it asks. Who operates the
   * tenant is at nobody's telephone. Where several share an extension it is nobody's own.
   */
  async function whoseTelephone(
    view: TenantView,
    { user, extension }: Pick<Static<typeof NameQuerySchema>, 'user' | 'extension'>,
    principal: Principal
  ): Promise<string | null> {
    if (principal.role === 'softphone') {
      if (user === undefined || user === principal.user) return principal.user
      throw new RequestError(
        'insufficient_role',
        'A softphone asks for its own user alone: leave `user` out.'
      )
    }
    if (user !== undefined) requireUserState(view, user)
    if (principal.role !== 'switch') return null
    return user ?? (extension === undefined ? null : callerNames.ownerOf(view, extension))
  }

  return async (app) => {
    app.get(
      '/tenants/:tenant/names',
      {
        config: { access: namesAccess, limits: 'from-memory' },
        schema: {
          tags,
          summary: 'Who is calling',
          description: `${whose} The number reaches no log.`,
          params: TenantParams,
          querystring: NameQuerySchema,
          response: {
            200: withHeaders(ref(NameSchema), fromMemory),
            ...problems('name_unknown', 'number_unreadable')
          }
        }
      },
      async ({ params, query, principal }, reply) => {
        const found = await find(params.tenant, query, principal, reply)
        const { number, source } = found
        return reply.send({ number, name: formatName(found, query), source, contact: null })
      }
    )

    app.get(
      '/tenants/:tenant/names.txt',
      {
        config: { access: namesAccess, limits: 'from-memory' },
        schema: {
          tags,
          summary: 'Who is calling, as text',
          description:
            `${whose} For switches that show what they get (FreePBX, Asterisk, FreeSWITCH): the name alone, and nothing where nobody is known ` +
            'or the number cannot be read.',
          produces: ['text/plain'],
          params: TenantParams,
          querystring: NameQuerySchema,
          response: {
            200: withHeaders(
              Type.String({ description: 'The name, or nothing.', examples: ['Karin Berg, Acme AB'] }),
              fromMemory
            ),
            ...problems('not_found')
          }
        }
      },
      async ({ params, query, principal }, reply) => {
        const name = await find(params.tenant, query, principal, reply).then(
          (found) => formatName(found, query),
          (error) => {
            if (error instanceof RequestError && silent.has(error.code)) return ''
            throw error
          }
        )
        reply.type('text/plain; charset=utf-8')
        return (reply as unknown as FastifyReply).send(name)
      }
    )
  }
}

/** What a switch must not show in place of a name. */
const silent: ReadonlySet<string> = new Set(['name_unknown', 'number_unreadable'])
