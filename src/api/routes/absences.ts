/** `/v1/tenants/{tenant}/users/{user}/absences`: diversions entered for a time to come. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Absence } from '../../domain/absence.ts'
import type { Mask } from '../../domain/mask.ts'
import { type AbsenceResponse, toAbsenceResponse } from '../../management/absences.ts'
import type { Management } from '../../management/management.ts'
import { type Audience, isMaskedFor } from '../../status/audience.ts'
import { audienceOf } from '../auth/audience.ts'
import { AbsenceListSchema, AbsenceParams, AbsenceSchema, PutAbsenceSchema } from '../schemas/absences.ts'
import { PageQuery, UserParams } from '../schemas/params.ts'
import { NoContent, problems } from '../schemas/problems.ts'
import { ref } from '../schemas/types.ts'

const tags = ['Absences']
const access = { roles: ['provider', 'operator', 'switch', 'softphone'], softphone: 'own' } as const
const url = '/tenants/:tenant/users/:user/absences'

export function absencesRoutes(deps: {
  readonly management: Pick<Management, 'absences'>
}): FastifyPluginAsyncTypebox {
  const { absences } = deps.management
  return async (app) => {
    app.put(
      `${url}/:absence`,
      {
        config: { access, audit: 'absence.put' },
        schema: {
          tags,
          summary: 'Enter or change an absence',
          description:
            'The diversion holds from `from` until just before `until`, over the calendar and below what is set by hand. Of ' +
            'absences at the same time the diversion that stands higher in the catalogue holds. A user has at most 50 ahead, each ' +
            'ending at most 400 days from now.',
          params: AbsenceParams,
          body: ref(PutAbsenceSchema),
          response: {
            200: ref(AbsenceSchema),
            201: ref(AbsenceSchema),
            ...problems('not_found', 'limit_reached', 'too_large', 'unsupported_media_type')
          }
        }
      },
      async ({ params: { tenant, user, absence: id }, body, principal, management }, reply) => {
        const { absence, created, mask } = await management.absences.put(tenant, user, id, body)
        return reply.code(created ? 201 : 200).send(showAbsence(absence, mask, audienceOf(principal), user))
      }
    )

    app.get(
      url,
      {
        config: { access },
        schema: {
          tags,
          summary: 'List a user’s absences',
          description: 'Those that hold or are to come, by id, a page at a time.',
          params: UserParams,
          querystring: PageQuery,
          response: { 200: ref(AbsenceListSchema), ...problems('not_found') }
        }
      },
      async ({ params: { tenant, user }, query, principal }) => {
        const { items, after, mask } = await absences.list(tenant, user, query)
        const audience = audienceOf(principal)
        return {
          absences: items.map((absence) => showAbsence(absence, mask, audience, user)),
          ...(after !== undefined && { after })
        }
      }
    )

    app.get(
      `${url}/:absence`,
      {
        config: { access },
        schema: {
          tags,
          summary: 'Read an absence',
          description: 'One that holds or is to come.',
          params: AbsenceParams,
          response: { 200: ref(AbsenceSchema), ...problems('not_found') }
        }
      },
      async ({ params: { tenant, user, absence: id }, principal }) => {
        const { absence, mask } = await absences.get(tenant, user, id)
        return showAbsence(absence, mask, audienceOf(principal), user)
      }
    )

    app.delete(
      `${url}/:absence`,
      {
        config: { access, audit: 'absence.delete' },
        schema: {
          tags,
          summary: 'Remove an absence',
          description: 'What lies below it holds again at once.',
          params: AbsenceParams,
          response: { 204: NoContent('It is gone.'), ...problems('not_found') }
        }
      },
      async ({ params: { tenant, user, absence }, management }, reply) => {
        await management.absences.remove(tenant, user, absence)
        return reply.code(204).send(null)
      }
    )
  }
}

function showAbsence(absence: Absence, mask: Mask, audience: Audience, user: string): AbsenceResponse {
  const shown = toAbsenceResponse(absence)
  if (!isMaskedFor(audience, user)) return shown
  return { ...shown, diversion: mask.shownCode(absence.diversion) }
}
