/** The chart in helm/, rendered: by this project's own reading of its templates, and by Go's where Go is there. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Ajv, type ErrorObject } from 'ajv'
import { parse, parseAllDocuments } from 'yaml'
import { renderTemplate } from './rendering.ts'
import { readTemplate } from './template.ts'

/** The project's folder: the tests are started there. */
export const root = resolve('.')
export const chartFolder = join(root, 'helm')
const templateFolder = join(chartFolder, 'templates')
const read = (...path: string[]) => readFileSync(join(chartFolder, ...path), 'utf8')

// biome-ignore lint/suspicious/noExplicitAny: tests look into manifests of every form
export type Manifest = any
export type Values = Record<string, unknown>

export const chart: { name: string; version: string; appVersion: string } = parse(read('Chart.yaml'))
export const valuesText = read('values.yaml')
export const valuesSchema = JSON.parse(read('values.schema.json'))
export const templates: ReadonlyMap<string, string> = new Map(
  readdirSync(templateFolder).map((name) => [name, read('templates', name)])
)
const checked = new Ajv({ allErrors: true, strict: false }).compile(valuesSchema)

/** The least that an operator has to set. */
export const secretsSet: Values = {
  secrets: {
    adminKey: { existingSecret: 'keys' },
    masterKey: { existingSecret: 'keys' },
    redisUrl: { existingSecret: 'redis' }
  }
}

/** Everything that can be switched on. */
export const everythingSet: Values = {
  secrets: {
    ...(secretsSet.secrets as Values),
    masterKeyNext: { existingSecret: 'new-keys', key: 'next' }
  },
  image: { digest: `sha256:${'0'.repeat(64)}`, pullSecrets: ['registry'] },
  publicUrl: 'https://hanvisa.example.com',
  trustProxy: ['10.42.0.0/16', '192.0.2.7'],
  allowedNetworks: ['10.1.2.0/24', 'fd12:3456:789a::/48'],
  allowPrivateTargets: true,
  proxy: { url: 'http://proxy.example.com:3128', except: '.svc,10.0.0.10' },
  extraCa: { existingConfigMap: 'authority' },
  api: {
    autoscaling: { enabled: false },
    nodeSelector: { disk: 'ssd' },
    tolerations: [{ key: 'telephony', operator: 'Exists', effect: 'NoSchedule' }],
    podAnnotations: { note: 'yes' }
  },
  service: { annotations: { note: 'yes' } },
  ingress: { enabled: true, className: 'nginx', host: 'hanvisa.example.com', tlsSecret: 'tls' },
  networkPolicy: {
    consumers: ['switch', 'monitoring', '007'],
    redis: { namespace: 'redis', podLabels: { app: 'redis' }, cidrs: ['10.0.0.5/32'] },
    targets: [{ cidr: '10.0.0.10/32', port: 8443 }]
  },
  monitoring: {
    serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
    rules: { enabled: true, labels: { release: 'prometheus' } },
    dashboard: { enabled: true }
  },
  serviceAccount: { annotations: { note: 'yes' } }
}

/** What an operator's values come to, laid over the chart's as Helm does. */
export function valuesWith(given: Values): Values {
  return laidOver(parse(valuesText), given)
}

/** Nothing, or what is wrong with the values. */
export function schemaErrors(values: unknown): readonly string[] {
  if (checked(values)) return []
  const text = ({ instancePath, message, params }: ErrorObject) =>
    `${instancePath} ${message} ${JSON.stringify(params)}`
  return (checked.errors ?? []).map(text)
}

/** Every file of a release named `tel`, in the namespace `telephony`. Throws what the schema or a template refuses. */
export function renderChart(given: Values): ReadonlyMap<string, string> {
  const values = valuesWith(given)
  const faults = schemaErrors(values)
  if (faults.length > 0) throw new Error(faults.join('\n'))
  const read = [...templates].map(([name, text]) => [name, readTemplate(name, text)] as const)
  const defined = new Map(read.flatMap(([, template]) => [...template.defined]))
  const files = {
    get: (path: string) =>
      existsSync(join(chartFolder, path)) ? readFileSync(join(chartFolder, path), 'utf8') : ''
  }
  return new Map(
    read
      .filter(([name]) => !name.startsWith('_'))
      .map(([name, template]) => [name, renderTemplate(template, defined, topLevel(values), files)])
  )
}

export function manifests(files: ReadonlyMap<string, string>): Manifest[] {
  return [...files]
    .filter(([name]) => name.endsWith('.yaml'))
    .flatMap(([name, text]) =>
      parseAllDocuments(text).map((document) => {
        if (document.errors.length > 0) throw new Error(`${name}: ${document.errors[0]?.message}\n${text}`)
        return document.toJS() as Manifest
      })
    )
    .filter((manifest) => manifest !== null)
}

/** The same by Go's text/template and sprig (render.go), or why that cannot be had here. */
export function renderedByGo(given: Values): ReadonlyMap<string, string> | string {
  const { status, stdout, stderr, error } = spawnSync(
    'go',
    ['run', join(root, 'test/deploy/render.go'), chartFolder],
    {
      // Debian's packages golang-github-masterminds-sprig-dev and golang-k8s-sigs-yaml-dev, and no module proxy.
      env: { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOFLAGS: '' },
      input: JSON.stringify(topLevel(valuesWith(given))),
      encoding: 'utf8'
    }
  )
  if (error) return 'Go is not installed (golang-go)'
  if (/cannot find package/.test(stderr))
    return 'Go is there without golang-github-masterminds-sprig-dev and golang-k8s-sigs-yaml-dev'
  if (status !== 0) throw new Error(stderr)
  return new Map(Object.entries(JSON.parse(stdout) as Record<string, string>))
}

function topLevel(values: Values) {
  return {
    Values: values,
    Chart: { Name: chart.name, Version: chart.version, AppVersion: chart.appVersion },
    Release: { Name: 'tel', Namespace: 'telephony', Service: 'Helm' }
  }
}

function laidOver(under: Values, over: Values): Values {
  const isObject = (value: unknown): value is Values =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
  const laid: Values = { ...under }
  for (const [name, value] of Object.entries(over)) {
    const below = laid[name]
    laid[name] = isObject(below) && isObject(value) ? laidOver(below, value) : value
  }
  return laid
}
