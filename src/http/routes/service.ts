/** The installation itself: whether it is up, its figures, its document. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Store } from '../../store/store.ts'
import type { Metrics } from '../metrics.ts'
import { Enum, Strict } from '../schemas/language.ts'
import { problems } from '../schemas/problems.ts'

const tags = ['Service']
const open: { security: [] } = { security: [] }

const Up = Strict(
  { status: Enum(['ok'], { description: 'It is.' }) },
  { description: 'All is well.', examples: [{ status: 'ok' }] }
)

const Exposition = Type.String({
  description: 'Prometheus’ text format.',
  examples: ['# HELP hanvisa_changes_served_total Statuses handed out as changes\n']
})

const Document = Type.Unsafe<object>({
  type: 'object',
  additionalProperties: true,
  description: 'OpenAPI 3.1.',
  examples: [{ openapi: '3.1.0' }]
})

export function serviceRoutes(needs: {
  metrics: Metrics
  store: Pick<Store, 'tenants'>
}): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/healthz',
      {
        schema: {
          tags,
          ...open,
          summary: 'Is it alive?',
          description: 'Answers as long as the process does. Open without a key.',
          response: { 200: Up }
        }
      },
      async () => ({ status: 'ok' as const })
    )

    app.get(
      '/readyz',
      {
        schema: {
          tags,
          ...open,
          summary: 'Is it ready?',
          description: 'Whether the store can be reached. Open without a key.',
          response: { 200: Up, ...problems() }
        }
      },
      async () => {
        await needs.store.tenants({ limit: 1 })
        return { status: 'ok' as const }
      }
    )

    app.get(
      '/metrics',
      {
        schema: {
          tags,
          summary: 'Figures for Prometheus',
          description: 'Reads, freshness, queue, HTTP latency and changes served; needs the key.',
          produces: ['text/plain'],
          response: { 200: Exposition, ...problems() }
        }
      },
      async (_request, reply) => {
        const { type, text } = await needs.metrics.render()
        return reply.type(type).send(text)
      }
    )

    app.get(
      '/openapi.json',
      {
        schema: {
          tags,
          ...open,
          summary: 'This document',
          description: 'OpenAPI 3.1. Open without a key; `/docs` shows it to people.',
          response: { 200: Document }
        }
      },
      async () => app.swagger()
    )
  }
}
