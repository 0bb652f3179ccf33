/** `/v1/health`: how this process is, in counts. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { syncCodes } from '../../errors.ts'
import { Enum, Strict } from '../../lib/json-schema.ts'
import type { Metrics } from '../metrics.ts'
import { problems } from '../schemas/problems.ts'
import { Nullable } from '../schemas/types.ts'

const Health = Strict(
  {
    status: Enum(['ok', 'degraded'], {
      description: '`degraded`: the store is away, or was found empty.'
    }),
    store: Strict({
      reachable: Type.Boolean({ description: 'Whether it answers.' }),
      emptied: Type.Boolean({
        description: 'What was kept is gone: restore it, or put the configuration again.'
      })
    }),
    shards: Nullable(
      Type.Integer({ description: 'How many of the tenants’ 32 shards this process owns.', examples: [32] }),
      { description: 'Null: this process reads no calendars.' }
    ),
    failingConnections: Nullable(
      Type.Record(Enum(syncCodes, { description: 'A sync code.' }), Type.Integer({ minimum: 1 }), {
        description: 'Connections that fail as a whole, counted by sync code.'
      }),
      { description: 'Null: this process reads no calendars.' }
    )
  },
  {
    description: 'How the process is.',
    examples: [
      {
        status: 'ok',
        store: { reachable: true, emptied: false },
        shards: 32,
        failingConnections: { secret_expired: 1 }
      }
    ]
  }
)

export function healthRoutes({
  metrics
}: {
  readonly metrics: Pick<Metrics, 'readHealth'>
}): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/health',
      {
        config: { access: { roles: ['provider', 'monitor'] }, limits: 'from-memory' },
        schema: {
          tags: ['Service'],
          summary: 'How is it?',
          description:
            'Of the process that answers: its store, its share of the tenants, and how many connections fail, without names. ' +
            '200 also while it is degraded; whether it can serve at all is `/readyz`.',
          response: { 200: Health, ...problems() }
        }
      },
      async () => {
        const { store, shards, failingConnections } = metrics.readHealth()
        const isDegraded = !store.reachable || store.emptied
        return {
          status: isDegraded ? ('degraded' as const) : ('ok' as const),
          store,
          shards,
          failingConnections: failingConnections && Object.fromEntries(failingConnections)
        }
      }
    )
  }
}
