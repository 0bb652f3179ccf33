/** Reads the packs in `rules/`: one YAML file each, refused with file, line and reason where anything is wrong. */
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type Static, type TSchema, Type } from 'typebox'
import { Check, Errors } from 'typebox/schema'
import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml'
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

/** The pack of a tenant that has put no rules. */
export const DEFAULT_PACK = '3kontakt'

/** Holds the `diversions` of every pack that states none. It is no pack itself. */
const CATALOGUE = 'catalogue.yaml'

/** The packs by name (the file's, without `.yaml`). Throws SetupError with every fault, as `file:line: reason`. */
export async function loadPacks(folder: string): Promise<ReadonlyMap<string, RuleSet>> {
  const names = await packFiles(folder)
  const faults: string[] = []
  const catalogue = names.includes(CATALOGUE)
    ? checked(await readSheet(join(folder, CATALOGUE)), catalogueSchema, faults)
    : null

  const packs = new Map<string, RuleSet>()
  for (const name of names) {
    if (name === CATALOGUE) continue
    const sheet = await readSheet(join(folder, name))
    const pack = checked(sheet, packSchema, faults)
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
    faults.push(...wrong.map((fault) => placed(sheet, fault)))
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

async function packFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw new SetupError(`${folder}: the folder of the packs cannot be read (${error.code})`)
  })
  for (const name of names) {
    if (name.endsWith('.yml')) throw new SetupError(`${join(folder, name)}: rename it to end in .yaml`)
    if (name.endsWith('.yaml') && !/^[a-z0-9][a-z0-9-]{0,63}\.yaml$/.test(name)) {
      throw new SetupError(`${join(folder, name)}: a pack's name is a-z, 0-9 and "-", at most 64 of them`)
    }
  }
  return names.filter((name) => name.endsWith('.yaml')).sort()
}

/** One YAML file, with the lines of its nodes at hand. */
interface Sheet {
  readonly file: string
  readonly document: Document.Parsed
  readonly lines: LineCounter
}

async function readSheet(file: string): Promise<Sheet> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new SetupError(`${file}: cannot be read (${error.code})`)
  })
  const lines = new LineCounter()
  let source: string
  try {
    source = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new SetupError(`${file}: is not UTF-8; save it as UTF-8`)
  }
  // `prettyErrors` would quote lines of the file into the message, which gives the place itself.
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false })
  return { file, document, lines }
}

/** The sheet's content when its shape is the schema's; else null, and why is added to the faults. */
function checked<T extends typeof packSchema | typeof catalogueSchema>(
  sheet: Sheet,
  schema: T,
  faults: string[]
): Static<T> | null {
  const unreadable = yamlFault(sheet)
  if (unreadable !== null) {
    faults.push(unreadable)
    return null
  }
  const content: unknown = sheet.document.toJS()
  if (Check(schema, content)) return content
  faults.push(...shapeFaults(schema, content).map((fault) => placed(sheet, fault)))
  return null
}

/** The first thing that keeps the file from being read: what comes after it is mostly its consequence. */
function yamlFault({ document, lines, file }: Sheet): string | null {
  const error = document.errors[0] ?? document.warnings[0]
  if (error !== undefined) return `${file}:${lines.linePos(error.pos[0]).line}: ${error.message}`
  // Aliases are refused altogether: a handful of them can unfold to gigabytes, and no pack needs one.
  let fault: string | null = null
  visit(document, {
    Alias(_key, { range, source }) {
      fault = `${file}:${lines.linePos(range?.[0] ?? 0).line}: aliases (*${source}) are not taken`
      return visit.BREAK
    }
  })
  return fault
}

function shapeFaults(schema: typeof packSchema | typeof catalogueSchema, content: unknown): RuleFault[] {
  const [, errors] = Errors(schema, content)
  return errors.flatMap((error) => {
    const field = error.instancePath.slice(1)
    switch (error.keyword) {
      case 'boolean': // says of the member itself what `additionalProperties` says of its parent
        return []
      case 'additionalProperties':
        return error.params.additionalProperties.map((name) => ({
          field: field === '' ? name : `${field}/${name}`,
          message: 'is not known here'
        }))
      case 'required':
        return error.params.requiredProperties.map((name) => ({ field, message: `lacks "${name}"` }))
      case 'enum':
        return [{ field, message: `must be one of ${error.params.allowedValues.join(', ')}` }]
      case 'type':
        return [{ field, message: `must be ${[error.params.type].flat().join(' or ')}` }]
      default:
        return [{ field, message: error.message }]
    }
  })
}

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

/** `file:line: field reason`; the line is that of the field, or of the nearest node around it that is written. */
function placed({ document, lines, file }: Sheet, fault: RuleFault): string {
  let node: unknown = document.contents
  let at = isNode(node) ? node.range?.[0] : 0
  for (const step of fault.field === '' ? [] : fault.field.split('/')) {
    const pair = isMap(node)
      ? node.items.find(({ key }) => isScalar(key) && String(key.value) === step)
      : null
    if (isNode(pair?.key)) at = pair.key.range?.[0] ?? at
    node = isSeq(node) ? node.items[Number(step)] : pair?.value
    if (isNode(node) && pair == null) at = node.range?.[0] ?? at
  }
  const where = `${file}:${lines.linePos(at ?? 0).line}:`
  return fault.field === ''
    ? `${where} the file ${fault.message}`
    : `${where} ${fault.field} ${fault.message}`
}
