/** What a call answers when it does not do what was asked, and when it has nothing to say. */
import { Type } from 'typebox'
import { type ProblemCode, problemStatus } from '../../errors.ts'
import { Strict } from '../../lib/json-schema.ts'

export const ProblemSchema = Strict(
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

const problemDescriptions: Readonly<Record<ProblemCode, string>> = {
  invalid_request: 'Something in the request is wrong; `errors` names each member and what to do.',
  number_unreadable: 'A parameter is wrong, or what the switch asks about is no number.',
  unauthorized: 'The key is missing, mistyped, expired or removed.',
  insufficient_role: 'The role of the key, or of who signed in, does not include this call.',
  cross_site_request: 'A browser sent its session’s cookie from another site’s page.',
  not_found: 'There is no such tenant, user or thing.',
  name_unknown: 'Nobody known has the number, there is no such tenant or user, or caller names are off.',
  method_not_allowed: 'The address does not take this method; `Allow` lists those that it takes.',
  not_acceptable: 'The answer cannot be had in the format asked for.',
  not_confirmed: 'Its owner has not given the code yet that was sent there.',
  code_in_use: 'A diversion that would go is in use; `errors` says where.',
  import_superseded: 'A later import of this tenant began before this one had ended.',
  limit_reached: 'There are as many of these as there may be: remove one first.',
  cursor_expired: 'The cursor can no longer be followed: read `statuses` again.',
  precondition_failed: '`If-Match` names another version than the present one: read it again.',
  too_large: 'The request is larger than this call takes.',
  unsupported_media_type: 'The body’s `Content-Type` is not one that this call takes.',
  rate_limited: 'Too many calls; try again after `Retry-After` seconds.',
  internal_error: 'Our own fault; the log has it.',
  calendar_unreachable: 'The calendar system did not answer as it should; `hint` says what to do.',
  store_unavailable:
    'The store cannot be reached now, or the service is overloaded; try again after `Retry-After` seconds.',
  overloaded: 'The service has more to do than it can; try again after `Retry-After` seconds.'
}

const RetryAfter = Type.Integer({ description: 'Seconds to wait before the next try.', examples: [5] })

const common: readonly ProblemCode[] = ['invalid_request', 'unauthorized', 'insufficient_role']

/** The problems that a call can answer with, for its `response`; those that every call shares are added. */
export function problems(...codes: ProblemCode[]): Record<never, never> {
  return problemResponses(...common, ...codes, 'rate_limited', 'store_unavailable')
}

/** Those and no others, for a call that takes no key or asks no store. */
export function problemResponses(...codes: ProblemCode[]): Record<never, never> {
  return Object.fromEntries(
    codes.map((code) => [
      problemStatus[code],
      {
        description: problemDescriptions[code],
        ...((code === 'store_unavailable' || code === 'rate_limited') && {
          headers: { 'Retry-After': RetryAfter }
        }),
        content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } }
      }
    ])
  )
}

/** The answer of a call that has nothing to say but that it is done. */
export function NoContent(description: string) {
  return Type.Null({ description })
}
