/** Users as operators write and read them. */
import { Type } from 'typebox'
import type { Trigger } from '../../domain/rule-set.ts'
import { Enum, Strict, schemaOf } from '../../lib/json-schema.ts'
import type { ImportProgressResponse } from '../../management/import-progress.ts'
import {
  MAX_USER_TRIGGERS,
  type PatchUserBody,
  type PutUserBody,
  type UserResponse
} from '../../management/user-fields.ts'
import { type ImportResponse, importModes } from '../../management/user-import.ts'
import { NullableOfficeHours } from './office-hours.ts'
import { AfterParam, ExtensionParam, UserId } from './params.ts'
import { TriggerSchema } from './rules.ts'
import { InstantSchema, NullableString, ref } from './types.ts'

const displayName = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern: '\\S',
  description: 'The name that attendants see: 1 to 100 characters.',
  examples: ['Anna Ek']
})

const E164 = Type.String({
  pattern: '^\\+[1-9][0-9]{1,14}$',
  description: 'E.164: + and 2 to 15 digits, nothing between them.',
  examples: ['+46701234567']
})

const numbers = {
  maxItems: 20,
  description: 'The user’s numbers, E.164; at most 20.',
  examples: [['+46701234567']]
}

const mailbox = NullableString({
  minLength: 1,
  maxLength: 2048,
  description:
    'The calendar owner’s address, used as given; with `ics` the calendar’s URL or file. A URL is a secret: it is ' +
    'shown as `https://host/…`, and putting that back changes nothing. Null or absent: none.',
  examples: ['anna@acme.example']
})

const owner = NullableString({
  minLength: 3,
  maxLength: 320,
  description:
    'With `ics`: the e-mail address of the calendar’s owner, by which their own answer to an invitation is known where ' +
    'the calendar does not say whose it is. Null or absent: not stated.',
  examples: ['anna@acme.example']
})

const syncEnabled = Type.Boolean({ description: 'Whether the calendar is read.', examples: [true] })

const timeZone = NullableString({
  minLength: 1,
  maxLength: 64,
  description: 'IANA name: where the user’s days begin. Null or absent: the tenant’s.',
  examples: ['Europe/Helsinki']
})

const officeHours = NullableOfficeHours('The user’s own. Null or absent: the tenant’s.')

const padel = { match: 'word', text: 'padel', diversion: 'out-of-office' }
const triggers = {
  maxItems: MAX_USER_TRIGGERS,
  description: `The user’s own, put before those of the rules; at most ${MAX_USER_TRIGGERS}.`,
  examples: [[padel]]
}

const members = {
  displayName,
  extension: ExtensionParam,
  numbers: Type.Optional(Type.Array(E164, numbers)),
  mailbox: Type.Optional(mailbox),
  owner: Type.Optional(owner),
  syncEnabled,
  timeZone: Type.Optional(timeZone),
  officeHours,
  triggers: Type.Optional(Type.Array(ref(TriggerSchema), triggers))
}

const anna = {
  user: 'anna',
  displayName: 'Anna Ek',
  extension: '1070',
  numbers: ['+46701234567'],
  mailbox: 'anna@acme.example',
  syncEnabled: true,
  triggers: [padel]
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

export const PatchUserSchema = schemaOf<PatchUserBody>()(
  Strict(
    {
      user: Type.Optional(UserId),
      displayName: Type.Optional(displayName),
      extension: Type.Optional(ExtensionParam),
      numbers: Type.Optional(
        Type.Unsafe<string[] | null>({ type: ['array', 'null'], items: E164, ...numbers })
      ),
      mailbox: Type.Optional(mailbox),
      owner: Type.Optional(owner),
      syncEnabled: Type.Optional(syncEnabled),
      timeZone: Type.Optional(timeZone),
      officeHours,
      triggers: Type.Optional(
        Type.Unsafe<Trigger[] | null>({ type: ['array', 'null'], items: ref(TriggerSchema), ...triggers })
      )
    },
    {
      $id: 'UserPatch',
      description: 'What is to change of a user: what is left out stays, null takes away (RFC 7396).',
      examples: [{ extension: '1071', mailbox: null }]
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
  { users: Type.Array(ref(UserSchema), { description: 'By id.' }), after: AfterParam },
  { $id: 'UserList', description: 'A page of users.', examples: [{ users: [anna] }] }
)

const count = (description: string, example: number) => Type.Integer({ description, examples: [example] })

const actions = ['created', 'updated', 'unchanged', 'removed'] as const

const ImportedRowSchema = Strict({
  row: Type.Unsafe<number | null>({
    type: ['integer', 'null'],
    description: 'The row of the file, the header being row 1; null: the user is not in the file.',
    examples: [2]
  }),
  user: UserId,
  action: Enum(actions, { description: 'What was done, or would be.', examples: ['updated'] })
})

export const ImportResponseSchema = schemaOf<ImportResponse>()(
  Strict(
    {
      mode: Enum(importModes, { description: 'As it was asked for.', examples: ['merge'] }),
      dryRun: Type.Boolean({ description: 'Whether nothing was saved.', examples: [false] }),
      created: count('Users who are new.', 1),
      updated: count('Users who were there and differ now.', 1),
      unchanged: count('Users who were there as the file has them.', 4985),
      removed: count('Users who are not in the file; with `replace` alone.', 0),
      rows: Type.Array(ImportedRowSchema, {
        description: 'In the order of the file, then those who are removed.'
      })
    },
    {
      $id: 'ImportResult',
      description: 'All rows were good. What they came to, or would come to.',
      examples: [
        {
          mode: 'merge',
          dryRun: false,
          created: 1,
          updated: 1,
          unchanged: 0,
          removed: 0,
          rows: [
            { row: 2, user: 'anna', action: 'updated' },
            { row: 3, user: 'bo', action: 'created' }
          ]
        }
      ]
    }
  )
)

const progressExample = {
  state: 'running' as const,
  mode: 'merge' as const,
  startedAt: '2026-11-23T08:00:00Z',
  updatedAt: '2026-11-23T08:00:21Z',
  total: 50_000,
  saved: 21_400,
  created: 49_000,
  updated: 500,
  unchanged: 500,
  removed: 0,
  hint: null
}

export const ImportProgressSchema = schemaOf<ImportProgressResponse>()(
  Strict(
    {
      state: Enum(['running', 'done', 'interrupted'] as const, {
        description:
          '`interrupted`: it ended before all was saved, or saved nothing for three minutes; `hint` says what to do.',
        examples: ['running']
      }),
      mode: Enum(importModes, { description: 'As it was asked for.', examples: ['merge'] }),
      startedAt: InstantSchema('When its rows had been checked and it began to save.'),
      updatedAt: InstantSchema('When these figures were saved.', '2026-11-23T08:00:21Z'),
      total: count('Users in the file, and those who are removed because they are not.', 50_000),
      saved: count('Of `total`: at least so many are as they are to be.', 21_400),
      created: count('Of `total`: users who are new.', 49_000),
      updated: count('Of `total`: users who were there and differ.', 500),
      unchanged: count('Of `total`: users who were there as the file has them.', 500),
      removed: count('Of `total`: users who are not in the file; with `replace` alone.', 0),
      hint: NullableString({ description: 'What to do, in plain words; null: nothing.' })
    },
    {
      $id: 'ImportProgress',
      description: 'How far the newest import of users is, or how it ended.',
      examples: [progressExample]
    }
  )
)

export const userSchemas = [
  PutUserSchema,
  PatchUserSchema,
  UserSchema,
  UserListSchema,
  ImportResponseSchema,
  ImportProgressSchema
]
