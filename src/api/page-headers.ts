/** The pages that run scripts (`/docs`, `/console/`), and their headers: they load nothing from elsewhere, and nobody frames them. */
import type { FastifyHelmetOptions } from '@fastify/helmet'

/** `imgSrc`: where pictures may come from, beside the service itself. */
export function pageHeaders({ imgSrc = [] }: { imgSrc?: readonly string[] } = {}): FastifyHelmetOptions {
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", ...imgSrc],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"]
      }
    },
    xFrameOptions: { action: 'deny' },
    // Whoever puts TLS before the service decides for the whole host, whose other ports may speak plain HTTP.
    strictTransportSecurity: false
  }
}

/** Whether an address, or a route's, is one of theirs. */
export function isPage(url: string): boolean {
  return /^\/(docs|console)([/?]|$)/.test(url)
}
