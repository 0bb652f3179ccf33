/** Exchange on the customer's own premises over EWS, as a kind of connection. */
import { X509Certificate } from 'node:crypto'
import type { FieldFault } from '../../errors.ts'
import type { EwsConnection } from '../connection.ts'
import type { PutEwsConnectionBody } from '../connection-body.ts'
import type { ConnectorKind } from '../connector-kind.ts'
import { applicationCredential, passwordCredential, secretExpiresFaults } from '../credential.ts'
import { validateApplication } from '../entra/validate-credentials.ts'
import { autodiscoverFault, ewsUrlFault } from '../ews-url.ts'
import { ewsConnectionExample, ewsConnectionSchema, putEwsConnectionSchema } from './connection-schema.ts'
import { createEwsConnector } from './connector.ts'

export const ewsKind: ConnectorKind<'ews'> = {
  kind: 'ews',
  schemas: { put: putEwsConnectionSchema, response: ewsConnectionSchema, example: ewsConnectionExample },
  defaultPollSeconds: 60,
  secretMembers: ['auth/password', 'auth/clientSecret', 'auth/certificate'],
  destinationMembers: ['url', 'autodiscover', 'auth', 'ca'],
  notifications: 'stream',
  validate,
  // The schema lets a password be left out; a stored one is put in its place before the connection is used.
  complete: ({ secrets: _, access = 'delegate', version = 'auto', pollSeconds = 60, ...rest }) =>
    ({ ...rest, access, version, pollSeconds }) as EwsConnection,
  requiredSecret: ({ auth }) => (auth.kind === 'oauth' ? 'auth/clientSecret' : 'auth/password'),
  credentialOf: ({ auth, secretExpires }) =>
    auth.kind === 'oauth'
      ? applicationCredential(auth, secretExpires, 'auth/')
      : passwordCredential(auth.user, secretExpires),
  createConnector: (_tenant, connection, { outbound, addressPolicy, environment }) =>
    createEwsConnector({ connection, outbound, addressPolicy, environment })
}

function validate(body: PutEwsConnectionBody): FieldFault[] {
  const faults: FieldFault[] = []
  const addFault = (field: string, message: string | null) => {
    if (message !== null) faults.push({ field, message })
  }
  const { url, autodiscover, allowRetiringEws = false, ca, auth } = body
  if (url === undefined && autodiscover === undefined) {
    addFault(
      'url',
      'is missing: write https://mail.example.se/EWS/Exchange.asmx, or a mail address in "autodiscover"'
    )
  } else if (url !== undefined && autodiscover !== undefined) {
    addFault('autodiscover', 'stands beside "url": state one of the two')
  }
  if (url !== undefined) addFault('url', ewsUrlFault(url, allowRetiringEws))
  if (autodiscover !== undefined) addFault('autodiscover', autodiscoverFault(autodiscover, allowRetiringEws))
  if (ca !== undefined && !isCertificate(ca)) {
    addFault('ca', 'is no X.509 certificate in PEM: paste the .pem file of the authority, or of the server')
  }
  if (auth.kind === 'oauth' && auth.resource === undefined && url === undefined) {
    addFault(
      'auth/resource',
      'is missing: with "autodiscover" it says what the token is for (https://mail.example.se)'
    )
  }
  // App-only tokens are refused without the header (how-to-authenticate-an-ews-application-by-using-oauth).
  if (auth.kind === 'oauth' && body.access !== 'impersonation') {
    addFault(
      'access',
      'must be "impersonation" with oauth: an application has no rights of its own in calendars'
    )
  }
  if (auth.kind === 'oauth') faults.push(...validateApplication(auth, 'auth/'))
  faults.push(...secretExpiresFaults(body.secretExpires))
  return faults
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0
  } catch {
    return false
  }
}
