/** API keys as they are made and listed. */
import { Type } from 'typebox'
import { Enum, Strict, schemaOf } from '../../lib/json-schema.ts'
import type { KeyResponse, NewKeyResponse, PostKeyBody } from '../../management/api-keys.ts'
import { ROLES } from '../../management/principal.ts'
import { AfterParam, TenantId, UserId } from './params.ts'
import { InstantSchema, Nullable, NullableInstantSchema, NullableString, ref } from './types.ts'

const KeyId = Type.String({
  pattern: '^[0-9A-Za-z]{1,64}$',
  description: 'The key’s id. It stays when the key is rotated.',
  examples: ['8fJ2kQ0rTz5bXw1c']
})

export const ProviderKeyParams = Strict({ id: KeyId })
export const TenantKeyParams = Strict({ tenant: TenantId, id: KeyId })

const Name = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern: '\\S',
  description: 'What the key is for: 1 to 100 characters.',
  examples: ['Asterisk in Malmö']
})
const KeyRole = Enum(ROLES, {
  description:
    'What the key opens. A tenant has keys of `operator` (which the provider alone makes), `switch`, `softphone` and `business`; ' +
    'the provider of `provider` and `monitor`.',
  examples: ['switch']
})

export const PostKeySchema = schemaOf<PostKeyBody>()(
  Strict(
    {
      name: Name,
      role: KeyRole,
      user: Type.Optional(UserId),
      colleagues: Type.Optional(
        Type.Boolean({
          description: 'Of `softphone` alone: the statuses of the tenant’s other users are open too, masked.',
          examples: [true]
        })
      ),
      sensitive: Type.Optional(
        Type.Boolean({
          description:
            'Of `switch` alone: whether it sees diversions such as `sick` as they are. False unless stated.',
          examples: [false]
        })
      ),
      expiresAt: Type.Optional(
        NullableInstantSchema(
          'From when the key is refused; in the future. Null, or left out: never.',
          '2027-12-01T00:00:00Z'
        )
      )
    },
    {
      $id: 'KeyPost',
      description: 'A key that is to be made. `user` is needed by `softphone`, and by no other role.',
      examples: [
        { name: 'Asterisk in Malmö', role: 'switch' },
        { name: 'Anna’s softphone', role: 'softphone', user: 'anna', colleagues: true }
      ]
    }
  )
)

const members = {
  id: KeyId,
  name: Name,
  role: KeyRole,
  user: NullableString({
    description: 'The user whose softphone it is; null for other roles.',
    examples: [null]
  }),
  colleagues: Type.Boolean({ description: 'Whether a softphone sees the other users.', examples: [false] }),
  sensitive: Type.Boolean({ description: 'Whether sensitive diversions are seen.', examples: [false] }),
  prefix: Type.String({
    description: 'The first characters of the key, by which its owner knows it.',
    examples: ['hvk_3fQa']
  }),
  createdAt: InstantSchema('When it was made.'),
  createdBy: Type.String({
    description:
      'Who made it: the id of a key, `admin` for the admin key, `command line`, or an operator who signed in.',
    examples: ['admin']
  }),
  expiresAt: NullableInstantSchema('From when it is refused; null: never.', null),
  daysLeft: Nullable(
    Type.Integer({
      minimum: 0,
      description: 'Whole days until it ends; 0 also once it has.',
      examples: [218]
    }),
    { description: 'Null: it never ends.' }
  ),
  lastUsedDay: NullableString({
    format: 'date',
    description: 'The last day (UTC) on which it was used, as saved within the last minute; null: never.',
    examples: ['2026-11-23']
  }),
  previousUntil: NullableInstantSchema(
    'Until when the key before the last rotation is good too; null when it is not.',
    null
  )
}

const asterisk: KeyResponse = {
  id: '8fJ2kQ0rTz5bXw1c',
  name: 'Asterisk in Malmö',
  role: 'switch',
  user: null,
  colleagues: false,
  sensitive: false,
  prefix: 'hvk_3fQa',
  createdAt: '2026-11-23T08:00:00Z',
  createdBy: 'admin',
  expiresAt: null,
  daysLeft: null,
  lastUsedDay: '2026-11-23',
  previousUntil: null
}

export const KeySchema = schemaOf<KeyResponse>()(
  Strict(members, {
    $id: 'Key',
    description: 'An API key, without the key itself, which is kept nowhere.',
    examples: [asterisk]
  })
)

export const NewKeySchema = schemaOf<NewKeyResponse>()(
  Strict(
    {
      ...members,
      key: Type.String({
        description: 'The key. It is shown here once and never again.',
        examples: ['hvk_ and 36 letters and digits']
      })
    },
    {
      $id: 'NewKey',
      description: 'A key that was made, or rotated, just now.',
      examples: [{ ...asterisk, lastUsedDay: null, key: 'hvk_ and 36 letters and digits' }]
    }
  )
)

export const KeyListSchema = Strict(
  { keys: Type.Array(ref(KeySchema), { description: 'By id.' }), after: AfterParam },
  { $id: 'KeyList', description: 'A page of keys.', examples: [{ keys: [asterisk] }] }
)

export const RotateKeySchema = Strict(
  {
    overlapHours: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 720,
        default: 24,
        description: 'For how many hours the key until now is good too. 0: it is refused at once.',
        examples: [24]
      })
    )
  },
  { $id: 'KeyRotate', description: 'How a key is rotated.', examples: [{ overlapHours: 24 }] }
)

export const keySchemas = [PostKeySchema, KeySchema, NewKeySchema, KeyListSchema, RotateKeySchema]
