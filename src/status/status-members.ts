/** The members of a Status: each is declared once here, and the type, the JSON and the schema of a Status follow. */
import { type Diversion, labelOf, phones } from '../domain/diversion.ts'
import { type StatusFields, statusSources, untilKinds } from '../domain/status.ts'
import { type SyncState, syncStateNames } from '../domain/sync-state.ts'
import { floorToSecond } from '../domain/whole-seconds.ts'
import { formatInstant } from '../lib/rfc3339.ts'

export interface UserParts {
  readonly user: { readonly id: string; readonly extension: string; readonly displayName: string }
}

export interface RunParts {
  readonly timeZone: string
  readonly language: string
  readonly fields: StatusFields
  /** The catalogue's entry of a code. */
  readonly findDiversion: (code: string) => Diversion
}

export interface SyncParts {
  readonly sync: SyncState
}

/** What a Status is made of. */
export type StatusParts = UserParts & RunParts & SyncParts

/** JSON Schema 2020-12, as data: this folder knows neither the API nor its schema library. */
type JsonSchema = Readonly<Record<string, unknown>>

interface Member<Parts, T> {
  readonly schema: JsonSchema
  readonly value: (parts: Parts) => T
}

type Members<Parts> = Readonly<Record<string, Member<Parts, unknown>>>

function userMember<T>(schema: JsonSchema, value: (parts: UserParts) => T): Member<UserParts, T> {
  return { schema, value }
}

function runMember<T>(schema: JsonSchema, value: (parts: RunParts) => T): Member<RunParts, T> {
  return { schema, value }
}

function syncMember<T>(schema: JsonSchema, value: (parts: SyncParts) => T): Member<SyncParts, T> {
  return { schema, value }
}

const text = (description: string, example: string): JsonSchema => ({
  type: 'string',
  description,
  examples: [example]
})
const oneOf = (values: readonly string[], description: string, example: string): JsonSchema => ({
  type: 'string',
  enum: [...values],
  description,
  examples: [example]
})
const instant = (description: string, example: string): JsonSchema => ({
  type: 'string',
  format: 'date-time',
  description,
  examples: [example]
})
const nullableInstant = (description: string, example: string): JsonSchema => ({
  ...instant(description, example),
  type: ['string', 'null']
})
const strictObject = (properties: Readonly<Record<string, JsonSchema>>, more: JsonSchema): JsonSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  ...more
})

const diversionCode = text('A diversion’s code in the tenant’s catalogue.', 'meeting')

export const nextRunSchema: JsonSchema = strictObject(
  {
    diversion: { ...diversionCode, examples: ['lunch'] },
    from: instant('When it begins.', '2026-11-23T11:00:00Z'),
    until: nullableInstant('When it ends, or null where that is not known yet.', '2026-11-23T12:00:00Z')
  },
  {
    $id: 'NextRun',
    description: 'The first run after the present one that is not `available`.',
    examples: [{ diversion: 'lunch', from: '2026-11-23T11:00:00Z', until: '2026-11-23T12:00:00Z' }]
  }
)

/** What follows from the calendar and the override alone; a preview shows these too. */
export const calendarMembers = {
  diversion: runMember(diversionCode, ({ fields, findDiversion }) => findDiversion(fields.diversion).code),
  phone: runMember(oneOf(phones, 'Whether calls reach the person.', 'closed'), ({ fields }) => fields.phone),
  since: runMember(
    nullableInstant('When the unbroken run of this diversion began.', '2026-11-23T08:00:00Z'),
    ({ fields }) => formatNullable(fields.since)
  ),
  until: runMember(
    nullableInstant('When it ends; `untilKind` says why null.', '2026-11-23T09:30:00Z'),
    ({ fields }) => formatNullable(fields.until)
  ),
  untilKind: runMember(
    oneOf(
      untilKinds,
      '`known`: `until` is given. `unknown`: it ends, but beyond what was read of the calendar. `indefinite`: nothing ' +
        'that is known ends it.',
      'known'
    ),
    ({ fields }) => fields.untilKind
  ),
  reachableAt: runMember(
    nullableInstant(
      'The end of the unbroken run of closed phone: what callers are told. Null if open, or not known.',
      '2026-11-23T09:30:00Z'
    ),
    ({ fields }) => formatNullable(fields.reachableAt)
  ),
  forwardTo: runMember(
    {
      type: ['string', 'null'],
      description:
        'Where calls go meanwhile: the number that the event’s subject names (`>0701234567`), if the rules allow it.',
      examples: [null]
    },
    ({ fields }) => fields.forwardTo
  ),
  next: runMember(
    { anyOf: [{ $ref: 'NextRun#' }, { type: 'null' }] },
    ({ fields: { next }, findDiversion }) =>
      next === null
        ? null
        : {
            diversion: findDiversion(next.diversion).code,
            from: formatSecond(next.from),
            until: formatNullable(next.until)
          }
  )
}

