/** A connection to Microsoft 365, as operators write it and read it. */
import { Type } from 'typebox'
import { Enum, Strict, schemaOf } from '../../lib/json-schema.ts'
import { clouds } from '../connection.ts'
import type { PutGraphConnectionBody } from '../connection-body.ts'
import {
  pollSecondsSchema,
  type ResponseOf,
  secretExpiresSchema,
  secretNamesSchema
} from '../connector-kind.ts'

const root = (what: string, example: string) =>
  Type.String({
    pattern: '^https://[^\\s]+$',
    maxLength: 500,
    description: `The root of ${what}: https, without a version.`,
    examples: [example]
  })

const Roots = Strict(
  {
    login: root('the sign-in service', 'https://login.example.test'),
    graph: root('Graph', 'https://graph.example.test')
  },
  { description: 'A cloud of one’s own.' }
)

const Cloud = Type.Union(
  [Enum(clouds, { description: 'Microsoft’s, or one of the national clouds.' }), Roots],
  {
    description: `One of ${clouds.join(', ')}, or {"login": URL, "graph": URL}; global unless stated.`,
    examples: ['global']
  }
)

const graph = {
  kind: Type.Literal('graph', { description: 'Microsoft 365 over Graph.' }),
  tenantId: Type.String({
    pattern: '^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$',
    description: 'The directory (tenant) id in Entra: a GUID or a verified domain.',
    examples: ['6b3c9a52-7f0e-4c1b-9a3e-1d2f3a4b5c6d']
  }),
  clientId: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9-]{1,64}$',
      description: 'The application (client) id in Entra. Absent with `application`.',
      examples: ['0f6a3d1c-1b2a-4c3d-8e9f-a0b1c2d3e4f5']
    })
  ),
  application: Type.Optional(
    Type.Literal('provider', {
      description:
        'Over the provider’s own application, in the directory that consented. Set by `POST …/connection/consent` alone; such a ' +
        'connection may be put again with another `pollSeconds`.'
    })
  )
}

const identity = {
  kind: 'graph',
  tenantId: '6b3c9a52-7f0e-4c1b-9a3e-1d2f3a4b5c6d',
  clientId: '0f6a3d1c-1b2a-4c3d-8e9f-a0b1c2d3e4f5'
}

const secretExpires = secretExpiresSchema('the client secret')
const PEM = '^\\s*-----BEGIN '

export const putGraphConnectionSchema = schemaOf<PutGraphConnectionBody>()(
  Strict({
    ...graph,
    clientSecret: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1000,
        pattern: '^[\\x21-\\x7e]+$',
        description: 'The secret’s value (not its id), or leave it out to keep the one that is held.',
        examples: ['your-client-secret']
      })
    ),
    certificate: Type.Optional(
      Strict(
        {
          certificate: Type.String({
            pattern: PEM,
            maxLength: 50_000,
            description: 'PEM: the certificate registered for the application.',
            examples: ['-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n']
          }),
          privateKey: Type.String({
            pattern: PEM,
            maxLength: 50_000,
            description: 'PEM: its private key, without a passphrase.',
            examples: ['-----BEGIN PRIVATE KEY-----\n…\n-----END PRIVATE KEY-----\n']
          })
        },
        { description: 'Instead of `clientSecret`.' }
      )
    ),
    secretExpires: Type.Optional(secretExpires),
    cloud: Type.Optional(Cloud),
    pollSeconds: Type.Optional(pollSecondsSchema(120)),
    secrets: Type.Optional(secretNamesSchema)
  })
)

export const graphConnectionSchema = schemaOf<ResponseOf<'graph'>>()(
  Strict({
    ...graph,
    secretExpires: Type.Optional(secretExpires),
    cloud: Type.Optional(Cloud),
    pollSeconds: pollSecondsSchema(120),
    secrets: secretNamesSchema
  })
)

export const graphConnectionExample = {
  ...identity,
  clientSecret: 'your-client-secret',
  cloud: 'global',
  pollSeconds: 120
}
