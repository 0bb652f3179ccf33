/** Whether the process is up, whether it can serve, and its figures: what every role has. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { Enum, Strict } from '../../lib/json-schema.ts'
import { type Store, StoreUnavailable } from '../../storage/store.ts'
import type { Metrics } from '../metrics.ts'
import { problemResponses, problems } from '../schemas/problems.ts'

const tags = ['Service']

const Up = Strict(
  { status: Enum(['ok'], { description: 'It is.' }) },
  { description: 'All is well.', examples: [{ status: 'ok' }] }
)

const Ready = Strict(
  {
    status: Enum(['ok', 'degraded'], {
      description: '`degraded`: the store is away. Reads are answered from memory, writes with 503.'
    })
  },
  { description: 'It can serve.', examples: [{ status: 'ok' }] }
)

const Exposition = Type.String({
  description: 'Prometheus’ text format.',
  examples: ['# HELP hanvisa_changes_served_total Statuses handed out as changes\n']
})

export function probesRoutes({
  metrics,
  store
}: {
  readonly metrics: Metrics
  readonly store: Pick<Store, 'reachable'>
}): FastifyPluginAsyncTypebox {
  return async (app) => {
    let reached = store.reachable()

    app.get(
      '/healthz',
      {
        config: { access: 'public', limits: 'none' },
        schema: {
          tags,
          summary: 'Is it alive?',
          description: 'Answers as long as the process does. Open without a key.',
          response: { 200: Up, ...problemResponses('invalid_request') }
        }
      },
      async () => ({ status: 'ok' as const })
    )

    app.get(
      '/readyz',
      {
        config: { access: 'public', limits: 'none' },
        schema: {
          tags,
          summary: 'Is it ready?',
          description:
            'Whether the store was reached since the process began: 503 until then. After that a store that goes away ' +
            'makes it `degraded`, not unready, for memory answers the reads and no other replica would do better. ' +
            'Open without a key.',
          response: { 200: Ready, ...problems() }
        }
      },
      async () => {
        reached ||= store.reachable()
        if (!reached) throw new StoreUnavailable('It was not reached so far.')
        return { status: store.reachable() ? ('ok' as const) : ('degraded' as const) }
      }
    )

    app.get(
      '/metrics',
      {
        config: { access: { roles: ['provider', 'monitor'] }, limits: 'from-memory' },
        schema: {
          tags,
          summary: 'Figures for Prometheus',
          description:
            'Reads, freshness, queue, HTTP latency and changes served; for `provider` and `monitor` keys.',
          produces: ['text/plain'],
          response: { 200: Exposition, ...problems() }
        }
      },
      async (_request, reply) => {
        const { type, text } = await metrics.render()
        return reply.type(type).send(text)
      }
    )
  }
}
