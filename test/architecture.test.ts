/** The architecture: which folder may import which, no circles, one name for one thing, one story per file. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import t from './group/tap.ts'

const root = resolve('.')
const folders = ['src', 'simulator', 'demo', 'bench', 'soak', 'tools', 'test']

interface Source {
  /** From the project's root, with forward slashes. */
  readonly path: string
  readonly text: string
  /** What it imports, type-only imports included: files as paths from the root, packages by name. */
  readonly imports: readonly string[]
}

const sources = folders.flatMap(readSources)

function readSources(folder: string): Source[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => {
      const path = `${folder}/${name}`
      const text = readFileSync(join(root, path), 'utf8')
      return { path, text, imports: findImports(path, text) }
    })
}

function findImports(path: string, text: string): string[] {
  const specifiers = /^(?:import|export)\b[^'"]*?\bfrom '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gms
  return [...text.matchAll(specifiers)].map((match) => {
    const name = (match[1] ?? match[2] ?? match[3])!
    return name.startsWith('.') ? relative(root, join(root, dirname(path), name)) : name
  })
}

/**
 * What the files of each part may import, beside their own part, `src/lib` and `src/errors.ts`, which all may. A trailing slash
 * allows a folder and what is below it; `FOLDER/*` the files directly in it, which are the ports. The order is the direction of
 * the data: each part knows those above it alone.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'src/lib/': [],
  'src/domain/': [],
  'src/storage/': ['src/domain/'],
  'src/connectors/': ['src/domain/'],
  'src/sync/': [
    'src/domain/',
    'src/storage/page.ts',
    'src/storage/store.ts',
    'src/storage/tenant-connections.ts',
    'src/storage/secrets/',
    'src/connectors/*'
  ],
  'src/status/': [
    'src/domain/',
    'src/storage/saved-readings.ts',
    'src/storage/store.ts',
    'src/storage/tenant-connections.ts',
    'src/storage/page.ts'
  ],
  'src/caller-names/': [
    'src/domain/',
    'src/status/',
    'src/storage/contacts.ts',
    'src/storage/store.ts',
    'src/storage/secrets/'
  ],
  'src/delivery/': [
    'src/domain/',
    'src/status/',
    'src/storage/store.ts',
    'src/storage/consumers.ts',
    'src/storage/secrets/',
    'src/sync/cluster/shards.ts'
  ],
  'src/management/': [
    'src/caller-names/*',
    'src/delivery/*',
    'src/storage/contacts.ts',
    'src/storage/consumers.ts',
    'src/domain/',
    'src/storage/store.ts',
    'src/storage/tenant-connections.ts',
    'src/storage/alarms.ts',
    'src/storage/api-keys.ts',
    'src/storage/audit.ts',
    'src/storage/author.ts',
    'src/storage/audit-chain.ts',
    'src/storage/import-progress.ts',
    'src/storage/page.ts',
    'src/storage/retry-while-unavailable.ts',
    'src/storage/secrets/',
    'src/connectors/*',
    'src/sync/*'
  ],
  'src/alarms/': [
    'src/domain/',
    'src/storage/store.ts',
    'src/storage/alarms.ts',
    'src/storage/secrets/',
    'src/connectors/net/http-client.ts',
    'src/sync/*'
  ],
  'src/api/': [
    'src/caller-names/*',
    'src/delivery/*',
    'src/storage/consumers.ts',
    'src/alarms/',
    'src/domain/',
    'src/management/',
    'src/status/',
    'src/sync/',
    'src/connectors/*',
    'src/storage/audit.ts',
    'src/storage/alarms.ts',
    'src/storage/page.ts',
    'src/storage/sessions.ts',
    'src/storage/store.ts',
    'src/storage/tenant-connections.ts'
  ],
  // Composition and the commands make the adapters; nobody else knows them.
  'src/cli/': ['src/'],
  'src/config.ts': [
    'src/config-alarms.ts',
    'src/config-consent.ts',
    'src/connectors/connection.ts',
    'src/config-sign-in.ts',
    'src/connectors/net/allowed-networks.ts',
    'src/settings.ts',
    'src/storage/redis/address.ts'
  ],
  'src/config-alarms.ts': ['src/alarms/senders/'],
  'src/alarm-service.ts': ['src/'],
  'src/config-consent.ts': ['src/connectors/connection.ts', 'src/connectors/credential.ts'],
  'src/config-sign-in.ts': [],
  'src/settings.ts': [],
  'src/errors.ts': [],
  'src/installation-keys.ts': ['src/config.ts'],
  'src/open-storage.ts': ['src/'],
  'src/open-delivery.ts': ['src/'],
  'src/post-http.ts': ['src/'],
  'src/composition.ts': ['src/'],
  'src/customer-consent.ts': ['src/'],
  'src/operator-sign-in.ts': ['src/'],
  'src/main.ts': ['src/'],
  // The simulator is a program of its own: what it shared with the service would hide the same mistake in both.
  'simulator/': ['src/connectors/ews/auth/ntlm/md4.ts', 'src/connectors/ews/auth/ntlm/rc4.ts'],
  'demo/': ['src/domain/', 'simulator/', 'tools/'],
  'tools/': ['src/'],
  'bench/': ['src/', 'simulator/', 'demo/', 'soak/', 'tools/', 'test/'],
  'soak/': ['src/', 'simulator/', 'tools/', 'test/'],
  'test/': ['src/', 'simulator/', 'demo/', 'bench/', 'soak/', 'tools/']
}

function partOf(path: string): string | undefined {
  return Object.keys(allowed)
    .filter((part) => path === part || (part.endsWith('/') && path.startsWith(part)))
    .sort((a, b) => b.length - a.length)[0]
}

function mayImport(part: string, name: string): boolean {
  if (name.startsWith(part) || name.startsWith('src/lib/') || name === 'src/errors.ts') return true
  return allowed[part]!.some((known) => {
    if (known.endsWith('/*')) return dirname(name) === known.slice(0, -2)
    return name === known || (known.endsWith('/') && name.startsWith(known))
  })
}

t.test('every file imports what its part may know', async (t) => {
  const wrong = []
  for (const { path, imports } of sources) {
    const part = partOf(path)
    if (part === undefined) {
      t.fail(`${path} belongs to no part: add one to the table`)
      continue
    }
    for (const name of imports) {
      if (!/^(src|simulator|demo|bench|soak|tools|test)\//.test(name)) continue
      if (!mayImport(part, name)) wrong.push(`${path} -> ${name}`)
    }
  }
  t.same(wrong, [])
})

t.test('the domain knows no package and no module of Node, lib no package but TypeBox', async (t) => {
  for (const { path, imports } of sources) {
    if (!/^src\/(domain|lib)\//.test(path)) continue
    const pure = path.startsWith('src/domain/')
    const strangers = imports.filter(
      (name) => !name.startsWith('src/') && (pure || (!name.startsWith('node:') && name !== 'typebox'))
    )
    t.same(strangers, [], path)
  }
})

t.test('no file imports itself by a detour, types included', async (t) => {
  const known = new Map(sources.map((source) => [source.path, source]))
  const state = new Map<string, 'open' | 'done'>()
  const circles: string[] = []
  const visit = (path: string, way: readonly string[]): void => {
    if (state.get(path) === 'done') return
    if (state.get(path) === 'open') {
      circles.push([...way.slice(way.indexOf(path)), path].join(' -> '))
      return
    }
    state.set(path, 'open')
    for (const name of known.get(path)?.imports ?? []) if (known.has(name)) visit(name, [...way, path])
    state.set(path, 'done')
  }
  for (const { path } of sources) visit(path, [])
  t.same(circles, [])
})

t.test('no exported name stands for two things', async (t) => {
  const declared =
    /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|class|const|let|interface|type|enum) (\w+)/gm
  const places = new Map<string, Set<string>>()
  for (const { path, text } of sources) {
    for (const [, name] of text.matchAll(declared))
      places.set(name!, (places.get(name!) ?? new Set()).add(path))
  }
  const twice = [...places]
    .filter(([, paths]) => paths.size > 1)
    .map(([name, paths]) => `${name}: ${[...paths].join(', ')}`)
  t.same(twice, [])
})

t.test('only main.ts reads the environment and exits', async (t) => {
  for (const { path, text } of sources) {
    if (path.startsWith('src/') && path !== 'src/main.ts') t.notMatch(text, /process\.(env|exit)\b/, path)
  }
})

t.test(
  'a test file has its `t` from group/tap.ts, so that its teardowns are its own in a group',
  async (t) => {
    for (const { path, text } of sources) {
      if (path.endsWith('.test.ts')) t.notMatch(text, /^import t\b.* from 'tap'$/m, path)
    }
  }
)

t.test('a file says in its first line what it is, and is one story', async (t) => {
  for (const { path, text } of sources) {
    t.match(text, /^(#!.*\n)?\/\*\*/, `${path} begins with what it is`)
    // Tests may hold long tables of cases.
    const most = path.startsWith('test/') ? 400 : 300
    t.ok(text.split('\n').length <= most + 1, `${path} has at most ${most} lines`)
  }
})
