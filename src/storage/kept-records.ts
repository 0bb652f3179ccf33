/** What the store keeps, record by record, and for how long. A member that is not described here does not compile. */

import type { Override } from '../domain/override.ts'
import type { RuleSet } from '../domain/rule-set.ts'
import type { SyncRecord } from '../domain/sync-state.ts'
import type { Timeline } from '../domain/timeline.ts'
import type { KeptRecord } from '../lib/kept-record.ts'
import type { AbsencesRecord } from './absences-record.ts'
import type { ApiKeyRecord } from './api-keys.ts'
import type { AuditEntry, AuditHead, SaltedPart } from './audit.ts'
import type { ImportProgress } from './import-progress.ts'
import type { SessionRecord } from './sessions.ts'
import type { LogEntry, RulesVersion, StoredConnection, Tenant, User } from './store.ts'

const withTenant = 'the tenant is deleted'
const withUser = 'the user or the tenant is deleted'

const officeHours = {
  zone: 'the zone of these hours',
  week: 'when the office is open',
  holidays: 'on which holidays it is not',
  outside: 'what holds outside'
}

export const keptTenant: KeptRecord<Tenant> = {
  name: 'tenant',
  about: [],
  until: withTenant,
  members: {
    id: 'names the tenant',
    name: 'shown to operators',
    timeZone: 'where its days begin',
    language: 'of labels and explanations',
    directoryId: 'whose operators may sign in',
    officeHours,
    country: 'whose numbers are written without +'
  }
}

export const keptConnection: KeptRecord<StoredConnection, StoredConnection> = {
  name: 'connection',
  about: [],
  until: 'it is replaced or deleted, or the tenant is',
  members: {
    kind: 'which calendar system',
    pollSeconds: 'how often calendars are read',
    open: 'ids, addresses and the service account’s name, in clear',
    sealed: 'secrets, sealed with AES-256-GCM under the installation’s master key',
    changedAt: 'since when it is so',
    id: 'its name among several',
    order: 'its place among several',
    further: 'the same of the tenant’s other connections'
  }
}

export const keptRules: KeptRecord<RulesVersion, RuleSet> = {
  name: 'RuleSet',
  about: ['operators'],
  until: '100 later versions were put, or the tenant is deleted',
  members: {
    version: 'counts the versions',
    at: 'when it was put',
    by: {
      kind: 'whether a key or an operator put it',
      id: 'which one',
      name: 'as they were called then'
    },
    put: 'the rules as they were put',
    effective: 'the rules that decide'
  }
}

export const keptUser: KeptRecord<User> = {
  name: 'user',
  about: ['users'],
  until: withUser,
  members: {
    id: 'names the user; chosen by the operator',
    displayName: 'shown to attendants and colleagues',
    extension: 'by which the switch asks',
    numbers: 'by which the switch asks',
    mailbox: {
      address: 'whose calendar is read',
      sealed: 'a calendar’s URL, sealed',
      shown: 'the host of that URL'
    },
    owner: 'the calendar owner’s e-mail address, to know their answers to invitations',
    syncEnabled: 'whether the calendar is read',
    timeZone: 'where the user’s days begin',
    officeHours,
    triggers: {
      match: 'where the text must stand',
      text: 'what the user writes in events to be diverted',
      diversion: 'what that gives',
      phone: 'overrules the diversion’s own'
    },
    triggersSince: 'tells which timelines count in former triggers'
  }
}

export const keptSync: KeptRecord<SyncRecord> = {
  name: 'sync record',
  about: ['users'],
  until: withUser,
  members: {
    generation: 'tells readings of a former mailbox apart',
    enabled: 'whether the calendar is read',
    enabledSince: 'since when',
    confirmedAt: 'when the calendar was last read',
    freshSince: 'since when it has been fresh',
    failedSince: 'since when reading has failed',
    fault: {
      code: 'why the last attempt failed',
      hint: 'what to do about it; may name the mailbox'
    },
    detail: 'what the calendar let Hanvisa see',
    subscribed: 'whether edits are notified',
    overdueSince: 'since when a notified edit is unread',
    slowMs: 'how long a slow read took',
    refusedForwards: 'how many events name a number that the rules do not allow',
    home: {
      connection: 'over which of several connections the mailbox is read',
      since: 'since when',
      proof: 'how that was found out'
    }
  }
}

export const keptTimeline: KeptRecord<Timeline, Float64Array> = {
  name: 'timeline',
  about: ['users'],
  until:
    'an interval: two to three days after its end (HANVISA_HISTORY_DAYS), or once a reading has it no more; all at once with ' +
    `a new mailbox, a new connection, or sync switched off; ${withUser}`,
  members: {
    boundaries:
      'from when until when diversions hold: from the day before the reading to the end of the fourteenth day after it; of an ' +
      'absence that goes on there, up to 180 days',
    causes: {
      diversion: 'which diversion',
      phone: 'open or closed',
      from: 'what gave it: the user’s triggers, the tenant’s, or the busy status',
      index: 'which of those; not the text that was met',
      private: 'whether the event was private: then no explanation names the rule',
      forwardTo:
        'the number that the event’s subject named and that the rules allow; never of a private event'
    },
    truncatedAt: 'where reading ended within an absence',
    rulesVersion: 'which version of the rules decided'
  }
}

