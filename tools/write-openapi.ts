/** Writes `openapi/openapi.json` as the calls and schemas in the sources have it: `npm run openapi`. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type AppDeps, buildApp } from '../src/api/app.ts'
import { openMetrics } from '../src/api/metrics.ts'

/** The document's text, to the byte as it is stored. */
export async function openapiText(): Promise<string> {
  // No handler runs while the document is made, so nothing is needed that handlers need.
  const needs = {
    log: undefined,
    adminKey: 'unused',
    metrics: openMetrics(),
    management: {},
    sync: {},
    statusService: { releaseWaiters: () => {} },
    providerFeed: { releaseWaiters: () => {} },
    store: { reachable: () => true },
    operators: null,
    operatorSignIn: null,
    maxCallsPerMinute: 1,
    maxLongPollsPerKey: 1,
    trustedProxies: []
  }
  const app = await buildApp(needs as unknown as AppDeps)
  await app.ready()
  const text = `${JSON.stringify(app.swagger(), null, 2)}\n`
  await app.close()
  return text
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(join(process.cwd(), 'openapi', 'openapi.json'), await openapiText())
}
