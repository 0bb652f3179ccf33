/** Resolves the rules that an operator puts: fills in the pack's members and adds `available` to the catalogue. */
import { AVAILABLE, type Diversion } from '../domain/diversion.ts'
import { type RuleFault, type RuleSet, unstatedRules, validateRuleSet } from '../domain/rule-set.ts'
import { RequestError } from '../errors.ts'
import { DEFAULT_PACK } from './load-packs.ts'

/** What an operator puts: a RuleSet, or a pack and the members that differ from it. */
export interface StatedRules extends Partial<RuleSet> {
  readonly pack?: string
}

type Packs = ReadonlyMap<string, RuleSet>

const AVAILABLE_DIVERSION: Diversion = {
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
export function resolveRules(stated: StatedRules, packs: Packs, fieldPrefix = ''): RuleSet {
  const { pack: name, ...members } = stated
  const pack = name === undefined ? undefined : packs.get(name)
  if (name !== undefined && pack === undefined) {
    const known = [...packs.keys()].sort().join(', ')
    throw validationError(
      [{ field: 'pack', message: `"${name}" is not known: write one of ${known}` }],
      fieldPrefix
    )
  }
  const diversions = members.diversions ?? pack?.diversions
  if (diversions === undefined) {
    throw validationError(
      [{ field: 'diversions', message: 'is missing: state the catalogue, or a "pack" that has one' }],
      fieldPrefix
    )
  }
  const lacksAvailable = !diversions.some(({ code }) => code === AVAILABLE)
  const rules: RuleSet = {
    ...unstatedRules,
    ...pack,
    ...members,
    diversions: lacksAvailable ? [...diversions, AVAILABLE_DIVERSION] : diversions
  }
  const faults = [...validateRuleSet(rules), ...validateLabels(rules)]
  if (faults.length > 0) throw validationError(faults, fieldPrefix)
  return rules
}

function validateLabels({ diversions }: RuleSet): RuleFault[] {
  return diversions.flatMap(({ labels }, index) =>
    Object.entries(labels)
      .filter(([, label]) => label.trim() === '' || !label.isWellFormed())
      .map(([tag]) => ({
        field: `diversions/${index}/labels/${tag}`,
        message: 'is empty or holds half a character'
      }))
  )
}

function validationError(faults: readonly RuleFault[], fieldPrefix: string): RequestError {
  const shown = faults
    .slice(0, 50)
    .map(({ field, message }) => ({ field: `${fieldPrefix}${field}`, message }))
  return new RequestError('invalid_request', '', shown)
}
