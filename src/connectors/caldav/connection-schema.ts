/** A connection to a CalDAV server, as operators write it and read it. */
import { Type } from 'typebox'
import { Enum, Strict, schemaOf } from '../../lib/json-schema.ts'
import { caldavAccesses } from '../connection.ts'
import type { PutCaldavConnectionBody } from '../connection-body.ts'
import {
  pollSecondsSchema,
  type ResponseOf,
  secretExpiresSchema,
  secretNamesSchema
} from '../connector-kind.ts'
import { caldavPresetNames } from './presets.ts'

const account = {
  kind: Type.Literal('basic', { description: 'The only way that all CalDAV servers have.' }),
  user: Type.String({
    minLength: 1,
    maxLength: 256,
    // RFC 7617 section 2: no colon in a user-id, for the password begins after the first.
    pattern: '^[^\\p{C}:]+$',
    description: 'The account that reads the calendars, as it signs in.',
    examples: ['svc-hanvisa']
  })
}

const password = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 256,
    description:
      'Its password, or an app password made for it, or leave it out to keep the one that is held.',
    examples: ['your-password']
  })
)

const signIn = 'How the account signs in. Left out with access `perUser`.'

const place = {
  kind: Type.Literal('caldav', { description: 'A CalDAV server (RFC 4791).' }),
  url: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 500,
      description:
        'The server’s address, or that of its CalDAV service where it has a path of its own. The password is sent to this host alone. Instead of `domain`.',
      examples: ['https://dav.example.se/']
    })
  ),
  domain: Type.Optional(
    Type.String({
      pattern: '^(?=.{4,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z]{2,63}$',
      description: 'A domain whose DNS names the server (RFC 6764: SRV and TXT). Instead of `url`.',
      examples: ['example.se']
    })
  ),
  preset: Type.Optional(
    Enum(caldavPresetNames, {
      description:
        'The server, where it is one of these: says where a user’s calendars are. Without it and `userUrl` they are looked for.',
      examples: ['sogo']
    })
  ),
  userUrl: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 500,
      pattern: '^[^\\s\\p{C}]+$',
      description:
        'Where a user’s calendar or folder of calendars is: `{mailbox}` stands for the user’s mailbox, `{user}` and `{domain}` for its parts, `{account}` for the account. On the host of `url`.',
      examples: ['https://dav.example.se/SOGo/dav/{mailbox}/Calendar/personal/']
    })
  ),
  freeBusyOnly: Type.Optional(
    Type.Boolean({
      description:
        'Asks when users are busy, fifty at a time, by the account’s scheduling outbox (RFC 6638), and reads no events: no subjects, so that availability rules alone decide.'
    })
  ),
  secretExpires: Type.Optional(secretExpiresSchema('the password'))
}

const access = Enum(caldavAccesses, {
  description:
    'shared: one account reads all users’ calendars; perUser: each user’s mailbox is the address of their calendars with an account of its own (`https://name:password@server/`), kept sealed. shared unless stated.',
  examples: ['shared']
})

export const putCaldavConnectionSchema = schemaOf<PutCaldavConnectionBody>()(
  Strict({
    ...place,
    auth: Type.Optional(Strict({ ...account, password }, { description: signIn })),
    access: Type.Optional(access),
    pollSeconds: Type.Optional(pollSecondsSchema(60)),
    secrets: Type.Optional(secretNamesSchema)
  })
)

export const caldavConnectionSchema = schemaOf<ResponseOf<'caldav'>>()(
  Strict({
    ...place,
    auth: Type.Optional(Strict(account, { description: signIn })),
    access,
    pollSeconds: pollSecondsSchema(60),
    secrets: secretNamesSchema
  })
)

export const caldavConnectionExample = {
  kind: 'caldav',
  url: 'https://dav.example.se/',
  auth: { kind: 'basic', user: 'svc-hanvisa', password: 'your-password' },
  access: 'shared',
  preset: 'sogo',
  pollSeconds: 60
}
