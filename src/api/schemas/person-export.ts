/** All that is kept of one person, as it is handed to them. */
import { Type } from 'typebox'
import { phones } from '../../domain/diversion.ts'
import { type DetailLevel, detailLevels, homeProofs } from '../../domain/sync-state.ts'
import { Enum, Strict, schemaOf } from '../../lib/json-schema.ts'
import type {
  ExportedAuditEntry,
  ExportedChange,
  ExportedDelivery,
  ExportedInterval,
  ExportedOverride,
  ExportedSync,
  ExportedTimeline,
  PersonExportResponse
} from '../../management/person-export.ts'
import { type AuditPart, auditOutcomes } from '../../storage/audit.ts'
import { deliveryOutcomes } from '../../storage/consumers.ts'
import { AbsenceSchema } from './absences.ts'
import { KeySchema } from './keys.ts'
import { ConnectionId, DiversionCode } from './params.ts'
import { InstantSchema, Nullable, NullableInstantSchema, NullableString, ref } from './types.ts'
import { UserSchema } from './users.ts'

const Integer = (description: string) => Type.Integer({ description })

const OverrideMembers = schemaOf<ExportedOverride>()(
  Strict({
    diversion: DiversionCode,
    from: InstantSchema('When it was set.'),
    until: NullableInstantSchema('When it ends; null: when it is removed.'),
    phone: Type.Optional(Enum(phones, { description: 'Overrules the diversion’s own.' })),
    backEarlyFrom: Type.Optional(
      Type.String({ description: 'The diversion of the calendar that it cuts short.' })
    )
  })
)

const IntervalMembers = schemaOf<ExportedInterval>()(
  Strict({
    start: InstantSchema('Belongs to it.'),
    end: NullableInstantSchema('Does not belong to it any more; null: it has no end.'),
    diversion: DiversionCode,
    phone: Enum(phones, { description: 'Whether calls reach the person meanwhile.' }),
    from: Type.String({ description: 'What gave it: `user`, `tenant` (triggers) or `availability`.' }),
    index: Integer('Which of those, from 0. The text that was met is not kept.'),
    private: Type.Boolean({ description: 'Whether the event was private.' }),
    forwardTo: NullableString({ description: 'The number that the event named and that the rules allow.' })
  })
)

const TimelineMembers = schemaOf<ExportedTimeline>()(
  Strict({
    rulesVersion: Integer('The version of the rules that decided; 0: the default pack.'),
    truncatedAt: NullableInstantSchema('Where reading ended within an absence; null: nowhere.', null),
    intervals: Type.Array(IntervalMembers, { description: 'Sorted and disjoint, past ones included.' })
  })
)

const SyncMembers = schemaOf<ExportedSync>()(
  Strict({
    generation: Integer('Counts up with each new mailbox or connection.'),
    enabled: Type.Boolean({ description: 'Whether the calendar is read.' }),
    enabledSince: InstantSchema('Since when that holds.'),
    confirmedAt: NullableInstantSchema('When the calendar was last read.'),
    freshSince: NullableInstantSchema('Since when it has been fresh.'),
    failedSince: NullableInstantSchema('Since when attempts have failed.', null),
    fault: Nullable(
      Strict({
        code: Type.String({ description: 'What failed, or could not be seen.' }),
        hint: Type.String({ description: 'What to do about it; it may name the mailbox.' })
      }),
      { description: 'Of the last attempt; null: none.' }
    ),
    detail: Type.Unsafe<DetailLevel | null>({
      type: ['string', 'null'],
      enum: [...detailLevels, null],
      description: 'What the calendar let us see at the last success.'
    }),
    subscribed: Type.Boolean({ description: 'Whether edits are notified.' }),
    overdueSince: NullableInstantSchema('Since when a notified edit is unread.', null),
    slowMs: Type.Unsafe<number | null>({
      type: ['number', 'null'],
      description: 'Milliseconds that the last read took, where that is long.'
    }),
    refusedForwards: Integer('Events that name a number which the rules do not allow.'),
    home: Nullable(
      Strict({
        connection: ConnectionId,
        since: InstantSchema('Since when it is read there.'),
        proof: Enum(homeProofs, { description: 'How that was found out.' })
      }),
      {
        description:
          'Over which of several connections the mailbox is read; null: not known, or there is one.'
      }
    )
  })
)

