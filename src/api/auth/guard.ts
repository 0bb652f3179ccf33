/** The hook before every route that is not public: who is it, and may they? */
import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import type { Principal } from '../../management/principal.ts'
import { authorize, type RoleAccess } from './access.ts'
import type { Authenticator } from './authenticator.ts'

export function createGuard(authenticator: Authenticator, access: RoleAccess): onRequestHookHandler {
  const admit = (principal: Principal, request: FastifyRequest) => {
    request.principal = principal
    authorize(principal, access, request)
  }
  // Without a promise wherever the key is known already: switches poll.
  return (request, _reply, done) => {
    const principal = authenticator.authenticate(request)
    if (!(principal instanceof Promise)) {
      admit(principal, request)
      done()
      return
    }
    principal.then((principal) => admit(principal, request)).then(() => done(), done)
  }
}
