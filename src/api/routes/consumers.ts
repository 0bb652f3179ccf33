/** `/v1/tenants/{tenant}/consumers`: what statuses are pushed to. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { WantedState } from '../../delivery/consumer.ts'
import { createFilter } from '../../delivery/consumer-filter.ts'
import { readCommon } from '../../delivery/consumer-settings.ts'
import type { DeliveryController } from '../../delivery/delivery-controller.ts'
import { findConsumerKind } from '../../delivery/kinds.ts'
import { showStatus } from '../../delivery/shown-status.ts'
import { floorToSecond } from '../../domain/whole-seconds.ts'
import { RequestError } from '../../errors.ts'
import { Strict } from '../../lib/json-schema.ts'
import { formatInstant } from '../../lib/rfc3339.ts'
import type { ConsumerWithProgress } from '../../management/consumers.ts'
import type { Management } from '../../management/management.ts'
import { requireCursor } from '../../status/cursor.ts'
import type { StatusService } from '../../status/status-service.ts'
import type { TenantView } from '../../status/tenant-view.ts'
import type { UserState } from '../../status/user-state.ts'
import type { ConsumerRecord } from '../../storage/consumers.ts'
import { abortOnDisconnect } from '../abort-on-disconnect.ts'
import { requireView } from '../lookup.ts'
import {
  ConsumerListSchema,
  ConsumerParams,
  ConsumerSchema,
  ConsumerTestSchema,
  ConsumerUsersSchema,
  PutConsumerSchema,
  ReplayQuery
} from '../schemas/consumers.ts'
import { PageQuery, TenantParams, UserId } from '../schemas/params.ts'
import { NoContent, problems } from '../schemas/problems.ts'
import { ref } from '../schemas/types.ts'

const tags = ['Consumers']
const url = '/tenants/:tenant/consumers/:consumer'
const access = { roles: ['provider', 'operator'] } as const

export interface ConsumersRoutesDeps {
  readonly management: Pick<Management, 'consumers'>
  readonly statusService: StatusService
  /** Null in a process that pushes nothing: then what was last saved is shown. */
  readonly delivery: Pick<DeliveryController, 'progressOf'> | null
  readonly clock: () => number
}

