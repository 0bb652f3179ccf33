/** The records that the lmdb file has of its own, and which record is in which of its tables. */
import type { Instant } from '../../domain/calendar-event.ts'
import { auditEntryRecord, auditHeadRecord, auditPartRecord } from '../audit-codec.ts'
import {
  absencesRecord,
  apiKeyRecord,
  importProgressRecord,
  jsonCodec,
  overrideRecord,
  rulesRecord,
  sessionRecord,
  syncRecord,
  tenantRecord,
  timelineRecord,
  userRecord
} from '../codec.ts'
import { connectionRecord } from '../connection-codec.ts'
import { consumerProgressRecord, consumerRecord, userDeliveryRecord } from '../consumer-codec.ts'
import { callerNamesRecord, contactListRecord, contactNumberRecord, contactRecord } from '../contact-codec.ts'
import { alarmListRecord, alarmOverviewRecord, alarmStateRecord } from '../kept-alarms.ts'
import { keptLogEntry } from '../kept-records.ts'
import type { LogEntry } from '../store.ts'

/** Where a tenant's change log stands. */
export interface LogHead {
  readonly epoch: string
  readonly position: number
  /** The oldest position that is kept. */
  readonly first: number
  /** No user who comes may have a generation below this: one who went had those. */
  readonly minGeneration: number
}

const headRecord = jsonCodec<LogHead>(
  {
    name: 'log head',
    about: [],
    until: 'the tenant is deleted',
    members: {
      epoch: 'tells a later log apart',
      position: 'the last entry',
      first: 'the oldest entry',
      minGeneration: 'tells users of the same id apart'
    }
  },
  ({ epoch, position, first, minGeneration }) => ({
    epoch,
    position,
    first,
    minGeneration
  })
)

const entryRecord = jsonCodec<LogEntry>(keptLogEntry, ({ position, at, users, vacated }) => ({
  position,
  at,
  users,
  vacated: vacated.map(({ user, extension }) => ({ user, extension }))
}))

/** Where the log of API key changes stands. */
export interface ApiKeyLogHead {
  readonly position: number
  /** The oldest position that is kept. */
  readonly first: number
}

const apiKeyHeadRecord = jsonCodec<ApiKeyLogHead>(
  {
    name: 'log head of API keys',
    about: [],
    until: 'the data is deleted',
    members: {
      position: 'the last entry',
      first: 'the oldest entry'
    }
  },
  ({ position, first }) => ({
    position,
    first
  })
)

/** Which key changed. */
export interface ApiKeyLogEntry {
  readonly owner: string
  readonly id: string
}

const apiKeyEntryRecord = jsonCodec<ApiKeyLogEntry>(
  {
    name: 'log entry of API keys',
    about: [],
    until: '20,000 later ones',
    members: {
      owner: 'the tenant’s id',
      id: 'the id of the key that changed'
    }
  },
  ({ owner, id }) => ({
    owner,
    id
  })
)

const keyOfUserRecord = jsonCodec<string>(
  {
    name: 'API key of a user',
    about: ['users'],
    until: 'the key is removed',
    members: { text: 'the key’s id, under the user’s' }
  },
  (id) => id
)

const keyUseRecord = jsonCodec<string>(
  {
    name: 'last use of an API key',
    about: ['users'],
    until: 'the key is removed',
    members: { text: 'the day, in UTC' }
  },
  (day) => day
)

const partOfUserRecord = jsonCodec<string>(
  {
    name: 'part of the audit about a user',
    about: ['users'],
    until: 'the part is removed',
    members: { text: 'in which entry it is, under the user’s id' }
  },
  (place) => place
)

/** What is left to do for a tenant. `after`: the last user that was begun anew. */
export type Pending =
  | { readonly kind: 'remove' }
  | { readonly kind: 'reread'; readonly at: Instant; readonly after: string | null }

const pendingRecord = jsonCodec<{ readonly tenant: string; readonly pending: Pending }>(
  {
    name: 'pending work',
    about: ['users'],
    until: 'it is done',
    members: {
      tenant: 'whose data is to be removed or read anew',
      pending: { kind: 'which of the two', at: 'since when', after: 'the id of the last user that was done' }
    }
  },
  ({ tenant, pending }) => ({ tenant, pending })
)

/** By the name of the table. */
export const tableRecords = {
  tenants: tenantRecord,
  heads: headRecord,
  connections: connectionRecord,
  rules: rulesRecord,
  users: userRecord,
  syncs: syncRecord,
  timelines: timelineRecord,
  overrides: overrideRecord,
  absences: absencesRecord,
  log: entryRecord,
  imports: importProgressRecord,
  pending: pendingRecord,
  'api-keys': apiKeyRecord,
  'api-keys-of-users': keyOfUserRecord,
  'api-key-uses': keyUseRecord,
  'api-key-log': apiKeyEntryRecord,
  'api-key-heads': apiKeyHeadRecord,
  sessions: sessionRecord,
  'audit-heads': auditHeadRecord,
  'audit-entries': auditEntryRecord,
  'audit-parts': auditPartRecord,
  'audit-parts-of-users': partOfUserRecord,
  'alarm-lists': alarmListRecord,
  'alarm-states': alarmStateRecord,
  'alarm-overviews': alarmOverviewRecord,
  consumers: consumerRecord,
  'consumer-progress': consumerProgressRecord,
  deliveries: userDeliveryRecord,
  'caller-names': callerNamesRecord,
  contacts: contactRecord,
  'contact-numbers': contactNumberRecord,
  'contact-lists': contactListRecord
} as const
