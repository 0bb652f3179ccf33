/** Absences, as they are entered, listed and imported. */
import { Type } from 'typebox'
import { MAX_ABSENCES_AHEAD } from '../../domain/absence.ts'
import { phones } from '../../domain/diversion.ts'
import { Enum, Strict, schemaOf } from '../../lib/json-schema.ts'
import type { AbsenceImportResponse } from '../../management/absence-import.ts'
import type { AbsenceResponse, PutAbsenceBody } from '../../management/absences.ts'
import { AfterParam, DiversionCode, TenantId, UserId } from './params.ts'
import { InstantSchema, ref } from './types.ts'

const AbsenceId = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$',
  description: 'The absence’s id, of the user: 1 to 64 of letters, digits and `. _ @ + -`.',
  examples: ['christmas-2026']
})

export const AbsenceParams = Strict({ tenant: TenantId, user: UserId, absence: AbsenceId })

const members = {
  diversion: DiversionCode,
  from: InstantSchema('When it begins; it may have begun.', '2026-12-21T23:00:00Z'),
  until: InstantSchema('When it ends: in the future, at most 400 days from now.', '2027-01-06T23:00:00Z'),
  phone: Type.Optional(Enum(phones, { description: 'Overrules the diversion’s own.', examples: ['closed'] }))
}

const example = {
  diversion: 'vacation',
  from: '2026-12-21T23:00:00Z',
  until: '2027-01-06T23:00:00Z'
}
const named = { absence: 'christmas-2026', ...example }

export const PutAbsenceSchema = schemaOf<PutAbsenceBody>()(
  Strict(
    {
      absence: Type.Optional(
        Type.String({ description: 'As in the address, or left out.', examples: ['christmas-2026'] })
      ),
      ...members
    },
    { $id: 'AbsencePut', description: 'A diversion for a time to come.', examples: [example] }
  )
)

export const AbsenceSchema = schemaOf<AbsenceResponse>()(
  Strict(
    { absence: AbsenceId, ...members },
    {
      $id: 'Absence',
      description: 'A diversion entered by hand for a time to come.',
      examples: [named]
    }
  )
)

export const AbsenceListSchema = Strict(
  {
    absences: Type.Array(ref(AbsenceSchema), {
      description: `By id, those that are not over: at most ${MAX_ABSENCES_AHEAD}.`,
      examples: [[named]]
    }),
    after: AfterParam
  },
  { $id: 'AbsenceList', description: 'A user’s absences.', examples: [{ absences: [named] }] }
)

const count = (description: string, example: number) => Type.Integer({ description, examples: [example] })

export const AbsenceImportSchema = schemaOf<AbsenceImportResponse>()(
  Strict(
    {
      dryRun: Type.Boolean({ description: 'Whether nothing was saved.', examples: [false] }),
      created: count('Absences that are new.', 1),
      updated: count('Absences that were there and differ now.', 0),
      unchanged: count('Absences that were there as the file has them.', 0),
      rows: Type.Array(
        Strict({
          row: Type.Integer({ description: 'The header is row 1.', examples: [2] }),
          user: UserId,
          absence: AbsenceId,
          action: Enum(['created', 'updated', 'unchanged'] as const, {
            description: 'What was done, or would be.',
            examples: ['created']
          })
        }),
        { description: 'In the order of the file.' }
      )
    },
    {
      $id: 'AbsenceImportResult',
      description: 'All rows were good. What they came to, or would come to.',
      examples: [
        {
          dryRun: false,
          created: 1,
          updated: 0,
          unchanged: 0,
          rows: [{ row: 2, user: 'anna', absence: 'christmas-2026', action: 'created' }]
        }
      ]
    }
  )
)

export const absenceSchemas = [PutAbsenceSchema, AbsenceSchema, AbsenceListSchema, AbsenceImportSchema]
