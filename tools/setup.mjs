/**
 * Makes a fresh clone ready: installs what package-lock.json says where that is not done yet, compiles, and builds the
 * console. For `npm test` it also installs what the tests use where it is missing: a Redis, of which they start their
 * own, python3-dateutil, which judges recurrence rules, the CalDAV servers radicale and xandikos, Chromium, Kamailio and sipp.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 20)) {
  fail(`Hanvisa needs Node 20.20 or later; this is ${process.version}.`)
}

if (process.env.npm_lifecycle_event?.startsWith('pretest')) {
  provideRedis()
  provideDateutil()
  for (const name of ['radicale', 'xandikos', 'chromium']) provideProgram(name)
  provideProgram('kamailio', ['kamailio', 'kamailio-presence-modules', 'kamailio-tls-modules'])
  provideProgram('sipp', ['sip-tester'])
  if (process.env.npm_lifecycle_event === 'pretest:servers') provideLargeServers()
}
const lockHash = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex')
const stamp = join(root, 'node_modules', '.hanvisa-lock')
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lockHash) {
  say('installing packages (once) …')
  // Not `npm ci`, which first removes what is installed: without a network it would leave nothing.
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'])
  writeFileSync(stamp, lockHash)
}
say('compiling …')
run(process.execPath, [join(root, 'node_modules', '@typescript', 'native', 'bin', 'tsc')])

removeOrphans()
run(process.execPath, [join(root, 'tools', 'copy-scripts.mjs')])
run(process.execPath, [join(root, 'tools', 'build-console.mjs')])

/** Removes compiled files whose source is gone: the tests run whatever dist/test holds. */
function removeOrphans() {
  const dist = join(root, 'dist')
  for (const name of readdirSync(dist, { recursive: true })) {
    // Vite names and removes what is below console/ itself.
    if (name.startsWith('console/')) continue
    if (name.endsWith('.js') && !existsSync(join(root, name.replace(/\.js$/, '.ts'))))
      rmSync(join(dist, name))
  }
}

function provideRedis() {
  if (starts('redis-server')) return
  if (process.getuid?.() !== 0 || !starts('apt-get')) {
    fail(
      'The tests need redis-server, version 7 or later: install it ("apt-get install redis-server" on Debian).'
    )
  }
  installPackage('redis-server')
}

/** Without it the test that it judges is skipped, and says so. */
function provideDateutil() {
  const python = '/usr/bin/python3'
  if (!starts(python) || spawnSync(python, ['-c', 'import dateutil']).status === 0) return
  if (process.getuid?.() === 0 && starts('apt-get')) installPackage('python3-dateutil')
}

/** As above: without one, its tests are skipped and say so. */
function provideProgram(name, packages = [name]) {
  if (starts(name)) return
  if (process.getuid?.() === 0 && starts('apt-get')) installPackage(...packages)
}

/** Two minutes of apt: SOGo with its database, and Cyrus. None of them is started. */
function provideLargeServers() {
  if (existsSync('/usr/sbin/sogod') && existsSync('/usr/sbin/cyrmaster')) return
  if (process.getuid?.() !== 0 || !starts('apt-get')) return
  installPackage('sogo', 'postgresql', 'memcached', 'cyrus-imapd', 'cyrus-caldav', 'sasl2-bin')
}

function installPackage(...names) {
  say(`installing ${names.join(' ')} (once) …`)
  const quietly = { DEBIAN_FRONTEND: 'noninteractive' }
  run('apt-get', ['-qq', 'update'], quietly)
  run('apt-get', ['-qq', 'install', '--yes', '--no-install-recommends', ...names], quietly)
}

function starts(program) {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined
}

function run(command, args, environment = {}) {
  const env = { ...process.env, ...environment }
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], env })
  if (error) fail(`${command} could not be started: ${error.message}`)
  if (status !== 0) fail(`${command} ${args.at(-1) ?? ''} failed; what it said is above.`)
}

function say(text) {
  if (process.stderr.isTTY) process.stderr.write(`${text}\n`)
}

function fail(text) {
  process.stderr.write(`${text}\n`)
  process.exit(1)
}