const ChangeMembers = schemaOf<ExportedChange>()(
  Strict({
    at: InstantSchema('When something of the user changed.'),
    vacated: Type.Array(Type.String(), { description: 'Extensions that the user had until then.' })
  })
)

const example: PersonExportResponse = {
  at: '2026-11-23T08:00:00Z',
  user: {
    user: 'anna',
    displayName: 'Anna Ek',
    extension: '1070',
    mailbox: 'anna@acme.example',
    syncEnabled: true
  },
  triggersSince: '2026-11-20T08:00:00Z',
  override: null,
  absences: [],
  timeline: {
    rulesVersion: 3,
    truncatedAt: null,
    intervals: [
      {
        start: '2026-11-23T11:00:00Z',
        end: '2026-11-23T12:00:00Z',
        diversion: 'lunch',
        phone: 'closed',
        from: 'tenant',
        index: 4,
        private: false,
        forwardTo: null
      }
    ]
  },
  sync: {
    generation: 0,
    enabled: true,
    enabledSince: '2026-11-20T08:00:00Z',
    confirmedAt: '2026-11-23T07:58:00Z',
    freshSince: '2026-11-20T08:00:04Z',
    failedSince: null,
    fault: null,
    detail: 'subjects',
    subscribed: true,
    overdueSince: null,
    slowMs: null,
    refusedForwards: 0,
    home: null
  },
  keys: [],
  changes: [{ at: '2026-11-23T07:58:00Z', vacated: [] }],
  audit: [
    {
      at: '2026-11-20T08:00:00.123Z',
      action: 'user.put',
      outcome: 'done',
      role: 'operator',
      parts: [{ user: 'anna', before: { extension: '1069' }, after: { extension: '1070' } }]
    }
  ],
  deliveries: [{ consumer: 'pbx', extension: '1070', outcome: 'ok', at: '2026-11-23T11:00:00Z' }]
}

const AuditMembers = schemaOf<ExportedAuditEntry>()(
  Strict({
    at: InstantSchema('When it was done.'),
    action: Type.String({ description: 'What was done.' }),
    outcome: Enum(auditOutcomes, {
      description: '`begun`: another entry says how it ended.'
    }),
    role: NullableString({ description: 'The role of who did it; null: nobody known.' }),
    parts: Type.Array(
      Type.Unsafe<AuditPart>(
        Type.Object(
          { user: Type.String({ description: 'The user.' }) },
          { additionalProperties: true, description: 'What of the user it was about.' }
        )
      )
    )
  })
)

const DeliveryMembers = schemaOf<ExportedDelivery>()(
  Strict({
    consumer: Type.String({ description: 'To which the state was sent.' }),
    extension: Type.String({ description: 'Under which it was set.' }),
    outcome: Enum(deliveryOutcomes, { description: 'What became of it. The state itself is not kept.' }),
    at: InstantSchema('When it was sent.')
  })
)

export const PersonExportSchema = schemaOf<PersonExportResponse>()(
  Strict(
    {
      at: InstantSchema('When this was made.'),
      user: ref(UserSchema),
      triggersSince: InstantSchema('When the user’s own triggers last changed.'),
      override: Nullable(OverrideMembers, {
        description: 'What was set by hand last, also when it is over.'
      }),
      absences: Type.Array(ref(AbsenceSchema), {
        description: 'The absences that are kept, also those that are over.'
      }),
      timeline: Nullable(TimelineMembers, { description: 'What was read of the calendar; null: nothing.' }),
      sync: SyncMembers,
      keys: Type.Array(ref(KeySchema), {
        description: 'The keys of the user’s softphones, without the keys themselves.'
      }),
      changes: Type.Array(ChangeMembers, {
        description: 'What the change log holds of the user: when something changed, not what.'
      }),
      audit: Type.Array(AuditMembers, {
        description:
          'What the audit holds of the user: what was done, and in which role. Who did it is not in it.'
      }),
      deliveries: Type.Array(DeliveryMembers, { description: 'What consumers were sent of the user.' })
    },
    { $id: 'PersonExport', description: 'All that is kept of one person.', examples: [example] }
  )
)
