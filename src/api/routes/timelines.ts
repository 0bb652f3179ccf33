/** `/v1/tenants/{tenant}/users/{user}/timeline`: a user's coming diversions, by the calendar and by hand. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { isAhead } from '../../domain/absence.ts'
import type { Instant } from '../../domain/calendar-event.ts'
import type { Explanation } from '../../domain/explain.ts'
import { isOverrideActive, type Override } from '../../domain/override.ts'
import { isEnteredByHand } from '../../domain/status.ts'
import { type Cause, type MergedInterval, mergeIntervals } from '../../domain/timeline.ts'
import { floorToSecond } from '../../domain/whole-seconds.ts'
import { formatInstant } from '../../lib/rfc3339.ts'
import { toAbsenceResponse } from '../../management/absences.ts'
import { createExplainer, type ExplainStatusDeps } from '../../status/explain-status.ts'
import type { StatusService } from '../../status/status-service.ts'
import {
  absencesFor,
  calendarFor,
  overrideFor,
  type TenantContext,
  timelineFor
} from '../../status/user-state.ts'
import { audienceOf } from '../auth/audience.ts'
import { requireInstantInWindow, requireUserState, requireView, setDegradedHeader } from '../lookup.ts'
import { UserParams } from '../schemas/params.ts'
import { problems } from '../schemas/problems.ts'
import { fromMemory } from '../schemas/statuses.ts'
import { TimelineQuerySchema, TimelineSchema } from '../schemas/timelines.ts'
import { ref, withHeaders } from '../schemas/types.ts'

export function timelinesRoutes(
  deps: { readonly statusService: StatusService; readonly clock: () => Instant } & ExplainStatusDeps
): FastifyPluginAsyncTypebox {
  const { statusService, clock } = deps
  return async (app) => {
    app.get(
      '/tenants/:tenant/users/:user/timeline',
      {
        config: {
          access: { roles: ['provider', 'operator', 'switch', 'softphone'], softphone: 'own' },
          limits: 'from-memory'
        },
        schema: {
          tags: ['Statuses'],
          summary: 'One user’s coming diversions',
          description:
            'The intervals that end after `at`, by the calendar alone, merged where diversion and phone are the same and ' +
            'nothing lies between; beside them what is set by hand, and with `effective=true` the intervals as they are with ' +
            'that laid over them. With `explain=true` each lists its rules.',
          params: UserParams,
          querystring: TimelineQuerySchema,
          response: { 200: withHeaders(ref(TimelineSchema), fromMemory), ...problems('not_found') }
        }
      },
      async ({ params, query, principal }, reply) => {
        const view = await requireView(statusService, params.tenant)
        setDegradedHeader(reply, view)
        const user = requireUserState(view, params.user)
        const at = query.at === undefined ? clock() : requireInstantInWindow(query.at, clock())
        const audience = audienceOf(principal)
        const why =
          query.explain === true
            ? await createExplainer(deps, params.tenant, user, view.context, audience)
            : null
        const { boundaries, causes, truncatedAt } =
          query.effective === true
            ? timelineFor(user, view.context, audience)
            : calendarFor(user, view.context, audience)
        const known = causes.map((cause) => withKnownDiversion(cause, view.context))
        const intervals = mergeIntervals({ boundaries, causes: known }, at).map((interval) => ({
          start: formatSecond(interval.start),
          end: isEndKnown(interval, truncatedAt) ? formatSecond(interval.end) : null,
          diversion: interval.diversion,
          phone: interval.phone,
          ...(why && explained(interval.causes, why))
        }))
        return {
          at: formatSecond(at),
          intervals,
          override: shownOverride(overrideFor(user, view.context, audience), clock()),
          absences: absencesFor(user, view.context, audience)
            .filter((absence) => isAhead(absence, clock()))
            .map(toAbsenceResponse)
        }
      }
    )
  }
}

/** A manual override has no end. */
function isEndKnown({ end, causes }: MergedInterval, truncatedAt: Instant | null): boolean {
  if (!Number.isFinite(end)) return false
  return truncatedAt === null || end < truncatedAt || isEnteredByHand(causes.at(-1)!)
}

/** One that has run out is kept, and shown no more. */
function shownOverride(override: Override | null, now: Instant) {
  if (override === null || !isOverrideActive(override, now)) return null
  const { diversion, from, until, phone } = override
  return {
    diversion,
    from: formatSecond(from),
    until: until === null ? null : formatSecond(until),
    ...(phone !== undefined && { phone })
  }
}

/** With the stand-in for a code that the present catalogue has no longer. */
function withKnownDiversion(cause: Cause, context: TenantContext): Cause {
  const { code } = context.catalogue.find(cause.diversion)
  return code === cause.diversion ? cause : { ...cause, diversion: code }
}

function formatSecond(instant: Instant): string {
  return formatInstant(floorToSecond(instant))
}

/** `rule` and `because` of what holds first, as in a Status; `rules` of all that was merged, each once. */
function explained(causes: readonly Cause[], why: (cause: Cause) => Explanation) {
  const explanations = new Map(causes.map(why).map((one) => [JSON.stringify(one), one]))
  const all = [...explanations.values()]
  return {
    rule: all[0]!.rule,
    because: all.map(({ because }) => because).join(' '),
    rules: all.flatMap(({ rule }) => (rule === null ? [] : [rule]))
  }
}
