/** Microsoft 365 over Graph, as a kind of connection. */
import type { FieldFault } from '../../errors.ts'
import type { PutGraphConnectionBody } from '../connection-body.ts'
import type { ConnectorKind } from '../connector-kind.ts'
import { applicationCredential, secretExpiresFaults } from '../credential.ts'
import { validateApplication } from '../entra/validate-credentials.ts'
import {
  graphConnectionExample,
  graphConnectionSchema,
  putGraphConnectionSchema
} from './connection-schema.ts'
import { GraphConnector } from './connector.ts'
import { createNotificationUrls } from './notifications/url.ts'

export const graphKind: ConnectorKind<'graph'> = {
  kind: 'graph',
  schemas: {
    put: putGraphConnectionSchema,
    response: graphConnectionSchema,
    example: graphConnectionExample
  },
  defaultPollSeconds: 120,
  secretMembers: ['clientSecret', 'certificate'],
  destinationMembers: ['tenantId', 'clientId', 'cloud'],
  notifications: 'webhook',
  validate: (body) => [
    ...validateApplication(body, ''),
    ...secretExpiresFaults(body.secretExpires),
    ...validateCloud(body)
  ],
  complete: ({ secrets: _, cloud = 'global', pollSeconds = 120, ...rest }) => ({
    ...rest,
    cloud,
    pollSeconds
  }),
  requiredSecret: () => 'clientSecret',
  credentialOf: (connection) => applicationCredential(connection, connection.secretExpires, ''),
  createConnector(tenant, connection, { outbound, publicUrl, notificationSecret }) {
    const notificationUrls =
      publicUrl === null ? null : createNotificationUrls(publicUrl, notificationSecret, tenant)
    return new GraphConnector({ connection, http: outbound, notificationUrls })
  }
}

/** A cloud of one's own is always https, and given by its roots. */
function validateCloud({ cloud }: PutGraphConnectionBody): FieldFault[] {
  if (cloud === undefined || typeof cloud === 'string') return []
  return Object.entries(cloud).flatMap(([name, root]) => {
    const message = validateRootUrl(root)
    return message === null ? [] : [{ field: `cloud/${name}`, message }]
  })
}

function validateRootUrl(root: string): string | null {
  const url = URL.canParse(root) ? new URL(root) : null
  if (url === null || url.protocol !== 'https:') return 'must be an https URL'
  if (url.username !== '' || url.password !== '') return 'must hold no user name or password'
  if (url.search !== '' || url.hash !== '') return 'must end with its path: take ? and # away'
  return /\/(v1\.0|beta)\/?$/.test(url.pathname) ? 'must be the root: take the version at its end away' : null
}