const { diversion, phone, since, until, untilKind, reachableAt, forwardTo, next } = calendarMembers

/** Each user has values of their own of these. */
export const userMembers = {
  user: userMember(text('The user’s id within the tenant.', 'anna'), ({ user }) => user.id),
  extension: userMember(text('What is dialled to reach the user.', '1070'), ({ user }) => user.extension),
  displayName: userMember(text('The user’s name.', 'Anna Ek'), ({ user }) => user.displayName)
}

/** Many users whose diversion begins and ends alike have the same values of these. */
export const runMembers = {
  diversion,
  label: runMember(
    text('The diversion in the tenant’s language.', 'Möte'),
    ({ fields, findDiversion, language }) => labelOf(findDiversion(fields.diversion), language)
  ),
  phone,
  since,
  until,
  untilKind,
  reachableAt,
  forwardTo,
  timeZone: runMember(
    text('The user’s time zone, else the tenant’s: to announce times in.', 'Europe/Stockholm'),
    ({ timeZone }) => timeZone
  ),
  next,
  source: runMember(
    oneOf(statusSources, 'What decides. `absence` and `hours` are reserved.', 'calendar'),
    ({ fields }) => fields.source
  )
}

/** Users whose state began in the same second have the same value of this. */
export const syncMembers = {
  sync: syncMember(
    strictObject(
      {
        state: oneOf(syncStateNames, 'How well the calendar is mirrored.', 'fresh'),
        since: instant('When that state began.', '2026-11-23T06:14:03Z')
      },
      { description: 'How far the calendar’s part of this can be trusted, always as of now.' }
    ),
    ({ sync }) => ({ state: sync.state, since: formatSecond(sync.since) })
  )
}

/** In the order in which a Status has them. */
export const statusMembers = { ...userMembers, ...runMembers, ...syncMembers }

type ValuesOf<M> = {
  readonly [Name in keyof M]: M[Name] extends { value: (parts: never) => infer Value } ? Value : never
}

/** What the API calls a Status. Times are RFC 3339 in UTC, in whole seconds. */
export type Status = ValuesOf<typeof statusMembers>
export type CalendarStatus = ValuesOf<typeof calendarMembers>

export function makeStatus(parts: StatusParts): Status {
  return collect(statusMembers, parts) as Status
}

/** The members as JSON, in their order, without the braces. */
export function writeMembers<Parts>(members: Members<Parts>, parts: Parts): string {
  return JSON.stringify(collect(members, parts)).slice(1, -1)
}

/** The schemas of members, by name, in their order. */
export function schemasOf(
  members: Readonly<Record<string, { readonly schema: JsonSchema }>>
): Record<string, JsonSchema> {
  return Object.fromEntries(Object.entries(members).map(([name, { schema }]) => [name, schema]))
}

function collect<Parts>(members: Members<Parts>, parts: Parts): object {
  const result: Record<string, unknown> = {}
  for (const name in members) result[name] = members[name]!.value(parts)
  return result
}

function formatSecond(at: number): string {
  return formatInstant(floorToSecond(at))
}

function formatNullable(at: number | null): string | null {
  return at === null ? null : formatSecond(at)
}
