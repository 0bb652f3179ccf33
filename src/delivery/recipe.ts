/** A recipe: how the API of one switch is asked who has an extension, what the person has there, and to set it. Data, not code. */
import { type Static, Type } from 'typebox'
import { Enum, Strict } from '../lib/json-schema.ts'

const text = Type.String({ minLength: 1, maxLength: 1000 })
/** Members of a JSON answer, with dots between: `owner.id`. */
const memberPath = Type.String({ pattern: '^[A-Za-z0-9_@-]+(\\.[A-Za-z0-9_@-]+)*$', maxLength: 200 })
const name = Type.String({ pattern: '^[A-Za-z][A-Za-z0-9]{0,63}$' })

const request = Strict({
  method: Enum(['GET', 'POST', 'PUT', 'PATCH']),
  path: Type.String({ pattern: '^/', maxLength: 500 }),
  query: Type.Optional(Type.Record(Type.String({ minLength: 1 }), text)),
  /** Sent as JSON. A member whose only placeholder has no value is left out. */
  body: Type.Optional(Type.Record(Type.String({ minLength: 1 }), Type.Unknown()))
})

export const recipeSchema = Strict({
  title: text,
  /** Where the API is, for everybody; else each consumer states its own. */
  url: Type.Optional(Type.String({ pattern: '^https://', maxLength: 500 })),
  /** Whether what is set ends by itself when nobody clears it. */
  ends: Type.Boolean(),
  headers: Type.Optional(Type.Record(Type.String({ pattern: '^[A-Za-z-]+$' }), text)),
  /** How a token is got with `auth.kind` `oauth`; `tokenUrl` of the consumer takes precedence. */
  token: Type.Optional(
    Strict({
      path: Type.String({ pattern: '^/', maxLength: 500 }),
      /** JSON, with `{clientId}` and `{clientSecret}`; without it OAuth's own form. */
      body: Type.Optional(Type.Record(Type.String({ minLength: 1 }), text)),
      /** Seconds for which it holds. */
      expiresIn: Type.Optional(memberPath),
      /** The name in the query; else it goes into `Authorization`. */
      query: Type.Optional(Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_]{0,63}$' }))
    })
  ),
  /** What the person may have there. */
  values: Type.Array(text, { minItems: 1, maxItems: 100 }),
  /** The value of an open phone, and of whom nobody set. */
  open: text,
  /** By diversion code, `*` for the rest. */
  map: Type.Record(Type.String({ pattern: '^(\\*|[a-z0-9-]{1,64})$' }), text),
  vars: Type.Optional(
    Type.Record(name, Strict({ description: text, required: Type.Optional(Type.Boolean()) }))
  ),
  /** Finds the id of who has the extension. `value`: where the list says what they have, too. */
  find: Strict({
    request,
    list: memberPath,
    extension: memberPath,
    id: memberPath,
    value: Type.Optional(memberPath)
  }),
  /** What the person has. Without it `find` must have `value`. */
  read: Type.Optional(Strict({ request, value: memberPath })),
  write: Strict({ request }),
  /** Where a failure is answered 200 with a code of its own. */
  codes: Type.Optional(
    Strict({
      member: memberPath,
      success: Type.Array(Type.Integer(), { minItems: 1 }),
      tokenExpired: Type.Optional(Type.Array(Type.Integer())),
      denied: Type.Optional(Type.Array(Type.Integer())),
      unknown: Type.Optional(Type.Array(Type.Integer()))
    })
  )
})

export type Recipe = Static<typeof recipeSchema>
export type RecipeRequest = Static<typeof request>
/** By name: that of the file, without `.yaml`. */
export type Recipes = ReadonlyMap<string, Recipe>

export type RecipeValue = string | number | boolean | null
export type RecipeValues = Readonly<Record<string, RecipeValue>>

/** `{name}`: the value. `{name?}`: whether there is one. */
const placeholder = /\{([A-Za-z]+)(\?)?\}/g

/** A text with its placeholders filled; what has no value is empty. */
export function fillText(template: string, values: RecipeValues, encode = (value: string) => value): string {
  return template.replace(placeholder, (_, name: string, isQuestion?: string) =>
    encode(`${filledValue(values, name, isQuestion !== undefined) ?? ''}`)
  )
}

/** JSON with its placeholders filled: a text that is one placeholder becomes its value, whatever it is; null leaves the member out. */
export function fillBody(template: Readonly<Record<string, unknown>>, values: RecipeValues): object {
  const filled = Object.entries(template).flatMap(([name, part]) => {
    const value = fillPart(part, values)
    return value === null ? [] : [[name, value] as const]
  })
  return Object.fromEntries(filled)
}

function fillPart(part: unknown, values: RecipeValues): unknown {
  if (Array.isArray(part)) return part.map((one) => fillPart(one, values))
  if (typeof part === 'object' && part !== null) return fillBody(part as Record<string, unknown>, values)
  if (typeof part !== 'string') return part
  const alone = /^\{([A-Za-z]+)(\?)?\}$/.exec(part)
  return alone === null ? fillText(part, values) : filledValue(values, alone[1]!, alone[2] !== undefined)
}

function filledValue(values: RecipeValues, name: string, isQuestion: boolean): RecipeValue {
  const value = Object.hasOwn(values, name) ? values[name]! : null
  return isQuestion ? value !== null : value
}

/** The member of an answer at a path; undefined where there is none. */
export function memberAt(answer: unknown, path: string): unknown {
  let at = answer
  for (const step of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined
    at = (at as Record<string, unknown>)[step]
  }
  return at
}

/** The names of the placeholders anywhere in a part of a recipe. */
export function placeholdersOf(part: unknown): string[] {
  return [...JSON.stringify(part ?? null).matchAll(placeholder)].map(([, name]) => name!)
}
