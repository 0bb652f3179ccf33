/**
 * `fetch` for tests that speak to the service: every answer is held to openapi/openapi.json. A status, a media type or a
 * member that the document does not name is an error, also where the schema does not forbid further members.
 */
import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

interface DocumentedResponse {
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>
}
interface Operation {
  readonly responses: Readonly<Record<string, DocumentedResponse>>
}
type Json = { readonly [name: string]: unknown }

const document = JSON.parse(readFileSync('openapi/openapi.json', 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Json>> }
}
/** Those with few parameters first: `/users/export` is no user. */
const paths = Object.entries(document.paths)
  .sort(([a], [b]) => a.split('{').length - b.split('{').length)
  .map(([template, operations]) => ({
    pattern: new RegExp(`^${template.replace(/\{[^}]+\}/g, '[^/]+')}$`),
    operations
  }))
const ajv = new Ajv2020({ strict: false, allErrors: true, code: { optimize: false } })
addFormats.default(ajv)
for (const [name, schema] of Object.entries(document.components.schemas)) {
  ajv.addSchema(refuseUnknown(schema, 'merged') as object, `#/components/schemas/${name}`)
}
const validators = new Map<object, ValidateFunction>()

export interface Answer {
  readonly method: string
  /** With or without its query. */
  readonly path: string
  readonly status: number
  readonly contentType: string | null
  readonly text: string
}

export class UndocumentedAnswer extends Error {
  override readonly name = 'UndocumentedAnswer'
}

/** Throws UndocumentedAnswer where the document does not describe the answer. */
export function checkAnswer({ method, path, status, contentType, text }: Answer): void {
  const [pathname = ''] = path.split('?')
  const name = method.toLowerCase() === 'head' ? 'get' : method.toLowerCase()
  const operation = paths.find(({ pattern, operations }) => pattern.test(pathname) && name in operations)
    ?.operations[name]
  const answer = `${method} ${pathname} answered ${status}`
  if (operation === undefined) {
    // What is not there is refused, in the form of every refusal.
    if (status < 400) throw new UndocumentedAnswer(`${answer}, and the OpenAPI document has no such call`)
    checkBody(answer, document.components.schemas.Problem!, text)
    return
  }
  const response = operation.responses[status]
  if (response === undefined)
    throw new UndocumentedAnswer(`${answer}, which the OpenAPI document does not name: ${text}`)
  if (method.toLowerCase() === 'head' || response.content === undefined) {
    if (text !== '')
      throw new UndocumentedAnswer(`${answer} with a body that the OpenAPI document does not name: ${text}`)
    return
  }
  const type = contentType?.split(';')[0] ?? 'nothing'
  const media = response.content[type]
  if (media === undefined)
    throw new UndocumentedAnswer(`${answer} with ${type}, which the OpenAPI document does not name`)
  if (/[/+]json$/.test(type) && media.schema !== undefined) checkBody(answer, media.schema, text)
}

/** As `fetch`, for the service: rejects where the document does not describe the answer. */
export async function checkedFetch(url: string | URL, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, init)
  const { pathname } = new URL(url)
  const text = await response.clone().text()
  const contentType = response.headers.get('content-type')
  checkAnswer({ method: init.method ?? 'GET', path: pathname, status: response.status, contentType, text })
  return response
}

function checkBody(answer: string, schema: object, text: string): void {
  const validate = validators.get(schema) ?? ajv.compile(refuseUnknown(schema, 'whole') as object)
  validators.set(schema, validate)
  if (validate(JSON.parse(text))) return
  const faults = (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`
  )
  throw new UndocumentedAnswer(
    `${answer} otherwise than the OpenAPI document says: ${faults.join('; ')}\n${text}`
  )
}

/**
 * The schema, refusing members that nothing in it names. `merged`: it is part of a whole (a branch of allOf, anyOf and
 * oneOf, or a component), and what the other parts name must pass; the whole refuses the rest.
 */
function refuseUnknown(schema: unknown, place: 'whole' | 'merged'): unknown {
  if (typeof schema !== 'object' || schema === null) return schema
  const mapped: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(schema as Json)) mapped[name] = ofMember(name, value)
  const says = ['type', 'properties', '$ref', 'allOf', 'anyOf', 'oneOf'].some((name) => name in mapped)
  if (place === 'whole' && says) mapped.unevaluatedProperties ??= false
  return mapped
}

function ofMember(name: string, value: unknown): unknown {
  if (name === 'properties' || name === 'patternProperties') {
    return Object.fromEntries(
      Object.entries(value as Json).map(([member, schema]) => [member, refuseUnknown(schema, 'whole')])
    )
  }
  if (name === 'items' || name === 'additionalProperties') return refuseUnknown(value, 'whole')
  if (name === 'allOf' || name === 'anyOf' || name === 'oneOf') {
    return (value as unknown[]).map((branch) => refuseUnknown(branch, 'merged'))
  }
  return value
}
