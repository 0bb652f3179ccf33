/**
 * How records look as bytes, whatever store keeps them. Members are written by name, so that nothing a caller
 * happens to carry along (a subject, say) is ever kept.
 */

import { endianness } from 'node:os'
import type { Override } from '../domain/override.ts'
import type { RuleSet, Trigger } from '../domain/rule-set.ts'
import type { MailboxHome, SyncRecord } from '../domain/sync-state.ts'
import type { Cause, Timeline } from '../domain/timeline.ts'
import type { KeptRecord } from '../lib/kept-record.ts'
import type { AbsencesRecord } from './absences-record.ts'
import type { ApiKeyRecord } from './api-keys.ts'
import type { ImportProgress } from './import-progress.ts'
import {
  keptAbsences,
  keptApiKey,
  keptImport,
  keptOverride,
  keptRules,
  keptSession,
  keptSync,
  keptTenant,
  keptTimeline,
  keptUser
} from './kept-records.ts'
import type { SessionRecord } from './sessions.ts'
import type { RulesVersion, StoredConnection, Tenant, User } from './store.ts'

/** Something that this version cannot read lies in the store. */
export class UnreadableRecord extends Error {
  override readonly name = 'UnreadableRecord'
}

/** One kind of record, there and back. */
export interface Codec<T> {
  /** What of it is kept, and for how long. */
  readonly kept: KeptRecord<T, RuleSet | StoredConnection | Float64Array>
  readonly encode: (value: T) => Buffer
  readonly decode: (bytes: Uint8Array) => T
}

/** JSON of what `pick` takes. It keeps any text whole, lone surrogates too (RFC 8259 section 8.2 escapes). */
export function jsonCodec<T>(kept: Codec<T>['kept'], pick: (value: T) => T): Codec<T> {
  return {
    kept,
    encode: (value) => Buffer.from(JSON.stringify(pick(value))),
    decode: (bytes) => {
      try {
        return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())
      } catch {
        // The parser's own message would quote what it read.
        throw new UnreadableRecord(`a kept ${kept.name} cannot be read`)
      }
    }
  }
}

export const tenantRecord = jsonCodec<Tenant>(keptTenant, (tenant) => ({
  id: tenant.id,
  name: tenant.name,
  timeZone: tenant.timeZone,
  language: tenant.language,
  ...(tenant.directoryId !== undefined && { directoryId: tenant.directoryId }),
  ...(tenant.officeHours !== undefined && { officeHours: tenant.officeHours }),
  ...(tenant.country !== undefined && { country: tenant.country })
}))

export const rulesRecord = jsonCodec<RulesVersion>(
  keptRules,
  ({ version, at, by = null, put, effective }) => ({
    version,
    at,
    by: by && { kind: by.kind, id: by.id, name: by.name },
    put,
    effective
  })
)

export const userRecord = jsonCodec<User>(keptUser, (user) => ({
  id: user.id,
  displayName: user.displayName,
  extension: user.extension,
  numbers: user.numbers,
  mailbox: mailboxOnly(user.mailbox),
  // Absent in what earlier versions stored.
  owner: user.owner ?? null,
  syncEnabled: user.syncEnabled,
  timeZone: user.timeZone,
  ...(user.officeHours !== undefined && { officeHours: user.officeHours }),
  triggers: user.triggers.map(triggerOnly),
  triggersSince: user.triggersSince
}))

export const importProgressRecord = jsonCodec<ImportProgress>(keptImport, (progress) => ({
  id: progress.id,
  state: progress.state,
  mode: progress.mode,
  startedAt: progress.startedAt,
  updatedAt: progress.updatedAt,
  total: progress.total,
  saved: progress.saved,
  created: progress.created,
  updated: progress.updated,
  unchanged: progress.unchanged,
  removed: progress.removed
}))

export const overrideRecord = jsonCodec<Override>(
  keptOverride,
  ({ diversion, from, until, phone, backEarlyFrom }) => ({
    diversion,
    from,
    until,
    ...(phone !== undefined && { phone }),
    ...(backEarlyFrom !== undefined && { backEarlyFrom })
  })
)

export const absencesRecord = jsonCodec<AbsencesRecord>(keptAbsences, ({ absences }) => ({
  absences: absences.map(({ id, diversion, from, until, phone }) => ({
    id,
    diversion,
    from,
    until,
    ...(phone !== undefined && { phone })
  }))
}))

export const syncRecord = jsonCodec<SyncRecord>(keptSync, (record) => ({
  generation: record.generation,
  enabled: record.enabled,
  enabledSince: record.enabledSince,
  confirmedAt: record.confirmedAt,
  freshSince: record.freshSince,
  failedSince: record.failedSince,
  fault: record.fault && { code: record.fault.code, hint: record.fault.hint },
  detail: record.detail,
  // Absent in what earlier versions kept.
  subscribed: record.subscribed ?? false,
  overdueSince: record.overdueSince ?? null,
  slowMs: record.slowMs ?? null,
  refusedForwards: record.refusedForwards ?? 0,
  ...(record.home !== undefined && { home: homeOnly(record.home) })
}))

export const sessionRecord = jsonCodec<SessionRecord>(
  keptSession,
  ({ digest, identity, data, expiresAt }) => ({
    digest,
    identity,
    data,
    expiresAt
  })
)

