/** `/v1/tenants/{tenant}/changes`: what turned since a cursor, as soon as it does. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { RequestError } from '../../errors.ts'
import { Strict } from '../../lib/json-schema.ts'
import { encodeListInSlices } from '../../lib/time-slices.ts'
import type { Changes } from '../../status/changes.ts'
import { requireCursor } from '../../status/cursor.ts'
import type { StatusService } from '../../status/status-service.ts'
import { abortOnDisconnect } from '../abort-on-disconnect.ts'
import { audienceOf } from '../auth/audience.ts'
import type { WaitingCalls } from '../auth/waiting-calls.ts'
import { setDegradedHeader } from '../lookup.ts'
import type { Metrics } from '../metrics.ts'
import { TenantParams } from '../schemas/params.ts'
import { problems } from '../schemas/problems.ts'
import { ChangesSchema, formatQuery, fromMemory } from '../schemas/statuses.ts'
import { ref, withHeaders } from '../schemas/types.ts'
import { sendJsonChunks } from '../send-json.ts'

/** Seconds: below the minute at which proxies and load balancers cut idle connections. */
const LONGEST_WAIT = 55

export const WaitParam = Type.Optional(
  Type.Integer({
    minimum: 0,
    maximum: LONGEST_WAIT,
    default: 0,
    description: 'Seconds to wait for the first change, 0 to 55.',
    examples: [30]
  })
)

const ChangesQuery = Strict({
  cursor: Type.String({
    maxLength: 256,
    description: 'Where to go on: from `statuses`, or from the answer before.',
    examples: ['MS5hYmMuNDIuMTc5NTQ']
  }),
  wait: WaitParam,
  ...formatQuery
})

export function changesRoutes(needs: {
  readonly statusService: StatusService
  readonly metrics: Pick<Metrics, 'countChanges'>
  readonly waitingCalls: WaitingCalls
}): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.addHook('preClose', async () => needs.statusService.releaseWaiters())
    app.get(
      '/tenants/:tenant/changes',
      {
        config: {
          access: { roles: ['provider', 'operator', 'switch', 'softphone'], softphone: 'colleagues' },
          limits: 'from-memory'
        },
        schema: {
          tags: ['Statuses'],
          summary: 'What changed since a cursor',
          description:
            'Each user of whom anything that a Status shows has changed, once, as they are now; a transition ' +
            'is a change. With `by=extension` each extension likewise. Waits up to `wait` seconds for the first one. Go on with the cursor of the answer: nothing ' +
            'is lost, however long you were away, up to 24 hours; then it is 410 and `statuses` is to be read again. Any replica takes the cursor of any other; ' +
            'while the store is away one that is behind it answers 503.',
          params: TenantParams,
          querystring: ChangesQuery,
          response: {
            200: withHeaders(ref(ChangesSchema), fromMemory),
            ...problems('not_found', 'cursor_expired')
          }
        }
      },
      async ({ params, query, principal }, reply) => {
        const cursor = requireCursor(query.cursor)
        const { wait = 0, by = 'user', language = null } = query
        const findChanges = () =>
          needs.statusService.changes(params.tenant, cursor, {
            waitMs: wait * 1000,
            signal: abortOnDisconnect(reply),
            format: { by, language, audience: audienceOf(principal) }
          })
        const changes = await (wait === 0 ? findChanges() : needs.waitingCalls.run(principal, findChanges))
        if (changes === null) throw new RequestError('not_found', `There is no tenant "${params.tenant}".`)
        setDegradedHeader(reply, changes)
        needs.metrics.countChanges(changes.changes.length)
        return sendJsonChunks(reply, await writeChanges(changes))
      }
    )
  }
}

function writeChanges({ cursor, changes }: Changes): Promise<Buffer[]> {
  return encodeListInSlices(`{"cursor":${JSON.stringify(cursor)},"changes":[`, changes, ']}')
}
