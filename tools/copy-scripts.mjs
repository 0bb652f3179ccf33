/** Puts the Lua scripts of src/ beside the compiled files that read them. Run in the project's folder, after tsc. */
import { cpSync, readdirSync } from 'node:fs'

for (const name of readdirSync('src', { recursive: true })) {
  if (name.endsWith('.lua')) cpSync(`src/${name}`, `dist/src/${name}`)
}
