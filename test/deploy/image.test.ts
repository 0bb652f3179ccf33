/** What the image holds and how it runs, without an engine: the stages of the Dockerfile are gone through by hand. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, chown, cp, mkdir, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import t from '../group/tap.ts'
import { checkedFetch } from '../support/openapi.ts'
import { startRedis } from '../support/redis-server.ts'
import { assigned, readDockerfile, type Stage } from './dockerfile.ts'

interface User {
  readonly uid?: number
  readonly gid?: number
}

const root = resolve('.')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const manifest = JSON.parse(read('package.json'))
const stages = readDockerfile(read('Dockerfile'))
const last = stages.at(-1)!
const named = (name: string) => stages.find((stage) => stage.name === name)!
/** All that /app has. */
const imageFiles = ['dist', 'node_modules', 'package.json', 'rules', 'sbom.cdx.json']
const only = (stage: Stage, word: string) => {
  const found = stage.instructions.filter((instruction) => instruction.word === word)
  if (found.length !== 1) throw new Error(`${found.length} × ${word}`)
  return found[0]!
}

t.test('every stage is built on Node 24, slim, pinned by its digest', async (t) => {
  for (const { image } of stages) t.match(image, /^node:24\.\d+\.\d+-\w+-slim@sha256:[0-9a-f]{64}$/)
})

t.test('what is described is this version', async (t) => {
  const labels = assigned(only(last, 'LABEL'))
  t.equal(labels['org.opencontainers.image.version'], manifest.version)
  t.equal(labels['org.opencontainers.image.description'], manifest.description)
})

t.test('the lock file names the optional packages of every system: `npm ci` takes no other', async (t) => {
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>
  }
  const names = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
    Object.keys(optionalDependencies)
  )
  t.ok(names.length > 10)
  // Where one is missing: `npm install --package-lock-only --force`.
  t.same(
    names.filter((name) => !Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`))),
    []
  )
})

t.test('the build is given what it copies, and no more', async (t) => {
  const lines = read('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  t.equal(lines[0], '*', 'nothing is let in but what is named')
  const letIn = lines.slice(1).map((line) => line.replace(/^!/, ''))
  const copied = stages.flatMap(({ instructions }) =>
    instructions.flatMap(({ word, flags, rest }) =>
      word === 'COPY' && flags.from === undefined ? rest.split(' ').slice(0, -1) : []
    )
  )
  t.strictSame(new Set(copied.map((path) => path.replace(/\/$/, ''))), new Set(letIn))
})

t.test('the image, built step by step: compiled, packed, started as its user, called, stopped', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'hanvisa-image-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const compiled = join(folder, 'compiled')
  const packages = join(folder, 'packages')
  const image = join(folder, 'image')
  const data = join(folder, 'data')
  await Promise.all([compiled, packages, image, data].map((path) => mkdir(path)))

  await t.test('the sources that are given compile', async (t) => {
    await copyFromContext(named('compiled'), compiled)
    await symlink(join(root, 'node_modules'), join(compiled, 'node_modules'))
    const run = named('compiled').instructions.filter(({ word }) => word === 'RUN')
    for (const { rest } of run.filter(({ rest }) => rest.startsWith('node '))) {
      const [, ...given] = rest.split(' ')
      const { status, stdout, stderr } = spawnSync(...bare({}, given), { cwd: compiled, encoding: 'utf8' })
      t.equal(status, 0, `${stdout}${stderr}` || 'it says nothing')
    }
  })

  await t.test('its packages are those of production', async (t) => {
    const run = named('packages').instructions.filter(({ word }) => word === 'RUN')
    t.match(run[0]!.rest, /^npm ci --omit=dev /)
    const archive = join(folder, 'packages.tar')
    t.equal(spawnSync('tar', ['-cf', archive, ...productionPackages()], { cwd: root }).status, 0)
    t.equal(spawnSync('tar', ['-xf', archive, '-C', packages]).status, 0)
    const smoke = /^node --eval "(.*)"$/.exec(run[1]!.rest)?.[1] ?? ''
    const { status, stderr } = spawnSync(...bare({}, ['--eval', smoke]), { cwd: packages, encoding: 'utf8' })
    t.equal(status, 0, stderr)
    await copyFromContext(named('packages'), packages)
    const sbom = spawnSync('sh', ['-c', run[2]!.rest], { cwd: packages, encoding: 'utf8' })
    t.equal(sbom.status, 0, sbom.stderr)
  })

  await t.test(
    'its bill of materials names what the service depends on, and nothing for development',
    async (t) => {
      const { components } = JSON.parse(readFileSync(join(packages, 'sbom.cdx.json'), 'utf8')) as {
        components: { purl: string }[]
      }
      const listed = new Set(components.map(({ purl }) => decodeURIComponent(purl)))
      const { packages: locked } = JSON.parse(read('package-lock.json'))
      const purl = (name: string) => `pkg:npm/${name}@${locked[`node_modules/${name}`].version}`
      for (const name of Object.keys(manifest.dependencies)) t.ok(listed.has(purl(name)), name)
      for (const name of Object.keys(manifest.devDependencies)) t.notOk(listed.has(purl(name)), name)
    }
  )

  await t.test('no package for development, no test and no simulator is in it', async (t) => {
    for (const { word, flags, rest } of last.instructions) {
      if (word !== 'COPY') continue
      const [source = '', to = '', ...more] = rest.split(' ')
      t.same(more, [], 'one thing at a time')
      const place = to === './' ? join(image, basename(source)) : join(image, to)
      await mkdir(dirname(place), { recursive: true })
      if (flags.from === undefined) await cp(join(root, source), place, { recursive: true })
      else await rename(join(folder, flags.from, source.slice('/build/'.length)), place)
    }
    t.strictSame((await readdir(image)).sort(), imageFiles)
    t.strictSame((await readdir(join(image, 'dist'))).sort(), ['console', 'src'])
    const development = Object.keys(manifest.devDependencies)
    t.ok(development.length > 5)
    for (const name of development) t.notOk(existsSync(join(image, 'node_modules', name)), name)
    for (const name of Object.keys(manifest.dependencies))
      t.ok(existsSync(join(image, 'node_modules', name)), name)
  })

  const user = await closed(t, image, data)
  const settings = assigned(only(last, 'ENV'))

  await t.test('it runs as a user who may write to /data only, and stops on SIGTERM', async (t) => {
    t.equal(only(last, 'WORKDIR').rest, '/app')
    t.same(JSON.parse(only(last, 'VOLUME').rest), ['/data'])
    t.match(settings, { HANVISA_HOST: '0.0.0.0', HANVISA_DATA_DIR: '/data', NODE_ENV: 'production' })
    const { origin, child } = await started(t, image, user, { ...settings, HANVISA_DATA_DIR: data })
    t.equal((await checkedFetch(`${origin}/healthz`)).status, 200)
    t.equal((await checkedFetch(`${origin}/readyz`)).status, 200)
    const key = readFileSync(join(data, 'admin-key'), 'utf8').trim()
    const packs = await checkedFetch(`${origin}/v1/packs`, { headers: { authorization: `Bearer ${key}` } })
    t.match(await packs.text(), 'infracom', 'the rules are there')

    const port = new URL(origin).port
    t.equal(await health(port), 0, 'the health check finds it well')
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    t.same(await ended, [0, null], 'it ends by itself')
    t.equal(await health(port), 1, 'the health check finds it gone')
  })

  await t.test('on Redis it writes to no folder at all, neither as API nor as worker', async (t) => {
    const { url } = await startRedis(t)
    for (const role of ['api', 'worker']) {
      const { origin } = await started(t, image, user, {
        ...settings,
        HANVISA_ROLE: role,
        HANVISA_REDIS_URL: url,
        HANVISA_ADMIN_KEY: 'a-key-for-everything-here',
        HANVISA_MASTER_KEY: Buffer.alloc(32).toString('base64'),
        HANVISA_DATA_DIR: image
      })
      t.equal((await checkedFetch(`${origin}/readyz`)).status, 200, role)
    }
    t.strictSame((await readdir(image)).sort(), imageFiles)
  })
})

/** As its ENTRYPOINT says. Nothing but what the settings name can be written, as with a read-only root. */
async function started(t: Test, image: string, user: User, settings: Record<string, string>) {
  const [program, ...given] = JSON.parse(only(last, 'ENTRYPOINT').rest) as string[]
  t.equal(program, 'node', 'no shell stands between')
  const here = { HANVISA_HOST: '127.0.0.1', HANVISA_PORT: '0', TMPDIR: image }
  const inImage = given.map((path) => path.replace(/^\/app\//, `${image}/`))
  const child = spawn(...bare({ ...settings, ...here }, inImage), {
    ...user,
    cwd: image,
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.teardown(() => child.kill('SIGKILL'))
  const origin = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`it ended with ${code}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = JSON.parse(line) as { msg: string; origin?: string }
      if (said.msg === 'listening') resolve(said.origin!)
    })
  })
  return { child, origin }
}

