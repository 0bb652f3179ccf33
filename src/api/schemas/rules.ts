/** Rules as operators write and read them: catalogue, triggers, availability and policies. */
import { type TOptional, type TProperties, type TSchema, Type } from 'typebox'
import type { Diversion } from '../../domain/diversion.ts'
import { overrideEndNames, phones } from '../../domain/diversion.ts'
import type { RuleSet, Trigger } from '../../domain/rule-set.ts'
import {
  allDayPolicies,
  forwardPolicies,
  invitationPolicies,
  privatePolicies,
  triggerMatches
} from '../../domain/rule-set.ts'
import { Enum, Strict, schemaOf } from '../../lib/json-schema.ts'
import type { StatedRules } from '../../management/resolve-rules.ts'
import type { PutRulesBody, RulesResponse } from '../../management/rules.ts'
import { DiversionCode } from './params.ts'
import { NullableString, ref } from './types.ts'

export const triggerMembers = {
  match: Enum(triggerMatches, {
    description: 'Where the text must stand: `prefix`, `word` or `category`.',
    examples: ['word']
  }),
  text: Type.String({
    minLength: 1,
    maxLength: 200,
    description: 'Literal text, never a pattern: 1 to 200 characters.',
    examples: ['MÖT']
  }),
  diversion: DiversionCode,
  phone: Type.Optional(Enum(phones, { description: 'Overrules the diversion’s own.', examples: ['open'] }))
}

export const TriggerSchema = schemaOf<Trigger>()(
  Strict(triggerMembers, {
    $id: 'Trigger',
    description: 'What a user writes in an event to be diverted.',
    examples: [{ match: 'word', text: 'MÖT', diversion: 'meeting' }]
  })
)

export const DiversionSchema = schemaOf<Diversion>()(
  Strict(
    {
      code: DiversionCode,
      labels: Type.Unsafe<Record<string, string>>({
        type: 'object',
        minProperties: 1,
        maxProperties: 50,
        propertyNames: { pattern: '^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$' },
        additionalProperties: { type: 'string', minLength: 1, maxLength: 100 },
        description: 'By language tag; each 1 to 100 characters.',
        examples: [{ sv: 'Möte', en: 'Meeting' }]
      }),
      phone: Enum(phones, { description: 'Whether calls reach the person meanwhile.', examples: ['closed'] }),
      activity: Type.Optional(
        Type.String({
          pattern: '^[a-z]+(-[a-z]+)*$',
          maxLength: 64,
          description: 'The RPID activity (RFC 4480) that presence documents carry.',
          examples: ['meeting']
        })
      ),
      overrideEnds: Type.Optional(
        Type.Unsafe<number | (typeof overrideEndNames)[number]>({
          anyOf: [
            { type: 'integer', minimum: 1, maximum: 10_080 },
            { type: 'string', enum: [...overrideEndNames] }
          ],
          description:
            'When an override of this diversion ends that is set without `until` and `minutes`: after so many minutes, at ' +
            'the end of the day, when the office opens next (the end of the day where there are no hours), or when it is ' +
            'removed (`manual`, unless stated).',
          examples: [60]
        })
      ),
      sensitive: Type.Optional(
        Type.Boolean({
          description:
            'Not everybody may see it: to keys without `sensitive` it is shown as the diversion `maskedAs`, with its own phone and ' +
            'times.',
          examples: [false]
        })
      )
    },
    {
      $id: 'Diversion',
      description: 'An entry of the catalogue.',
      examples: [
        { code: 'meeting', labels: { sv: 'Möte', en: 'Meeting' }, phone: 'closed', activity: 'meeting' }
      ]
    }
  )
)

const codeOrNull = NullableString({
  pattern: '^[a-z0-9][a-z0-9-]{0,63}$',
  description: 'The diversion that this busy status alone gives, or null: it does not divert.',
  examples: ['busy']
})

