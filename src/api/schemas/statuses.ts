/** What holds for users, as consumers see it: Status, Statuses, Changes, Timeline and Override. */
import { Type } from 'typebox'
import { phones } from '../../domain/diversion.ts'
import { triggerMatches } from '../../domain/rule-set.ts'
import { DiversionCode, Extension, UserId } from './params.ts'
import { Enum, InstantSchema, Nullable, NullableInstantSchema, NullableString, ref, Strict } from './types.ts'

export const sources = ['calendar', 'override', 'none'] as const
export const syncStates = ['off', 'never', 'failed', 'stale', 'fresh'] as const

export const PhoneState = Enum(phones, {
  description: 'Whether calls reach the person.',
  examples: ['closed']
})

export const RuleOrigin = Strict(
  {
    from: Enum(['user', 'tenant', 'availability'], {
      description: 'The user’s own triggers, the tenant’s, or the busy status alone.'
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
  reachableAt: '2026-11-23T09:30:00Z',
  next: { diversion: 'lunch', from: '2026-11-23T11:00:00Z', until: '2026-11-23T12:00:00Z' },
  source: 'calendar',
  sync: { state: 'fresh', since: '2026-11-23T06:14:03Z' }
}

export const NextRun = Strict(
  {
    diversion: DiversionCode,
    from: InstantSchema('When it begins.', '2026-11-23T11:00:00Z'),
    until: NullableInstantSchema('When it ends, or null where nobody knows yet.', '2026-11-23T12:00:00Z')
  },
  {
    $id: 'NextRun',
    description: 'The first run after the present one that is not `available`.',
    examples: [anna.next]
  }
)

/** What a Status and a preview's `status` have in common: see design section 4. */
export const heldMembers = {
  diversion: DiversionCode,
  phone: PhoneState,
  since: NullableInstantSchema('When the unbroken run of this diversion began.', anna.since),
  until: NullableInstantSchema('When it ends; null where nobody knows yet.', anna.until),
  reachableAt: NullableInstantSchema(
    'The end of the unbroken run of closed phone: what callers are told. Null if open.',
    anna.reachableAt
  ),
  next: Nullable(ref(NextRun))
}

export const Status = Strict(
  {
    user: UserId,
    extension: Extension,
    displayName: Type.String({ description: 'The user’s name.', examples: ['Anna Ek'] }),
    diversion: heldMembers.diversion,
    label: Type.String({ description: 'The diversion in the tenant’s language.', examples: ['Möte'] }),
    phone: heldMembers.phone,
    since: heldMembers.since,
    until: heldMembers.until,
    reachableAt: heldMembers.reachableAt,
    next: heldMembers.next,
    source: Enum(sources, { description: 'What decides: the calendar, an override, or nothing.' }),
    sync: Strict(
      {
        state: Enum(syncStates, { description: 'How well the calendar is mirrored.', examples: ['fresh'] }),
        since: InstantSchema('When that state began.', anna.sync.since)
      },
      { description: 'How far the calendar’s part of this can be trusted.' }
    ),
    rule: Type.Optional(
      Nullable(ref(RuleOrigin), {
        description: 'With `explain=true`: the rule behind it; null where no rule is.'
      })
    ),
    because: Type.Optional(
      Type.String({ description: 'With `explain=true`: why, as a sentence in the tenant’s language.' })
    )
  },
  { $id: 'Status', description: 'What holds for a user at an instant.', examples: [anna] }
)

/** Of the answers that come from memory. */
export const fromMemory = {
  'Hanvisa-Degraded': Enum(['store'], {
    description:
      'Only while the store cannot be reached: the answer is from memory. Borders in time still come when they are ' +
      'due; what was changed meanwhile shows when the store is back.',
    examples: ['store']
  })
}

const cursor = Type.String({
  description: 'Where to go on: hand it to `changes`. Opaque.',
  examples: ['MTcuNDIuMTc5NTQ']
})

export const Statuses = Strict(
  {
    at: InstantSchema('The instant since which this answer holds.'),
    cursor: Type.Optional(cursor),
    statuses: Type.Array(ref(Status), { description: 'By user id.' })
  },
  {
    $id: 'Statuses',
    description: 'What holds for every user of the tenant.',
    examples: [{ at: '2026-11-23T08:00:00Z', cursor: 'MTcuNDIuMTc5NTQ', statuses: [anna] }]
  }
)

export const Removed = Strict(
  { user: UserId, removed: Type.Literal(true, { description: 'The user is gone.' }) },
  { $id: 'Removed', description: 'A user who is gone.', examples: [{ user: 'bo', removed: true }] }
)

export const Changes = Strict(
  {
    cursor,
    changes: Type.Array(Type.Union([ref(Status), ref(Removed)]), {
      description: 'Each user of whom anything that a Status shows has changed, once, as they are now.'
    })
  },
  {
    $id: 'Changes',
    description: 'What changed since a cursor.',
    examples: [{ cursor: 'MTcuNDMuMTc5NjA', changes: [anna, { user: 'bo', removed: true }] }]
  }
)

export const Interval = Strict(
  {
    start: InstantSchema('Belongs to it.', '2026-11-23T11:00:00Z'),
    end: NullableInstantSchema('Does not belong to it any more.', '2026-11-23T12:00:00Z'),
    diversion: DiversionCode,
    phone: PhoneState,
    rule: Type.Optional(
      Nullable(ref(RuleOrigin), { description: 'With `explain=true`: the rule that gave its beginning.' })
    ),
    rules: Type.Optional(
      Type.Array(ref(RuleOrigin), { description: 'With `explain=true`: all the rules that gave it.' })
    ),
    because: Type.Optional(
      Type.String({
        description: 'With `explain=true`: why, in the tenant’s language, a sentence for each rule.'
      })
    )
  },
  {
    $id: 'Interval',
    description: 'From `start` until just before `end` the diversion holds.',
    examples: [
      { start: '2026-11-23T11:00:00Z', end: '2026-11-23T12:00:00Z', diversion: 'lunch', phone: 'closed' }
    ]
  }
)

export const Timeline = Strict(
  {
    at: InstantSchema('The instant from which the intervals are given.'),
    intervals: Type.Array(ref(Interval), { description: 'Sorted and disjoint; between them: `available`.' })
  },
  {
    $id: 'Timeline',
    description: 'A user’s coming diversions.',
    examples: [
      {
        at: '2026-11-23T08:00:00Z',
        intervals: [
          {
            start: '2026-11-23T08:00:00Z',
            end: '2026-11-23T09:30:00Z',
            diversion: 'meeting',
            phone: 'closed'
          }
        ]
      }
    ]
  }
)

export const OverridePut = Strict(
  {
    diversion: DiversionCode,
    until: Type.Optional(
      NullableString({
        format: 'date-time',
        description: 'When it ends; without, it holds until it is removed. Must be in the future.',
        examples: ['2026-11-23T12:00:00Z']
      })
    )
  },
  {
    $id: 'OverridePut',
    description: 'A diversion set by hand, from now on.',
    examples: [{ diversion: 'lunch', until: '2026-11-23T12:00:00Z' }]
  }
)

/** `?at=` and `?explain=` of the calls for one user. */
export const StatusQuery = Strict({
  at: Type.Optional(InstantSchema('Compute it for this instant instead of now; any in the window.')),
  explain: Type.Optional(
    Type.Boolean({ description: 'Add `rule` and `because`.', examples: [true], default: false })
  )
})

export const statusSchemas = [
  RuleOrigin,
  NextRun,
  Status,
  Statuses,
  Removed,
  Changes,
  Interval,
  Timeline,
  OverridePut
]
