/** The pages at `/docs`, which show the document to people: open, and allowed to load nothing from elsewhere. */
import helmet from '@fastify/helmet'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'

/** For `register`, without a prefix: the headers are of these pages alone. */
export async function docsPages(app: FastifyInstance): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        // Arrows and locks in the style sheet.
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"]
      }
    },
    xFrameOptions: { action: 'deny' },
    // Whoever puts TLS before the service decides for the whole host, whose other ports may speak plain HTTP.
    strictTransportSecurity: false
  })
  await app.register(swaggerUi, { routePrefix: '/docs' })
}
