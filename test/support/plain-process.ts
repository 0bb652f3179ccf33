/** How the tests start a process of their own: without what tap adds to every process (coverage, TypeScript). */

/** Arguments of `env` that start a compiled program, `dist/…/NAME.js`. */
export function plainNodeArgs(program: string, ...args: string[]): string[] {
  return ['-u', 'NODE_OPTIONS', process.execPath, program, ...args]
}
