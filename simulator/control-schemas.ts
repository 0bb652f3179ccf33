/** What the control API takes, as TypeBox schemas: unknown members are refused, so that a slip of the pen is seen. */

import { type TObject, type TProperties, Type } from 'typebox'
import { responseStatuses, rights, sensitivities, showAsValues, weekdays } from './calendar-item.ts'
import { protections, schemes } from './ews/installations.ts'
import { versionNames } from './ews/versions.ts'
import { routes, xmlGarbage } from './faults.ts'
import { hostings } from './hosting.ts'

export const text = Type.String({ minLength: 1, maxLength: 1000 })
export const optional = Type.Optional

/** A string out of a closed list. */
export function oneOf<const T extends readonly string[]>(values: T) {
  return Type.Unsafe<T[number]>({ type: 'string', enum: [...values] })
}

export function strictObject<T extends TProperties>(members: T): TObject<T> {
  return Type.Object(members, { additionalProperties: false })
}

const content = {
  subject: optional(Type.String()),
  location: optional(Type.String()),
  showAs: optional(oneOf(showAsValues)),
  sensitivity: optional(oneOf(sensitivities)),
  cancelled: optional(Type.Boolean()),
  response: optional(oneOf(responseStatuses)),
  categories: optional(Type.Array(text))
}

const recurrenceBody = strictObject({
  every: oneOf(['day', 'week']),
  interval: optional(Type.Integer({ minimum: 1, maximum: 999 })),
  days: optional(Type.Array(oneOf(weekdays), { minItems: 1 })),
  until: optional(text),
  count: optional(Type.Integer({ minimum: 1, maximum: 999 })),
  skip: optional(Type.Array(text)),
  changes: optional(
    Type.Record(Type.String(), strictObject({ ...content, start: optional(text), end: optional(text) }))
  )
})

const eventMembers = {
  ...content,
  start: text,
  end: text,
  allDay: optional(Type.Boolean()),
  organizer: optional(strictObject({ name: Type.String(), address: Type.String() })),
  recurrence: optional(recurrenceBody)
}
/** The id stands in the path, or is made. */
export const eventBody = strictObject(eventMembers)
/** Each puts an event or deletes one. */
export const editsBody = Type.Array(
  strictObject({
    address: text,
    event: optional(strictObject({ ...eventMembers, id: optional(text) })),
    deleted: optional(text)
  })
)

const mailboxMembers = {
  objectId: optional(Type.String({ pattern: '^[0-9a-fA-F-]{36}$' })),
  userPrincipalName: optional(text),
  aliases: optional(Type.Array(text)),
  displayName: optional(text),
  timeZone: optional(text),
  hosting: optional(oneOf(hostings)),
  rights: optional(Type.Record(Type.String(), oneOf(rights))),
  events: optional(Type.Array(strictObject({ ...eventMembers, id: optional(text) })))
}
/** The address stands in the path. */
export const mailboxBody = strictObject(mailboxMembers)
/** Many at once, each with its address. */
export const mailboxesBody = Type.Array(strictObject({ ...mailboxMembers, address: text }))

/** The id stands in the path. */
export const directoryBody = strictObject({
  domain: optional(text),
  tokenSeconds: optional(Type.Integer({ minimum: 1 })),
  apps: optional(
    Type.Array(
      strictObject({
        clientId: text,
        secret: optional(text),
        secretExpires: optional(text),
        certificates: optional(Type.Array(Type.String())),
        roles: optional(Type.Array(text)),
        mailboxes: optional(Type.Array(text)),
        disabled: optional(Type.Boolean()),
        adminConsent: optional(
          strictObject({ answer: oneOf(['accept', 'decline']), roles: optional(Type.Array(text)) })
        )
      })
    )
  )
})

/** The tenant's own Exchange. */
export const exchangeBody = strictObject({
  version: optional(oneOf(versionNames)),
  schemes: optional(Type.Array(oneOf(schemes))),
  extendedProtection: optional(oneOf(protections)),
  domain: optional(text),
  atOnce: optional(Type.Integer({ minimum: 1 })),
  streams: optional(Type.Integer({ minimum: 1 })),
  subscriptions: optional(Type.Integer({ minimum: 1 })),
  servers: optional(Type.Integer({ minimum: 1, maximum: 100 })),
  findCount: optional(Type.Integer({ minimum: 1 })),
  anchored: optional(Type.Boolean()),
  redirects: optional(Type.Record(Type.String(), text)),
  accounts: optional(
    Type.Array(
      strictObject({
        user: text,
        password: Type.String(),
        address: optional(text),
        impersonates: optional(Type.Union([Type.Literal('everybody'), Type.Array(text)])),
        disabled: optional(Type.Boolean()),
        lockedAfter: optional(Type.Integer({ minimum: 1 }))
      })
    )
  )
})

const target = {
  tenant: optional(text),
  clientId: optional(text),
  mailbox: optional(text),
  route: optional(oneOf(routes)),
  count: optional(Type.Integer({ minimum: 1 })),
  probability: optional(Type.Number({ minimum: 0, maximum: 1 })),
  seed: optional(Type.Integer()),
  durationMs: optional(Type.Integer({ minimum: 1, maximum: 86_400_000 }))
}
export const faultBody = Type.Union([
  strictObject({
    ...target,
    kind: Type.Literal('status'),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    code: optional(text),
    message: optional(text),
    retryAfter: optional(text)
  }),
  strictObject({
    ...target,
    kind: Type.Literal('slow'),
    milliseconds: Type.Integer({ minimum: 0, maximum: 3_600_000 })
  }),
  strictObject({
    ...target,
    kind: Type.Literal('ews'),
    code: text,
    message: optional(text),
    backOffMilliseconds: optional(Type.Integer({ minimum: 0 })),
    inMessages: optional(Type.Boolean())
  }),
  strictObject({ ...target, kind: oneOf(['hang', 'cutOff', 'reset']) }),
  strictObject({
    ...target,
    kind: Type.Literal('garbage'),
    garbage: oneOf(['html', 'truncatedJson', 'wrongTypes', 'empty', 'huge', ...xmlGarbage]),
    bytes: optional(Type.Integer({ minimum: 1 }))
  })
])

export const requestsQuery = strictObject({
  route: optional(oneOf([...routes, 'other'])),
  tenant: optional(text),
  clientId: optional(text),
  mailbox: optional(text),
  status: optional(Type.Integer())
})

export const tenantPath = strictObject({ tenant: text })
export const mailboxPath = strictObject({ tenant: text, address: text })
export const eventPath = strictObject({ tenant: text, address: text, event: text })
export const faultPath = strictObject({ id: text })
