/** Renders what template.ts reads, as Helm does, with the functions that the chart uses. */
import { stringify } from 'yaml'
import type { Expression, Node, Template } from './template.ts'

type Value = unknown
/** The variables of a block; `$` is the one named ''. */
interface Scope {
  readonly own: Map<string, Value>
  readonly outer: Scope | null
}

/** What `.Files.Get` reads from. */
export interface Files {
  readonly get: (path: string) => string
}

/** Throws where a member is lacking, a function is not known here, or the template itself refuses. */
export function renderTemplate(
  template: Template,
  defined: ReadonlyMap<string, readonly Node[]>,
  given: Readonly<Record<string, Value>>,
  files: Files
): string {
  return run(template.nodes, given, root(given))

  function run(nodes: readonly Node[], dot: Value, outer: Scope): string {
    const scope: Scope = { own: new Map(), outer }
    return nodes.map((node) => one(node, dot, scope)).join('')
  }

  function one(node: Node, dot: Value, scope: Scope): string {
    switch (node.kind) {
      case 'text':
        return node.text
      case 'print':
        return printed(evaluated(node.value, dot, scope))
      case 'assign':
        ;(node.declares ? scope : holder(scope, node.variable)).own.set(
          node.variable,
          evaluated(node.value, dot, scope)
        )
        return ''
      case 'if':
        return run(truth(evaluated(node.value, dot, scope)) ? node.then : node.else, dot, scope)
      case 'with': {
        const value = evaluated(node.value, dot, scope)
        return truth(value) ? run(node.then, value, scope) : run(node.else, dot, scope)
      }
      case 'range': {
        const list = evaluated(node.value, dot, scope)
        if (!Array.isArray(list)) throw new Error(`range takes a list here, and got ${JSON.stringify(list)}`)
        if (list.length === 0) return run(node.else, dot, scope)
        return list
          .map((item) => {
            const own = new Map(node.variable === null ? [] : [[node.variable, item]])
            return run(node.then, item, { own, outer: scope })
          })
          .join('')
      }
    }
  }

  function evaluated(expression: Expression, dot: Value, scope: Scope): Value {
    switch (expression.kind) {
      case 'literal':
        return expression.value
      case 'path': {
        const { variable, members } = expression
        return memberOf(variable === null ? dot : holder(scope, variable).own.get(variable), members)
      }
      case 'method': {
        const { of, values } = expression
        if (of.kind !== 'path' || of.members.join('.') !== 'Files.Get')
          throw new Error('only .Files.Get is known')
        return files.get(String(evaluated(values[0]!, dot, scope)))
      }
      case 'call': {
        const values = expression.values.map((value) => evaluated(value, dot, scope))
        if (expression.name === 'include') {
          const nodes = defined.get(String(values[0]))
          if (nodes === undefined) throw new Error(`there is no template "${values[0]}"`)
          return run(nodes, values[1], root(values[1]))
        }
        const called = functions[expression.name]
        if (called === undefined) throw new Error(`the function ${expression.name} is not known here`)
        return called(...(values as never[]))
      }
    }
  }
}

const root = (given: Value): Scope => ({ own: new Map([['', given]]), outer: null })

/** The block that declared the variable. */
function holder(scope: Scope, variable: string): Scope {
  for (let at: Scope | null = scope; at !== null; at = at.outer) if (at.own.has(variable)) return at
  throw new Error(`$${variable} is not declared`)
}

/** Stricter than Go, which gives nothing for a member that is not there. */
function memberOf(value: Value, members: readonly string[]): Value {
  let found = value
  for (const member of members) {
    if (typeof found !== 'object' || found === null || !(member in found)) {
      throw new Error(`.${members.join('.')}: there is no ${member}`)
    }
    found = (found as Record<string, Value>)[member]
  }
  return found
}

function truth(value: Value): boolean {
  if (Array.isArray(value)) return value.length > 0
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return Boolean(value)
}

function printed(value: Value): string {
  if (value === null || value === undefined) throw new Error('nothing is there to print')
  if (typeof value === 'object') throw new Error(`${JSON.stringify(value)} is no text: toYaml is missing`)
  return String(value)
}

/** White space to the left of every line, as sprig does: of empty lines too. */
const indented = (width: number, text: string) => text.replace(/^/gm, ' '.repeat(width))

/** Helm's and sprig's, with their order of parameters: what is piped comes last. */
const functions: Readonly<Record<string, (...values: never[]) => Value>> = {
  and: (...values: Value[]) => values.find((value) => !truth(value)) ?? values.at(-1),
  concat: (...lists: Value[][]) => lists.flat(),
  contains: (part: string, text: string) => text.includes(part),
  default: (instead: Value, value: Value) => (truth(value) ? value : instead),
  dict: (...values: Value[]) =>
    Object.fromEntries(values.flatMap((name, index) => (index % 2 ? [] : [[name, values[index + 1]]]))),
  eq: (a: Value, b: Value) => a === b,
  fail: (message: string) => {
    throw new Error(message)
  },
  join: (between: string, values: readonly Value[]) => values.map(printed).join(between),
  list: (...values: Value[]) => values,
  nindent: (width: number, text: string) => `\n${indented(width, text)}`,
  not: (value: Value) => !truth(value),
  or: (...values: Value[]) => values.find(truth) ?? values.at(-1),
  printf: (format: string, ...values: Value[]) => {
    const left = [...values]
    return format.replace(/%[a-z]/g, (verb) => {
      if (verb !== '%s' && verb !== '%v') throw new Error(`printf with ${verb} is not known here`)
      return printed(left.shift())
    })
  },
  quote: (value: Value) => JSON.stringify(printed(value)),
  replace: (from: string, to: string, text: string) => text.replaceAll(from, to),
  required: (message: string, value: Value) => {
    if (value === '' || value === null || value === undefined) throw new Error(message)
    return value
  },
  toYaml: (value: Value) => stringify(value, { lineWidth: 0 }).trimEnd(),
  trimSuffix: (suffix: string, text: string) =>
    text.endsWith(suffix) ? text.slice(0, -suffix.length) : text,
  trunc: (length: number, text: string) => text.slice(0, length),
  uniq: (list: Value[]) => [...new Set(list)]
}
