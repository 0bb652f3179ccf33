/** `/v1/tenants/{tenant}/users/{user}/timeline`: a user's coming diversions, as the calendar alone has them. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Instant } from '../../domain/calendar-event.ts'
import type { Explanation } from '../../domain/explain.ts'
import type { Cause } from '../../domain/timeline.ts'
import { mergeIntervals } from '../../domain/timeline.ts'
import { formatInstant } from '../../lib/rfc3339.ts'
import { createExplainer, type ExplainStatusDeps } from '../../status/explain-status.ts'
import type { StatusService } from '../../status/status-service.ts'
import { diversionOf, type TenantContext } from '../../status/user-state.ts'
import { requireInstantInWindow, requireUserState, requireView, setDegradedHeader } from '../lookup.ts'
import { UserParams } from '../schemas/params.ts'
import { problems } from '../schemas/problems.ts'
import { fromMemory, StatusQuerySchema, TimelineSchema } from '../schemas/statuses.ts'
import { ref, withHeaders } from '../schemas/types.ts'

export function timelinesRoutes(
  deps: { readonly statusService: StatusService; readonly clock: () => Instant } & ExplainStatusDeps
): FastifyPluginAsyncTypebox {
  const { statusService, clock } = deps
  return async (app) => {
    app.get(
      '/tenants/:tenant/users/:user/timeline',
      {
        schema: {
          tags: ['Statuses'],
          summary: 'One user’s coming diversions',
          description:
            'The intervals that end after `at`, by the calendar alone (an override is no part of it), merged where ' +
            'diversion and phone are the same and nothing lies between. With `explain=true` each lists its rules.',
          params: UserParams,
          querystring: StatusQuerySchema,
          response: { 200: withHeaders(ref(TimelineSchema), fromMemory), ...problems('not_found') }
        }
      },
      async ({ params, query }, reply) => {
        const view = await requireView(statusService, params.tenant)
        setDegradedHeader(reply, view)
        const person = requireUserState(view, params.user)
        const at = query.at === undefined ? clock() : requireInstantInWindow(query.at, clock())
        const why =
          query.explain === true ? await createExplainer(deps, params.tenant, person, view.context) : null
        const { boundaries, causes, truncatedAt } = person.calendar
        const known = causes.map((ground) => withKnownDiversion(ground, view.context))
        const intervals = mergeIntervals({ boundaries, causes: known }, at).map((interval) => ({
          start: formatInstant(interval.start),
          end: truncatedAt !== null && interval.end >= truncatedAt ? null : formatInstant(interval.end),
          diversion: interval.diversion,
          phone: interval.phone,
          ...(why && explained(interval.causes, why))
        }))
        return { at: formatInstant(at), intervals }
      }
    )
  }
}

/** With the stand-in for a code that the present catalogue has no longer. */
function withKnownDiversion(ground: Cause, scene: TenantContext): Cause {
  const { code } = diversionOf(ground.diversion, scene)
  return code === ground.diversion ? ground : { ...ground, diversion: code }
}

/** `rule` and `because` of what holds first, as in a Status; `rules` of all that was merged, each once. */
function explained(causes: readonly Cause[], why: (ground: Cause) => Explanation) {
  const explanations = new Map(causes.map(why).map((one) => [JSON.stringify(one), one]))
  const all = [...explanations.values()]
  return {
    rule: all[0]!.rule,
    because: all.map(({ because }) => because).join(' '),
    rules: all.flatMap(({ rule }) => (rule === null ? [] : [rule]))
  }
}
