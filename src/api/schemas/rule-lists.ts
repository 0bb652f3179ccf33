/** What is read about rules: their versions, the packs, the catalogue, and what was found in them. */
import { Type } from 'typebox'
import { type RuleChange, ruleChangeKinds } from '../../domain/compare-rules.ts'
import type { Diversion } from '../../domain/diversion.ts'
import { type LintFinding, lintCodes } from '../../domain/lint-rules.ts'
import { Enum, Strict, schemaOf } from '../../lib/json-schema.ts'
import type { ComparedVersion, RulesDiff } from '../../management/rule-comparison.ts'
import type { PackList, RulesVersionList } from '../../management/rules.ts'
import { AfterParam } from './params.ts'
import {
  DiversionSchema,
  putRulesExample,
  RuleSetSchema,
  RulesFieldsSchema,
  ruleSetExample,
  rulesVersion
} from './rules.ts'
import { InstantSchema, NullableInstantSchema, NullableString, ref } from './types.ts'

const AuthorOrNull = Type.Union(
  [
    Strict({
      kind: Enum(['key', 'operator'], { description: 'A key, or an operator who signed in.' }),
      id: Type.String({ description: 'The key’s id, `admin`, or who signed in.' }),
      name: Type.String({ description: 'The name of the key or of the operator, as it then was.' })
    }),
    Type.Null()
  ],
  { description: 'Who put or restored it. Null: an earlier Hanvisa did, which did not record it.' }
)

export const RulesVersionListSchema = schemaOf<RulesVersionList>()(
  Strict(
    {
      versions: Type.Array(
        Strict({
          version: rulesVersion,
          at: InstantSchema('When it was put.'),
          by: AuthorOrNull,
          put: ref(RulesFieldsSchema),
          effective: ref(RuleSetSchema)
        }),
        { description: 'Newest first.' }
      ),
      after: AfterParam
    },
    {
      $id: 'RulesVersions',
      description: 'The versions of a tenant’s rules; at least the last 100.',
      examples: [
        {
          versions: [
            {
              version: 3,
              at: '2026-11-23T08:00:00Z',
              by: { kind: 'operator', id: 'issuer|4f1c', name: 'Eva Lind' },
              put: putRulesExample,
              effective: ruleSetExample
            }
          ]
        }
      ]
    }
  )
)

const LintFindingSchema = schemaOf<LintFinding>()(
  Strict({
    code: Enum(lintCodes, {
      description:
        '`never_fires`: another trigger takes its events. `everyday_word`: many a subject has it. `near_miss`: nearly another ' +
        'prefix, or one with white space before its sign. `label_missing`: no label in the tenant’s language.',
      examples: ['never_fires']
    }),
    field: Type.String({ description: 'Where it stands in the rules.', examples: ['triggers/3'] }),
    other: NullableString({
      description: 'The other trigger that it is about, or null.',
      examples: ['triggers/1']
    }),
    message: Type.String({ description: 'What is the matter, in plain words.' })
  })
)

export const LintResultSchema = Strict(
  {
    findings: Type.Unsafe<readonly LintFinding[]>(
      Type.Array(LintFindingSchema, { description: 'None: nothing is the matter.' })
    )
  },
  {
    $id: 'LintResult',
    description: 'What in rules is allowed and hardly meant.',
    examples: [
      {
        findings: [
          {
            code: 'never_fires',
            field: 'triggers/3',
            other: 'triggers/1',
            message: '"MÖTE" never fires: "MÖT" stands before it and takes all its events'
          }
        ]
      }
    ]
  }
)

export const DiversionListSchema = Strict(
  {
    diversions: Type.Unsafe<readonly Diversion[]>(
      Type.Array(ref(DiversionSchema), { description: 'Highest first.' })
    )
  },
  {
    $id: 'DiversionList',
    description: 'The tenant’s catalogue.',
    examples: [{ diversions: ruleSetExample.diversions }]
  }
)

export const PackListSchema = schemaOf<PackList>()(
  Strict(
    {
      packs: Type.Array(
        Strict({
          name: Type.String({ description: 'For the member `pack` of rules.', examples: ['infracom'] }),
          rules: ref(RuleSetSchema)
        }),
        { description: 'By name.' }
      ),
      after: AfterParam
    },
    {
      $id: 'Packs',
      description: 'The RuleSets that come with this version, to start from.',
      examples: [{ packs: [{ name: 'infracom', rules: ruleSetExample }] }]
    }
  )
)

const ComparedVersionMembers = schemaOf<ComparedVersion>()(
  Strict({
    version: rulesVersion,
    at: NullableInstantSchema('When it was put; null: it is the default pack.'),
    by: AuthorOrNull
  })
)

export const RulesDiffSchema = Type.Unsafe<RulesDiff>(
  Strict(
    {
      before: ComparedVersionMembers,
      after: ComparedVersionMembers,
      changes: Type.Array(
        Type.Unsafe<RuleChange>(
          Strict({
            member: Type.String({ description: 'Of the rules: `diversions`, `triggers` and so on.' }),
            key: NullableString({
              description:
                'Which of them: a code, `word LUNCH`, a busy status; null where the member is one value.'
            }),
            kind: Enum(ruleChangeKinds, {
              description: 'What became of it; `reordered`: the same, tried in another order.'
            }),
            before: Type.Unknown({ description: 'Null where it is new.' }),
            after: Type.Unknown({ description: 'Null where it is gone.' })
          })
        ),
        { description: 'In the order of the members.' }
      )
    },
    {
      $id: 'RulesDiff',
      description: 'What one version of the rules has otherwise than another.',
      examples: [
        {
          before: {
            version: 2,
            at: '2026-11-23T08:00:00Z',
            by: { kind: 'key', id: 'admin', name: 'HANVISA_ADMIN_KEY' }
          },
          after: {
            version: 3,
            at: '2026-11-24T08:00:00Z',
            by: { kind: 'operator', id: 'issuer|4f1c', name: 'Eva Lind' }
          },
          changes: [
            {
              member: 'triggers',
              key: 'word PADEL',
              kind: 'added',
              before: null,
              after: { match: 'word', text: 'PADEL', diversion: 'out-of-office' }
            }
          ]
        }
      ]
    }
  )
)

export const ruleListSchemas = [
  RulesDiffSchema,
  RulesVersionListSchema,
  LintResultSchema,
  DiversionListSchema,
  PackListSchema
]
