/** Connections as operators write them (with secrets) and read them (without). */
import { Type } from 'typebox'
import { clouds } from '../../connectors/connection.ts'
import { syncCodes } from '../../errors.ts'
import type { ConnectionResponse, PutConnectionBody } from '../../management/connection-body.ts'
import { ewsExample, ewsForms } from './ews-connection.ts'
import { Enum, Strict, schemaOf } from './types.ts'

const pollSeconds = (standard: number) =>
  Type.Integer({
    minimum: 10,
    maximum: 3600,
    description: `How often calendars are read, in seconds: 10 to 3600; ${standard} unless stated.`,
    examples: [standard]
  })

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

const secrets = Type.Array(Type.String(), {
  maxItems: 10,
  description: 'The names of the secrets that are held. They are never given out.',
  examples: [['clientSecret']]
})

const graph = {
  kind: Type.Literal('graph', { description: 'Microsoft 365 over Graph.' }),
  tenantId: Type.String({
    pattern: '^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$',
    description: 'The directory (tenant) id in Entra: a GUID or a verified domain.',
    examples: ['6b3c9a52-7f0e-4c1b-9a3e-1d2f3a4b5c6d']
  }),
  clientId: Type.String({
    pattern: '^[A-Za-z0-9-]{1,64}$',
    description: 'The application (client) id in Entra.',
    examples: ['0f6a3d1c-1b2a-4c3d-8e9f-a0b1c2d3e4f5']
  })
}

const graphExample = {
  kind: 'graph',
  tenantId: '6b3c9a52-7f0e-4c1b-9a3e-1d2f3a4b5c6d',
  clientId: '0f6a3d1c-1b2a-4c3d-8e9f-a0b1c2d3e4f5'
}

const PEM = '^\\s*-----BEGIN '

const GraphPut = Strict({
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
  cloud: Type.Optional(Cloud),
  pollSeconds: Type.Optional(pollSeconds(120)),
  secrets: Type.Optional(secrets)
})

const icsKind = Type.Literal('ics', { description: 'An iCalendar URL or file for each user.' })
const IcsPut = Strict({
  kind: icsKind,
  pollSeconds: Type.Optional(pollSeconds(300)),
  secrets: Type.Optional(secrets)
})

const ews = ewsForms({
  put: { pollSeconds: Type.Optional(pollSeconds(60)), secrets: Type.Optional(secrets) },
  shown: { pollSeconds: pollSeconds(60), secrets }
})

type ConnectionBody = Type.Static<typeof GraphPut> | Type.Static<typeof ews.put> | Type.Static<typeof IcsPut>

export const PutConnectionSchema = schemaOf<PutConnectionBody>()(
  Type.Unsafe<ConnectionBody>({
    $id: 'ConnectionPut',
    type: 'object',
    discriminator: { propertyName: 'kind' },
    oneOf: [GraphPut, ews.put, IcsPut],
    description:
      'How the tenant’s calendars are reached. Left out, a secret that is held stays, as long as everything that says ' +
      'where it is sent stays too. `secrets` may stand as it was read.',
    examples: [
      { ...graphExample, clientSecret: 'your-client-secret', cloud: 'global', pollSeconds: 120 },
      ewsExample,
      { kind: 'ics', pollSeconds: 300 }
    ]
  })
)

const GraphShown = Strict({ ...graph, cloud: Cloud, pollSeconds: pollSeconds(120), secrets })
const IcsShown = Strict({ kind: icsKind, pollSeconds: pollSeconds(300), secrets })

type ShownConnection =
  | Type.Static<typeof GraphShown>
  | Type.Static<typeof ews.shown>
  | Type.Static<typeof IcsShown>

export const ConnectionSchema = schemaOf<ConnectionResponse>()(
  Type.Unsafe<ShownConnection>({
    $id: 'Connection',
    type: 'object',
    discriminator: { propertyName: 'kind' },
    oneOf: [GraphShown, ews.shown, IcsShown],
    description: 'How the tenant’s calendars are reached, without the secrets.',
    examples: [{ ...graphExample, cloud: 'global', pollSeconds: 120, secrets: ['clientSecret'] }]
  })
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

export const connectionSchemas = [PutConnectionSchema, ConnectionSchema, ConnectionTestSchema]
