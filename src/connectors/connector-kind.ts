/** What makes up a kind of connection: everything that the service must know of it stands in one record. */
import type { TSchema } from 'typebox'
import { Type } from 'typebox'
import type { FieldFault } from '../errors.ts'
import type { Connection, ProviderApplication } from './connection.ts'
import type { ConnectionResponse, PutConnectionBody } from './connection-body.ts'
import type { Connector } from './connector.ts'
import type { Credential } from './credential.ts'
import type { AddressPolicy } from './net/address-policy.ts'
import type { HttpClient } from './net/http-client.ts'

export type ConnectionKind = Connection['kind']

/** What connectors are made from, besides the connection itself. */
export interface ConnectorDeps {
  readonly outbound: HttpClient
  /** Where connections may lead; what does not go by `outbound` is judged by it too. */
  readonly addressPolicy: AddressPolicy
  /** Which proxies lead where (HTTPS_PROXY, NO_PROXY). */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Where the tenant's calendar files are; it need not exist. */
  calendarFolder(tenant: string): string
  /** HANVISA_PUBLIC_URL, where notifications are posted; null: it is not set, and edits are found by polling. */
  readonly publicUrl: string | null
  /** Null: none is set, and no customer consents. */
  readonly providerApplication: ProviderApplication | null
  /** Proves that a notification is genuine; the same in every process. */
  readonly notificationSecret: Buffer
}

/** One record for each kind of connection, in kinds.ts. `K` is its `kind`. */
export interface ConnectorKind<K extends ConnectionKind = ConnectionKind> {
  readonly kind: K
  readonly schemas: {
    /** As operators write it. It names the secret members; `secrets` may stand as it was read. */
    readonly put: TSchema
    /** As it is shown: without the secret members, with their names in `secrets`. */
    readonly response: TSchema
    /** A whole body, with made-up secrets, for the document and the tests. */
    readonly example: Readonly<Record<string, unknown>>
  }
  /** How often calendars are read unless stated. */
  readonly defaultPollSeconds: number
  /** Paths of the members that are sealed in the store and never given out (`auth/password`). */
  readonly secretMembers: readonly string[]
  /** The top-level members that say where secrets are sent, and for what: when one changes, stored secrets are not used. */
  readonly destinationMembers: readonly string[]
  /** How the service learns of an edit, besides polling. */
  readonly notifications: 'webhook' | 'stream' | 'file' | 'none'
  /** What the schema cannot say: members that contradict each other, certificates that cannot be read. */
  validate(body: BodyOf<K>): readonly FieldFault[]
  /** The connection, with defaults for what the body leaves out, save the secrets. */
  complete(body: BodyOf<K>): ConnectionOf<K>
  /** The secret that must be stated where none is stored; null: this kind has none. */
  requiredSecret(body: BodyOf<K>): string | null
  /** What it signs in with; null: this kind does not. */
  credentialOf(connection: ConnectionOf<K>): Credential | null
  /** May throw a RemoteError that says what is wrong with the connection. */
  createConnector(tenant: string, connection: ConnectionOf<K>, deps: ConnectorDeps): Connector
}

export type ConnectionOf<K extends ConnectionKind> = Extract<Connection, { kind: K }>
export type BodyOf<K extends ConnectionKind> = Extract<PutConnectionBody, { kind: K }>
export type ResponseOf<K extends ConnectionKind> = Extract<ConnectionResponse, { kind: K }>

export function pollSecondsSchema(standard: number) {
  return Type.Integer({
    minimum: 10,
    maximum: 3600,
    description: `How often calendars are read, in seconds: 10 to 3600; ${standard} unless stated.`,
    examples: [standard]
  })
}

export function secretExpiresSchema(what: string) {
  return Type.String({
    pattern: '^\\d{4}-\\d{2}-\\d{2}$',
    description: `The day on which ${what} ends. Leave it out with a certificate, which states its own end.`,
    examples: ['2027-06-30']
  })
}

export const secretNamesSchema = Type.Array(Type.String(), {
  maxItems: 10,
  description: 'The names of the secrets that are held. They are never given out.',
  examples: [['clientSecret']]
})
