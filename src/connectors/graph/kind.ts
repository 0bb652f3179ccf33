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
import { ConsentedGraphConnector, isConsented } from './consented-connector.ts'
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
  destinationMembers: ['tenantId', 'clientId', 'cloud', 'application'],
  notifications: 'webhook',
  validate: (body) => [
    ...validateWhoseApplication(body),
    ...validateApplication(body, ''),
    ...secretExpiresFaults(body.secretExpires),
    ...validateCloud(body)
  ],
  complete({ secrets: _, application, clientId, cloud = 'global', pollSeconds = 120, ...rest }) {
    if (application !== undefined) return { kind: 'graph', tenantId: rest.tenantId, application, pollSeconds }
    // It was validated.
    return { ...rest, clientId: clientId!, cloud, pollSeconds }
  },
  requiredSecret: ({ application }) => (application === undefined ? 'clientSecret' : null),
  // The provider's own is no matter of the tenant's.
  credentialOf: (connection) =>
    isConsented(connection) ? null : applicationCredential(connection, connection.secretExpires, ''),
  createConnector(tenant, connection, { outbound, publicUrl, notificationSecret, providerApplication }) {
    const notificationUrls =
      publicUrl === null ? null : createNotificationUrls(publicUrl, notificationSecret, tenant)
    const deps = { http: outbound, notificationUrls }
    return isConsented(connection)
      ? new ConsentedGraphConnector({ tenant, connection, application: providerApplication }, deps)
      : new GraphConnector({ connection, ...deps })
  }
}

/** The tenant's own application, or the provider's, which stands for all that says which one it is. */
function validateWhoseApplication(body: PutGraphConnectionBody): FieldFault[] {
  if (body.application === undefined) {
    return body.clientId === undefined
      ? [{ field: 'clientId', message: 'is missing: state the application (client) id' }]
      : []
  }
  const foreign = ['clientId', 'clientSecret', 'certificate', 'secretExpires', 'cloud'] as const
  return foreign
    .filter((field) => body[field] !== undefined)
    .map((field) => ({ field, message: 'stands beside "application": leave one of the two out' }))
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
