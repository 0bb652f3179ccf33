/** Reads the packs in `rules/`: one YAML file each, refused with file, line and reason where anything is wrong. */
import { basename, join } from 'node:path'
import { type TSchema, Type } from 'typebox'
import { overrideEndNames, phones } from '../domain/diversion.ts'
import {
  allDayPolicies,
  forwardPolicies,
  invitationPolicies,
  privatePolicies,
  type RuleFault,
  type RuleSet,
  type Trigger,
  triggerMatches,
  unstatedRules,
  validateRuleSet
} from '../domain/rule-set.ts'
import { SetupError } from '../errors.ts'
import { checkedSheet, placedFault, readSheet, yamlFiles } from './yaml-sheet.ts'

/** The pack of a tenant that has put no rules. */
export const DEFAULT_PACK = '3kontakt'

/** Holds the `diversions` of every pack that states none. It is no pack itself. */
const CATALOGUE = 'catalogue.yaml'

/** The packs by name (the file's, without `.yaml`). Throws SetupError with every fault, as `file:line: reason`. */
export async function loadPacks(folder: string): Promise<ReadonlyMap<string, RuleSet>> {
  const names = await yamlFiles(folder, 'pack')
  const faults: string[] = []
  const catalogue = names.includes(CATALOGUE)
    ? checkedSheet(await readSheet(join(folder, CATALOGUE)), catalogueSchema, faults)
    : null

  const packs = new Map<string, RuleSet>()
  for (const name of names) {
    if (name === CATALOGUE) continue
    const sheet = await readSheet(join(folder, name))
    const pack = checkedSheet(sheet, packSchema, faults)
    if (pack === null) continue
    const diversions = pack.diversions ?? catalogue?.diversions
    if (diversions === undefined) {
      // A catalogue that is there and faulty is reported already.
      if (!names.includes(CATALOGUE)) {
        faults.push(`${sheet.file}:1: states no diversions, and there is no ${CATALOGUE} beside it`)
      }
      continue
    }
    const rules: RuleSet = { ...unstatedRules, ...pack, diversions }
    const wrong = [...validateRuleSet(rules), ...repeatedTriggers(rules.triggers)]
    faults.push(...wrong.map((fault) => placedFault(sheet, fault)))
    packs.set(basename(name, '.yaml'), rules)
  }
  if (faults.length > 0) throw new SetupError(faults.join('\n'))
  if (!packs.has(DEFAULT_PACK)) {
    throw new SetupError(
      `${folder}: lacks ${DEFAULT_PACK}.yaml, the pack of a tenant without rules of its own`
    )
  }
  return packs
}

const members = { additionalProperties: false }
const text = Type.String({ minLength: 1 })
const diversionOrNull = Type.Unsafe<string | null>({ type: ['string', 'null'] })

const diversionsSchema = Type.Array(
  Type.Object(
    {
      code: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,63}$' }),
      labels: Type.Record(Type.String({ pattern: '^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$' }), text, {
        ...members,
        minProperties: 1
      }),
      phone: Type.Enum([...phones]),
      activity: Type.Optional(Type.String({ pattern: '^[a-z]+(-[a-z]+)*$' })),
      overrideEnds: Type.Optional(
        Type.Union([Type.Integer({ minimum: 1, maximum: 10_080 }), Type.Enum([...overrideEndNames])])
      ),
      sensitive: Type.Optional(Type.Boolean())
    },
    members
  ),
  { minItems: 1 }
)

const catalogueSchema = Type.Object({ diversions: diversionsSchema }, members)

const triggersSchema = Type.Array(
  Type.Object(
    {
      match: Type.Enum([...triggerMatches]),
      text: Type.String(),
      diversion: text,
      phone: Type.Optional(Type.Enum([...phones]))
    },
    members
  )
)

/**
 * What decides what a pack does is required: a pack is read by people, and says what it does. What operators add is not. Typed
 * by the domain's RuleSet: a member that is added there and not here does not compile.
 */
const packMembers = {
  diversions: Type.Optional(diversionsSchema),
  triggers: triggersSchema,
  availability: Type.Object(
    {
      free: diversionOrNull,
      tentative: diversionOrNull,
      busy: diversionOrNull,
      oof: diversionOrNull,
      workingElsewhere: diversionOrNull
    },
    members
  ),
  private: Type.Enum([...privatePolicies]),
  allDay: Type.Enum([...allDayPolicies]),
  invitations: Type.Enum([...invitationPolicies]),
  forwardTargets: Type.Optional(Type.Enum([...forwardPolicies])),
  forwardAllowed: Type.Optional(Type.Array(text)),
  extraTriggers: Type.Optional(triggersSchema),
  maskedAs: Type.Optional(text)
} satisfies Record<keyof RuleSet, TSchema>
const packSchema = Type.Object(packMembers, members)

/** A second trigger of the same match and text never fires, so one of the two is a mistake. */
function repeatedTriggers(triggers: readonly Trigger[]): RuleFault[] {
  const first = new Map<string, number>()
  return triggers.flatMap(({ match, text }, index) => {
    const key = `${match} ${text.normalize('NFC').toLowerCase()}`
    const earlier = first.get(key)
    if (earlier === undefined) {
      first.set(key, index)
      return []
    }
    return [{ field: `triggers/${index}/text`, message: `"${text}" stands already in triggers/${earlier}` }]
  })
}