export const keptOverride: KeptRecord<Override> = {
  name: 'override',
  about: ['users'],
  until: `it is removed or another is set; two to three days after its end (HANVISA_HISTORY_DAYS); ${withUser}`,
  members: {
    diversion: 'what was set by hand',
    from: 'when it was set',
    until: 'when it ends',
    phone: 'overrules the diversion’s own',
    backEarlyFrom: 'the diversion of the calendar that it cuts short'
  }
}

export const keptAbsences: KeptRecord<AbsencesRecord> = {
  name: 'absences',
  about: ['users'],
  until: `it is removed; two to three days after its end (HANVISA_HISTORY_DAYS); ${withUser}`,
  members: {
    absences: {
      id: 'names the absence; chosen by who entered it',
      diversion: 'what was entered for a time to come',
      from: 'when it begins',
      until: 'when it ends',
      phone: 'overrules the diversion’s own'
    }
  }
}

export const keptApiKey: KeptRecord<ApiKeyRecord> = {
  name: 'API key',
  about: ['users', 'operators'],
  until: `it is removed, expired or not; ${withUser}`,
  members: {
    id: 'names the key',
    name: 'what it is for, as its maker put it',
    tenant: 'whose it is',
    role: 'what it opens',
    user: 'whose softphone it is',
    colleagues: 'whether it opens colleagues’ statuses',
    sensitive: 'whether it sees sensitive diversions',
    createdAt: 'when it was made',
    createdBy: 'the id of the key or operator that made it',
    expiresAt: 'when it ends',
    prefix: 'its first eight characters, by which its owner knows it',
    digest: 'its SHA-256, by which it is known',
    previous: {
      digest: 'the SHA-256 of the key before the last rotation',
      until: 'until when that one is good'
    }
  }
}

export const keptSession: KeptRecord<SessionRecord> = {
  name: 'session',
  about: ['operators'],
  until:
    'sign-out, 30 minutes without use, or 8 hours; the record of one that ended goes when the next begins (lmdb), or within an hour (Redis)',
  members: {
    digest: 'the SHA-256 of the session’s id; of a consent’s state',
    identity: 'who signed in, by the issuer’s id',
    data: 'the operator’s name, role and tenant, since when',
    expiresAt: 'when it ends; of a consent’s state, after an hour'
  }
}

export const keptImport: KeptRecord<ImportProgress> = {
  name: 'import progress',
  about: [],
  until: `the next import begins; ${withTenant}`,
  members: {
    id: 'tells a later import apart',
    state: 'running, done or interrupted',
    mode: 'merge or replace',
    startedAt: 'when it began',
    updatedAt: 'when this was written',
    total: 'how many users',
    saved: 'how many are saved',
    created: 'how many are new',
    updated: 'how many differ',
    unchanged: 'how many do not',
    removed: 'how many are removed'
  }
}

export const keptLogEntry: KeptRecord<LogEntry> = {
  name: 'change log entry',
  about: ['users'],
  until: `after two to three days (HANVISA_HISTORY_DAYS), or 20,000 later changes; ${withTenant}. It outlasts the user`,
  members: {
    position: 'where a consumer resumes',
    at: 'when something changed',
    users: 'the ids of whose status changed',
    vacated: {
      user: 'the id of who had',
      extension: 'an extension until then'
    }
  }
}

const auditTime = 'one year, or as HANVISA_AUDIT_DAYS says'

export const keptAuditEntry: KeptRecord<AuditEntry> = {
  name: 'audit entry',
  about: ['operators'],
  until: `${auditTime}; ${withTenant}`,
  members: {
    position: 'counts the entries',
    at: 'when it was done',
    action: 'what was done',
    outcome: 'done, begun or failed',
    actor: {
      kind: 'whether a key, an operator, a command or nobody known did it',
      id: 'which one',
      name: 'as they were called then',
      role: 'what they may do'
    },
    address: 'from which IP address',
    target: 'to what: a tenant, a key, a version of rules',
    before: 'what was, without secrets and without users',
    after: 'what is, without secrets and without users',
    parts: 'salted digests of the parts about users',
    previous: 'the hash of the entry before'
  }
}

export const keptAuditPart: KeptRecord<SaltedPart> = {
  name: 'audit entry’s part about a user',
  about: ['users'],
  until: `${auditTime}; ${withUser}`,
  members: {
    salt: 'so that the digest in the entry gives nobody away',
    part: 'the user’s id and what of theirs was changed, sensitive diversions masked; of a softphone’s call its key’s name and its IP address'
  }
}

export const keptAuditHead: KeptRecord<AuditHead> = {
  name: 'audit head',
  about: [],
  until: withTenant,
  members: {
    position: 'the newest entry',
    hash: 'its hash',
    trimmed: 'the last entry whose time is over',
    trimmedHash: 'its hash'
  }
}
