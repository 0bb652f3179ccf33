/** The state of reading calendars, as operators see it. */
import { Type } from 'typebox'
import { credentialStates } from '../../connectors/credential.ts'
import { type DetailLevel, detailLevels, syncStateNames } from '../../domain/sync-state.ts'
import { syncCodes } from '../../errors.ts'
import { Enum, Strict } from '../../lib/json-schema.ts'
import { connectionStates } from '../../sync/connection/connection-health.ts'
import { notificationStates } from '../../sync/notifications/target-subscriptions.ts'
import { AfterParam, ConnectionId, UserId } from './params.ts'
import { InstantSchema, Nullable, NullableInstantSchema, NullableString, ref } from './types.ts'

const code = Type.Unsafe<(typeof syncCodes)[number] | null>({
  type: ['string', 'null'],
  enum: [...syncCodes, null],
  description: 'Why the last attempt failed, or what it could not see; null where all is well.',
  examples: [null]
})

const bo = {
  user: 'bo',
  state: 'stale',
  since: '2026-11-23T08:04:00Z',
  lastSuccess: '2026-11-23T08:00:00Z',
  code: 'mailbox_unknown',
  hint: 'Exchange does not know bo@acme.example: correct the mailbox of the user "bo".',
  detail: 'availability',
  notes: [
    'Invitations that were declined cannot be told apart here: they count as accepted ones.',
    'Subjects and categories are not seen here, so triggers meet nothing.'
  ],
  notifications: 'polling',
  rulesVersion: 3,
  home: { connection: 'default', since: '2026-11-01T07:00:00Z', movedAt: null }
} as const

export const UserSyncSchema = Strict(
  {
    user: UserId,
    state: Enum(syncStateNames, { description: 'How well the calendar is mirrored.', examples: ['fresh'] }),
    since: InstantSchema('When that state began.'),
    lastSuccess: NullableInstantSchema('The last attempt that succeeded; null: none did.'),
    code,
    hint: NullableString({ description: 'What to do about it, in plain words.', examples: [bo.hint] }),
    detail: Type.Unsafe<DetailLevel | null>({
      type: ['string', 'null'],
      enum: [...detailLevels, null],
      description:
        'What the calendar let us see at the last success: all that decides (`subjects`), subjects but neither answers to ' +
        'invitations nor categories (`subjects-only`), or `availability` alone.'
    }),
    notes: Type.Array(Type.String(), {
      description: 'What to know about the reading beside that, in plain words.',
      examples: [bo.notes]
    }),
    notifications: Type.Unsafe<'live' | 'polling' | null>({
      type: ['string', 'null'],
      enum: ['live', 'polling', null],
      description:
        'How edits were found at the last success: by notifications (`live`) or by polling. Null: nothing was read yet.',
      examples: ['live']
    }),
    rulesVersion: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      description: 'The version of the rules that made the timeline that is held; 0: the default pack.',
      examples: [3]
    }),
    home: Nullable(
      Strict({
        connection: ConnectionId,
        since: InstantSchema('Since when it is read there.'),
        movedAt: NullableInstantSchema(
          'When it was found there, having been at another; null: it was not.',
          null
        )
      }),
      { description: 'Over which connection the mailbox is read. Null: no connection is known to have it.' }
    )
  },
  { $id: 'UserSync', description: 'How the reading of one user’s calendar goes.', examples: [bo] }
)

const working = {
  state: 'working',
  since: '2026-11-23T06:14:03Z',
  code: null,
  hint: null,
  credential: {
    member: 'clientSecret',
    state: 'valid',
    endsAt: '2027-06-30T00:00:00Z',
    daysLeft: 218,
    hint: null
  },
  nextReadAt: null,
  notifications: { state: 'live', live: 850, polling: 0, code: null, hint: null }
} as const

const polled = {
  state: 'fallbackPolling',
  live: 0,
  polling: 850,
  code: 'consent_missing',
  hint:
    'Notifications fail, so calendars are polled until they come again. The application lacks Calendars.Read: grant it in ' +
    'Entra and consent to it.'
} as const

export const SyncNotificationsSchema = Strict(
  {
    state: Enum(notificationStates, {
      description:
        '`live`: every calendar has an active subscription, and edits are read within seconds. `partial`: some have. ' +
        '`fallbackPolling`: subscriptions are inactive, and the calendars are polled. `disabled`: there are no ' +
        'subscriptions (or the service has just started).',
      examples: ['live']
    }),
    live: Type.Integer({ description: 'Calendars with an active subscription.', examples: [850] }),
    polling: Type.Integer({ description: 'Calendars that are polled.', examples: [0] }),
    code,
    hint: NullableString({
      description: 'Why calendars that should have an active subscription are polled, and what to do.',
      examples: [polled.hint]
    })
  },
  {
    $id: 'SyncNotifications',
    description: 'How edits are found. A calendar that users share counts once.',
    examples: [working.notifications, polled]
  }
)

