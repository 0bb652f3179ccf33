/** The document that consumers generate their clients from, and the figures that operators watch. */
import { readFile } from 'node:fs/promises'
import type { Test } from 'tap'
import { openapiText } from '../../tools/write-openapi.ts'
import t from '../group/tap.ts'
import { checkAnswer, UndocumentedAnswer } from '../support/openapi.ts'
import { startTestService } from '../support/service.ts'

interface Schema {
  readonly $ref?: string
  readonly description?: string
  readonly example?: unknown
  readonly examples?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
}
type Content = Readonly<
  Record<string, { readonly schema: Schema; readonly example?: unknown; readonly examples?: object }>
>
interface Operation {
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly {
    readonly name: string
    readonly description?: string
    readonly example?: unknown
  }[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly description?: string; readonly content?: Content }>>
}

const text = await openapiText()
const document: {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
} = JSON.parse(text)
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, operation }))
)

function resolved(schema: Schema): Schema {
  return schema.$ref === undefined
    ? schema
    : (document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {})
}

function hasExample(content: Content): boolean {
  return Object.values(content).every(({ schema, example, examples }) => {
    const { example: own, examples: list } = resolved(schema)
    return example !== undefined || examples !== undefined || own !== undefined || (list?.length ?? 0) > 0
  })
}

t.test('openapi/openapi.json is what the sources say: else run `npm run openapi`', async (t) => {
  t.ok((await readFile('openapi/openapi.json', 'utf8')) === text)
})

t.test('every call is described and exampled', async (t) => {
  t.equal(document.openapi, '3.1.0')
  for (const { name, operation } of operations) {
    t.ok(operation.summary && operation.description && operation.tags?.length, `${name} is described`)
    for (const parameter of operation.parameters ?? []) {
      t.ok(parameter.description, `${name} ${parameter.name} is described`)
      t.ok(parameter.example !== undefined, `${name} ${parameter.name} has an example`)
    }
    const body = operation.requestBody?.content
    if (body !== undefined) t.ok(hasExample(body), `${name} has an example of what is sent`)
    for (const [status, { description, content }] of Object.entries(operation.responses)) {
      t.ok(description && description !== 'Default Response', `${name} ${status} is described`)
      if (content !== undefined) t.ok(hasExample(content), `${name} ${status} has an example`)
    }
  }
})

t.test('every call of the contract is in it', async (t) => {
  const names = operations.map(({ name }) => name)
  const tenant = '/v1/tenants/{tenant}'
  const calls = [
    ['get', '/v1/tenants'],
    ...['get', 'put', 'delete'].flatMap((method) => [
      [method, tenant],
      [method, `${tenant}/connection`],
      [method, `${tenant}/users/{user}`]
    ]),
    ['post', `${tenant}/connection/test`],
    ['get', `${tenant}/users`],
    ['patch', `${tenant}/users/{user}`],
    ['get', `${tenant}/users/{user}/triggers`],
    ['put', `${tenant}/users/{user}/triggers/{match}/{text}`],
    ['delete', `${tenant}/users/{user}/triggers/{match}/{text}`],
    ['get', '/v1/health'],
    ['post', `${tenant}/users/import`],
    ['get', `${tenant}/import`],
    ['get', `${tenant}/users/export`],
    ['get', `${tenant}/rules`],
    ['put', `${tenant}/rules`],
    ['get', `${tenant}/rules/versions`],
    ['get', `${tenant}/rules/versions/{version}`],
    ['post', `${tenant}/rules/versions/{version}/restore`],
    ['post', `${tenant}/rules/lint`],
    ['get', `${tenant}/diversions`],
    ['post', `${tenant}/rules/preview`],
    ['get', '/v1/packs'],
    ['get', `${tenant}/statuses`],
    ['get', `${tenant}/users/{user}/status`],
    ['get', `${tenant}/users/{user}/timeline`],
    ['put', `${tenant}/users/{user}/override`],
    ['delete', `${tenant}/users/{user}/override`],
    ['get', `${tenant}/changes`],
    ...['/v1/keys', `${tenant}/keys`].flatMap((keys) => [
      ['post', keys],
      ['get', keys],
      ['get', `${keys}/{id}`],
      ['delete', `${keys}/{id}`],
      ['post', `${keys}/{id}/rotate`]
    ]),
    ['get', `${tenant}/sync`],
    ['post', `${tenant}/sync`],
    ['get', '/healthz'],
    ['get', '/readyz'],
    ['get', '/metrics'],
    ['get', '/openapi.json']
  ]
  for (const call of calls) t.ok(names.includes(call.join(' ')), call.join(' '))
})

t.test('the service gives the document and figures with bounded labels', async (t) => {
  const { call } = await startTestService(t)
  t.strictSame((await call('GET', '/openapi.json')).body, document)
  for (let index = 0; index < 30; index++) await call('GET', `/v1/tenants/tenant-${index}?x=${index}`)
  await call('GET', '/v1/nothing')
  const { text, headers } = await call('GET', '/metrics')
  t.match(headers.get('content-type'), /^text\/plain/)
  for (const name of [
    'hanvisa_reads_total',
    'hanvisa_changes_served_total',
    'hanvisa_queue',
    'hanvisa_freshness_lag_seconds',
    'hanvisa_tenants_by_freshness_lag',
    'process_resident_memory_bytes'
  ]) {
    t.match(text, `# TYPE ${name} `)
  }
  t.match(text, /hanvisa_http_seconds_count\{method="GET",route="\/v1\/tenants\/:tenant",status="4xx"\} 30/)
  t.notMatch(text, /tenant-1/, 'no tenant that does not exist makes a label')
})

t.test('the tests hold every answer to the document: statuses, media types, members', async (t) => {
  const tenant = { id: 'acme', name: 'Acme', timeZone: 'Europe/Stockholm', language: 'sv' }
  const answer = (
    status: number,
    body: unknown,
    contentType = 'application/json',
    path = '/v1/tenants/acme'
  ) => checkAnswer({ method: 'GET', path, status, contentType, text: JSON.stringify(body) })
  const list = '/v1/tenants?limit=2'
  const whole: unknown = (await (await service(t)).call('GET', '/v1/tenants/acme')).body
  answer(200, whole)
  t.throws(() => answer(201, whole), UndocumentedAnswer, 'a status')
  t.throws(() => answer(200, whole, 'text/plain'), UndocumentedAnswer, 'a media type')
  t.throws(() => answer(200, { ...tenant, timeZone: 1 }), UndocumentedAnswer, 'a type')
  t.throws(() => answer(200, { ...(whole as object), plan: 'gold' }), /plan/, 'a further member')
  t.throws(
    () => answer(200, { tenants: [{ ...(whole as object), plan: 'gold' }] }, 'application/json', list),
    /plan/
  )
  t.throws(() => answer(200, whole, 'application/json', '/v1/nothing'), UndocumentedAnswer, 'a call')
})

async function service(t: Test) {
  const started = await startTestService(t)
  await started.tenant('acme')
  return started
}
