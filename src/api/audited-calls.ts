/** What a call is in the audit: declared beside its schema as `config.audit`. Its handler writes through `request.management`. */
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import type { AuditAction } from '../management/audit/actions.ts'
import { attributionOf } from '../management/audit/attribution.ts'
import type { Management, ManagementParts } from '../management/management.ts'
import type { Principal } from '../management/principal.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `none`: it writes nothing, and nobody need know of it; that is so of every GET that does not say otherwise. */
    audit?: AuditAction | 'none'
  }
  interface FastifyRequest {
    /** Of this call: each write has its entry in the audit. Throws where the route declares no action. */
    readonly management: ManagementParts
  }
}

/** Throws where a route that may write does not say what that is in the audit: then the service does not start. */
export function requireAuditAction({ method, url, config }: RouteOptions): void {
  const isRead = [method].flat().every((one) => one === 'GET' || one === 'HEAD')
  if (isRead || config?.audit !== undefined) return
  throw new Error(`${method} ${url} does not say what it is in the audit: set config.audit`)
}

export function decorateWithManagement(app: FastifyInstance, management: Pick<Management, 'by'>): void {
  app.decorateRequest('management', {
    getter(this: FastifyRequest): ManagementParts {
      const { audit = 'none' } = this.routeOptions.config
      if (audit === 'none') throw new Error(`${this.routeOptions.url} declares no action of the audit`)
      // A public route has no principal.
      return management.by(attributionOf(this.principal as Principal | null, audit, this.ip))
    }
  })
}
