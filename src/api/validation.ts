/** Checks requests against their schemas. Each error names the faulty member and the remedy. */
import { Ajv, type ErrorObject, type Options } from 'ajv'
import type { FastifySchemaCompiler, FastifySchemaValidationError } from 'fastify'
import type { TSchema } from 'typebox'
import type { FieldFault } from '../errors.ts'
import { parseInstant } from '../lib/rfc3339.ts'

/** An answer lists at most so many faults. */
const MAX_ERRORS = 50
const MAX_NAMES = 30

/** What a query that cannot be decoded is parsed to: no parameter can have this name. */
export const UNDECODABLE = '%'

/** Values in a body up to which Ajv collects all faults: its time grows with the square of their number. */
const MAX_NODES = 10_000
/** The same for one of thousands of rows. */
const MAX_ROW_NODES = 100

/** Bodies are taken as they are; parameters arrive as text and become numbers and booleans. */
export function validatorCompiler(schemas: readonly TSchema[]): FastifySchemaCompiler<TSchema> {
  const body = createBodyCompiler(schemas, MAX_NODES)
  const parameters = createParameterCompiler(schemas)
  // By their text, since every app makes some of its schemas anew.
  const checks = new Map<string, Check>()
  return ({ schema, httpPart }) => {
    const isBody = httpPart === 'body'
    const key = `${isBody} ${JSON.stringify(schema)}`
    const check = checks.get(key) ?? (isBody ? body : parameters)(schema)
    checks.set(key, check)
    return check
  }
}

/** Ajv turns `Infinity` and `1e999` into a number too, and then holds it to no limit. */
function createParameterCompiler(schemas: readonly TSchema[]): (schema: TSchema) => Check {
  const ajv = createAjv(schemas, { coerceTypes: true, useDefaults: true })
  return (schema) => {
    const isGood = ajv.compile(schema)
    const check: Check = (values) => {
      const good = isGood(values)
      const endless = Object.entries(values as object).filter(
        ([, value]) => value === Infinity || value === -Infinity
      )
      check.errors = [
        ...(isGood.errors ?? []),
        ...endless.map(([name]) => ({
          keyword: 'type',
          instancePath: `/${name}`,
          schemaPath: '',
          params: { type: 'integer' }
        }))
      ]
      return good && endless.length === 0
    }
    return check
  }
}

/**
 * A body is checked without collecting faults first. Only where it is invalid, and not huge, all faults are collected, by a check
 * that is compiled then: most never are.
 */
function createBodyCompiler(schemas: readonly TSchema[], most: number): (schema: TSchema) => Check {
  const firstErrorAjv = createAjv(schemas, { allErrors: false })
  const allErrorsAjv = createAjv(schemas)
  return (schema) => {
    const isGood = firstErrorAjv.compile(schema)
    const check: Check = (value) => {
      if (isGood(value)) return true
      const findAll = hasAtMostNodes(value, most) ? allErrorsAjv.compile(schema) : null
      findAll?.(value)
      check.errors = (findAll ?? isGood).errors ?? []
      return false
    }
    return check
  }
}

/** What Fastify asks of a validator: false, and then why. */
interface Check {
  (value: unknown): boolean
  errors?: ErrorObject[]
}

function hasAtMostNodes(value: unknown, most: number): boolean {
  const open = [value]
  for (let seen = 0; open.length > 0; seen++) {
    const one = open.pop()
    const inside: unknown[] = typeof one === 'object' && one !== null ? Object.values(one) : []
    if (seen + open.length + inside.length >= most) return false
    open.push(...inside)
  }
  return true
}

/** Says what is wrong with the shape of a row as it would be with a body; `schemas` are those that `schema` names. */
export function createShapeCheck(
  schema: TSchema,
  schemas: readonly TSchema[]
): (value: unknown) => FieldFault[] {
  const check = createBodyCompiler(schemas, MAX_ROW_NODES)(schema)
  return (value) => (check(value) ? [] : faultsOf(check.errors as FastifySchemaValidationError[], 'body'))
}

function createAjv(schemas: readonly TSchema[], options: Options = {}): Ajv {
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    strict: true,
    allowUnionTypes: true,
    discriminator: true,
    // TypeBox makes them; the meta-schema would have to be compiled for each Ajv, at every start.
    validateSchema: false,
    // Half the time of a compilation, of which a start has hundreds and a faulty request one.
    code: { optimize: false },
    ...options
  })
  ajv.addFormat('date-time', (text: string) => parseInstant(text) !== null)
  for (const schema of schemas) ajv.addSchema(schema)
  return ajv
}

/** What Fastify's validation found, as faults that name the member and the remedy. */
export function faultsOf(
  errors: readonly FastifySchemaValidationError[],
  part: string | undefined
): FieldFault[] {
  const whole = part === 'querystring' ? 'the query' : part === 'params' ? 'the address' : 'the body'
  const all = errors as readonly ErrorObject[]
  const byPlace = new Map<string, ErrorObject[]>()
  for (const error of all) {
    const there = byPlace.get(error.instancePath)
    if (there === undefined) byPlace.set(error.instancePath, [error])
    else there.push(error)
  }
  const found = all.filter((error) => isReportable(error, byPlace.get(error.instancePath) ?? [], all))
  const faults = found.slice(0, MAX_ERRORS).map((error) => {
    const place = fieldOf(error)
    return { field: place === '' ? whole : place, message: messageOf(error, part) }
  })
  const more = found.length - faults.length
  if (more > 0) faults.push({ field: whole, message: `has ${more} more faults; these are the first` })
  return faults
}

