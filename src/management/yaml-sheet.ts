/** YAML files that say how something is (packs, recipes): read, checked by a schema, each fault with file, line and reason. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Static, TSchema } from 'typebox'
import { Check, Errors } from 'typebox/schema'
import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml'
import { type FieldFault, SetupError } from '../errors.ts'

/** The names of the files in a folder, each of which describes one `what`. Throws SetupError for a name that is none. */
export async function yamlFiles(folder: string, what: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw new SetupError(`${folder}: the folder of the ${what}s cannot be read (${error.code})`)
  })
  for (const name of names) {
    if (name.endsWith('.yml')) throw new SetupError(`${join(folder, name)}: rename it to end in .yaml`)
    if (name.endsWith('.yaml') && !/^[a-z0-9][a-z0-9-]{0,63}\.yaml$/.test(name)) {
      throw new SetupError(`${join(folder, name)}: a ${what}'s name is a-z, 0-9 and "-", at most 64 of them`)
    }
  }
  return names.filter((name) => name.endsWith('.yaml')).sort()
}

/** One YAML file, with the lines of its nodes at hand. */
export interface Sheet {
  readonly file: string
  readonly document: Document.Parsed
  readonly lines: LineCounter
}

export async function readSheet(file: string): Promise<Sheet> {
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
export function checkedSheet<T extends TSchema>(sheet: Sheet, schema: T, faults: string[]): Static<T> | null {
  const unreadable = yamlFault(sheet)
  if (unreadable !== null) {
    faults.push(unreadable)
    return null
  }
  const content: unknown = sheet.document.toJS()
  if (Check(schema, content)) return content
  faults.push(...shapeFaults(schema, content).map((fault) => placedFault(sheet, fault)))
  return null
}

/** The first thing that keeps the file from being read: what comes after it is mostly its consequence. */
function yamlFault({ document, lines, file }: Sheet): string | null {
  const error = document.errors[0] ?? document.warnings[0]
  if (error !== undefined) return `${file}:${lines.linePos(error.pos[0]).line}: ${error.message}`
  // Aliases are refused altogether: a handful of them can unfold to gigabytes, and no sheet needs one.
  let fault: string | null = null
  visit(document, {
    Alias(_key, { range, source }) {
      fault = `${file}:${lines.linePos(range?.[0] ?? 0).line}: aliases (*${source}) are not taken`
      return visit.BREAK
    }
  })
  return fault
}

function shapeFaults(schema: TSchema, content: unknown): FieldFault[] {
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

/** `file:line: field reason`; the line is that of the field, or of the nearest node around it that is written. */
export function placedFault({ document, lines, file }: Sheet, fault: FieldFault): string {
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
