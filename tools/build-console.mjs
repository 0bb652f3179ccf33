/**
 * Builds the console to dist/console: the types of the API from openapi/openapi.json, then the bundle, once the compiler has found no
 * fault in either. Does nothing where both are current.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const stamp = join(root, 'dist', 'console', '.built-from')
const sources = ['openapi/openapi.json', 'package-lock.json', ...filesBelow('console')]
const hash = createHash('sha256')
for (const path of sources.sort()) hash.update(path).update(readFileSync(join(root, path)))
const current = hash.digest('hex')
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== current) {
  const { default: openapiTypes, astToString } = await import('openapi-typescript')
  const document = JSON.parse(readFileSync(join(root, 'openapi/openapi.json'), 'utf8'))
  writeFileSync(join(root, 'console/src/api/schema.d.ts'), astToString(await openapiTypes(document)))
  requireTypes()
  const { build } = await import('vite')
  await build({ configFile: join(root, 'console/vite.config.ts'), logLevel: 'error' })
  compressAssets(join(root, 'dist/console/assets'))
  writeFileSync(stamp, current)
}

/** Vite takes the types away unread: a call that the document lacks would be found by whoever makes it. */
function requireTypes() {
  const compiler = join(root, 'node_modules/@typescript/native/bin/tsc')
  const args = [compiler, '--noEmit', '--project', join(root, 'console/tsconfig.json')]
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' })
  if (status !== 0) process.exit(1)
}

/** Without what is generated here. */
function filesBelow(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'schema.d.ts')
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1))
}

/** Once here, and not for each visitor. */
function compressAssets(folder) {
  for (const name of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, name))
    writeFileSync(join(folder, `${name}.br`), brotliCompressSync(bytes))
    writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }))
  }
}
