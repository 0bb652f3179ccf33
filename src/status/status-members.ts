/** The members of a Status: each is declared once here, and the type, the JSON and the schema of a Status follow. */
import { type Diversion, labelOf, phones } from '../domain/diversion.ts'
import { type StatusFields, statusSources, untilKinds } from '../domain/status.ts'
import { type SyncState, syncStateNames } from '../domain/sync-state.ts'
import { floorToSecond } from '../domain/whole-seconds.ts'
import { formatInstant } from '../lib/rfc3339.ts'

/** What a Status is made of. */
export interface StatusParts {
  readonly user: { readonly id: string; readonly extension: string; readonly displayName: string }
  readonly timeZone: string
  readonly language: string
  readonly fields: StatusFields
  /** The catalogue's entry of a code. */
  readonly findDiversion: (code: string) => Diversion
  readonly sync: SyncState
}

/** JSON Schema 2020-12, as data: this folder knows neither the API nor its schema library. */
type JsonSchema = Readonly<Record<string, unknown>>

interface Member<T> {
  readonly schema: JsonSchema
  readonly value: (parts: StatusParts) => T
  /** Whether each user has a value of their own; else its JSON is kept for the next Status. */
  readonly isPersonal: boolean
}

function member<T>(schema: JsonSchema, value: (parts: StatusParts) => T): Member<T> {
  return { schema, value, isPersonal: false }
}

function personalMember<T>(schema: JsonSchema, value: (parts: StatusParts) => T): Member<T> {
  return { schema, value, isPersonal: true }
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
  diversion: member(diversionCode, ({ fields, findDiversion }) => findDiversion(fields.diversion).code),
  phone: member(oneOf(phones, 'Whether calls reach the person.', 'closed'), ({ fields }) => fields.phone),
  since: member(
    nullableInstant('When the unbroken run of this diversion began.', '2026-11-23T08:00:00Z'),
    ({ fields }) => formatNullable(fields.since)
  ),
  until: member(
    nullableInstant('When it ends; `untilKind` says why null.', '2026-11-23T09:30:00Z'),
    ({ fields }) => formatNullable(fields.until)
  ),
  untilKind: member(
    oneOf(
      untilKinds,
      '`known`: `until` is given. `unknown`: it ends, but beyond what was read of the calendar. `indefinite`: nothing ' +
        'that is known ends it.',
      'known'
    ),
    ({ fields }) => fields.untilKind
  ),
  reachableAt: member(
    nullableInstant(
      'The end of the unbroken run of closed phone: what callers are told. Null if open, or not known.',
      '2026-11-23T09:30:00Z'
    ),
    ({ fields }) => formatNullable(fields.reachableAt)
  ),
  forwardTo: member(
    {
      type: ['string', 'null'],
      description:
        'Where calls go meanwhile: the number that the event’s subject names (`>0701234567`), if the rules allow it.',
      examples: [null]
    },
    ({ fields }) => fields.forwardTo
  ),
  next: member({ anyOf: [{ $ref: 'NextRun#' }, { type: 'null' }] }, ({ fields: { next }, findDiversion }) =>
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

/** In the order in which a Status has them. */
export const statusMembers = {
  user: personalMember(text('The user’s id within the tenant.', 'anna'), ({ user }) => user.id),
  extension: personalMember(text('What is dialled to reach the user.', '1070'), ({ user }) => user.extension),
  displayName: personalMember(text('The user’s name.', 'Anna Ek'), ({ user }) => user.displayName),
  diversion,
  label: member(
    text('The diversion in the tenant’s language.', 'Möte'),
    ({ fields, findDiversion, language }) => labelOf(findDiversion(fields.diversion), language)
  ),
  phone,
  since,
  until,
  untilKind,
  reachableAt,
  forwardTo,
  timeZone: member(
    text('The user’s time zone, else the tenant’s: to announce times in.', 'Europe/Stockholm'),
    ({ timeZone }) => timeZone
  ),
  next,
  source: member(
    oneOf(statusSources, 'What decides. `absence` and `hours` are reserved.', 'calendar'),
    ({ fields }) => fields.source
  ),
  sync: member(
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

type Members = typeof statusMembers

/** What the API calls a Status. Times are RFC 3339 in UTC, in whole seconds. */
export type Status = { readonly [Name in keyof Members]: ReturnType<Members[Name]['value']> }
export type CalendarStatus = {
  readonly [Name in keyof typeof calendarMembers]: ReturnType<(typeof calendarMembers)[Name]['value']>
}

export function makeStatus(parts: StatusParts): Status {
  return collect(statusMembers, parts) as Status
}

const names = Object.keys(statusMembers) as (keyof Members)[]
const members: readonly Member<JsonValue>[] = names.map((name) => statusMembers[name])
/** Names as JSON, with room after each for the value. */
const pieces = names.flatMap((name, index) => [`${index === 0 ? '{' : ','}${JSON.stringify(name)}:`, ''])

/** The same as JSON, in less time than it takes to make an object and hand it to `JSON.stringify`. */
export function writeStatus(parts: StatusParts): string {
  for (let index = 0; index < members.length; index++) {
    const { value, isPersonal } = members[index]!
    pieces[2 * index + 1] = isPersonal ? JSON.stringify(value(parts)) : writeValue(value(parts))
  }
  // Joined, not added up: a text that was added up takes several times the memory until it is first read.
  return `${pieces.join('')}}`
}

type JsonValue = string | null | { readonly [name: string]: JsonValue }

function writeValue(value: JsonValue): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return quote(value)
  let text = ''
  for (const name in value) text += `${text === '' ? '{' : ','}${quote(name)}:${writeValue(value[name]!)}`
  return `${text}}`
}

/** Most strings of Statuses are the same few: codes, labels and whole minutes. */
const quoted = new Map<string, string>()
const MAX_QUOTED = 20_000

function quote(text: string): string {
  const known = quoted.get(text)
  if (known !== undefined) return known
  const json = JSON.stringify(text)
  // Emptied when full, which is harmless.
  if (quoted.size >= MAX_QUOTED) quoted.clear()
  quoted.set(text, json)
  return json
}

export function makeCalendarStatus(parts: Pick<StatusParts, 'fields' | 'findDiversion'>): CalendarStatus {
  return collect(calendarMembers, parts as StatusParts) as CalendarStatus
}

/** The schemas of members, by name, in their order. */
export function schemasOf(members: Readonly<Record<string, Member<unknown>>>): Record<string, JsonSchema> {
  return Object.fromEntries(Object.entries(members).map(([name, { schema }]) => [name, schema]))
}

function collect(members: Readonly<Record<string, Member<unknown>>>, parts: StatusParts): object {
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
