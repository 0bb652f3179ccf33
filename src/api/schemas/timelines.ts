/** A user's coming diversions, as consumers see them. */
import { Type } from 'typebox'
import { Strict } from '../../lib/json-schema.ts'
import { AbsenceSchema } from './absences.ts'
import { OverrideSchema } from './overrides.ts'
import { DiversionCode } from './params.ts'
import { PhoneSchema, RuleOriginSchema, StatusQuerySchema } from './statuses.ts'
import { InstantSchema, Nullable, NullableInstantSchema, ref } from './types.ts'

export const IntervalSchema = Strict(
  {
    start: InstantSchema('Belongs to it.', '2026-11-23T11:00:00Z'),
    end: NullableInstantSchema('Does not belong to it any more.', '2026-11-23T12:00:00Z'),
    diversion: DiversionCode,
    phone: PhoneSchema,
    rule: Type.Optional(
      Nullable(ref(RuleOriginSchema), {
        description: 'With `explain=true`: the rule that gave its beginning.'
      })
    ),
    rules: Type.Optional(
      Type.Array(ref(RuleOriginSchema), { description: 'With `explain=true`: all the rules that gave it.' })
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

export const TimelineSchema = Strict(
  {
    at: InstantSchema('The instant from which the intervals are given.'),
    intervals: Type.Array(ref(IntervalSchema), {
      description: 'Sorted and disjoint; between them: `available`.'
    }),
    override: Nullable(ref(OverrideSchema), {
      description:
        'What is set by hand now, or null. With `effective=true` the intervals have it laid over them.'
    }),
    absences: Type.Array(ref(AbsenceSchema), {
      description:
        'Diversions entered by hand for a time to come, by id. With `effective=true` the intervals have them laid over them.',
      examples: [[]]
    })
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
        ],
        override: { diversion: 'lunch', from: '2026-11-23T07:50:00Z', until: '2026-11-23T08:20:00Z' },
        absences: []
      }
    ]
  }
)

export const TimelineQuerySchema = Strict({
  ...StatusQuerySchema.properties,
  effective: Type.Optional(
    Type.Boolean({
      description: 'The intervals as they count: with absences and the override laid over the calendar.',
      default: false,
      examples: [true]
    })
  )
})

export const timelineSchemas = [IntervalSchema, TimelineSchema]
