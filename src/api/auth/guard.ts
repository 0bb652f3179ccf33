/** The hook before every route that is not public: who is it, and may they? */
import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import { RequestError } from '../../errors.ts'
import type { RefusalTally } from '../../management/audit/refusal-tally.ts'
import type { Principal } from '../../management/principal.ts'
import { authorize, type RoleAccess } from './access.ts'
import type { Authenticator } from './authenticator.ts'
import type { Limits } from './limits.ts'
import type { OperatorAuthenticator } from './operators/authenticate-operator.ts'

export interface GuardDeps {
  readonly authenticator: Authenticator
  /** Null where nobody can sign in. */
  readonly operators: OperatorAuthenticator | null
  readonly limits: Pick<Limits, 'countRefusal' | 'isBraked'>
  readonly refusals: Pick<RefusalTally, 'count'>
}

export function createGuard(
  { authenticator, operators, limits, refusals }: GuardDeps,
  access: RoleAccess
): onRequestHookHandler {
  return (request, _reply, done) => {
    const refuse = (error: unknown) => {
      if (!isUnauthorized(error)) done(error as Error)
      // Many clients send credentials only once they are asked for.
      else {
        if (request.headers.authorization !== undefined)
          refusals.count('key.refused', request.ip, 'wrong key')
        limits.countRefusal(request, error).then(done, done)
      }
    }
    if (operators?.isAsked(request)) {
      operators.authenticate(request).then((operator) => {
        if (operator === null) authenticateKey()
        else admit(operator)
      }, refuse)
    } else authenticateKey()

    // Without a promise wherever the key is known already: switches poll.
    function authenticateKey(): void {
      let principal: Principal | null
      try {
        principal = authenticator.authenticate(request)
      } catch (error) {
        refuse(error)
        return
      }
      if (principal === null) authenticateNew(request).then(admit, refuse)
      else admit(principal)
    }

    function admit(principal: Principal): void {
      request.principal = principal
      done(refusalOf(principal, request))
    }
  }

  /** Whoever guesses keys is not let to the store. */
  async function authenticateNew(request: FastifyRequest): Promise<Principal> {
    return authenticator.authenticateNew(request, { mayAsk: !(await limits.isBraked(request)) })
  }

  function refusalOf(principal: Principal, request: FastifyRequest): Error | undefined {
    try {
      authorize(principal, access, request)
      return undefined
    } catch (error) {
      return error as Error
    }
  }
}

function isUnauthorized(error: unknown): error is RequestError {
  return error instanceof RequestError && error.code === 'unauthorized'
}
