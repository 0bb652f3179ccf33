/** What holds for users, as consumers see it: Status, Statuses and Changes. */
import { type Static, Type } from 'typebox'
import { phones } from '../../domain/diversion.ts'
import { triggerMatches } from '../../domain/rule-set.ts'
import { Enum, Strict } from '../../lib/json-schema.ts'
import type { ExtensionStatus } from '../../status/find-statuses.ts'
import {
  type CalendarStatus,
  calendarMembers,
  nextRunSchema,
  type Status,
  schemasOf,
  statusMembers
} from '../../status/status-members.ts'
import { AfterParam, ExtensionParam, UserId } from './params.ts'
import { InstantSchema, Nullable, ref } from './types.ts'

export const PhoneSchema = Enum(phones, {
  description: 'Whether calls reach the person.',
  examples: ['closed']
})

export const RuleOriginSchema = Strict(
  {
    from: Enum(['user', 'tenant', 'availability', 'automaticReply', 'hours', 'holiday', 'absence'], {
      description:
        'The user’s own triggers, the tenant’s, the busy status alone, automatic replies, office hours, a holiday, or an absence entered by hand.'
    }),
    match: Type.Optional(Enum(triggerMatches, { description: 'Of a trigger: how it matched.' })),
    text: Type.Optional(Type.String({ description: 'Of a trigger: its text.' })),
    busy: Type.Optional(Type.String({ description: 'Of availability: the busy status.' }))
  },
  {
    $id: 'RuleOrigin',
    description: 'The rule that gave a diversion. Of a private event it is `from` alone.',
    examples: [{ from: 'tenant', match: 'word', text: 'MÖT' }]
  }
)

const anna = {
  user: 'anna',
  extension: '1070',
  displayName: 'Anna Ek',
  diversion: 'meeting',
  label: 'Möte',
  phone: 'closed',
  since: '2026-11-23T08:00:00Z',
  until: '2026-11-23T09:30:00Z',
  untilKind: 'known',
  reachableAt: '2026-11-23T09:30:00Z',
  forwardTo: null,
  timeZone: 'Europe/Stockholm',
  next: { diversion: 'lunch', from: '2026-11-23T11:00:00Z', until: '2026-11-23T12:00:00Z' },
  source: 'calendar',
  sync: { state: 'fresh', since: '2026-11-23T06:14:03Z' }
} satisfies Status

export const NextRunSchema = Type.Unsafe<NonNullable<Status['next']>>({ ...nextRunSchema })

/** What would hold by the calendar alone: a preview has it. */
export const CalendarStatusSchema = Type.Unsafe<CalendarStatus>({
  type: 'object',
  additionalProperties: false,
  properties: schemasOf(calendarMembers),
  required: Object.keys(calendarMembers),
  description: 'What would hold at `at`.'
})

/** With `explain=true` a Status has these members too. */
const explained = {
  rule: Nullable(ref(RuleOriginSchema), {
    description: 'With `explain=true`: the rule behind it; null where no rule is.'
  }),
  because: Type.String({ description: 'With `explain=true`: why, as a sentence in the tenant’s language.' })
}

type ExplainedStatus = Status & { rule?: Static<(typeof explained)['rule']>; because?: string }

/** Every member is declared in status/status-members.ts. */
export const StatusSchema = Type.Unsafe<ExplainedStatus>({
  $id: 'Status',
  type: 'object',
  additionalProperties: false,
  properties: { ...schemasOf(statusMembers), ...explained },
  required: Object.keys(statusMembers),
  description: 'What holds for a user at an instant.',
  examples: [anna]
})

/** How statuses are given, in every call that gives many. */
export const formatQuery = {
  by: Type.Optional(
    Enum(['user', 'extension'], {
      default: 'user',
      description: '`extension`: one entry for each extension, for a switch. Cursors are the same.',
      examples: ['extension']
    })
  ),
  language: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$',
      maxLength: 35,
      description: 'The language of the labels (BCP 47) in place of the tenant’s.',
      examples: ['en']
    })
  )
}

