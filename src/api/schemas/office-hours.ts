/** Office hours, as they are put and read. */
import { type TSchema, Type } from 'typebox'
import { holidayTypes } from '../../domain/holidays/holidays.ts'
import { type OfficeHours, officeDays } from '../../domain/hours/office-hours.ts'
import { Enum, Strict } from '../../lib/json-schema.ts'
import { ref } from './types.ts'

const time = (description: string, example: string) =>
  Type.String({ pattern: '^[0-2][0-9]:[0-5][0-9]$', description, examples: [example] })
const date = Type.String({
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$',
  description: 'A day.',
  examples: ['2026-12-30']
})
const types = Type.Array(Enum(holidayTypes, { examples: ['public'] }), { maxItems: holidayTypes.length })

const spans = Type.Array(
  Type.Array(time('On the wall; `24:00` ends the day.', '08:00'), { minItems: 2, maxItems: 2 }),
  { maxItems: 12, description: 'When the office is open: from the one until just before the other.' }
)

const HolidaysSchema = Strict(
  {
    country: Type.Optional(
      Type.String({
        pattern: '^[A-Z]{2}$',
        description: 'Whose public holidays count: SE, NO, DK, FI or IS. Not stated: nobody’s.',
        examples: ['SE']
      })
    ),
    closed: Type.Optional({ ...types, description: 'Closed on these; `public` and `bank` unless stated.' }),
    half: Type.Optional(Strict({ types, until: time('When it closes on these.', '12:00') })),
    dayBefore: Type.Optional(
      Strict({ until: time('When it closes on the day before a public holiday.', '15:00') })
    ),
    bridge: Type.Optional(
      Type.Literal('closed', {
        description: 'A single working day between a holiday and another closed day is closed.'
      })
    ),
    add: Type.Optional(
      Type.Array(
        Strict({
          date,
          name: Type.String({ minLength: 1, maxLength: 60, description: 'How it is called.' }),
          until: Type.Optional(time('When it closes; absent: closed all day.', '12:00'))
        }),
        { maxItems: 200, description: 'Days of one’s own.' }
      )
    ),
    remove: Type.Optional(Type.Array(date, { maxItems: 200, description: 'Days that are no holidays here.' }))
  },
  { description: 'Holidays. Without it there are none.' }
)

const shape = Strict(
  {
    zone: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        description: 'IANA name; absent: the user’s, else the tenant’s.',
        examples: ['Europe/Stockholm']
      })
    ),
    week: Strict(Object.fromEntries(officeDays.map((day) => [day, Type.Optional(spans)])), {
      description: 'A day that is not stated is closed. Over midnight are two entries.'
    }),
    holidays: Type.Optional(HolidaysSchema),
    outside: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      pattern: '^[a-z0-9][a-z0-9-]{0,63}$',
      description:
        'The diversion that holds outside where nothing else diverts; null: none, and the hours say only when ' +
        '`nextOpening` is.',
      examples: ['gone-for-the-day']
    })
  },
  {
    $id: 'OfficeHours',
    description: 'When an office is open, and what holds while it is not.',
    examples: [
      {
        week: { mon: [['08:00', '17:00']], fri: [['08:00', '12:00']] },
        holidays: { country: 'SE' },
        outside: 'gone-for-the-day'
      }
    ]
  }
)

/** `domain/hours/office-hours.ts` is the type: spans are pairs there, which a schema of arrays does not say. */
export const OfficeHoursSchema = Type.Unsafe<OfficeHours>(shape as unknown as TSchema)

export const NullableOfficeHours = (description: string) =>
  Type.Optional(
    Type.Unsafe<OfficeHours | null>({
      anyOf: [ref(OfficeHoursSchema as typeof OfficeHoursSchema & { $id: string }), { type: 'null' }],
      description
    })
  )
