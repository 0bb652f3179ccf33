/** What a PromQL expression asks for: its metrics, with the labels that it names of each. */
import { parser } from '@prometheus-io/lezer-promql'

export interface MetricSelector {
  readonly metric: string
  /** Matchers: `code=~"a|b"` is ['code', '=~', 'a|b']. */
  readonly matchers: readonly (readonly [label: string, operator: string, value: string])[]
}

export interface Query {
  readonly asked: readonly MetricSelector[]
  /** Labels by which results are grouped. */
  readonly grouped: readonly string[]
}

/** Throws where the expression is none. Grafana's own variables must be filled in before. */
export function readQuery(expression: string): Query {
  const asked: { metric: string; matchers: [string, string, string][] }[] = []
  const grouped: string[] = []
  parser.parse(expression).iterate({
    enter({ type, from, to, node }) {
      const text = expression.slice(from, to)
      if (type.isError) throw new Error(`no PromQL at “${expression.slice(from, from + 30)}”: ${expression}`)
      if (type.name === 'VectorSelector') {
        const name = node.getChild('Identifier')
        if (name === null) throw new Error(`a selector without a metric: ${text}`)
        asked.push({ metric: expression.slice(name.from, name.to), matchers: [] })
      }
      if (type.name === 'UnquotedLabelMatcher') {
        const [, label = '', operator = '', value = ''] = /^(\w+)\s*(=~|!~|!=|=)\s*"(.*)"$/s.exec(text) ?? []
        if (label === '') throw new Error(`a matcher that is not understood: ${text}`)
        asked.at(-1)!.matchers.push([label, operator, value])
      }
      if (type.name === 'GroupingLabels') grouped.push(...(text.match(/\w+/g) ?? []))
    }
  })
  return { asked, grouped }
}
