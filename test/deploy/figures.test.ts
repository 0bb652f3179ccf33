/** Alerts and dashboard ask for figures that the service gives, and the alerts sound when they should. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { severities } from '../../src/alarms/causes.ts'
import { channels, sendCodes } from '../../src/alarms/senders/alarm-sender.ts'
import { openMetrics } from '../../src/api/metrics.ts'
import { dropReasons } from '../../src/connectors/notification.ts'
import { syncCodes } from '../../src/errors.ts'
import t from '../group/tap.ts'
import { startTestService } from '../support/service.ts'
import { chartFolder, root } from './chart.ts'
import { readQuery } from './promql.ts'

interface Alert {
  readonly alert: string
  readonly expr: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}
interface PromqlTest {
  readonly exp_samples: readonly { readonly labels: string }[]
}
interface Panel {
  readonly id: number
  readonly title: string
  readonly type: string
  readonly description?: string
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number }
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
}

const rules = join(chartFolder, 'alerts.yaml')
const alerts: readonly Alert[] = parse(readFileSync(rules, 'utf8')).groups.flatMap(
  ({ rules }: { rules: Alert[] }) => rules
)
const dashboard: { panels: readonly Panel[]; templating: { list: { name: string }[] } } = JSON.parse(
  readFileSync(join(chartFolder, 'dashboards/hanvisa.json'), 'utf8')
)
const drawn = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map((target) => ({ title, ...target, expr: filledIn(target.expr) }))
)
const everyExpression = [
  ...alerts.map(({ alert, expr }) => [alert, expr] as const),
  ...drawn.map(({ title, expr }) => [title, expr] as const)
]
/** Prometheus adds these to what it reads. */
const added = ['job', 'instance', 'namespace']

t.test('every metric that a query names is one of the running service', async (t) => {
  const service = await startTestService(t)
  await service.tenant('acme')
  await service.call('GET', '/v1/tenants/acme/changes?cursor=none')
  const { text } = await service.call('GET', '/metrics')
  const given = new Set(
    [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].flatMap(([, name, type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]
    )
  )
  for (const [title, expression] of everyExpression) {
    for (const { metric } of readQuery(expression).asked) {
      t.ok(metric === 'up' || given.has(metric), `${title}: ${metric}`)
    }
  }
  const routes = [...text.matchAll(/^hanvisa_http_seconds_count\{method="\w+",route="([^"]+)"/gm)].map(
    ([, one]) => one
  )
  t.ok(routes.includes('/v1/tenants/:tenant/changes'), 'as the alert on slow answers leaves out')
  const own = [...given].filter((name) => name?.startsWith('hanvisa_') && !/_(sum|count|bucket)$/.test(name))
  const asked = new Set(drawn.flatMap(({ expr }) => readQuery(expr).asked.map(({ metric }) => metric)))
  t.same(
    own.filter((name) => !asked.has(name!)),
    [],
    'the dashboard shows every figure of ours'
  )
})

t.test('every label that a query names, and every value of it, can occur', async (t) => {
  const labels = labelsIn(await everyFigure())
  for (const [title, expression] of everyExpression) {
    const { asked, grouped } = readQuery(expression)
    for (const { metric, matchers } of asked) {
      t.same(matchers[0], ['job', '=', 'hanvisa'], `${title}: ours, and nobody else's`)
      const known = labels.get(metric) ?? new Map<string, Set<string>>()
      for (const [label, operator, value] of matchers.slice(1)) {
        if (added.includes(label)) continue
        t.ok(known.has(label), `${title}: ${metric}{${label}}`)
        if (label === 'route') continue
        const named = operator === '=~' ? value.split('|') : [value]
        for (const one of named) t.ok(known.get(label)?.has(one), `${title}: ${metric}{${label}="${one}"}`)
      }
    }
    for (const label of grouped) {
      const somewhere = asked.some(({ metric }) => labels.get(metric)?.has(label))
      t.ok(added.includes(label) || somewhere, `${title}: by ${label}`)
    }
  }
  for (const { title, expr, legendFormat } of drawn) {
    const { asked, grouped } = readQuery(expr)
    for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
      t.ok(
        grouped.includes(label) || added.includes(label),
        `${title}: ${label} of ${asked[0]?.metric} in the legend`
      )
    }
  }
})

t.test('every alert has a severity, who must act, and what to do', async (t) => {
  t.equal(new Set(alerts.map(({ alert }) => alert)).size, alerts.length)
  for (const { alert, expr, labels, annotations } of alerts) {
    t.match(alert, /^Hanvisa[A-Z]\w+$/)
    t.match(labels.severity, /^(critical|warning)$/, alert)
    t.match(labels.act, /^(operator|customer|developer)$/, alert)
    t.same(Object.keys(annotations), ['summary', 'description'])
    t.ok(annotations.description!.length > 100, alert)
    const { asked, grouped } = readQuery(expr)
    const comes = [...grouped, ...(grouped.length === 0 ? added : [])]
    const placeholders = Object.values(annotations)
      .join()
      .matchAll(/\$labels\.(\w+)/g)
    for (const [, label] of placeholders)
      t.ok(comes.includes(label!), `${alert} ${asked[0]?.metric}: ${label}`)
  }
})

