/** What the rules that an operator puts come to: the pack's members filled in, `available` always in the catalogue. */
import type { Static } from 'typebox'
import type { RulesBody } from '../api/schemas/rules.ts'
import { AVAILABLE, type Diversion } from '../domain/diversion.ts'
import { type RuleFault, type RuleSet, validateRuleSet } from '../domain/rule-set.ts'
import { RequestError } from '../errors.ts'
import { DEFAULT_PACK } from './load-packs.ts'

export type StatedRules = Static<typeof RulesBody>
type Packs = ReadonlyMap<string, RuleSet>

/** Without a pack: triggers alone divert, by the policies that packs have. Diversions have no such thing. */
const withoutPack: Omit<RuleSet, 'diversions'> = {
  triggers: [],
  availability: { free: null, tentative: null, busy: null, oof: null, workingElsewhere: null },
  private: 'match',
  allDay: 'trigger-or-oof',
  invitations: 'accepted'
}

const available: Diversion = {
  code: AVAILABLE,
  labels: {
    sv: 'Tillgänglig',
    en: 'Available',
    da: 'Tilgængelig',
    nb: 'Tilgjengelig',
    fi: 'Tavoitettavissa'
  },
  phone: 'open'
}

/** What a tenant has that has put no rules. */
export function defaultRules(packs: Packs): RuleSet {
  const pack = packs.get(DEFAULT_PACK)
  if (pack === undefined) throw new Error(`the pack ${DEFAULT_PACK} is missing`)
  return pack
}

/** Throws a RequestError with every fault; `place` is set before each field. */
export function rulesMade(stated: StatedRules, packs: Packs, place = ''): RuleSet {
  const { pack: name, ...members } = stated
  const pack = name === undefined ? undefined : packs.get(name)
  if (name !== undefined && pack === undefined) {
    const known = [...packs.keys()].sort().join(', ')
    throw refused([{ field: 'pack', message: `"${name}" is not known: write one of ${known}` }], place)
  }
  const diversions = members.diversions ?? pack?.diversions
  if (diversions === undefined) {
    throw refused(
      [{ field: 'diversions', message: 'is missing: state the catalogue, or a "pack" that has one' }],
      place
    )
  }
  const lacksAvailable = !diversions.some(({ code }) => code === AVAILABLE)
  const rules: RuleSet = {
    ...withoutPack,
    ...pack,
    ...members,
    diversions: lacksAvailable ? [...diversions, available] : diversions
  }
  const faults = [...validateRuleSet(rules), ...textFaults(rules)]
  if (faults.length > 0) throw refused(faults, place)
  return rules
}

function textFaults({ diversions }: RuleSet): RuleFault[] {
  return diversions.flatMap(({ labels }, index) =>
    Object.entries(labels)
      .filter(([, label]) => label.trim() === '' || !label.isWellFormed())
      .map(([tag]) => ({
        field: `diversions/${index}/labels/${tag}`,
        message: 'is empty or holds half a character'
      }))
  )
}

function refused(faults: readonly RuleFault[], place: string): RequestError {
  const shown = faults.slice(0, 50).map(({ field, message }) => ({ field: `${place}${field}`, message }))
  return new RequestError('invalid_request', '', shown)
}
