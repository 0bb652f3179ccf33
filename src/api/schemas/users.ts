/** Users as operators write and read them. */

import { Type } from 'typebox'
import { Strict, schemaOf } from '../../lib/json-schema.ts'
import type { ImportResponse } from '../../management/user-import.ts'
import type { PutUserBody, UserResponse } from '../../management/users.ts'
import { After, Extension, UserId } from './params.ts'
import { TriggerSchema } from './rules.ts'
import { NullableString, ref } from './types.ts'

const members = {
  displayName: Type.String({
    minLength: 1,
    maxLength: 100,
    pattern: '\\S',
    description: 'The name that attendants see: 1 to 100 characters.',
    examples: ['Anna Ek']
  }),
  extension: Extension,
  numbers: Type.Optional(
    Type.Array(
      Type.String({
        pattern: '^\\+[1-9][0-9]{1,14}$',
        description: 'E.164: + and 2 to 15 digits, nothing between them.',
        examples: ['+46701234567']
      }),
      { maxItems: 20, description: 'The user’s numbers, E.164; at most 20.' }
    )
  ),
  mailbox: Type.Optional(
    NullableString({
      minLength: 1,
      maxLength: 2048,
      description:
        'The calendar owner’s address, used as given; with `ics` the calendar’s URL or file. A URL is a secret: it is ' +
        'shown as `https://host/…`, and putting that back changes nothing. Null or absent: none.',
      examples: ['anna@acme.example']
    })
  ),
  syncEnabled: Type.Boolean({ description: 'Whether the calendar is read.', examples: [true] }),
  timeZone: Type.Optional(
    NullableString({
      minLength: 1,
      maxLength: 64,
      description: 'IANA name: where the user’s days begin. Null or absent: the tenant’s.',
      examples: ['Europe/Helsinki']
    })
  ),
  triggers: Type.Optional(
    Type.Array(ref(TriggerSchema), {
      maxItems: 100,
      description: 'The user’s own, put before those of the rules; at most 100.'
    })
  )
}

const anna = {
  user: 'anna',
  displayName: 'Anna Ek',
  extension: '1070',
  numbers: ['+46701234567'],
  mailbox: 'anna@acme.example',
  syncEnabled: true,
  triggers: [{ match: 'word', text: 'padel', diversion: 'out-of-office' }]
}
const { user: _user, ...annaPut } = anna

export const PutUserSchema = schemaOf<PutUserBody>()(
  Strict(
    { user: Type.Optional(UserId), ...members },
    {
      $id: 'UserPut',
      description: 'A user as they are to be. `user` may be left out; else it must be the id in the address.',
      examples: [annaPut]
    }
  )
)

export const UserSchema = schemaOf<UserResponse>()(
  Strict(
    { user: UserId, ...members },
    { $id: 'User', description: 'A person (or a desk) on the switch.', examples: [anna] }
  )
)

export const UserListSchema = Strict(
  { users: Type.Array(ref(UserSchema), { description: 'By id.' }), after: After },
  { $id: 'UserList', description: 'A page of users.', examples: [{ users: [anna] }] }
)

const count = (description: string, example: number) => Type.Integer({ description, examples: [example] })

export const ImportResultSchema = schemaOf<ImportResponse>()(
  Strict(
    {
      created: count('Users who are new.', 12),
      updated: count('Users who were there and differ now.', 3),
      unchanged: count('Users who were there as the file has them.', 4985)
    },
    {
      $id: 'ImportResult',
      description: 'All rows were good and everything is saved.',
      examples: [{ created: 12, updated: 3, unchanged: 4985 }]
    }
  )
)

export const userSchemas = [PutUserSchema, UserSchema, UserListSchema, ImportResultSchema]