t.test('the dashboard can be drawn', async (t) => {
  const { panels, templating } = dashboard
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
  t.strictSame(
    templating.list.map(({ name }) => name),
    ['datasource', 'namespace']
  )
  const taken = new Set<string>()
  for (const { title, type, description, gridPos, targets } of panels) {
    t.ok(gridPos.x + gridPos.w <= 24, title)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        t.notOk(taken.has(`${x},${y}`), `${title} lies on another`)
        taken.add(`${x},${y}`)
      }
    }
    if (type !== 'row') t.ok(description && targets && targets.length > 0, title)
  }
})

t.test(
  'Prometheus accepts rules and queries, and each alert fires when it should and not before',
  async (t) => {
    const sounded = new Set<string>()
    const tests = join(root, 'test/deploy/alerts.promtool.yaml')
    for (const { promql_expr_test } of parse(readFileSync(tests, 'utf8')).tests) {
      for (const { labels } of promql_expr_test.flatMap(({ exp_samples }: PromqlTest) => exp_samples)) {
        sounded.add(/alertname="(\w+)"/.exec(labels)?.[1] ?? labels)
      }
    }
    t.strictSame([...sounded].sort(), alerts.map(({ alert }) => alert).sort(), 'a test has every alert sound')

    const folder = mkdtempSync(join(tmpdir(), 'hanvisa-figures-'))
    t.teardown(() => rmSync(folder, { recursive: true }))
    const queries = join(folder, 'queries.json')
    const asRules = drawn.map(({ expr }, index) => ({ record: `panel:${index}`, expr }))
    writeFileSync(queries, JSON.stringify({ groups: [{ name: 'dashboard', rules: asRules }] }))
    writeFileSync(join(folder, 'alerts.yaml'), readFileSync(rules))
    writeFileSync(join(folder, 'tests.yaml'), readFileSync(tests))
    for (const given of [
      ['check', 'rules', rules, queries],
      ['test', 'rules', join(folder, 'tests.yaml')]
    ]) {
      const { error, status, stdout, stderr } = spawnSync('promtool', given, { encoding: 'utf8' })
      if (error)
        return t.comment('not run: promtool is not installed (Debian has it in the package prometheus)')
      t.equal(status, 0, `${stdout}${stderr}`)
    }
  }
)

/** What `/metrics` says once everything that can be counted has happened. */
async function everyFigure(): Promise<string> {
  const metrics = openMetrics()
  for (const code of syncCodes) metrics.countRead('graph', 'failed', code)
  metrics.countRead('graph', 'read')
  metrics.countRead('graph', 'unchanged')
  metrics.countChanges(1)
  for (const outcome of ['accepted', ...dropReasons] as const) metrics.countNotifications('graph', outcome, 1)
  for (const channel of channels) {
    for (const outcome of [...sendCodes, 'givenUp'] as const) metrics.countAlarmMessage(channel, outcome)
  }
  metrics.observeAlarms(() => new Map(severities.map((severity) => [severity, 1])))
  for (const outcome of ['same', 'different', 'unknown'] as const)
    metrics.countReconciliation('graph', outcome)
  metrics.countMissedNotification('graph')
  metrics.countMailboxMove()
  metrics.countNameLookup('user')
  metrics.observeFreshnessLag(() => [['acme', 4000]])
  metrics.observeCredentials(() => [['acme', 'graph', 1.8e12]])
  metrics.observeCredentials(() => [['', 'provider application', 1.8e12]])
  metrics.observeSubscriptions(() => [['graph', { active: 1, inactive: 1 }]])
  const answered = metrics.timing('GET', '/v1/tenants/:tenant/changes')
  for (const status of [200, 304, 400, 500]) answered(status, 1)
  return (await metrics.render()).text
}

/** By metric, by label: the values that came. */
function labelsIn(text: string): Map<string, Map<string, Set<string>>> {
  const found = new Map<string, Map<string, Set<string>>>()
  for (const [, metric = '', pairs = ''] of text.matchAll(/^([a-z]\w*)(?:\{(.*)\})? \S+$/gm)) {
    const labels = found.get(metric) ?? new Map<string, Set<string>>()
    found.set(metric, labels)
    for (const [, label = '', value = ''] of pairs.matchAll(/(\w+)="([^"]*)"/g)) {
      labels.set(label, (labels.get(label) ?? new Set()).add(value))
    }
  }
  return found
}

function filledIn(expression: string): string {
  return expression.replaceAll('$__rate_interval', '1m').replaceAll('$namespace', '.*')
}