/** Node with this environment alone: what is started from a test inherits what tap looks into processes with. */
function bare(environment: Record<string, string>, given: readonly string[]): [string, string[]] {
  const pairs = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  return ['env', ['-i', ...pairs, process.execPath, ...given]]
}

async function copyFromContext(stage: Stage, folder: string): Promise<void> {
  for (const { word, flags, rest } of stage.instructions) {
    if (word !== 'COPY' || flags.from !== undefined) continue
    const paths = rest.split(' ')
    const to = paths.pop()!
    for (const path of paths) {
      const place = to === './' ? join(folder, basename(path)) : join(folder, to)
      await cp(join(root, path), place, { recursive: true })
    }
  }
}

/** Relative to the project, as `npm ci --omit=dev` would lay them out. */
function productionPackages(): string[] {
  const { stdout } = spawnSync('npm', ['ls', '--omit=dev', '--all', '--parseable'], {
    cwd: root,
    encoding: 'utf8'
  })
  const paths = stdout.split('\n').map((path) => relative(root, path))
  // A package within a package comes with it.
  return [...new Set(paths.flatMap((path) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []))]
}

/** Nobody may write to the image. Root is no "nobody": where we are root, the image's own user starts it. */
async function closed(t: Test, image: string, data: string): Promise<User> {
  const [uid = 0, gid = 0] = only(last, 'USER').rest.split(':').map(Number)
  t.ok(uid > 0 && gid > 0, 'a number, which Kubernetes can see is not root')
  await chmod(dirname(image), 0o755)
  await chmod(image, 0o555)
  if (process.getuid?.() !== 0) return {}
  const { status } = spawnSync(process.execPath, ['--version'], { uid, gid })
  if (status !== 0) {
    t.comment(`started as root, because another user may not run ${process.execPath}`)
    return {}
  }
  await chown(data, uid, gid)
  return { uid, gid }
}

async function health(port: string): Promise<number | null> {
  const [, list = '[]'] = /^CMD (\[.*\])$/.exec(only(last, 'HEALTHCHECK').rest) ?? []
  const [program, ...given] = JSON.parse(list) as string[]
  if (program !== 'node') throw new Error('the health check is not node itself')
  const child = spawn(...bare({ HANVISA_PORT: port }, given), { stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  return code
}
