/** The chart as Kubernetes would get it: every name, label, port, path and setting meets what it points at. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../src/config.ts'
import { Settings } from '../../src/settings.ts'
import t from '../group/tap.ts'
import {
  chart,
  everythingSet,
  type Manifest,
  manifests,
  renderChart,
  renderedByGo,
  root,
  secretsSet,
  templates,
  type Values
} from './chart.ts'
import { readDockerfile } from './dockerfile.ts'
import { readTemplate } from './template.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const openapi = JSON.parse(read('openapi/openapi.json'))
const releases: readonly (readonly [string, Values])[] = [
  ['the least', secretsSet],
  ['everything', everythingSet]
]
const all = (kind: string, given: readonly Manifest[]) => given.filter((manifest) => manifest.kind === kind)
const named = (kind: string, name: string, given: readonly Manifest[]) =>
  all(kind, given).find(({ metadata }) => metadata.name === name)
const covers = (selector: object, labels: Record<string, string>) =>
  Object.entries(selector).every(([name, value]) => labels[name] === value)
const podsOf = (given: readonly Manifest[]) =>
  all('Deployment', given).map(({ spec }) => spec.template.metadata.labels)

t.test('the chart is of this version', async (t) => {
  t.equal(chart.appVersion, JSON.parse(read('package.json')).version)
})

t.test('what cannot be understood of a template is refused, not passed over', async (t) => {
  for (const text of [
    '{{ template "x" }}',
    '{{ .Values.a',
    '{{ if .a }}',
    '{{ end }}',
    '{{ .a | .b }}',
    '{{ %% }}'
  ])
    t.throws(() => readTemplate('it', text), text)
})

t.test('without its secrets nothing is installed, and the error names the missing one', async (t) => {
  t.throws(() => renderChart({}), /secrets\.adminKey\.existingSecret must name/)
  t.throws(
    () => renderChart({ ...everythingSet, ingress: { enabled: true, host: 'other.example.com' } }),
    /must name the same host/
  )
})

for (const [title, given] of releases) {
  const installed = manifests(renderChart(given))

  t.test(`${title}: Go's own templates give the same`, async (t) => {
    const byGo = renderedByGo(given)
    if (typeof byGo === 'string') return t.comment(`not compared: ${byGo}`)
    t.strictSame(installed, manifests(byGo))
  })

  t.test(`${title}: everything has a name of its own, a namespace and labels`, async (t) => {
    const names = installed.map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    t.equal(new Set(names).size, names.length, names.join(', '))
    for (const { apiVersion, kind, metadata } of installed) {
      t.match(apiVersion, /^([a-z0-9.]+\/)?v\d+$/)
      t.match(metadata.name, /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/)
      t.equal(metadata.namespace, 'telephony', kind)
      const labels = metadata.labels as Record<string, string>
      for (const value of Object.values(labels)) t.match(value, /^[A-Za-z0-9][-A-Za-z0-9_.]{0,62}$/)
      t.equal(labels['app.kubernetes.io/name'], 'hanvisa')
    }
    t.equal(all('Secret', installed).length, 0, 'secrets are made by others')
  })

  t.test(`${title}: an API and workers, each with its own role`, async (t) => {
    t.strictSame(
      all('Deployment', installed).map(({ spec }) => environmentOf(spec).HANVISA_ROLE),
      ['api', 'worker']
    )
    for (const { metadata, spec } of all('Deployment', installed)) {
      const pod = spec.template.spec
      const [container, ...more] = pod.containers
      t.same(more, [])
      t.ok(covers(spec.selector.matchLabels, spec.template.metadata.labels))
      t.equal(podsOf(installed).filter((labels) => covers(spec.selector.matchLabels, labels)).length, 1)
      for (const spread of pod.topologySpreadConstraints)
        t.ok(covers(spread.labelSelector.matchLabels, spec.template.metadata.labels))
      t.equal(named('ServiceAccount', pod.serviceAccountName, installed)?.automountServiceAccountToken, false)
      t.equal(pod.automountServiceAccountToken, false)
      t.equal(pod.enableServiceLinks, false, 'no Service may put HANVISA_PORT into the environment')
      t.ok(pod.terminationGracePeriodSeconds > 5 + 20, 'it may close in good order')
      t.match(pod.securityContext, { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
      const user = readDockerfile(read('Dockerfile'))
        .at(-1)!
        .instructions.find(({ word }) => word === 'USER')!
      t.equal(user.rest, `${pod.securityContext.runAsUser}:${pod.securityContext.runAsGroup}`)
      t.equal(pod.securityContext.fsGroup, pod.securityContext.runAsGroup, 'it may read its secrets')
      t.strictSame(container.securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] }
      })
      t.match(container.resources, { requests: { cpu: String, memory: String }, limits: { memory: String } })
      const scaled = named('HorizontalPodAutoscaler', metadata.name, installed)
      t.not(spec.replicas === undefined, scaled === undefined, 'either a number or an autoscaler')
    }
  })

  t.test(`${title}: every setting is one, and the service takes them`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'hanvisa-chart-'))
    t.teardown(() => rmSync(folder, { recursive: true }))
    const secrets: Record<string, string> = {
      'admin-key': 'a-key-for-everything-here',
      'master-key': Buffer.alloc(32).toString('base64'),
      'master-key-next': Buffer.alloc(32, 1).toString('base64'),
      'redis-url': 'redis://:secret@redis:6379/0'
    }
    for (const [name, value] of Object.entries(secrets)) writeFileSync(join(folder, name), value)
    for (const { spec } of all('Deployment', installed)) {
      const environment = environmentOf(spec)
      const pod = spec.template.spec
      const mounts: { name: string; mountPath: string }[] = pod.containers[0].volumeMounts
      t.strictSame(
        mounts.map(({ name }) => name),
        pod.volumes.map(({ name }: { name: string }) => name)
      )
      const mounted = mounts.find(({ name }) => name === 'secrets')!.mountPath
      const files: string[] = pod.volumes
        .find(({ name }: { name: string }) => name === 'secrets')
        .projected.sources.flatMap(({ secret }: Manifest) => secret.items.map(({ path }: Manifest) => path))
      const isRotated = environment.HANVISA_MASTER_KEY_NEXT_FILE !== undefined
      t.same(
        files.toSorted(),
        Object.keys(secrets).filter((name) => isRotated || name !== 'master-key-next')
      )
      const names = Object.keys(Settings.properties)
      const others = ['NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS', 'HTTPS_PROXY', 'NO_PROXY']
      for (const name of Object.keys(environment))
        t.ok(names.includes(name.replace(/_FILE$/, '')) || others.includes(name), name)
      const here = Object.entries(environment).map(([name, value]) => [
        name,
        value.startsWith(`${mounted}/`) ? join(folder, value.slice(mounted.length + 1)) : value
      ])
      t.match(readConfig(Object.fromEntries(here)), {
        host: '0.0.0.0',
        port: 8080,
        adminKey: secrets['admin-key']
      })
      const writable = pod.volumes.find(({ emptyDir }: Manifest) => emptyDir !== undefined)
      const dataAt = mounts.find(({ name }) => name === writable.name)?.mountPath
      t.equal(dataAt, environment.HANVISA_DATA_DIR, 'the data folder can be written to')
    }
  })

  t.test(`${title}: probes ask for what needs no key, at the port that is listened at`, async (t) => {
    for (const { spec } of all('Deployment', installed)) {
      const [container] = spec.template.spec.containers
      const [port] = container.ports
      t.equal(String(port.containerPort), environmentOf(spec).HANVISA_PORT)
      for (const [probe, path] of [
        ['startupProbe', '/healthz'],
        ['livenessProbe', '/healthz'],
        ['readinessProbe', '/readyz']
      ] as const) {
        t.match(container[probe].httpGet, { path, port: port.name })
        t.same(openapi.paths[path].get.security, [])
      }
    }
  })

  t.test(`${title}: Services, budgets and policies meet the pods they are for`, async (t) => {
    const pods = podsOf(installed)
    const ports = all('Deployment', installed).flatMap(({ spec }) => spec.template.spec.containers[0].ports)
    const met = (selector: object) => pods.filter((labels) => covers(selector, labels)).length
    t.equal(all('Service', installed).length, 2)
    for (const { spec } of all('Service', installed)) {
      t.equal(met(spec.selector), 1)
      for (const { targetPort } of spec.ports) t.ok(ports.some(({ name }: Manifest) => name === targetPort))
    }
    for (const { spec } of all('PodDisruptionBudget', installed)) t.equal(met(spec.selector.matchLabels), 1)
    t.equal(all('PodDisruptionBudget', installed).length, 2)
    for (const { spec } of all('HorizontalPodAutoscaler', installed)) {
      t.ok(named(spec.scaleTargetRef.kind, spec.scaleTargetRef.name, installed))
      t.ok(spec.minReplicas <= spec.maxReplicas)
    }
    t.equal(all('NetworkPolicy', installed).length, 2)
    for (const { spec } of all('NetworkPolicy', installed)) {
      t.equal(met(spec.podSelector.matchLabels), 1)
      t.same(spec.policyTypes, ['Ingress', 'Egress'])
      const out = spec.egress.flatMap(({ ports }: Manifest) => ports.map(({ port }: Manifest) => port))
      for (const port of [53, 6379, 443]) t.ok(out.includes(port), `${port}`)
    }
  })
}

t.test('a stranger in the cluster calls neither API nor workers; consumers call the API', async (t) => {
  const installed = manifests(renderChart(everythingSet))
  const callers = (part: string) =>
    named('NetworkPolicy', `tel-hanvisa-${part}`, installed).spec.ingress.flatMap(({ from }: Manifest) =>
      from.map(
        ({ namespaceSelector }: Manifest) => namespaceSelector.matchLabels['kubernetes.io/metadata.name']
      )
    )
  t.strictSame(callers('api'), ['switch', 'monitoring', '007'])
  t.strictSame(callers('worker'), ['monitoring'])
  const closed = manifests(renderChart({ ...secretsSet, networkPolicy: { monitoring: [] } }))
  for (const { spec } of all('NetworkPolicy', closed)) t.same(spec.ingress, [])
})

t.test('what is switched on meets what is there', async (t) => {
  const installed = manifests(renderChart(everythingSet))
  const services = all('Service', installed)
  const [monitor] = all('ServiceMonitor', installed)
  t.equal(
    services.filter(({ metadata }) => covers(monitor.spec.selector.matchLabels, metadata.labels)).length,
    2
  )
  const [endpoint] = monitor.spec.endpoints
  for (const { spec } of services) t.equal(spec.ports[0].name, endpoint.port)
  t.ok(openapi.paths[endpoint.path])
  t.same(endpoint.authorization, { type: 'Bearer', credentials: { name: 'keys', key: 'admin-key' } })
  const [ingress] = all('Ingress', installed)
  const [rule] = ingress.spec.rules
  t.equal(`https://${rule.host}`, everythingSet.publicUrl)
  for (const { backend } of rule.http.paths) {
    const service = named('Service', backend.service.name, installed)
    t.ok(service.spec.ports.some(({ name }: Manifest) => name === backend.service.port.name))
    t.equal(service.spec.selector['app.kubernetes.io/component'], 'api')
  }
  const [container] = named('Deployment', 'tel-hanvisa-api', installed).spec.template.spec.containers
  t.equal(container.image, `hanvisa:${chart.appVersion}@sha256:${'0'.repeat(64)}`)
  t.ok(all('PrometheusRule', installed)[0].spec.groups.length > 0)
  t.equal(JSON.parse(all('ConfigMap', installed)[0].data['hanvisa.json']).title, 'Hanvisa')
  t.notMatch(
    [...templates.values()].join(''),
    /\btpl\b|\blookup\b/,
    'values are never run, nor the cluster asked'
  )
})

function environmentOf(spec: Manifest): Record<string, string> {
  const pairs: { name: string; value: string }[] = spec.template.spec.containers[0].env
  if (new Set(pairs.map(({ name }) => name)).size !== pairs.length)
    throw new Error('a setting is there twice')
  return Object.fromEntries(pairs.map(({ name, value }) => [name, value]))
}