/** Whether a fault says something that another of them (`there`: at the same place) does not say better. */
function isReportable(
  error: ErrorObject,
  there: readonly ErrorObject[],
  all: readonly ErrorObject[]
): boolean {
  const { keyword, instancePath } = error
  if (keyword === 'anyOf') {
    const among = all.filter((other) => other !== error)
    // For alternatives the description says most, unless the fault lies within one of them.
    const within = among.some((other) => other.instancePath.startsWith(`${instancePath}/`))
    return isDescribed(error)
      ? !within
      : among.every((other) => other.instancePath !== instancePath) && !within
  }
  if (/\/anyOf\/\d/.test(error.schemaPath)) {
    if (keyword === 'type' && error.params.type === 'null') return false
    if (there.some((other) => other !== error && other.keyword === 'anyOf' && isDescribed(other)))
      return false
  }
  // For an empty text the fault "empty" is enough.
  return keyword !== 'pattern' || there.length === 1
}

function isDescribed({ parentSchema }: ErrorObject): boolean {
  return (parentSchema as JsonSchema | undefined)?.description !== undefined
}

function fieldOf(error: ErrorObject): string {
  const member =
    error.keyword === 'required'
      ? error.params.missingProperty
      : error.keyword === 'additionalProperties'
        ? error.params.additionalProperty
        : error.keyword === 'discriminator'
          ? error.params.tag
          : undefined
  const parts = error.instancePath.split('/').slice(1)
  if (typeof member === 'string') parts.push(truncateName(member))
  return parts.join('/')
}

function messageOf(error: ErrorObject, part: string | undefined): string {
  const { keyword, params } = error
  const schema = (error.parentSchema ?? {}) as JsonSchema
  const limit = String(params.limit)
  switch (keyword) {
    case 'additionalProperties':
      return unknownMember(String(params.additionalProperty), schema, part)
    case 'required':
      return withDescription('is missing', schema.properties?.[String(params.missingProperty)])
    case 'type':
      return wrongType(error, part)
    case 'enum':
      return `must be one of ${(params.allowedValues as unknown[]).map(quoted).join(', ')}`
    case 'const':
      return `must be ${quoted(params.allowedValue)}`
    case 'discriminator':
      return `must be one of ${kindsOf(error).join(', ')}`
    case 'anyOf':
      return withDescription('has none of the forms that it can have', schema)
    case 'pattern':
      return withDescription('is not written as it must be', schema)
    case 'format':
      return 'must be an RFC 3339 time with its zone, such as "2026-11-23T08:00:00Z"'
    case 'minLength':
      return limit === '1' ? 'is empty: write something' : `must have at least ${limit} characters`
    case 'maxLength':
      return `must have at most ${limit} characters`
    case 'minItems':
      return `must have at least ${limit} ${limit === '1' ? 'entry' : 'entries'}`
    case 'maxItems':
      return `must have at most ${limit} entries`
    case 'minProperties':
      return `must have at least ${limit} ${limit === '1' ? 'member' : 'members'}`
    case 'maxProperties':
      return `must have at most ${limit} members`
    case 'minimum':
      return `must be ${limit} or more`
    case 'maximum':
      return `must be ${limit} or less`
    default:
      return withDescription(error.message ?? 'is not as it must be', schema)
  }
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly description?: string
  readonly oneOf?: readonly JsonSchema[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
}

function unknownMember(name: string, schema: JsonSchema, part: string | undefined): string {
  if (part === 'querystring' && name === UNDECODABLE) {
    return 'cannot be decoded: after each % there must be two hex digits, UTF-8; write % itself as %25'
  }
  const what = part === 'querystring' ? 'parameter' : 'member'
  const known = Object.keys(schema.properties ?? {})
  if (known.length === 0) return `is not a known ${what}: remove it (there are none here)`
  return `is not a known ${what}: remove it, or write one of ${known.slice(0, MAX_NAMES).join(', ')}`
}

function wrongType(error: ErrorObject, part: string | undefined): string {
  const types = [error.params.type].flat().map(String)
  if (part === 'querystring' && Array.isArray(error.data)) return 'stands more than once: give it once'
  if (error.data === null && error.instancePath === '' && part === 'body') {
    return 'is missing: send a JSON object with Content-Type: application/json'
  }
  return `must be ${types.map((type) => TYPE_NAMES[type] ?? type).join(' or ')}`
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a string',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null'
}

function kindsOf(error: ErrorObject): string[] {
  const schema = (error.parentSchema ?? {}) as JsonSchema
  const tag = String(error.params.tag)
  return (schema.oneOf ?? []).flatMap((form) => {
    const kind = form.properties?.[tag]
    return (kind?.enum ?? [kind?.const]).map(quoted)
  })
}

function withDescription(fault: string, schema: JsonSchema | undefined): string {
  return schema?.description === undefined ? fault : `${fault}: ${schema.description}`
}

function quoted(value: unknown): string {
  return JSON.stringify(value)
}

/** Names come from the caller and are part of the answer, so they are truncated. */
function truncateName(name: string): string {
  return name.length > 80 ? `${name.slice(0, 80)}…` : name
}
