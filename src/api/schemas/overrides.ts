/** Diversions set by hand, as they are set and shown. */
import { Type } from 'typebox'
import { phones } from '../../domain/diversion.ts'
import { Enum, Strict } from '../../lib/json-schema.ts'
import { DiversionCode } from './params.ts'
import { InstantSchema, NullableInstantSchema, NullableString } from './types.ts'

export const PutOverrideSchema = Strict(
  {
    diversion: DiversionCode,
    until: Type.Optional(
      NullableString({
        format: 'date-time',
        description:
          'When it ends; in the future. Null: when it is removed. Without `until` and `minutes` it ends as `overrideEnds` of ' +
          'the diversion says, and `available` with the calendar’s present diversion.',
        examples: ['2026-11-23T12:00:00Z']
      })
    ),
    minutes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 525_600,
        description: 'In place of `until`: it ends after so many minutes.',
        examples: [30]
      })
    ),
    phone: Type.Optional(
      Enum(phones, { description: 'Overrules the diversion’s own.', examples: ['closed'] })
    )
  },
  {
    $id: 'OverridePut',
    description: 'A diversion set by hand, from now on.',
    examples: [{ diversion: 'lunch', minutes: 30 }]
  }
)

export const OverrideSchema = Strict(
  {
    diversion: DiversionCode,
    from: InstantSchema('When it was set.', '2026-11-23T07:50:00Z'),
    until: NullableInstantSchema('When it ends; null: when it is removed.', '2026-11-23T08:20:00Z'),
    phone: Type.Optional(
      Enum(phones, { description: 'Overrules the diversion’s own.', examples: ['closed'] })
    )
  },
  {
    $id: 'Override',
    description: 'A diversion set by hand.',
    examples: [{ diversion: 'lunch', from: '2026-11-23T07:50:00Z', until: '2026-11-23T08:20:00Z' }]
  }
)

export const overrideSchemas = [PutOverrideSchema, OverrideSchema]
