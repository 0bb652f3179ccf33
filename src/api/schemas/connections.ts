/** Connections as operators write them (with secrets) and read them (without): one form for each kind. */
import { type TSchema, Type } from 'typebox'
import type { ConnectionResponse, PutConnectionBody } from '../../connectors/connection-body.ts'
import { connectorKinds } from '../../connectors/kinds.ts'
import { syncCodes } from '../../errors.ts'
import { Enum, Strict } from '../../lib/json-schema.ts'
import type { NamedConnectionResponse, PutNamedConnectionBody } from '../../management/connections.ts'
import { ConnectionId } from './params.ts'
import { InstantSchema, NullableString, ref } from './types.ts'

const kinds = Object.values(connectorKinds)

// Each kind checks its own schemas against the types.
export const PutConnectionSchema = Type.Unsafe<PutConnectionBody>({
  $id: 'ConnectionPut',
  type: 'object',
  discriminator: { propertyName: 'kind' },
  oneOf: kinds.map(({ schemas }) => schemas.put),
  description:
    'How the tenant’s calendars are reached. Left out, a secret that is held stays, as long as everything that says ' +
    'where it is sent stays too. `secrets` may stand as it was read.',
  examples: kinds.map(({ schemas }) => schemas.example)
})

export const ConnectionSchema = Type.Unsafe<ConnectionResponse>({
  $id: 'Connection',
  type: 'object',
  discriminator: { propertyName: 'kind' },
  oneOf: kinds.map(({ schemas }) => schemas.response),
  description: 'How the tenant’s calendars are reached, without the secrets.',
  examples: [
    {
      kind: 'graph',
      tenantId: '6b3c9a52-7f0e-4c1b-9a3e-1d2f3a4b5c6d',
      clientId: '0f6a3d1c-1b2a-4c3d-8e9f-a0b1c2d3e4f5',
      cloud: 'global',
      pollSeconds: 120,
      secrets: ['clientSecret']
    }
  ]
})

const place = {
  connection: ConnectionId,
  order: Type.Integer({
    minimum: 0,
    maximum: 1000,
    description:
      'The connections are asked for a mailbox in this order, of equal ones by id. A new one comes last unless it is stated.',
    examples: [1]
  })
}

/** The form of a kind with the members of its place; `required`: whether they are always there. */
function withPlace(schema: TSchema, required: boolean): TSchema {
  const {
    properties,
    required: names = [],
    ...rest
  } = schema as TSchema & {
    properties: object
    required?: readonly string[]
  }
  return {
    ...rest,
    properties: { ...place, ...properties },
    required: required ? ['connection', 'order', ...names] : [...names]
  } as TSchema
}

export const PutNamedConnectionSchema = Type.Unsafe<PutNamedConnectionBody>({
  $id: 'NamedConnectionPut',
  type: 'object',
  discriminator: { propertyName: 'kind' },
  oneOf: kinds.map(({ schemas }) => withPlace(schemas.put, false)),
  description:
    'One of the tenant’s connections: as `ConnectionPut`, with its place among the others. `connection` may stand as it was read.',
  examples: kinds.map(({ schemas }) => ({ order: 1, ...schemas.example }))
})

const onPremises = {
  connection: 'exchange',
  order: 0,
  kind: 'ews',
  url: 'https://mail.contoso.com/EWS/Exchange.asmx',
  auth: { kind: 'ntlm', user: 'CONTOSO\\hanvisa' },
  access: 'impersonation',
  version: 'auto',
  pollSeconds: 60,
  secrets: ['auth/password']
}

export const NamedConnectionSchema = Type.Unsafe<NamedConnectionResponse>({
  $id: 'NamedConnection',
  type: 'object',
  discriminator: { propertyName: 'kind' },
  oneOf: kinds.map(({ schemas }) => withPlace(schemas.response, true)),
  description: 'One of the tenant’s connections, without the secrets.',
  examples: [onPremises]
})

export const ConnectionListSchema = Strict(
  {
    connections: Type.Array(ref(NamedConnectionSchema), {
      description: 'In the order in which they are asked.'
    })
  },
  {
    $id: 'ConnectionList',
    description: 'The tenant’s connections.',
    examples: [{ connections: [onPremises] }]
  }
)

export const ConnectionTestSchema = Strict(
  {
    ok: Type.Boolean({ description: 'Whether every step went well.', examples: [false] }),
    checks: Type.Array(
      Strict({
        name: Type.String({ description: 'The step.', examples: ['token'] }),
        ok: Type.Boolean({ description: 'Whether it went well.' }),
        code: Type.Optional(Enum(syncCodes, { description: 'What is wrong, as `GET …/sync` has it.' })),
        hint: Type.Optional(Type.String({ description: 'What to do about it, in plain words.' }))
      }),
      { description: 'Step by step; the first that fails is the last.' }
    )
  },
  {
    $id: 'TestResult',
    description: 'What a read needs, tried with the very calls that reading uses.',
    examples: [
      {
        ok: false,
        checks: [
          { name: 'sign-in', ok: true },
          {
            name: 'calendar',
            ok: false,
            code: 'access_denied',
            hint: 'Grant the application permission Calendars.Read and let an administrator consent.'
          }
        ]
      }
    ]
  }
)

export const ConnectionTestLinesSchema = Type.Unsafe<string>({
  type: 'string',
  description: 'A line `{"passed": …}` for each step as it passes, and at last the `TestResult`.',
  examples: ['{"passed":"sign-in"}\n{"ok":true,"checks":[{"name":"sign-in","ok":true}]}\n']
})

const consentLink =
  'https://login.microsoftonline.com/organizations/v2.0/adminconsent?client_id=0f6a3d1c-1b2a-4c3d-8e9f-a0b1c2d3e4f5&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&redirect_uri=https%3A%2F%2Fhanvisa.example.com%2Fconsent%2Fcallback&state=v2.…'

export const ConsentLinkSchema = Strict(
  {
    url: Type.String({
      description: 'To be opened in the administrator’s browser.',
      examples: [consentLink]
    }),
    expiresAt: InstantSchema('Until when it can be used, once.', '2026-11-23T09:00:00Z'),
    directoryId: NullableString({
      description:
        'The directory that can consent. Null: any, because the tenant has no `directoryId`; give the link to nobody but the administrator.',
      examples: ['3f2a1b4c-5d6e-4f70-8192-a3b4c5d6e7f8']
    })
  },
  {
    $id: 'ConsentLink',
    description:
      'The link by which an administrator of the customer’s directory consents. Used once, within an hour; within a quarter of one where it is good for any directory.',
    examples: [
      {
        url: consentLink,
        expiresAt: '2026-11-23T09:00:00Z',
        directoryId: '3f2a1b4c-5d6e-4f70-8192-a3b4c5d6e7f8'
      }
    ]
  }
)

export const connectionSchemas = [
  PutConnectionSchema,
  ConnectionSchema,
  PutNamedConnectionSchema,
  NamedConnectionSchema,
  ConnectionListSchema,
  ConnectionTestSchema,
  ConsentLinkSchema
]