export const apiKeyRecord = jsonCodec<ApiKeyRecord>(keptApiKey, (key) => ({
  id: key.id,
  name: key.name,
  tenant: key.tenant,
  role: key.role,
  user: key.user,
  colleagues: key.colleagues,
  sensitive: key.sensitive,
  createdAt: key.createdAt,
  createdBy: key.createdBy,
  expiresAt: key.expiresAt,
  prefix: key.prefix,
  digest: key.digest,
  previous: key.previous && { digest: key.previous.digest, until: key.previous.until }
}))

/**
 * A timeline is its distinct causes (JSON) once, an index into them for each interval, and the boundaries as doubles:
 *
 *     1 byte     1, the form
 *     1 byte     index width: 1 or 2 bytes
 *     2 bytes    zero
 *     4 bytes    length of the JSON, n
 *     n bytes    JSON: [rulesVersion, truncatedAt, [[diversion, phone, from, index, private, forwardTo], …]]
 *     i × width  for each interval, which of the causes
 *     i × 16     for each interval, start and end
 *
 * Numbers are little-endian. Sixty intervals of a few rules are about 1.2 kB.
 */
export const timelineRecord: Codec<Timeline> = {
  kept: keptTimeline,
  encode: encodeTimeline,
  decode: decodeTimeline
}

const FORM = 1
const HEAD = 8

function encodeTimeline(timeline: Timeline): Buffer {
  const { boundaries, causes, truncatedAt, rulesVersion } = timeline
  const places = new Map<string, number>()
  const indexes = causes.map((cause) => {
    const text = causeText(cause)
    const place = places.get(text) ?? places.size
    places.set(text, place)
    return place
  })
  const json = Buffer.from(
    `[${JSON.stringify(rulesVersion)},${JSON.stringify(truncatedAt)},[${[...places.keys()].join(',')}]]`
  )
  const width = places.size <= 0x100 ? 1 : 2
  if (places.size > 0x10000) throw new RangeError('A timeline has more than 65,536 distinct grounds')
  const bytes = Buffer.alloc(HEAD + json.length + indexes.length * (width + 16))
  bytes[0] = FORM
  bytes[1] = width
  bytes.writeUInt32LE(json.length, 4)
  json.copy(bytes, HEAD)
  let at = HEAD + json.length
  for (const index of indexes) at = bytes.writeUIntLE(index, at, width)
  const tail = Buffer.from(boundaries.buffer, boundaries.byteOffset, indexes.length * 16)
  tail.copy(bytes, at)
  if (bigEndian) bytes.subarray(at).swap64()
  return bytes
}

function decodeTimeline(bytes: Uint8Array): Timeline {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const width = view[1]
  const jsonEnd = view.length < HEAD ? Number.POSITIVE_INFINITY : HEAD + view.readUInt32LE(4)
  if (view[0] !== FORM || (width !== 1 && width !== 2) || jsonEnd > view.length) throw unreadable()
  const count = (view.length - jsonEnd) / (width + 16)
  if (!Number.isInteger(count)) throw unreadable()
  const { rulesVersion, truncatedAt, distinct } = parseHeader(view.toString('utf8', HEAD, jsonEnd))
  const causes: Cause[] = new Array(count)
  for (let i = 0; i < count; i++) {
    const cause = distinct[width === 1 ? view.readUInt8(jsonEnd + i) : view.readUInt16LE(jsonEnd + 2 * i)]
    if (cause === undefined) throw unreadable()
    causes[i] = cause
  }
  const boundaries = new Float64Array(2 * count)
  const tail = Buffer.from(boundaries.buffer)
  view.copy(tail, 0, jsonEnd + count * width)
  if (bigEndian) tail.swap64()
  return { boundaries, causes, truncatedAt, rulesVersion }
}

function parseHeader(json: string) {
  try {
    const [rulesVersion, truncatedAt, texts] = JSON.parse(json)
    return { rulesVersion, truncatedAt, distinct: texts.map(sharedCause) as Cause[] }
  } catch {
    throw unreadable()
  }
}

type CauseTuple = [
  Cause['diversion'],
  Cause['phone'],
  Cause['from'],
  Cause['index'],
  Cause['private'],
  Cause['forwardTo']
]

function causeText({ diversion, phone, from, index, private: isPrivate, forwardTo }: Cause): string {
  const tuple: CauseTuple = [diversion, phone, from, index, isPrivate, forwardTo]
  return JSON.stringify(tuple)
}

/** Millions of intervals come from a few rules: equal causes are one object. Emptied when full, which is harmless. */
const shared = new Map<string, Cause>()
const MOST_SHARED = 10_000

function sharedCause(tuple: CauseTuple): Cause {
  const key = tuple.join('\n')
  const known = shared.get(key)
  if (known !== undefined) return known
  const [diversion, phone, from, index, isPrivate, forwardTo] = tuple
  const cause: Cause = { diversion, phone, from, index, private: isPrivate, forwardTo }
  if (shared.size >= MOST_SHARED) shared.clear()
  shared.set(key, cause)
  return cause
}

const bigEndian = endianness() === 'BE'

function unreadable(): UnreadableRecord {
  return new UnreadableRecord('a kept timeline cannot be read')
}

function mailboxOnly(mailbox: User['mailbox']): User['mailbox'] {
  if (mailbox === null) return null
  if ('sealed' in mailbox) return { sealed: mailbox.sealed, shown: mailbox.shown }
  return { address: mailbox.address }
}

function triggerOnly({ match, text, diversion, phone }: Trigger): Trigger {
  return phone === undefined ? { match, text, diversion } : { match, text, diversion, phone }
}

function homeOnly({ connection, since, proof }: MailboxHome): MailboxHome {
  return { connection, since, proof }
}
