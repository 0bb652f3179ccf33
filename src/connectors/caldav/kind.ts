/** CalDAV servers as a kind of connection: SOGo, Radicale, Cyrus, Nextcloud, Baïkal, Zimbra, Kerio and others. */
import type { FieldFault } from '../../errors.ts'
import type { CaldavConnection } from '../connection.ts'
import type { PutCaldavConnectionBody } from '../connection-body.ts'
import type { ConnectorKind } from '../connector-kind.ts'
import { type Credential, passwordCredential, secretExpiresFaults } from '../credential.ts'
import {
  caldavConnectionExample,
  caldavConnectionSchema,
  putCaldavConnectionSchema
} from './connection-schema.ts'
import { createCaldavConnector } from './connector.ts'
import { templateFault } from './presets.ts'

export const caldavKind: ConnectorKind<'caldav'> = {
  kind: 'caldav',
  schemas: {
    put: putCaldavConnectionSchema,
    response: caldavConnectionSchema,
    example: caldavConnectionExample
  },
  defaultPollSeconds: 60,
  secretMembers: ['auth/password'],
  destinationMembers: ['url', 'domain', 'auth', 'preset', 'userUrl'],
  notifications: 'none',
  validate,
  // The schema lets the password be left out; a stored one is put in its place before the connection is used.
  complete: ({ secrets: _, access = 'shared', pollSeconds = 60, ...rest }) =>
    ({ ...rest, access, pollSeconds }) as CaldavConnection,
  requiredSecret: ({ auth }) => (auth === undefined ? null : 'auth/password'),
  credentialOf: ({ auth, secretExpires }) =>
    auth === undefined ? null : accountCredential(auth.user, secretExpires),
  createConnector: (tenant, connection, { outbound }) =>
    createCaldavConnector({ tenant, connection, outbound })
}

function accountCredential(user: string, secretExpires: string | undefined): Credential {
  return {
    ...passwordCredential(user, secretExpires),
    renewal: `Set a new password (or app password) for ${user} at the CalDAV server and put the connection with it in "auth", and with its end, if it has one, as "secretExpires".`
  }
}

function validate(body: PutCaldavConnectionBody): FieldFault[] {
  const { access = 'shared', secretExpires } = body
  const faults = access === 'shared' ? sharedFaults(body) : perUserFaults(body)
  return [...faults, ...secretExpiresFaults(secretExpires)]
}

function perUserFaults(body: PutCaldavConnectionBody): FieldFault[] {
  return (['url', 'domain', 'auth', 'preset', 'userUrl', 'freeBusyOnly', 'secretExpires'] as const)
    .filter((field) => body[field] !== undefined)
    .map((field) => ({
      field,
      message:
        'has no meaning with access "perUser": each user\'s mailbox holds the address and the account (https://name:password@server/)'
    }))
}

function sharedFaults({
  url,
  domain,
  auth,
  preset,
  userUrl,
  freeBusyOnly
}: PutCaldavConnectionBody): FieldFault[] {
  const faults: FieldFault[] = []
  const addFault = (field: string, message: string) => faults.push({ field, message })
  if (auth === undefined)
    addFault('auth', 'is missing: state the account that reads the calendars, or access "perUser"')
  if (url === undefined && domain === undefined)
    addFault('url', 'is missing: write https://dav.example.se/, or a domain in "domain"')
  if (url !== undefined && domain !== undefined)
    addFault('domain', 'stands beside "url": state one of the two')
  const server = url === undefined ? null : parseServer(url)
  if (url !== undefined && server === null)
    addFault(
      'url',
      'is no address of a CalDAV server: it begins with https:// and holds neither a password nor a query'
    )
  if (preset !== undefined && userUrl !== undefined)
    addFault('preset', 'stands beside "userUrl": state one of the two')
  if (userUrl !== undefined) {
    if (url === undefined)
      addFault('userUrl', 'needs "url", whose host is the only one that the password is sent to')
    else if (server !== null && !isOf(userUrl, server))
      addFault('userUrl', 'is at another host than "url": the password is sent to that one alone')
    const fault = templateFault(userUrl)
    if (fault !== null) addFault('userUrl', fault)
  }
  if (freeBusyOnly === true && (preset !== undefined || userUrl !== undefined))
    addFault('freeBusyOnly', 'asks for users by e-mail address: leave "preset" and "userUrl" out')
  return faults
}

function parseServer(text: string): URL | null {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !['https:', 'http:'].includes(url.protocol)) return null
  const isBare = url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  return isBare && url.host !== '' ? url : null
}

/** The braces must not reach into the host. */
function isOf(template: string, server: URL): boolean {
  return template.startsWith('/') && !template.startsWith('//')
    ? true
    : template.toLowerCase().startsWith(`${server.origin}/`)
}
