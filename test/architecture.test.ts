/** The house: who may know whom, one story per file, and each says in its first line what it is. */
import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import t from 'tap'

const root = resolve('.')

async function sourcesIn(folder: string): Promise<{ path: string; text: string }[]> {
  const names = await readdir(join(root, folder), { recursive: true })
  return names
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name).split(sep).join('/'))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

/** The files and packages that a file imports; files as paths from the root. */
function importsOf({ path, text }: { path: string; text: string }): string[] {
  return [...text.matchAll(/^(?:import|export)\b[^'"]*?\bfrom '([^']+)'|^import '([^']+)'/gms)].map(
    (match) => {
      const name = match[1] ?? match[2]!
      return name.startsWith('.')
        ? relative(root, join(root, dirname(path), name))
            .split(sep)
            .join('/')
        : name
    }
  )
}

/** What the files of a folder may import beside their own folder. Node's own modules and packages: where `packages`. */
const mayKnow: readonly { folder: string; know: readonly string[]; packages: boolean }[] = [
  { folder: 'src/core', know: [], packages: false },
  {
    folder: 'src/connectors',
    know: ['src/core', 'src/errors.ts', 'src/zone.ts', 'src/instant.ts', 'src/timers.ts'],
    packages: true
  },
  { folder: 'src/store', know: ['src/core', 'src/errors.ts'], packages: true },
  {
    folder: 'src/presence',
    know: ['src/core', 'src/errors.ts', 'src/instant.ts', 'src/timers.ts', 'src/store/store.ts'],
    packages: true
  },
  {
    folder: 'src/sync',
    know: [
      'src/core',
      'src/errors.ts',
      'src/timers.ts',
      'src/connectors/connector.ts',
      'src/connectors/connection.ts',
      'src/connectors/notice.ts',
      'src/store/store.ts',
      'src/store/seal.ts',
      'src/directory/sealing.ts'
    ],
    packages: true
  }
]

t.test('nobody knows what is none of their business', async (t) => {
  for (const { folder, know, packages } of mayKnow) {
    for (const source of await sourcesIn(folder)) {
      const strangers = importsOf(source).filter((name) => {
        if (!name.startsWith('src/')) return !packages
        return (
          !name.startsWith(`${folder}/`) &&
          !know.some((known) => name === known || name.startsWith(`${known}/`))
        )
      })
      t.same(strangers, [], source.path)
    }
  }
})

t.test('only service.ts, and kept.ts for what is kept, know the adapters', async (t) => {
  const adapter = /^src\/(connectors\/(graph|ics|ews)\/|store\/(lmdb|redis[\w-]*)\.ts|sync\/redis\/)/
  const composing = ['src/service.ts', 'src/kept.ts', 'src/try.ts', 'src/migrate.ts']
  for (const source of await sourcesIn('src')) {
    if (composing.includes(source.path)) continue
    const own = dirname(source.path)
    const known = importsOf(source).filter(
      (name) =>
        adapter.test(name) &&
        !name.startsWith(own.split('/').slice(0, 3).join('/')) &&
        // What a URL of Redis must look like is told with the other settings.
        !(source.path === 'src/config.ts' && name === 'src/store/redis-address.ts')
    )
    t.same(known, [], source.path)
  }
})

t.test('only main.ts reads the environment and exits', async (t) => {
  for (const { path, text } of await sourcesIn('src')) {
    if (path !== 'src/main.ts') t.notMatch(text, /process\.(env|exit)\b/, path)
  }
})

t.test('a file says in its first line what it is, and is one story', async (t) => {
  for (const folder of ['src', 'simulator', 'demo', 'bench', 'soak', 'tools', 'test']) {
    for (const { path, text } of await sourcesIn(folder)) {
      t.match(text, /^(#!.*\n)?\/\*\*/, `${path} begins with what it is`)
      t.ok(text.split('\n').length <= 301, `${path} has at most 300 lines`)
    }
  }
})
