/** Entries of the audit, and what its verification says. */
import { Type } from 'typebox'
import { Enum, Strict, schemaOf } from '../../lib/json-schema.ts'
import { auditActions } from '../../management/audit/actions.ts'
import type { AuditEntryResponse, AuditList, AuditVerification } from '../../management/audit/audit-reader.ts'
import { InstantSchema, Nullable, NullableString, ref } from './types.ts'

const Position = (description: string) => Type.Integer({ minimum: 0, description, examples: [7] })
const Hash = (description: string) =>
  Type.String({ description, examples: ['47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU'] })
const Values = (description: string) =>
  Nullable(Type.Object({}, { additionalProperties: true }), { description })

const example = {
  position: 7,
  at: '2026-12-01T08:00:00.123Z',
  action: 'user.patch',
  outcome: 'done',
  actor: { kind: 'operator', id: 'issuer|4f1c', name: 'Eva Lind', role: 'operator' },
  address: '192.0.2.7',
  target: {},
  before: null,
  after: { saved: 1, created: 0 },
  parts: [
    {
      digest: 'uU0nuZNNPgilLlLX2n2r-sSE7-N6U4DukIj3rOLvzek',
      salt: 'AAECAwQFBgcICQoLDA0ODw',
      part: { user: 'anna', before: { extension: '1069' }, after: { extension: '1070' } }
    }
  ],
  previous: '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU',
  hash: 'pmWkWSBCL51Bfkhn79xPuKBKHz__H6B-mY6G9_eieuM'
}

export const AuditEntrySchema = Type.Unsafe<AuditEntryResponse>(
  Strict(
    {
      position: Position('Counts up by one from 1.'),
      at: InstantSchema('When it was done.'),
      action: Enum(auditActions, { description: 'What was done.', examples: ['user.patch'] }),
      outcome: Enum(['done', 'begun', 'failed'], {
        description:
          '`begun`: written before it was done, and a further entry says how it ended; without one nobody knows.',
        examples: ['done']
      }),
      actor: Strict({
        kind: Enum(['key', 'operator', 'command', 'anonymous', 'service'], {
          description: 'What did it; `anonymous`: a call without a key.'
        }),
        id: NullableString({ description: 'The key’s id, `admin`, or who signed in.' }),
        name: NullableString({
          description: 'As it then was called; of a softphone’s key it stands in the part about its user.'
        }),
        role: NullableString({ description: 'What it might do.' })
      }),
      address: NullableString({
        description: 'From which IP address; of a softphone it stands in the part about its user.'
      }),
      target: Type.Object({}, { additionalProperties: true, description: 'To what, users aside.' }),
      before: Values('What changed, as it was before, without secrets.'),
      after: Values('What changed, as it is after, without secrets.'),
      parts: Type.Array(
        Strict({
          digest: Hash('SHA-256 of the salt and the part’s JSON.'),
          salt: Type.Optional(Type.String({ description: 'Erased with the user.' })),
          part: Type.Optional(
            Type.Object(
              { user: Type.String({ description: 'The user.' }) },
              { additionalProperties: true, description: 'What it says of the user. Erased with them.' }
            )
          )
        }),
        { description: 'What it says of users. Sensitive diversions are masked.' }
      ),
      previous: Type.String({
        description: 'The hash of the entry before; empty for the first.',
        examples: ['']
      }),
      hash: Hash('SHA-256 of the entry: docs/security.md says of what.')
    },
    { $id: 'AuditEntry', description: 'One entry of the audit.', examples: [example] }
  )
)

export const AuditListSchema = schemaOf<
  Omit<AuditList, 'entries'> & { readonly entries: AuditEntryResponse[] }
>()(
  Strict(
    {
      entries: Type.Array(ref(AuditEntrySchema), { description: 'Oldest first.' }),
      after: Type.Optional(Position('There may be more: ask again with this `after`.'))
    },
    { $id: 'AuditList', description: 'Entries of the audit.', examples: [{ entries: [example], after: 7 }] }
  )
)

export const AuditLinesSchema = Type.Unsafe<string>({
  type: 'string',
  description:
    'One `AuditEntry` a line; unless `actor` or `action` was asked for, at last `{"head": …}`, which `hanvisa audit verify` needs.',
  examples: [`${JSON.stringify(example)}\n`]
})

const head = { position: 7, hash: example.hash, trimmed: 0, trimmedHash: '' }

export const AuditVerificationSchema = schemaOf<AuditVerification>()(
  Strict(
    {
      ok: Type.Boolean({ description: 'Whether every entry follows upon the one before.' }),
      entries: Type.Integer({ description: 'How many were checked.' }),
      head: Strict({
        position: Position('The newest entry.'),
        hash: Type.String({
          description: 'Its hash. Note it elsewhere: then a chain that was written anew shows.'
        }),
        trimmed: Position('The last entry whose time is over; 0: none.'),
        trimmedHash: Type.String({ description: 'Its hash.' })
      }),
      break: Nullable(
        Strict({
          position: Position('The first entry that cannot be relied on.'),
          reason: Enum(['edited', 'missing', 'part edited', 'cut off'], {
            description: 'What is wrong there.'
          })
        }),
        { description: 'Where the chain breaks; null: nowhere.' }
      )
    },
    {
      $id: 'AuditVerification',
      description: 'Whether the audit is as it was written.',
      examples: [{ ok: true, entries: 7, head, break: null }]
    }
  )
)

export const auditSchemas = [AuditEntrySchema, AuditListSchema, AuditVerificationSchema]
