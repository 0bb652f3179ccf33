/** The chart's values: each explained, each in the schema, each of use; and no others. */

import { parse } from 'yaml'
import t from '../group/tap.ts'
import {
  everythingSet,
  renderChart,
  schemaErrors,
  secretsSet,
  type Values,
  valuesSchema,
  valuesText,
  valuesWith
} from './chart.ts'

type Path = readonly string[]
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: unknown
  readonly required?: readonly string[]
  readonly type?: string
}

const values: Values = parse(valuesText)

t.test('every value has a comment of its own', async (t) => {
  const lines = valuesText.split('\n')
  const keys = lines.flatMap((line, index) => (/^ *[A-Za-z]+:/.test(line) ? [index] : []))
  t.equal(keys.length, [...everyPath(values)].length)
  for (const index of keys) t.match(lines[index - 1], /^ *# .*[.:]$/, `${lines[index]}`)
})

t.test('the schema knows the values, and nothing else', async (t) => {
  t.same(schemaErrors(values), [])
  t.same(schemaErrors(valuesWith(secretsSet)), [])
  t.same(schemaErrors(valuesWith(everythingSet)), [])
  const known = [...everyPath(values)].map(String)
  const declared = [...declaredPaths(valuesSchema)].map(String)
  t.strictSame(declared.sort(), known.sort())
})

t.test('an unknown name is refused at every level', async (t) => {
  for (const path of [[], ...everyPath(values)]) {
    const schema = schemaAt(path)
    if (schema.properties === undefined) continue
    t.equal(schema.additionalProperties, false, path.join('.'))
    t.not(schemaErrors(changed(values, [...path, 'replica'], 1)).length, 0, path.join('.'))
  }
})

t.test('a value of another type is refused at every level', async (t) => {
  for (const path of everyPath(values)) {
    const wrong =
      schemaAt(path).type === 'object' || schemaAt(path).type === 'array' ? 'text' : { wrong: true }
    t.not(schemaErrors(changed(values, path, wrong)).length, 0, path.join('.'))
  }
})

t.test('values that cannot work are refused', async (t) => {
  const wrong: readonly (readonly [string, unknown])[] = [
    ['image.digest', 'sha256:abc'],
    ['image.tag', 'a tag'],
    ['logLevel', 'loud'],
    ['publicUrl', 'http://hanvisa.example.com'],
    ['publicUrl', 'https://hanvisa.example.com?x'],
    ['allowedNetworks', ['mail.example.se']],
    ['allowPrivateTargets', 'yes'],
    ['secrets.adminKey.existingSecret', 'Not A Name'],
    ['api.replicas', 0],
    ['worker.replicas', 33],
    ['worker.autoscaling.maxReplicas', 33],
    ['api.autoscaling.targetCpuPercent', 0],
    ['api.resources.limits', { cpu: '1' }],
    ['api.resources.requests', { cpu: '250m', memory: '512' }],
    ['api.disruptionBudget.maxUnavailable', '150%'],
    ['api.tolerations', [{ key: 'a', operator: 'Maybe' }]],
    ['networkPolicy.targets', [{ cidr: '10.0.0.1', port: 443 }]],
    ['networkPolicy.targets', [{ cidr: '10.0.0.1/32' }]],
    ['networkPolicy.redis.ports', []],
    ['networkPolicy.consumers', ['*']],
    ['service.port', 70_000],
    ['ingress.paths', ['notifications']],
    ['monitoring.serviceMonitor.interval', '15']
  ]
  for (const [path, value] of wrong)
    t.not(schemaErrors(changed(values, path.split('.'), value)).length, 0, `${path} ${JSON.stringify(value)}`)
})

t.test('every value changes what is installed', async (t) => {
  const noScaling = { autoscaling: { enabled: false } }
  const bases = [secretsSet, everythingSet, { ...everythingSet, worker: noScaling, api: {} }].map(valuesWith)
  for (const path of everyPath(values)) {
    if (schemaAt(path).properties !== undefined) continue
    t.ok(
      bases.some((base) => others(base, path).some((other) => differs(base, other))),
      path.join('.')
    )
  }
})

function differs(a: Values, b: Values): boolean {
  const before = [...renderChart(a)].join()
  try {
    return [...renderChart(b)].join() !== before
  } catch (error) {
    // The template itself refuses it: that is a use of it, too.
    return /must name the same host/.test(String(error))
  }
}

/** The values with another one at the path, as far as the schema allows. */
function others(base: Values, path: Path): Values[] {
  const value = path.reduce<unknown>((at, name) => (at as Values)[name], base)
  const schema = schemaAt(path)
  const candidates: unknown[] =
    typeof value === 'boolean'
      ? [!value]
      : typeof value === 'number'
        ? [value + 1, value - 1]
        : Array.isArray(value)
          ? [
              value.slice(1),
              ['other'],
              ['/other'],
              ['10.9.0.0/16'],
              [9999],
              [{ cidr: '10.9.0.0/16', port: 9 }],
              [{ key: 'other' }]
            ]
          : schema.type === 'object'
            ? [{ other: 'yes' }]
            : [
                `${value}1`,
                '3Gi',
                '7m',
                'debug',
                'Always',
                `sha256:${'1'.repeat(64)}`,
                'https://other.example.com'
              ]
  return candidates.map((other) => changed(base, path, other)).filter((one) => schemaErrors(one).length === 0)
}

function changed(given: Values, [name, ...rest]: Path, value: unknown): Values {
  return { ...given, [name!]: rest.length === 0 ? value : changed(given[name!] as Values, rest, value) }
}

/** Down to what operators fill themselves: labels, annotations, lists. */
function* everyPath(given: Values, above: Path = []): Generator<Path> {
  for (const [name, value] of Object.entries(given)) {
    const path = [...above, name]
    yield path
    if (schemaAt(path).properties !== undefined) yield* everyPath(value as Values, path)
  }
}

function schemaAt(path: Path): Schema {
  return path.reduce<Schema>((at, name) => {
    const below = at.properties?.[name]
    if (below === undefined) throw new Error(`${path.join('.')} is not in the schema`)
    return below
  }, valuesSchema)
}

/** Without what may be left out: a limit of CPU, and `global`, which is Helm's own. */
function* declaredPaths(schema: Schema, above: Path = []): Generator<Path> {
  for (const [name, below] of Object.entries(schema.properties ?? {})) {
    if (!schema.required?.includes(name)) continue
    yield [...above, name]
    yield* declaredPaths(below, [...above, name])
  }
}
