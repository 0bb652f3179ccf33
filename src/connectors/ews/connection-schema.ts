/** A connection to Exchange on the customer's own premises, as operators write it and read it. */
import { Type } from 'typebox'
import { Enum, Strict, schemaOf } from '../../lib/json-schema.ts'
import { ewsAccesses } from '../connection.ts'
import type { PutEwsConnectionBody } from '../connection-body.ts'
import {
  pollSecondsSchema,
  type ResponseOf,
  secretExpiresSchema,
  secretNamesSchema
} from '../connector-kind.ts'
import { ewsSchemas } from './schema-versions.ts'

const user = Type.String({
  minLength: 1,
  maxLength: 256,
  pattern: '^[^\\p{C}]+$',
  description: 'The service account: `DOMAIN\\user` or `user@domain`.',
  examples: ['EXAMPLE\\svc-hanvisa']
})

const password = Type.String({
  minLength: 1,
  maxLength: 256,
  description: 'Its password, or leave it out to keep the one that is held.',
  examples: ['your-password']
})

const kept = 'or leave it out to keep the one that is held'
const PEM = '^\\s*-----BEGIN '

const application = {
  kind: Type.Literal('oauth', { description: 'An application of Entra (full_access_as_app).' }),
  tenantId: Type.String({
    pattern: '^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$',
    description: 'The directory (tenant) id in Entra: a GUID or a verified domain.'
  }),
  clientId: Type.String({
    pattern: '^[A-Za-z0-9-]{1,64}$',
    description: 'The application (client) id in Entra.'
  }),
  login: Type.Optional(
    Type.String({
      pattern: '^https://[^\\s]+$',
      maxLength: 500,
      description: 'The root of the sign-in service: https; Microsoft’s public one unless stated.'
    })
  ),
  resource: Type.Optional(
    Type.String({
      pattern: '^https://[^\\s]+$',
      maxLength: 500,
      description: 'What the token is for: https; the root of `url` unless stated.',
      examples: ['https://mail.example.se']
    })
  )
}

const applicationSecrets = {
  clientSecret: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 1000,
      pattern: '^[\\x21-\\x7e]+$',
      description: `The secret’s value (not its id), ${kept}.`
    })
  ),
  certificate: Type.Optional(
    Strict(
      {
        certificate: Type.String({
          pattern: PEM,
          maxLength: 50_000,
          description: 'PEM: the certificate registered for the application.'
        }),
        privateKey: Type.String({
          pattern: PEM,
          maxLength: 50_000,
          description: 'PEM: its private key, without a passphrase.'
        })
      },
      { description: 'Instead of `clientSecret`.' }
    )
  )
}

const passwordKind = Enum(['basic', 'ntlm'] as const, {
  description: 'What the EWS virtual directory lets in; NTLM also stands for Negotiate.'
})

const PasswordPut = Strict({ kind: passwordKind, user, password: Type.Optional(password) })
const ApplicationPut = Strict({ ...application, ...applicationSecrets })
const PasswordShown = Strict({ kind: passwordKind, user })
const ApplicationShown = Strict(application)

const signIn = {
  type: 'object',
  discriminator: { propertyName: 'kind' },
  description: 'How the service account signs in: kind is one of basic, ntlm, oauth.',
  examples: [{ kind: 'ntlm', user: 'EXAMPLE\\svc-hanvisa', password: 'your-password' }]
}

const AuthPut = Type.Unsafe<Type.Static<typeof PasswordPut> | Type.Static<typeof ApplicationPut>>({
  ...signIn,
  oneOf: [PasswordPut, ApplicationPut]
})

const AuthShown = Type.Unsafe<Type.Static<typeof PasswordShown> | Type.Static<typeof ApplicationShown>>({
  ...signIn,
  examples: [{ kind: 'ntlm', user: 'EXAMPLE\\svc-hanvisa' }],
  oneOf: [PasswordShown, ApplicationShown]
})

const place = {
  kind: Type.Literal('ews', { description: 'Exchange 2007 SP1 to SE over EWS.' }),
  url: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 500,
      description: 'The address of EWS; it ends in `.asmx`. Instead of `autodiscover`.',
      examples: ['https://mail.example.se/EWS/Exchange.asmx']
    })
  ),
  autodiscover: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 320,
      description:
        'The mail address of any mailbox there, from which Autodiscover finds the URL. Instead of `url`.',
      examples: ['svc-hanvisa@example.se']
    })
  ),
  ca: Type.Optional(
    Type.String({
      pattern: PEM,
      maxLength: 200_000,
      description: 'PEM: the private authority of the server’s certificate, or the certificate itself.'
    })
  ),
  secretExpires: Type.Optional(secretExpiresSchema('the client secret or the password')),
  allowRetiringEws: Type.Optional(
    Type.Boolean({
      description:
        'Lets in Exchange Online, where EWS ends on 1 April 2027, for a tenant on Microsoft’s allow list.'
    })
  )
}

const access = Enum(ewsAccesses, {
  description:
    'delegate: by the rights that the account has in each calendar (Reviewer); impersonation: as the calendars’ owners (ApplicationImpersonation). delegate unless stated.',
  examples: ['delegate']
})

const version = Enum(['auto', ...ewsSchemas] as const, {
  description:
    'RequestServerVersion: auto (found out at the first call) unless stated. 2010 SP3 speaks Exchange2010_SP2; 2019 and SE speak Exchange2016.',
  examples: ['auto']
})

export const putEwsConnectionSchema = schemaOf<PutEwsConnectionBody>()(
  Strict({
    ...place,
    auth: AuthPut,
    access: Type.Optional(access),
    version: Type.Optional(version),
    pollSeconds: Type.Optional(pollSecondsSchema(60)),
    secrets: Type.Optional(secretNamesSchema)
  })
)

export const ewsConnectionSchema = schemaOf<ResponseOf<'ews'>>()(
  Strict({
    ...place,
    auth: AuthShown,
    access,
    version,
    pollSeconds: pollSecondsSchema(60),
    secrets: secretNamesSchema
  })
)

export const ewsConnectionExample = {
  kind: 'ews',
  url: 'https://mail.example.se/EWS/Exchange.asmx',
  auth: { kind: 'ntlm', user: 'EXAMPLE\\svc-hanvisa', password: 'your-password' },
  access: 'delegate',
  version: 'auto',
  pollSeconds: 60
}
