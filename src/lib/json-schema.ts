/** TypeBox as it is used here: enumerations, strict objects, and schemas that are checked against a type. */
import { type Static, type TObject, type TProperties, type TSchema, Type } from 'typebox'

/** One of some strings, as one `enum` (a union of literals would come out as `anyOf`). */
export function Enum<const T extends readonly string[]>(values: T, options: object = {}) {
  return Type.Unsafe<T[number]>({ type: 'string', enum: [...values], ...options })
}

/** An object that refuses members it does not know. */
export function Strict<T extends TProperties>(properties: T, options: object = {}): TObject<T> {
  return Type.Object(properties, { additionalProperties: false, ...options })
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
