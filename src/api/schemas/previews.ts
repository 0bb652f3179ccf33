/** Trying rules out on events, without saving anything. */

import { Type } from 'typebox'
import { busyStatuses, responses, visibilities } from '../../domain/calendar-event.ts'
import { Enum, Strict, schemaOf } from '../../lib/json-schema.ts'
import type { PreviewBody, PreviewEvent, PreviewInterval, PreviewResponse } from '../../management/preview.ts'
import { UserId } from './params.ts'
import { RulesFieldsSchema } from './rules.ts'
import { CalendarStatusSchema, RuleOriginSchema } from './statuses.ts'
import { IntervalSchema } from './timelines.ts'
import { InstantSchema, Nullable, NullableString, ref } from './types.ts'

const lunch = { subject: 'LUN: pizza', start: '2026-11-23T11:00:00Z', end: '2026-11-23T12:00:00Z' }

export const PreviewEventSchema = schemaOf<PreviewEvent>()(
  Strict(
    {
      id: Type.Optional(
        Type.String({ maxLength: 200, description: 'Its index unless stated.', examples: ['0'] })
      ),
      subject: Type.Optional(
        Type.String({ maxLength: 1000, description: 'Empty unless stated.', examples: [lunch.subject] })
      ),
      start: InstantSchema('Belongs to it.', lunch.start),
      end: InstantSchema('Does not belong to it any more.', lunch.end),
      allDay: Type.Optional(
        Type.Boolean({ description: 'Whole days, midnight to midnight; false unless stated.' })
      ),
      busy: Type.Optional(Enum(busyStatuses, { description: '`busy` unless stated.', examples: ['busy'] })),
      visibility: Type.Optional(
        Enum(visibilities, { description: '`normal` unless stated.', examples: ['normal'] })
      ),
      cancelled: Type.Optional(Type.Boolean({ description: 'False unless stated.' })),
      response: Type.Optional(
        Enum(responses, { description: '`organizer` unless stated.', examples: ['organizer'] })
      ),
      categories: Type.Optional(
        Type.Array(Type.String({ maxLength: 200 }), { maxItems: 50, description: 'None unless stated.' })
      )
    },
    { $id: 'PreviewEvent', description: 'An event to try the rules on. It is not kept.', examples: [lunch] }
  )
)

export const PreviewBodySchema = schemaOf<PreviewBody>()(
  Strict(
    {
      rules: Type.Optional(ref(RulesFieldsSchema)),
      user: Type.Optional(UserId),
      events: Type.Optional(
        Type.Array(ref(PreviewEventSchema), {
          maxItems: 1000,
          description: 'At most 1,000. Without, the calendar of `user` is read now.'
        })
      ),
      at: Type.Optional(InstantSchema('Tell also what would hold at this instant.', '2026-11-23T11:15:00Z'))
    },
    {
      $id: 'PreviewRequest',
      description:
        'Without `rules` those in force apply. With `user` their own triggers do too. Nothing is saved.',
      examples: [{ rules: { pack: 'infracom' }, events: [lunch], at: '2026-11-23T11:15:00Z' }]
    }
  )
)

export const PreviewSchema = schemaOf<PreviewResponse>()(
  Strict(
    {
      decisions: Type.Array(
        Strict({
          event: Type.String({ description: 'The event’s id, else its index.', examples: ['0'] }),
          diversion: NullableString({ description: 'Null: it diverts nothing.', examples: ['lunch'] }),
          rule: Type.Unsafe<PreviewResponse['decisions'][number]['rule']>(
            Nullable(ref(RuleOriginSchema), { description: 'What gave it; null where nothing diverts.' })
          ),
          because: Type.String({ description: 'Why, as a sentence in the tenant’s language.' })
        }),
        { description: 'One for each event, in their order.' }
      ),
      timeline: Type.Array(Type.Unsafe<PreviewInterval>(ref(IntervalSchema)), {
        description: 'What the events come to together.'
      }),
      status: Type.Optional(CalendarStatusSchema)
    },
    {
      $id: 'Preview',
      description: 'What the events would come to.',
      examples: [
        {
          decisions: [
            {
              event: '0',
              diversion: 'lunch',
              rule: { from: 'tenant', match: 'word', text: 'LUN' },
              because: 'I ämnet står ”LUN”.'
            }
          ],
          timeline: [{ start: lunch.start, end: lunch.end, diversion: 'lunch', phone: 'closed' }]
        }
      ]
    }
  )
)

export const previewSchemas = [PreviewEventSchema, PreviewBodySchema, PreviewSchema]