const expiring = {
  member: 'clientSecret',
  state: 'expiring',
  endsAt: '2026-12-05T00:00:00Z',
  daysLeft: 11,
  hint:
    'The client secret ends on 2026-12-05, in 11 days. Make a new client secret in the Entra admin center (App registrations, ' +
    '0f6a3d1c-1b2a-4c3d-8e9f-a0b1c2d3e4f5, Certificates & secrets) and put the connection with its Value as "clientSecret" ' +
    'and its end as "secretExpires".'
} as const

export const CredentialSyncSchema = Strict(
  {
    member: Type.String({
      description: 'The member of the connection that holds it.',
      examples: ['clientSecret']
    }),
    state: Enum(credentialStates, {
      description:
        '`expiring`: it ends within 30 days. `expired`: it has ended. `refused`: it is wrong, or was changed. `unknown`: its end ' +
        'is not known.',
      examples: ['valid']
    }),
    endsAt: NullableInstantSchema(
      'When it ends: `secretExpires`, or what the certificate says. Null: not known.'
    ),
    daysLeft: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      minimum: 0,
      description: 'Whole days until then.',
      examples: [11]
    }),
    hint: NullableString({ description: 'What to do about it, in plain words.', examples: [expiring.hint] })
  },
  {
    $id: 'CredentialSync',
    description: 'What the connection signs in with, and when that ends.',
    examples: [expiring]
  }
)

const connectionSyncMembers = {
  state: Enum(connectionStates, {
    description:
      '`absent`: there is no connection. `untried`: nothing was read over it yet. `failing`: the last attempt failed for everybody.',
    examples: ['working']
  }),
  since: InstantSchema('When that state began, or the service started.'),
  code,
  hint: NullableString({ description: 'What to do about it, in plain words.', examples: [null] }),
  credential: Type.Unsafe<Type.Static<typeof CredentialSyncSchema> | null>({
    anyOf: [ref(CredentialSyncSchema), { type: 'null' }],
    description:
      'What the connection signs in with; null where it has nothing of the kind, or it cannot be unsealed.'
  }),
  nextReadAt: NullableInstantSchema(
    'When it is tried again after a failure; null where nothing is waited for.'
  ),
  notifications: ref(SyncNotificationsSchema)
}

export const ConnectionSyncSchema = Strict(connectionSyncMembers, {
  $id: 'ConnectionSync',
  description: 'How the connection fares as a whole.',
  examples: [
    working,
    {
      state: 'failing',
      since: '2026-11-23T08:04:00Z',
      code: 'secret_expired',
      hint: 'The client secret has expired: make a new one and put the connection again.',
      credential: {
        ...expiring,
        state: 'expired',
        endsAt: '2026-11-23T00:00:00Z',
        daysLeft: 0,
        hint: 'The client secret has expired: make a new one and put the connection again.'
      },
      nextReadAt: '2026-11-23T08:19:00Z',
      notifications: polled
    }
  ]
})

export const NamedConnectionSyncSchema = Strict(
  {
    connection: ConnectionId,
    kind: Type.String({ description: 'Its kind.', examples: ['graph'] }),
    ...connectionSyncMembers
  },
  {
    $id: 'NamedConnectionSync',
    description: 'How one of the tenant’s connections fares.',
    examples: [{ connection: 'default', kind: 'graph', ...working }]
  }
)

export const SyncReportSchema = Strict(
  {
    connection: ref(ConnectionSyncSchema),
    connections: Type.Array(ref(NamedConnectionSyncSchema), {
      description: 'All of the tenant’s connections, in their order. `connection` is the first of them.'
    }),
    users: Type.Array(ref(UserSyncSchema), { description: 'By user id.' }),
    after: AfterParam
  },
  {
    $id: 'SyncReport',
    description: 'How the reading of calendars goes.',
    examples: [
      {
        connection: working,
        connections: [{ connection: 'default', kind: 'graph', ...working }],
        users: [bo]
      }
    ]
  }
)

export const SyncStartedSchema = Strict(
  {
    queued: Type.Integer({
      description: 'How many calendars are read now. One that users share counts once.',
      examples: [12]
    })
  },
  {
    $id: 'SyncStarted',
    description: 'The calendars are read as soon as their turn comes.',
    examples: [{ queued: 12 }]
  }
)

export const syncSchemas = [
  UserSyncSchema,
  SyncNotificationsSchema,
  CredentialSyncSchema,
  ConnectionSyncSchema,
  NamedConnectionSyncSchema,
  SyncReportSchema,
  SyncStartedSchema
]