/** Of the answers that come from memory. */
export const fromMemory = {
  'Hanvisa-Degraded': Enum(['store'], {
    description:
      'Only while the store cannot be reached: the answer is from memory. Transitions still come when they are ' +
      'due; what was changed meanwhile shows when the store is back.',
    examples: ['store']
  })
}

const cursor = Type.String({
  description: 'Where to go on: hand it to `changes`. Opaque.',
  examples: ['MTcuNDIuMTc5NTQ']
})

/** With `by=extension`. */
export const ExtensionStatusSchema = Type.Unsafe<ExtensionStatus>({
  $id: 'ExtensionStatus',
  type: 'object',
  additionalProperties: false,
  properties: {
    users: {
      type: 'array',
      items: UserId,
      description: 'Who shares the extension, by id.',
      examples: [['anna', 'bo']]
    },
    ...schemasOf(statusMembers)
  },
  required: ['users', ...Object.keys(statusMembers)],
  description:
    'What holds for an extension: the Status of one of its users, `user`. It is closed only while it is for all who share ' +
    'it. Shown is who is open, the first by id; while all are closed, who is reachable first.',
  examples: [{ users: ['anna', 'bo'], ...anna }]
})

export const StatusesSchema = Strict(
  {
    at: InstantSchema('The instant since which this answer holds.'),
    cursor: Type.Optional(cursor),
    after: AfterParam,
    statuses: Type.Array(Type.Union([ref(StatusSchema), ref(ExtensionStatusSchema)]), {
      description: 'By user id; with `by=extension` by extension.'
    })
  },
  {
    $id: 'Statuses',
    description: 'What holds for every user of the tenant.',
    examples: [{ at: '2026-11-23T08:00:00Z', cursor: 'MTcuNDIuMTc5NTQ', statuses: [anna] }]
  }
)

export const RemovedUserSchema = Strict(
  {
    user: UserId,
    extension: ExtensionParam,
    removed: Type.Literal(true, { description: 'The user is gone.' })
  },
  {
    $id: 'Removed',
    description: 'A user who is gone, with the extension they had.',
    examples: [{ user: 'bo', extension: '1071', removed: true }]
  }
)

export const RemovedExtensionSchema = Strict(
  {
    extension: ExtensionParam,
    removed: Type.Literal(true, { description: 'Nobody has the extension any more.' })
  },
  {
    $id: 'RemovedExtension',
    description: 'With `by=extension`: an extension that nobody has any more.',
    examples: [{ extension: '1071', removed: true }]
  }
)

export const ChangesSchema = Strict(
  {
    cursor,
    changes: Type.Array(
      Type.Union([
        ref(StatusSchema),
        ref(ExtensionStatusSchema),
        ref(RemovedUserSchema),
        ref(RemovedExtensionSchema)
      ]),
      {
        description:
          'Each user (with `by=extension` each extension) of whom anything that a Status shows has changed, once, as they ' +
          'are now.'
      }
    )
  },
  {
    $id: 'Changes',
    description: 'What changed since a cursor.',
    examples: [
      { cursor: 'MTcuNDMuMTc5NjA', changes: [anna, { user: 'bo', extension: '1071', removed: true }] }
    ]
  }
)

/** `?at=` and `?explain=` of the calls for one user. */
export const StatusQuerySchema = Strict({
  at: Type.Optional(InstantSchema('Compute it for this instant instead of now; any in the window.')),
  explain: Type.Optional(
    Type.Boolean({ description: 'Add `rule` and `because`.', examples: [true], default: false })
  )
})

export const statusSchemas = [
  RuleOriginSchema,
  NextRunSchema,
  StatusSchema,
  ExtensionStatusSchema,
  StatusesSchema,
  RemovedUserSchema,
  RemovedExtensionSchema,
  ChangesSchema
]
