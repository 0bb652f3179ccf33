/** How schemas are written here: references, enumerations, strict objects, null and instants. */
import { type Static, type TObject, type TProperties, type TSchema, Type } from 'typebox'

/** Names a registered schema instead of repeating it: the document gets a `$ref`, the compiler the type. */
export function ref<T extends TSchema>(schema: T) {
  if (!('$id' in schema)) throw new Error('ref() is for schemas with an $id')
  return Type.Unsafe<Static<T>>({ $ref: `${schema.$id}#` })
}

/** The schema of an answer that may carry these headers. */
export function withHeaders<T extends TSchema>(schema: T, headers: Record<string, TSchema>) {
  return Type.Unsafe<Static<T>>({ ...schema, headers })
}

/** One of some strings, as one `enum` (a union of literals would come out as `anyOf`). */
export function Enum<const T extends readonly string[]>(values: T, options: object = {}) {
  return Type.Unsafe<T[number]>({ type: 'string', enum: [...values], ...options })
}

/** An object that refuses members it does not know. */
export function Strict<T extends TProperties>(properties: T, options: object = {}): TObject<T> {
  return Type.Object(properties, { additionalProperties: false, ...options })
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

/** A type without `readonly` and with every optional member present, to compare what a schema and a type hold. */
type Shape<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends readonly (infer E)[]
    ? Shape<E>[]
    : { -readonly [K in keyof T]-?: Shape<T[K]> }

type HasShapeOf<A, B> = [Shape<A>] extends [Shape<B>]
  ? [Shape<B>] extends [Shape<A>]
    ? unknown
    : { readonly 'the schema and the type differ': never }
  : { readonly 'the schema and the type differ': never }

/** The schema of a type that is declared elsewhere. It compiles only while both have the same members, of the same types. */
export function schemaOf<T>() {
  return <S extends TSchema>(schema: S & HasShapeOf<Static<S>, T>) => Type.Unsafe<T>(schema as unknown as S)
}
