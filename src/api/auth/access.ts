/** Who may call a route: declared beside its schema as `config.access`, and held to before its body is read. */
import type { FastifyRequest, RouteOptions } from 'fastify'
import { RequestError } from '../../errors.ts'
import { type Principal, ROLES, type Role } from '../../management/principal.ts'

/** `public`: without a key. */
export type Access = 'public' | RoleAccess

export interface RoleAccess {
  readonly roles: readonly Role[]
  /**
   * What a softphone reaches: its own user alone, or with `colleagues` on its key the other users of the tenant too. Stated on
   * each route of users that softphones may call.
   */
  readonly softphone?: 'own' | 'colleagues'
}

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access
  }
  interface FastifyRequest {
    /** Who calls. Set before the handler of every route that is not public. */
    principal: Principal
  }
}

/** For what any principal may be told: that an address takes other methods. */
export const anyRole: RoleAccess = { roles: ROLES, softphone: 'colleagues' }

/** Throws where a route does not say who may call it: then the service does not start. */
export function requireAccess({ method, url, config }: RouteOptions): Access {
  const access = config?.access
  const where = `${method} ${url}`
  if (access === undefined) throw new Error(`${where} does not say who may call it: set config.access`)
  if (access === 'public') return access
  if (access.roles.length === 0) throw new Error(`${where} may be called by nobody`)
  const reachesUsers = access.roles.includes('softphone') && url.includes('/:user')
  if (reachesUsers && access.softphone === undefined)
    throw new Error(`${where} does not say whose user a softphone reaches: set config.access.softphone`)
  return access
}

/**
 * Throws RequestError. Another tenant's id, and a user that the principal may not know of, are refused before anything is looked
 * up: the answer is the same, and takes the same work, whether they exist or not.
 */
export function authorize(principal: Principal, access: RoleAccess, request: FastifyRequest): void {
  const { role } = principal
  if (!access.roles.includes(role)) throw outOfRole(role)
  const { tenant, user } = request.params as { readonly tenant?: string; readonly user?: string }
  if (principal.tenant !== null && tenant !== undefined && tenant !== principal.tenant) {
    throw new RequestError('not_found', `There is no tenant "${tenant}".`)
  }
  if (role !== 'softphone' || access.softphone === undefined) return
  if (user === principal.user || (access.softphone === 'colleagues' && principal.colleagues)) return
  if (user === undefined) throw outOfRole('softphone key without "colleagues"')
  throw new RequestError('not_found', `There is no user "${user}" in this tenant.`)
}

/** Of what quotes what a user writes: a colleague is told that they are away, and not by which words. */
export function requireOwnUser({ role, user: own }: Principal, user: string): void {
  if (role === 'softphone' && user !== own) throw outOfRole('softphone of another user')
}

function outOfRole(what: string): RequestError {
  return new RequestError('insufficient_role', `A ${what} may not do this: see docs/security.md for who may.`)
}
