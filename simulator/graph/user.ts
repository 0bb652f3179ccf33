/** `GET /users/{id}`: a user as the directory knows them. */

import type { Mailbox } from '../calendar-item.ts'
import type { ProtocolRequest, ProtocolResponse } from '../protocol-message.ts'
import { errorResponse, type Ids } from './errors.ts'

export function getUser(
  mailbox: Mailbox,
  call: ProtocolRequest,
  ids: Ids,
  graphRoot: string
): ProtocolResponse {
  const all: Record<string, unknown> = {
    businessPhones: [],
    displayName: mailbox.displayName,
    givenName: mailbox.displayName.split(' ')[0] ?? null,
    jobTitle: null,
    mail: mailbox.address,
    mobilePhone: null,
    officeLocation: null,
    preferredLanguage: null,
    surname: mailbox.displayName.split(' ').slice(1).join(' ') || null,
    userPrincipalName: mailbox.userPrincipalName,
    id: mailbox.objectId
  }
  const select = call.query.get('$select')
  const names = select?.split(',').map((name) => name.trim()) ?? Object.keys(all)
  const unknown = names.find((name) => !(name in all))
  if (unknown !== undefined) {
    return errorResponse(
      ids,
      400,
      'BadRequest',
      `No property named '${unknown}' on type 'microsoft.graph.user'.`
    )
  }
  const listed = select === null ? '' : `(${names.join(',')})`
  return {
    status: 200,
    headers: {
      'Cache-Control': 'no-cache',
      'Content-Type':
        'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8'
    },
    body: {
      '@odata.context': `${graphRoot}/v1.0/$metadata#users${listed}/$entity`,
      ...Object.fromEntries(names.map((name) => [name, all[name]]))
    }
  }
}