export function consumersRoutes(deps: ConsumersRoutesDeps): FastifyPluginAsyncTypebox {
  const { consumers } = deps.management
  const show = (tenant: string, found: ConsumerWithProgress, made: object = {}) =>
    toResponse(
      found,
      deps.delivery?.progressOf(tenant, found.record.id, found.record.version) ?? found.progress,
      {
        now: deps.clock(),
        made
      }
    )
  return async (app) => {
    app.put(
      url,
      {
        config: { access, audit: 'consumer.put' },
        schema: {
          tags,
          summary: 'Make or change a consumer',
          description:
            'Statuses are pushed to it from now on, at first everybody’s. Secrets go in and never come out; one that is made for you is shown in ' +
            'this answer alone. A new address or secret is verified anew. At most 20 a tenant.',
          params: ConsumerParams,
          body: ref(PutConsumerSchema),
          response: {
            200: ref(ConsumerSchema),
            201: ref(ConsumerSchema),
            ...problems('not_found', 'limit_reached', 'too_large', 'unsupported_media_type')
          }
        }
      },
      async ({ params: { tenant, consumer }, body, management }, reply) => {
        const { created, made, ...found } = await management.consumers.put(tenant, consumer, body)
        return reply.code(created ? 201 : 200).send(show(tenant, found, made))
      }
    )

    app.get(
      url,
      {
        config: { access },
        schema: {
          tags,
          summary: 'Read a consumer',
          description: 'Its settings without the secrets, and under `status` how far it is.',
          params: ConsumerParams,
          response: { 200: ref(ConsumerSchema), ...problems('not_found') }
        }
      },
      async ({ params: { tenant, consumer } }) => show(tenant, await consumers.get(tenant, consumer))
    )

    app.get(
      '/tenants/:tenant/consumers',
      {
        config: { access },
        schema: {
          tags,
          summary: 'List the consumers',
          description: 'All of the tenant, by id.',
          params: TenantParams,
          response: { 200: ref(ConsumerListSchema), ...problems('not_found') }
        }
      },
      async ({ params: { tenant } }) => ({
        consumers: (await consumers.list(tenant)).map((found) => show(tenant, found))
      })
    )

    app.delete(
      url,
      {
        config: { access, audit: 'consumer.delete' },
        schema: {
          tags,
          summary: 'Remove a consumer',
          description:
            'With its secrets. Nothing more is sent; what was set at the consumer is left as it is, and ends by itself where it can.',
          params: ConsumerParams,
          response: { 204: NoContent('It is gone.'), ...problems('not_found') }
        }
      },
      async ({ params: { tenant, consumer }, management }, reply) => {
        await management.consumers.remove(tenant, consumer)
        return reply.code(204).send(null)
      }
    )

    app.get(
      `${url}/users`,
      {
        config: { access },
        schema: {
          tags,
          summary: 'How far each user is',
          description: 'What the consumer is to have of each user, and what became of the last send.',
          params: ConsumerParams,
          querystring: PageQuery,
          response: { 200: ref(ConsumerUsersSchema), ...problems('not_found') }
        }
      },
      async ({ params: { tenant, consumer }, query: { limit = 1000, after = '' } }) => {
        const { record } = await consumers.get(tenant, consumer)
        const deliveries = await consumers.deliveries(tenant, consumer)
        const byUser = new Map(deliveries.map((one) => [one.user, one]))
        const view = await requireView(deps.statusService, tenant)
        const all = view.moment().users.filter(({ id }) => id > after)
        const page = all.slice(0, limit)
        const users = page.map((user) => {
          const delivery = byUser.get(user.id)
          const { status } = wantedState(view, user, record, deps.clock())
          return {
            user: user.id,
            extension: user.extension,
            wanted: status?.diversion ?? null,
            outcome: delivery?.outcome ?? null,
            at: delivery === undefined ? null : formatSecond(delivery.at),
            error: delivery?.error ?? null
          }
        })
        return { users, ...(all.length > limit && { after: page.at(-1)!.id }) }
      }
    )

    app.post(
      `${url}/test`,
      {
        config: { access, audit: 'consumer.test' },
        schema: {
          tags,
          summary: 'Test a consumer',
          description:
            'Step by step, with the very calls that a send makes, for `?user=`, else the first of its users. It leaves things as they were. ' +
            'May take up to 45 seconds.',
          params: ConsumerParams,
          querystring: Strict({ user: Type.Optional(UserId) }),
          response: { 200: ref(ConsumerTestSchema), ...problems('not_found') }
        }
      },
      async ({ params: { tenant, consumer }, query, management }, reply) => {
        const { record } = await consumers.get(tenant, consumer)
        const view = await requireView(deps.statusService, tenant)
        const state = pickState(view, record, query.user, deps.clock())
        const checks = await management.consumers.test(tenant, consumer, state, abortOnDisconnect(reply))
        return { ok: checks.every(({ ok }) => ok), checks: [...checks] }
      }
    )

    for (const action of ['pause', 'resume'] as const) {
      app.post(
        `${url}/${action}`,
        {
          config: { access, audit: `consumer.${action}` },
          schema: {
            tags,
            summary: action === 'pause' ? 'Pause a consumer' : 'Resume a consumer',
            description:
              action === 'pause'
                ? 'Nothing more is sent until it is resumed.'
                : 'After a pause, and after it was disabled: it goes on from what it acknowledged, with everybody as they are now.',
            params: ConsumerParams,
            response: { 200: ref(ConsumerSchema), ...problems('not_found') }
          }
        },
        async ({ params: { tenant, consumer }, management }) =>
          show(tenant, await management.consumers[action](tenant, consumer))
      )
    }

    app.post(
      `${url}/replay`,
      {
        config: { access, audit: 'consumer.replay' },
        schema: {
          tags,
          summary: 'Send again',
          description:
            'A `webhook` is sent what changed after the cursor, else everybody; every other kind everybody, as if nothing were acknowledged.',
          params: ConsumerParams,
          querystring: ReplayQuery,
          response: { 200: ref(ConsumerSchema), ...problems('not_found') }
        }
      },
      async ({ params: { tenant, consumer }, query: { cursor }, management }) => {
        if (cursor !== undefined) requireCursor(cursor)
        return show(tenant, await management.consumers.replay(tenant, consumer, cursor ?? null))
      }
    )
  }
}

function toResponse(
  { record, secrets, risk }: ConsumerWithProgress,
  progress: ConsumerWithProgress['progress'],
  { now, made }: { readonly now: number; readonly made: object }
): Record<string, unknown> {
  const { id, kind, open, pausedAt } = record
  const { state, behindSince, acknowledgedAt, error, users } = progress
  return {
    consumer: id,
    kind,
    ...open,
    ...made,
    secrets: [...secrets],
    status: {
      state: pausedAt !== null || open.enabled === false ? 'paused' : state,
      lagSeconds: behindSince === null ? 0 : Math.max(0, Math.floor((now - behindSince) / 1000)),
      lastAcknowledgedAt: acknowledgedAt === null ? null : formatSecond(acknowledgedAt),
      error,
      users,
      risk
    }
  }
}

function formatSecond(at: number): string {
  return formatInstant(floorToSecond(at))
}

function wantedState(view: TenantView, user: UserState, record: ConsumerRecord, now: number): WantedState {
  const kind = findConsumerKind(record.kind)
  const { id, extension } = user
  const none: WantedState = { user: id, extension, status: null, acknowledged: null }
  if (kind === null) return none
  const { users, privacy, sensitive } = readCommon(record.open, kind)
  if (!createFilter(users)(extension)) return none
  const audience = { sensitive, unmaskedUser: null }
  return { ...none, status: showStatus(user, { context: view.context, now, audience, privacy }) }
}

/** Of the user that was named, else of the first that is the consumer's. */
function pickState(
  view: TenantView,
  record: ConsumerRecord,
  named: string | undefined,
  now: number
): WantedState {
  const users = named === undefined ? view.moment().users : [view.user(named)]
  for (const user of users) {
    if (user === null) continue
    const state = wantedState(view, user, record, now)
    if (state.status !== null) return state
  }
  throw new RequestError(
    'not_found',
    named === undefined
      ? 'No user of the tenant is this consumer’s: make one, or widen `users`.'
      : `There is no user "${named}" in this tenant, or they are not this consumer’s.`
  )
}
