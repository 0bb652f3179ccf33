/** The installation's own description. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { problemResponses } from '../schemas/problems.ts'

const Document = Type.Unsafe<object>({
  type: 'object',
  additionalProperties: true,
  description: 'OpenAPI 3.1.',
  examples: [{ openapi: '3.1.0' }]
})

export function serviceRoutes(): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/openapi.json',
      {
        config: { access: 'public' },
        schema: {
          tags: ['Service'],
          summary: 'This document',
          description: 'OpenAPI 3.1. Open without a key; `/docs` shows it to people.',
          response: { 200: Document, ...problemResponses('invalid_request') }
        }
      },
      async () => app.swagger()
    )
  }
}
