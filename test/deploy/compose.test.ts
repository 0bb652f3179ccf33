/** compose.yaml: what it starts is pinned, shut in, and finds every file, secret, setting and name that it points at. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { readConfig } from '../../src/config.ts'
import { Settings } from '../../src/settings.ts'
import t from '../group/tap.ts'
import { root } from './chart.ts'
import { readDockerfile } from './dockerfile.ts'

interface Service {
  readonly image: string
  readonly build?: string
  readonly restart: string
  readonly read_only: boolean
  readonly cap_drop: readonly string[]
  readonly security_opt: readonly string[]
  readonly stop_grace_period?: string
  readonly user?: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly secrets?: readonly string[]
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly networks: readonly string[]
  readonly healthcheck?: { readonly test: readonly string[] }
}

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const compose: {
  services: Readonly<Record<string, Service>>
  networks: Readonly<Record<string, { internal?: boolean } | null>>
  volumes: Readonly<Record<string, null>>
  secrets: Readonly<Record<string, { file: string }>>
} = parse(read('compose.yaml'), { merge: true })
const services = Object.entries(compose.services)
const ours = services.filter(([, { build }]) => build !== undefined)

t.test('every image is pinned, and ours is of this version', async (t) => {
  const { version } = JSON.parse(read('package.json'))
  t.strictSame(
    ours.map(([name]) => name),
    ['api', 'worker']
  )
  for (const [name, { image, build }] of services) {
    if (build === undefined) t.match(image, /^[a-z/]+:v?\d+\.\d+\.\d+(-\w+)?@sha256:[0-9a-f]{64}$/, name)
    else t.equal(image, `hanvisa:${version}`)
  }
})

t.test('every process is shut in, looked after, and reached from this machine alone', async (t) => {
  for (const [name, service] of services) {
    t.match(service, { read_only: true, cap_drop: ['ALL'], restart: 'unless-stopped' }, name)
    t.same(service.security_opt, ['no-new-privileges:true'], name)
    const user =
      service.user ??
      readDockerfile(read('Dockerfile'))
        .at(-1)!
        .instructions.find(({ word }) => word === 'USER')!.rest
    t.match(user, /^[1-9]\d*:\d+$/, `${name} is not root`)
    t.ok(service.healthcheck ?? service.build, `${name} is asked whether it is well`)
    for (const port of service.ports ?? []) t.match(port, /^127\.0\.0\.1:/, name)
  }
  const published = services.filter(([, { ports }]) => ports !== undefined).map(([name]) => name)
  t.same(published, ['api', 'grafana'])
  t.equal(compose.networks.store?.internal, true)
  const nearRedis = services.filter(([, { networks }]) => networks.includes('store')).map(([name]) => name)
  t.same(nearRedis, ['api', 'worker', 'redis'])
  for (const [name, { stop_grace_period: given = '' }] of ours) t.ok(Number.parseInt(given, 10) > 25, name)
})

t.test('every file, volume, network and secret that is named is there', async (t) => {
  for (const [name, { volumes = [], networks, secrets = [] }] of services) {
    for (const volume of volumes) {
      const [from = '', , how] = volume.split(':')
      if (!from.startsWith('./')) t.ok(from in compose.volumes, `${name}: ${from}`)
      else t.ok(existsSync(join(root, from)) && how === 'ro', `${name}: ${from}, which it may not change`)
    }
    for (const network of networks) t.ok(network in compose.networks, `${name}: ${network}`)
    for (const secret of secrets) t.ok(secret in compose.secrets, `${name}: ${secret}`)
  }
  for (const { file } of Object.values(compose.secrets)) {
    t.equal(
      spawnSync('git', ['check-ignore', '-q', file], { cwd: root }).status,
      0,
      `git never takes ${file}`
    )
  }
})

t.test('the secrets are generated once, all that are required, and readable by no one else', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'hanvisa-compose-'))
  t.teardown(() => rm(folder, { recursive: true }))
  makeSecrets(folder)
  const names = Object.values(compose.secrets).map(({ file }) => file.replace('./compose/secrets/', ''))
  t.same((await readdir(folder)).sort(), names.sort())
  t.equal(statSync(folder).mode & 0o777, 0o700)
  const before = names.map((name) => readFileSync(join(folder, name), 'utf8'))
  makeSecrets(folder)
  t.same(
    names.map((name) => readFileSync(join(folder, name), 'utf8')),
    before
  )
})

t.test('every setting is one, and the service takes them', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'hanvisa-compose-'))
  t.teardown(() => rm(folder, { recursive: true }))
  makeSecrets(folder)
  const key = readFileSync(join(folder, 'admin-key'), 'utf8').trim()
  for (const [name, { environment = {}, secrets = [] }] of ours) {
    t.equal(environment.HANVISA_ROLE, name)
    t.same(secrets, ['admin-key', 'master-key', 'redis-url'])
    const here = Object.entries(environment).map(([name, value]) => {
      t.ok(name.replace(/_FILE$/, '') in Settings.properties, name)
      // ${NAME:-default}
      return [name, value.replace(/^\$\{\w+:-(.*)\}$/, '$1').replace(/^\/run\/secrets/, folder)]
    })
    t.match(readConfig(Object.fromEntries(here)), { adminKey: key, allowPrivateTargets: false })
  }
})

t.test('Prometheus asks every process of ours, with the key, and knows the alerts', async (t) => {
  const { secrets = [], volumes = [], command = [] } = compose.services.prometheus!
  const config = parse(read('compose/prometheus.yml'))
  const mounted = new Map(volumes.map((volume) => [volume.split(':')[1], volume.split(':')[0]]))
  t.equal(mounted.get(command[0]!.replace('--config.file=', '')), './compose/prometheus.yml')
  t.same(
    config.rule_files.map((file: string) => mounted.get(file)),
    ['./helm/alerts.yaml']
  )
  const [job] = config.scrape_configs
  t.equal(job.job_name, 'hanvisa')
  t.ok(secrets.includes(job.authorization.credentials_file.replace('/run/secrets/', '')))
  const [names] = job.dns_sd_configs
  t.same(
    names.names,
    ours.map(([name]) => name)
  )
  t.equal(names.port, readConfig({}).port)
  for (const [name, { networks }] of ours) t.ok(networks.includes('figures'), name)
  const { error, status, stdout } = spawnSync(
    'promtool',
    ['check', 'config', '--syntax-only', join(root, 'compose/prometheus.yml')],
    { encoding: 'utf8' }
  )
  if (error)
    t.comment(
      'not checked by Prometheus: promtool is not installed (Debian has it in the package prometheus)'
    )
  else t.equal(status, 0, stdout)
})

t.test('Grafana finds Prometheus and the dashboard', async (t) => {
  const { volumes = [] } = compose.services.grafana!
  const [source] = parse(read('compose/grafana-datasource.yml')).datasources
  t.equal(new URL(source.url).hostname, 'prometheus')
  const [provider] = parse(read('compose/grafana-dashboards.yml')).providers
  const from = volumes.find((volume) => volume.split(':')[1] === provider.options.path)?.split(':')[0]
  t.equal(from, './helm/dashboards')
  for (const place of ['datasources', 'dashboards'])
    t.ok(
      volumes.some((volume) => volume.includes(`:/etc/grafana/provisioning/${place}/`)),
      place
    )
})

t.test('Redis starts as configured, keeps its data, and its health check sees it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'hanvisa-redis-'))
  const socket = join(folder, 'socket')
  makeSecrets(folder)
  const { password } = new URL(readFileSync(join(folder, 'redis-url'), 'utf8'))
  const { command = [], healthcheck } = compose.services.redis!
  const [program = '', ...given] = command.map((word) =>
    word === '/data' ? folder : word.replace('/run/secrets', folder)
  )
  const redis = spawn(program, [...given, '--port', '0', '--unixsocket', socket], { stdio: 'ignore' })
  t.teardown(async () => {
    if (redis.exitCode === null && redis.signalCode === null) {
      redis.kill('SIGKILL')
      await once(redis, 'exit')
    }
    await rm(folder, { recursive: true })
  })
  const [kind, check = ''] = healthcheck!.test
  t.equal(kind, 'CMD-SHELL')
  const line = check
    .replaceAll('$$', '$')
    .replaceAll('/run/secrets', folder)
    .replaceAll('redis-cli', `redis-cli -s ${socket}`)
  const well = () => spawnSync('sh', ['-c', line]).status === 0
  for (let tries = 0; !well() && tries < 200; tries++) await new Promise((resolve) => setTimeout(resolve, 25))
  t.ok(well(), 'the health check finds it well')

  const ask = (...words: string[]) =>
    spawnSync('redis-cli', ['-s', socket, ...words], { encoding: 'utf8' }).stdout
  const known = (...words: string[]) => ask('--no-auth-warning', '-a', password, ...words).trim()
  t.equal(known('CONFIG', 'GET', 'appendonly'), 'appendonly\nyes')
  t.equal(known('CONFIG', 'GET', 'maxmemory-policy'), 'maxmemory-policy\nnoeviction')
  t.match(ask('GET', 'anything'), /NOAUTH/, 'who has no password learns nothing')
  redis.kill('SIGKILL')
  await once(redis, 'exit')
  t.notOk(well(), 'the health check finds it gone')
})

function makeSecrets(folder: string): void {
  const { status, stderr } = spawnSync('sh', [join(root, 'compose/make-secrets.sh'), folder], {
    encoding: 'utf8'
  })
  if (status !== 0) throw new Error(stderr)
}
