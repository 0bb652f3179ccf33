/** iCalendar files and published calendars, as a kind of connection: each user's mailbox says where their calendar is. */
import { Type } from 'typebox'
import { Strict, schemaOf } from '../../lib/json-schema.ts'
import type { PutIcsConnectionBody } from '../connection-body.ts'
import {
  type ConnectorKind,
  pollSecondsSchema,
  type ResponseOf,
  secretNamesSchema
} from '../connector-kind.ts'
import { createIcsConnector } from './connector.ts'

const kind = Type.Literal('ics', { description: 'An iCalendar URL or file for each user.' })

const putIcsConnectionSchema = schemaOf<PutIcsConnectionBody>()(
  Strict({
    kind,
    pollSeconds: Type.Optional(pollSecondsSchema(300)),
    secrets: Type.Optional(secretNamesSchema)
  })
)

const icsConnectionSchema = schemaOf<ResponseOf<'ics'>>()(
  Strict({ kind, pollSeconds: pollSecondsSchema(300), secrets: secretNamesSchema })
)

export const icsKind: ConnectorKind<'ics'> = {
  kind: 'ics',
  schemas: {
    put: putIcsConnectionSchema,
    response: icsConnectionSchema,
    example: { kind: 'ics', pollSeconds: 300 }
  },
  defaultPollSeconds: 300,
  secretMembers: [],
  destinationMembers: [],
  notifications: 'file',
  validate: () => [],
  complete: ({ pollSeconds = 300 }) => ({ kind: 'ics', pollSeconds }),
  requiredSecret: () => null,
  credentialOf: () => null,
  createConnector: (tenant, _connection, { outbound, calendarFolder }) =>
    createIcsConnector({ tenant, folder: calendarFolder(tenant), httpClient: outbound })
}
