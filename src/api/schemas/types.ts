/** How the API's schemas are written: references, headers, null and instants. */
import { type Static, type TSchema, Type } from 'typebox'

/** Names a registered schema instead of repeating it: the document gets a `$ref`, the compiler the type. */
export function ref<T extends TSchema>(schema: T) {
  if (!('$id' in schema)) throw new Error('ref() is for schemas with an $id')
  return Type.Unsafe<Static<T>>({ $ref: `${schema.$id}#` })
}

/** The schema of an answer that may carry these headers. */
export function withHeaders<T extends TSchema>(schema: T, headers: Record<string, TSchema>) {
  return Type.Unsafe<Static<T>>({ ...schema, headers })
}

/** A registered schema or null. */
export function Nullable<T extends TSchema>(schema: T, options: object = {}) {
  return Type.Unsafe<Static<T> | null>({ anyOf: [schema, { type: 'null' }], ...options })
}

export function NullableString(options: object = {}) {
  return Type.Unsafe<string | null>({ type: ['string', 'null'], ...options })
}

/** RFC 3339 with a zone, any offset; answers are always in UTC. */
export function InstantSchema(description: string, example = '2026-11-23T08:00:00Z') {
  return Type.String({ format: 'date-time', description, examples: [example] })
}

export function NullableInstantSchema(description: string, example: string | null = '2026-11-23T09:30:00Z') {
  return NullableString({ format: 'date-time', description, examples: [example] })
}