/** Typed by the domain's RuleSet: a member that is added there and not here does not compile. */
const members = {
  diversions: Type.Array(ref(DiversionSchema), {
    minItems: 1,
    maxItems: 200,
    description: 'The catalogue, highest first: where events overlap the higher one wins. 1 to 200.'
  }),
  triggers: Type.Array(ref(TriggerSchema), {
    maxItems: 2000,
    description: 'In order: the first that matches wins. At most 2,000.'
  }),
  availability: Strict(
    {
      free: codeOrNull,
      tentative: codeOrNull,
      busy: codeOrNull,
      oof: codeOrNull,
      workingElsewhere: codeOrNull
    },
    { description: 'What a busy status alone gives.' }
  ),
  private: Enum(privatePolicies, { description: 'What private events are put to.', examples: ['match'] }),
  allDay: Enum(allDayPolicies, {
    description: 'Which all-day events divert.',
    examples: ['trigger-or-oof']
  }),
  invitations: Enum(invitationPolicies, {
    description: 'Which invitations are put to the triggers.',
    examples: ['accepted']
  }),
  forwardTargets: Enum(forwardPolicies, {
    description:
      'Whether a number in a subject (`>0701234567`) sets where calls go: never, or if it is listed.',
    examples: ['off']
  }),
  forwardAllowed: Type.Array(
    Type.String({
      minLength: 1,
      maxLength: 20,
      description: 'Digits, with a + first for E.164.',
      examples: ['+4670']
    }),
    { maxItems: 200, description: 'How such a number must begin, as E.164 or as an extension.' }
  ),
  extraTriggers: Type.Array(ref(TriggerSchema), {
    maxItems: 2000,
    description: 'They stand before `triggers`: for one more word than a pack has. At most 2,000.'
  }),
  maskedAs: Type.String({
    pattern: '^[a-z0-9][a-z0-9-]{0,63}$',
    description:
      'The diversion of the catalogue that is shown in place of sensitive ones to those who may not see them: ' +
      '`out-of-office` unless stated.',
    examples: ['out-of-office']
  })
} satisfies Record<keyof RuleSet, TSchema>

export const ruleSetExample = {
  diversions: [
    { code: 'meeting', labels: { sv: 'Möte', en: 'Meeting' }, phone: 'closed', activity: 'meeting' },
    { code: 'busy', labels: { sv: 'Upptagen', en: 'Busy' }, phone: 'closed' },
    { code: 'available', labels: { sv: 'Tillgänglig', en: 'Available' }, phone: 'open' }
  ],
  triggers: [{ match: 'word', text: 'MÖT', diversion: 'meeting' }],
  availability: { free: null, tentative: null, busy: 'busy', oof: null, workingElsewhere: null },
  private: 'match',
  allDay: 'trigger-or-oof',
  invitations: 'accepted',
  forwardTargets: 'off',
  forwardAllowed: [],
  extraTriggers: [],
  maskedAs: 'busy'
}

export const RuleSetSchema = schemaOf<RuleSet>()(
  Strict(members, {
    $id: 'RuleSet',
    description: 'The rules by which events become diversions.',
    examples: [ruleSetExample]
  })
)

const pack = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'The pack (`GET /v1/packs`) from which every member that is not stated is taken.',
  examples: ['infracom']
})

const stated = { pack: Type.Optional(pack), ...allOptional(members) }

function allOptional<T extends TProperties>(properties: T) {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, Type.Optional(schema)])
  ) as { [Name in keyof T]: TOptional<T[Name]> }
}

export const putRulesExample = {
  pack: 'infracom',
  triggers: [{ match: 'word', text: 'MÖT', diversion: 'meeting' }]
}
export const rulesVersion = Type.Integer({
  description: 'Counts from 1; 0: nothing was put yet.',
  examples: [3]
})

export const RulesFieldsSchema = schemaOf<StatedRules>()(
  Strict(stated, {
    $id: 'RulesBody',
    description: 'A RuleSet, or a pack and what differs from it. A stated member replaces the pack’s whole.',
    examples: [putRulesExample]
  })
)

export const PutRulesSchema = schemaOf<PutRulesBody>()(
  Strict(
    { ...stated, version: Type.Optional(rulesVersion), effective: Type.Optional(ref(RuleSetSchema)) },
    {
      $id: 'RulesPut',
      description:
        'A RuleSet, or a pack and what differs from it. A stated member replaces the pack’s whole. `version` and ' +
        '`effective` may stand as they were read, so that what was read can be edited and put back.',
      examples: [putRulesExample]
    }
  )
)

export const RulesSchema = schemaOf<RulesResponse>()(
  Strict(
    { ...stated, version: rulesVersion, effective: ref(RuleSetSchema) },
    {
      $id: 'Rules',
      description: 'What was put, and what it comes to with the pack’s members filled in.',
      examples: [{ ...putRulesExample, version: 3, effective: ruleSetExample }]
    }
  )
)

export const ruleSchemas = [
  TriggerSchema,
  DiversionSchema,
  RuleSetSchema,
  RulesFieldsSchema,
  PutRulesSchema,
  RulesSchema
]
