/** Consumers as operators write them (with secrets) and read them (without): one form for each kind. */
import { Type } from 'typebox'
import { commonMembers } from '../../delivery/consumer-settings.ts'
import { deliveryCodes } from '../../delivery/delivery-error.ts'
import { consumerKinds } from '../../delivery/kinds.ts'
import { Enum, Strict } from '../../lib/json-schema.ts'
import { deliveryOutcomes } from '../../storage/consumers.ts'
import { ExtensionParam, TenantId, UserId } from './params.ts'
import { NullableInstantSchema, NullableString } from './types.ts'

export const ConsumerId = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$',
  description: 'The consumer’s id within the tenant: 1 to 64 of letters, digits and `. _ @ + -`.',
  examples: ['pbx']
})

export const ConsumerParams = Strict({ tenant: TenantId, consumer: ConsumerId })

const secretNames = Type.Array(Type.String(), {
  maxItems: 10,
  description: 'The names of the secrets that are held. They are never given out.',
  examples: [['secret']]
})

export const consumerStates = ['unverified', 'active', 'failing', 'refused', 'disabled', 'paused'] as const

const count = (description: string) => Type.Integer({ description, examples: [0] })

const FaultOrNull = Type.Unsafe<{ code: string; hint: string } | null>({
  anyOf: [
    Strict({
      code: Enum(deliveryCodes, { description: 'Why the last send failed.' }),
      hint: Type.String({ description: 'What to do about it.' })
    }),
    { type: 'null' }
  ],
  description: 'Of the last send, where it failed.'
})

export const ConsumerProgressSchema = Strict({
  state: Enum(consumerStates, {
    description:
      '`unverified`: nothing was taken yet. `failing`: tried again by itself. `refused`: it says no; tried again all the same. `disabled`: ' +
      'given up, until it is resumed or put again. `paused`: by an operator, or `enabled` is false.',
    examples: ['active']
  }),
  lagSeconds: Type.Integer({
    description: 'How old the oldest change is that it has not acknowledged; 0: none.',
    examples: [0]
  }),
  lastAcknowledgedAt: NullableInstantSchema('When it took something last; null: never.'),
  error: FaultOrNull,
  users: Strict(
    {
      ok: count('Users whom it has as they are.'),
      sent: count('Users who were sent to it; it gives no acknowledgement.'),
      failed: count('Users of whom it took nothing; tried again by itself.'),
      takenOver: count('Users whose state there was set by somebody else, and left alone.')
    },
    { description: 'How many users are how far.' }
  ),
  risk: NullableString({
    description: 'What stays as it is there when Hanvisa is gone; null: what is set ends by itself.',
    examples: [null]
  })
})

export const PutConsumerSchema = Type.Unsafe<{ readonly kind: string } & Record<string, unknown>>({
  $id: 'ConsumerPut',
  type: 'object',
  discriminator: { propertyName: 'kind' },
  oneOf: consumerKinds.map(({ kind, members }) =>
    Strict({
      kind: Type.Literal(kind),
      ...members,
      ...commonMembers,
      secrets: Type.Optional(secretNames)
    })
  ),
  description:
    'What statuses are pushed to. Left out, a secret that is held stays, as long as everything that says where it is sent stays too. ' +
    '`secrets` may stand as it was read.',
  examples: consumerKinds.map(({ example }) => example)
})

export const ConsumerSchema = Type.Unsafe<Record<string, unknown>>({
  $id: 'Consumer',
  type: 'object',
  discriminator: { propertyName: 'kind' },
  oneOf: consumerKinds.map(({ kind, members }) =>
    Strict({
      consumer: ConsumerId,
      kind: Type.Literal(kind),
      ...members,
      ...commonMembers,
      secrets: secretNames,
      status: ConsumerProgressSchema
    })
  ),
  description:
    'What statuses are pushed to, without the secrets (save one that was just made), and how far it is.',
  examples: [
    {
      consumer: 'pbx',
      kind: 'webhook',
      url: 'https://pbx.example.se/hanvisa',
      detail: 'full',
      users: 'all',
      privacy: 'label',
      sensitive: false,
      perSecond: 20,
      enabled: true,
      secrets: ['secret'],
      status: {
        state: 'active',
        lagSeconds: 0,
        lastAcknowledgedAt: '2026-11-23T09:30:00Z',
        error: null,
        users: { ok: 212, sent: 0, failed: 0, takenOver: 0 },
        risk: null
      }
    }
  ]
})

export const ConsumerListSchema = Strict(
  {
    consumers: Type.Array(Type.Unsafe<Record<string, unknown>>({ $ref: 'Consumer#' }), {
      description: 'By id.'
    })
  },
  { $id: 'ConsumerList', description: 'The tenant’s consumers.', examples: [{ consumers: [] }] }
)

export const ConsumerUsersSchema = Strict(
  {
    after: Type.Optional(Type.String({ description: 'There are more: ask again with this `after`.' })),
    users: Type.Array(
      Strict({
        user: UserId,
        extension: ExtensionParam,
        wanted: NullableString({
          description:
            'The diversion that the consumer is to have, as it may see it; null: nothing, the user is not its own.',
          examples: ['meeting']
        }),
        outcome: Type.Unsafe<string | null>({
          anyOf: [Enum(deliveryOutcomes), { type: 'null' }],
          description:
            'What became of the last send of the user; null: none, or the kind keeps none (`webhook`).'
        }),
        at: NullableInstantSchema('When that was; null: never.'),
        error: FaultOrNull
      }),
      { description: 'By id.' }
    )
  },
  {
    $id: 'ConsumerUsers',
    description: 'How far each user is at the consumer.',
    examples: [
      {
        users: [
          {
            user: 'anna',
            extension: '1070',
            wanted: 'meeting',
            outcome: 'ok',
            at: '2026-11-23T08:00:00Z',
            error: null
          }
        ]
      }
    ]
  }
)

export const ConsumerTestSchema = Strict(
  {
    ok: Type.Boolean({ description: 'Whether every step went well.', examples: [true] }),
    checks: Type.Array(
      Strict({
        name: Type.String({ description: 'The step.', examples: ['post'] }),
        ok: Type.Boolean({ description: 'Whether it went well.' }),
        code: Type.Optional(Enum(deliveryCodes, { description: 'What is wrong.' })),
        hint: Type.Optional(Type.String({ description: 'What to do about it, in plain words.' }))
      }),
      { description: 'Step by step; the first that fails is the last.' }
    )
  },
  {
    $id: 'ConsumerTest',
    description: 'What a send needs, tried with the very calls that a send makes.',
    examples: [{ ok: true, checks: [{ name: 'post', ok: true }] }]
  }
)

export const ReplayQuery = Strict({
  cursor: Type.Optional(
    Type.String({
      maxLength: 256,
      description: 'Send again what changed after this cursor; without one, everybody.',
      examples: ['MS5hYmMuNDIuMTc5NTQ']
    })
  )
})

export const consumerSchemas = [
  PutConsumerSchema,
  ConsumerSchema,
  ConsumerListSchema,
  ConsumerUsersSchema,
  ConsumerTestSchema
]
