/** The pages at `/docs`, which show the document to people: open. */
import helmet from '@fastify/helmet'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { pageHeaders } from './page-headers.ts'

/** For `register`, without a prefix: the headers are of these pages alone. */
export async function docsPages(app: FastifyInstance): Promise<void> {
  // Arrows and locks stand in the style sheet.
  await app.register(helmet, pageHeaders({ imgSrc: ['data:'] }))
  await app.register(swaggerUi, { routePrefix: '/docs' })
}
