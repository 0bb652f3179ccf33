/** The pieces that schemas share: how they name one another, enumerations, instants, ids, pages and problems. */
import { type Static, type TObject, type TProperties, type TSchema, Type } from 'typebox'
import { type ProblemCode, problemStatus } from '../../errors.ts'

/** Names a registered schema instead of repeating it: the document gets a `$ref`, the compiler the type. */
export function ref<T extends TSchema>(schema: T) {
  if (!('$id' in schema)) throw new Error('ref() is for schemas with an $id')
  return Type.Unsafe<Static<T>>({ $ref: `${schema.$id}#` })
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
export function Instant(description: string, example = '2026-11-23T08:00:00Z') {
  return Type.String({ format: 'date-time', description, examples: [example] })
}

export function NullableInstant(description: string, example: string | null = '2026-11-23T09:30:00Z') {
  return NullableString({ format: 'date-time', description, examples: [example] })
}

const ID = '^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$'

export const TenantId = Type.String({
  pattern: ID,
  description: 'The tenant’s id: 1 to 64 of letters, digits and `. _ @ + -`, a letter or digit first.',
  examples: ['acme']
})

export const UserId = Type.String({
  pattern: ID,
  description: 'The user’s id within the tenant: 1 to 64 of letters, digits and `. _ @ + -`.',
  examples: ['anna']
})

export const Extension = Type.String({
  pattern: '^[^\\s\\p{C}]{1,32}$',
  description: 'What is dialled to reach the user: 1 to 32 visible characters. It may be shared.',
  examples: ['1070']
})

export const DiversionCode = Type.String({
  pattern: '^[a-z0-9][a-z0-9-]{0,63}$',
  description: 'A diversion’s code in the tenant’s catalogue.',
  examples: ['meeting']
})

export const TenantParams = Strict({ tenant: TenantId })
export const UserParams = Strict({ tenant: TenantId, user: UserId })

/** `?limit=` and `?after=` of every list. */
export const pageQuery = {
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1000,
      default: 1000,
      description: 'How many to give at the most.',
      examples: [100]
    })
  ),
  after: Type.Optional(
    Type.String({
      maxLength: 64,
      description: 'Give those whose id sorts after this one: the `after` of the page before.',
      examples: ['acme']
    })
  )
}
export const PageQuery = Strict(pageQuery)

/** The `after` member of a list's answer. */
export const After = Type.Optional(
  Type.String({ description: 'There are more: ask again with this `after`.', examples: ['acme'] })
)

export const Problem = Strict(
  {
    type: Type.String({
      description: 'Ends in a closed code.',
      examples: ['urn:hanvisa:problem:invalid_request']
    }),
    title: Type.String({ description: 'The kind of problem, in words.', examples: ['Invalid request'] }),
    status: Type.Integer({ description: 'The HTTP status.', examples: [400] }),
    detail: Type.String({ description: 'What is wrong and what to do.' }),
    errors: Type.Optional(
      Type.Array(
        Strict({
          field: Type.String({ description: 'The member, parameter, header or column at fault.' }),
          message: Type.String({ description: 'What is wrong with it and what to do.' }),
          row: Type.Optional(Type.Integer({ description: 'The row of a CSV file, the header being row 1.' }))
        })
      )
    ),
    code: Type.Optional(
      Type.String({ description: 'Of `calendar_unreachable`: the sync code.', examples: ['secret_expired'] })
    ),
    hint: Type.Optional(
      Type.String({ description: 'Of `calendar_unreachable`: what to do about it, in plain words.' })
    )
  },
  {
    $id: 'Problem',
    description: 'What is wrong, as RFC 9457 has it.',
    examples: [
      {
        type: 'urn:hanvisa:problem:invalid_request',
        title: 'Invalid request',
        status: 400,
        detail: 'timeZone: "Stockholm" is no IANA time zone: write one such as "Europe/Stockholm"',
        errors: [
          {
            field: 'timeZone',
            message: '"Stockholm" is no IANA time zone: write one such as "Europe/Stockholm"'
          }
        ]
      }
    ]
  }
)

const whenItHappens: Readonly<Record<ProblemCode, string>> = {
  invalid_request: 'Something in the request is wrong; `errors` names each member and what to do.',
  unauthorized: 'The key is missing or wrong.',
  not_found: 'There is no such tenant, user or thing.',
  method_not_allowed: 'The address does not take this method; `Allow` lists those that it takes.',
  not_acceptable: 'The answer cannot be had in the format asked for.',
  code_in_use: 'A diversion that would go is in use; `errors` says where.',
  cursor_expired: 'The cursor can no longer be followed: read `statuses` again.',
  precondition_failed: '`If-Match` names another version than the present one: read it again.',
  too_large: 'The request is larger than this call takes.',
  unsupported_media_type: 'The body’s `Content-Type` is not one that this call takes.',
  internal_error: 'Our own fault; the log has it.',
  calendar_unreachable: 'The calendar system did not answer as it should; `hint` says what to do.',
  store_unavailable: 'Nothing can be saved now; try again after `Retry-After` seconds.'
}

/** The problems that a call can answer with, for its `response`; those that every call shares are added. */
export function problems(...codes: ProblemCode[]): Record<never, never> {
  const all: ProblemCode[] = ['invalid_request', 'unauthorized', ...codes, 'store_unavailable']
  return Object.fromEntries(
    all.map((code) => [
      problemStatus[code],
      {
        description: whenItHappens[code],
        content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } }
      }
    ])
  )
}

/** The answer of a call that has nothing to say but that it is done. */
export function Nothing(description: string) {
  return Type.Null({ description })
}
