/** Reads Go templates as Helm writes them: the part that the chart uses, and a loud refusal of everything else. */

export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  /** From the dot (`variable` null) or from a variable (`$` is the one named ''), down these members. */
  | { readonly kind: 'path'; readonly variable: string | null; readonly members: readonly string[] }
  | { readonly kind: 'call'; readonly name: string; readonly values: readonly Expression[] }
  /** A method of Helm's own, as `.Files.Get`. */
  | { readonly kind: 'method'; readonly of: Expression; readonly values: readonly Expression[] }

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly value: Expression }
  | {
      readonly kind: 'assign'
      readonly variable: string
      readonly declares: boolean
      readonly value: Expression
    }
  | { readonly kind: 'if' | 'with'; readonly value: Expression; readonly then: Node[]; readonly else: Node[] }
  | {
      readonly kind: 'range'
      readonly variable: string | null
      readonly value: Expression
      readonly then: Node[]
      readonly else: Node[]
    }

export interface Template {
  readonly nodes: readonly Node[]
  readonly defined: ReadonlyMap<string, readonly Node[]>
}

const ACTION = /(\{\{- |\{\{)((?:"(?:\\.|[^"\\])*"|\/\*[\s\S]*?\*\/|[^"])*?)( -\}\}|\}\})/g
const TOKEN =
  /\s+|("(?:\\.|[^"\\])*")|(\d+(?:\.\d+)?)|(\$?(?:\.[A-Za-z]\w*)+|\$\w*(?:\.[A-Za-z]\w*)*|\.)|([A-Za-z]\w*)|(:=|=|\||\(|\))/y

/** Throws an Error that names the template and what in it is not understood. */
export function readTemplate(name: string, source: string): Template {
  const pieces = split(name, source)
  const defined = new Map<string, readonly Node[]>()
  let at = 0
  const nodes = block([])
  if (at < pieces.length) throw new Error(`${name}: {{ ${String(pieces[at]?.action)} }} closes nothing`)
  return { nodes, defined }

  /** Up to (not with) the action that ends it, whose first word is one of `ends`. */
  function block(ends: readonly string[]): Node[] {
    const found: Node[] = []
    for (; at < pieces.length; at++) {
      const piece = pieces[at]!
      if (piece.action === null) {
        if (piece.text !== '') found.push({ kind: 'text', text: piece.text })
        continue
      }
      const word = /^\w+/.exec(piece.action)?.[0] ?? ''
      if (word === 'end' || word === 'else') {
        if (ends.includes(word)) return found
        break
      }
      const node = action(word, piece.action)
      if (node !== null) found.push(node)
    }
    if (ends.length > 0) throw new Error(`${name}: a block is not ended`)
    return found
  }

  function action(word: string, text: string): Node | null {
    const rest = text.slice(word.length).trim()
    if (text.startsWith('/*')) return null
    if (word === 'define') {
      at++
      defined.set(JSON.parse(rest), block(['end']))
      return null
    }
    if (word === 'if' || word === 'with') return { kind: word, value: expression(rest), ...branches() }
    if (word === 'range') {
      const [, variable = null, value = rest] = /^\$(\w+)\s*:=\s*(.*)$/s.exec(rest) ?? []
      return { kind: 'range', variable, value: expression(value), ...branches() }
    }
    if (['template', 'block', 'break', 'continue'].includes(word))
      throw new Error(`${name}: ${word} is not known here`)
    const assigned = /^\$(\w+)\s*(:?=)\s*(.*)$/s.exec(text)
    if (assigned === null) return { kind: 'print', value: expression(text) }
    const [, variable = '', sign, value = ''] = assigned
    return { kind: 'assign', variable, declares: sign === ':=', value: expression(value) }
  }

  function branches(): { then: Node[]; else: Node[] } {
    at++
    const then = block(['end', 'else'])
    const closing = pieces[at]?.action ?? ''
    if (closing === 'end') return { then, else: [] }
    const chained = /^else\s+(if|with)\s+(.*)$/s.exec(closing)
    if (chained !== null) {
      const [, kind, value = ''] = chained
      return { then, else: [{ kind: kind as 'if' | 'with', value: expression(value), ...branches() }] }
    }
    at++
    return { then, else: block(['end']) }
  }

  function expression(text: string): Expression {
    return readExpression(text, (fault) => {
      throw new Error(`${name}: {{ ${text} }}: ${fault}`)
    })
  }
}

interface Piece {
  readonly text: string
  /** What stands between the braces; null for text. */
  readonly action: string | null
}

/** Texts and actions in turn; a dash at an action's brace takes the white space beside it. */
function split(name: string, source: string): Piece[] {
  const pieces: { text: string; action: string | null }[] = []
  let from = 0
  let takeFollowing = false
  const addText = (text: string, takePreceding: boolean) => {
    const begun = takeFollowing ? text.trimStart() : text
    const ended = takePreceding ? begun.trimEnd() : begun
    if (ended.includes('{{')) throw new Error(`${name}: an action is not closed: ${ended.slice(0, 80)}`)
    pieces.push({ text: ended, action: null })
  }
  for (const match of source.matchAll(ACTION)) {
    addText(source.slice(from, match.index), match[1] === '{{- ')
    pieces.push({ text: '', action: match[2]!.trim() })
    takeFollowing = match[3] === ' -}}'
    from = match.index + match[0].length
  }
  addText(source.slice(from), false)
  return pieces
}

function readExpression(text: string, refuse: (fault: string) => never): Expression {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.length) {
    const start = TOKEN.lastIndex
    const match = TOKEN.exec(text)
    if (match === null) return refuse(`“${text.slice(start, start + 20)}” is not known here`)
    if (match[0].trim() !== '') tokens.push(match[0])
  }
  let at = 0
  const read = pipeline()
  return at === tokens.length ? read : refuse(`“${tokens[at]}” is one too many`)

  function pipeline(): Expression {
    let value = command()
    while (tokens[at] === '|') {
      at++
      const next = command()
      if (next.kind !== 'call') return refuse('what follows | must be a function')
      value = { ...next, values: [...next.values, value] }
    }
    return value
  }

  function command(): Expression {
    const first = tokens[at] ?? refuse('a value is lacking')
    if (/^[A-Za-z]/.test(first) && first !== 'true' && first !== 'false') {
      at++
      return { kind: 'call', name: first, values: operands() }
    }
    const value = operand()
    const values = operands()
    return values.length === 0 ? value : { kind: 'method', of: value, values }
  }

  function operands(): Expression[] {
    const values: Expression[] = []
    while (at < tokens.length && tokens[at] !== '|' && tokens[at] !== ')') values.push(operand())
    return values
  }

  function operand(): Expression {
    const token = tokens[at++] ?? refuse('a value is lacking')
    if (token === '(') {
      const value = pipeline()
      if (tokens[at++] !== ')') return refuse('a ) is lacking')
      return value
    }
    if (token.startsWith('"')) return { kind: 'literal', value: JSON.parse(token) }
    if (/^\d/.test(token)) return { kind: 'literal', value: Number(token) }
    if (token === 'true' || token === 'false') return { kind: 'literal', value: token === 'true' }
    const [root = '', ...members] = token.split('.')
    if (root.startsWith('$')) return { kind: 'path', variable: root.slice(1), members }
    if (root === '') return { kind: 'path', variable: null, members: members.filter((one) => one !== '') }
    // A function without parameters stands in parentheses where it is an operand.
    return refuse(`“${token}” cannot stand here`)
  }
}
