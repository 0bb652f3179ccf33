/** Compiles a child process of these tests: to start TypeScript anew in each of hundreds of them would take minutes. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'

/** The path of the compiled program. It lies below the project, where it finds the packages. */
export async function compiled(t: Test, source: string): Promise<string> {
  const out = t.testdir()
  const config = {
    extends: resolve('tsconfig.json'),
    compilerOptions: {
      outDir: out,
      rootDir: resolve('.'),
      tsBuildInfoFile: join(out, 'info'),
      noCheck: true
    },
    include: [],
    files: [resolve(source)]
  }
  await writeFile(join(out, 'tsconfig.json'), JSON.stringify(config))
  await promisify(execFile)('env', bare(resolve('node_modules/.bin/tsc'), '-p', out))
  return join(out, source.replace(/\.ts$/, '.js'))
}

/** Arguments of `env` that start node without what tap adds to every process (coverage, TypeScript). */
export function bare(program: string, ...args: string[]): string[] {
  return ['-u', 'NODE_OPTIONS', process.execPath, program, ...args]
}
