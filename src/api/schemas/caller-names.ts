/** Caller names as switches ask for them, and as operators turn them on. */
import { Type } from 'typebox'
import { nameSources } from '../../caller-names/caller-names.ts'
import { Enum, Strict, schemaOf } from '../../lib/json-schema.ts'
import type { CallerNamesResponse, PutCallerNamesBody } from '../../management/caller-names.ts'
import type { ContactImportResponse } from '../../management/contact-import.ts'
import { ExtensionParam, UserId } from './params.ts'
import { InstantSchema, Nullable } from './types.ts'

const Count = (description: string, example: number) =>
  Type.Integer({ minimum: 0, description, examples: [example] })

const strip = {
  maxItems: 5,
  description:
    'What the switch dials for an outside line and leaves in front of the caller’s number, such as `0`. Tried only where the number is ' +
    'none with it.',
  examples: [['0']]
}
const Prefix = Type.String({ pattern: '^[0-9*#]{1,6}$', description: 'A prefix.', examples: ['0'] })

export const PutCallerNamesSchema = schemaOf<PutCallerNamesBody>()(
  Strict(
    { strip: Type.Optional(Type.Array(Prefix, strip)) },
    {
      $id: 'CallerNamesPut',
      description: 'How callers’ numbers are read. `{}` will do for most switches.',
      examples: [{ strip: ['0'] }]
    }
  )
)

const shared = { contacts: 1204, numbers: 1391, importedAt: '2026-11-23T08:00:00Z' }

export const CallerNamesSchema = schemaOf<CallerNamesResponse>()(
  Strict(
    {
      strip: Type.Array(Prefix, strip),
      shared: Nullable(
        Strict({
          contacts: Count('How many contacts.', shared.contacts),
          numbers: Count('How many numbers they have.', shared.numbers),
          importedAt: InstantSchema('When they were imported.')
        }),
        { description: 'The list that everybody sees; null where none was imported.', examples: [shared] }
      )
    },
    {
      $id: 'CallerNames',
      description: 'What holds for a tenant that has caller names on.',
      examples: [{ strip: ['0'], shared }]
    }
  )
)

export const ContactImportSchema = schemaOf<ContactImportResponse>()(
  Strict(
    {
      dryRun: Type.Boolean({ description: 'Whether nothing was saved.', examples: [false] }),
      contacts: Count('Contacts of the list.', 2),
      numbers: Count('Numbers of the list.', 3),
      skipped: Count('Numbers and rows that were left out.', 1),
      cells: Type.Array(
        Strict({
          row: Type.Integer({ description: 'The header is row 1.', examples: [7] }),
          field: Type.String({ description: 'The column.', examples: ['numbers'] }),
          message: Type.String({ description: 'What is wrong with it, and what to do.' })
        }),
        { description: 'The first thousand of them.' }
      )
    },
    {
      $id: 'ContactImport',
      description: 'What an import of contacts did, or would do.',
      examples: [
        {
          dryRun: false,
          contacts: 2,
          numbers: 3,
          skipped: 1,
          cells: [
            {
              row: 4,
              field: 'numbers',
              message: 'is no number that can be read: write one such as +46701234567'
            }
          ]
        }
      ]
    }
  )
)

export const NameSchema = Strict(
  {
    number: Type.String({ description: 'E.164, or the extension that it is.', examples: ['+46701234567'] }),
    name: Type.String({
      description: 'Person and company, cut at a word where `maxLength` asks for it.',
      examples: ['Karin Berg, Acme AB']
    }),
    source: Enum(nameSources, {
      description:
        'Who has the number: the contacts of the user at whose telephone it rings, the shared ones, or a user of the tenant.',
      examples: ['shared']
    }),
    contact: Type.Null({ description: 'Reserved: no address of a contact is kept.', examples: [null] })
  },
  {
    $id: 'Name',
    description: 'Whose number it is.',
    examples: [{ number: '+46701234567', name: 'Karin Berg, Acme AB', source: 'shared', contact: null }]
  }
)

export const formatParams = {
  ascii: Type.Optional(
    Type.Boolean({
      description: 'Å, ä and ö as A, a and o: for sets and lines that show ASCII alone.',
      default: false,
      examples: [true]
    })
  )
}

export const NameQuerySchema = Strict({
  number: Type.String({
    minLength: 1,
    maxLength: 100,
    description:
      'The caller’s number as the switch has it: `0701234567`, `46701234567`, `+46…`, `0046…`, `00046…`, or an extension.',
    examples: ['0701234567']
  }),
  user: Type.Optional(UserId),
  extension: Type.Optional(ExtensionParam),
  maxLength: Type.Optional(
    Type.Integer({
      minimum: 4,
      maximum: 200,
      description: 'Characters that the telephone shows: 15 or 24 on many, 80 in FreePBX.',
      examples: [24]
    })
  ),
  ...formatParams
})

export const callerNameSchemas = [PutCallerNamesSchema, CallerNamesSchema, ContactImportSchema, NameSchema]
