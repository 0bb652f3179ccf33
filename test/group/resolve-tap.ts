/** A module hook of Node: a test file that imports tap gets the subtest that the group made for it. */
import type { ResolveHook } from 'node:module'

export const resolve: ResolveHook = (specifier, context, next) => {
  const file = context.parentURL
  if (specifier !== 'tap' || file === undefined || !file.endsWith('.test.js')) return next(specifier, context)
  const source = [
    `import { testOfFile } from ${JSON.stringify(new URL('file-test.js', import.meta.url).href)}`,
    `export default testOfFile(${JSON.stringify(file)})`
  ].join('\n')
  return { url: `data:text/javascript,${encodeURIComponent(source)}`, shortCircuit: true }
}
