/** Who calls Graph, by the token; the ids of a call; and what is written down of it. */
import { randomUUID } from 'node:crypto'
import type { Route } from '../faults.ts'
import type { ProtocolRequest, ProtocolResponse } from '../protocol-message.ts'
import type { Requests } from '../requests.ts'
import type { Grant, TokenIssuer } from '../tokens.ts'
import { errorResponse, type Ids } from './errors.ts'

export function readGrant(
  { tokens }: { tokens: TokenIssuer },
  call: ProtocolRequest,
  ids: Ids
): Grant | ProtocolResponse {
  const denied = (message: string) => errorResponse(ids, 401, 'InvalidAuthenticationToken', message)
  const header = call.headers.authorization ?? ''
  if (!/^Bearer ./i.test(header)) return denied('Access token is empty.')
  const grant = tokens.read(header.slice('Bearer '.length))
  if (grant === 'unknown') return denied('Access token validation failure.')
  if (grant === 'expired') return denied('Lifetime validation failed, the token is expired.')
  return grant
}

interface Ledger {
  readonly requests: Requests
  readonly clock: () => number
}

export function record(
  needs: Ledger,
  call: ProtocolRequest,
  grant: Grant | null,
  about: { route: Route | 'other'; mailbox: string | null; batch: string | null; items?: number | null },
  { status }: Pick<ProtocolResponse, 'status'>
): void {
  needs.requests.add({
    at: needs.clock(),
    route: about.route,
    tenant: grant?.tenant ?? null,
    clientId: grant?.clientId ?? null,
    mailbox: about.mailbox,
    method: call.method,
    url: call.url,
    status,
    items: about.items ?? null,
    batch: about.batch
  })
}

export function tenantNames(grant: Grant): string[] {
  return grant.domain === null ? [grant.tenant] : [grant.tenant, grant.domain]
}

export function idsOf(call: ProtocolRequest, clock: () => number): Ids {
  const request = randomUUID()
  return { request, client: call.headers['client-request-id'] ?? request, now: clock() }
}

export function withRequestIds(answer: ProtocolResponse, ids: Ids): ProtocolResponse {
  const headers = { ...answer.headers, 'request-id': ids.request, 'client-request-id': ids.client }
  return { ...answer, headers }
}
