/** Records to put into a store, and a plain form of what comes out. */
import type { Absence } from '../../src/domain/absence.ts'
import { initialSyncRecord, type SyncRecord } from '../../src/domain/sync-state.ts'
import type { Cause, Timeline } from '../../src/domain/timeline.ts'
import type { ImportProgress } from '../../src/storage/import-progress.ts'
import type { RulesVersion, StoredConnection, Tenant, User, UserRecord } from '../../src/storage/store.ts'

export function sampleTenant(id: string, name = 'Acme AB'): Tenant {
  return { id, name, timeZone: 'Europe/Stockholm', language: 'sv' }
}

export function sampleUser(id: string, more: Partial<User> = {}): User {
  return {
    id,
    displayName: 'Åsa Öberg',
    extension: '1070',
    numbers: ['+46855510070'],
    mailbox: { address: 'asa@acme.example' },
    syncEnabled: true,
    timeZone: null,
    triggers: [],
    owner: null,
    triggersSince: 1,
    ...more
  }
}

export function sampleConnection(more: Partial<StoredConnection> = {}): StoredConnection {
  const open = { tenantId: 'acme.example', cloud: 'global' }
  return {
    kind: 'graph',
    pollSeconds: 120,
    open,
    sealed: { clientSecret: 'v2.abcdefgh.abc' },
    changedAt: 5,
    ...more
  }
}

export function sampleImport(more: Partial<ImportProgress> = {}): ImportProgress {
  const counts = { total: 7, saved: 4, created: 3, updated: 2, unchanged: 1, removed: 1 }
  return { id: 'first', state: 'running', mode: 'merge', startedAt: 1, updatedAt: 2, ...counts, ...more }
}

export function sampleAbsence(id: string, more: Partial<Absence> = {}): Absence {
  return { id, diversion: 'vacation', from: 5, until: 9, ...more }
}

export function sampleRules(at: number): Omit<RulesVersion, 'version'> {
  return {
    at,
    by: { kind: 'operator', id: 'issuer|eva', name: 'Eva "Å" Lind' },
    put: { pack: '3kontakt', triggers: [{ text: 'LUN' }] },
    effective: {
      diversions: [{ code: 'available', labels: { sv: 'Åter' }, phone: 'open' }],
      triggers: [],
      availability: { free: null, tentative: null, busy: 'busy', oof: null, workingElsewhere: null },
      private: 'match',
      allDay: 'trigger-or-oof',
      invitations: 'accepted',
      forwardTargets: 'off',
      forwardAllowed: [],
      extraTriggers: [],
      maskedAs: 'out-of-office'
    }
  }
}

export function sampleCause(index: number, more: Partial<Cause> = {}): Cause {
  return {
    diversion: 'meeting',
    phone: 'closed',
    from: 'tenant',
    index,
    private: false,
    forwardTo: null,
    ...more
  }
}

/** One interval for each cause, an hour each, an hour apart. */
export function sampleTimeline(causes: readonly Cause[], more: Partial<Timeline> = {}): Timeline {
  const boundaries = Float64Array.from(
    { length: 2 * causes.length },
    (_, index) => 1.7e12 + index * 3_600_000
  )
  return { boundaries, causes, truncatedAt: null, rulesVersion: 1, ...more }
}

export function sampleSync(generation: number, at: number): SyncRecord {
  return { ...initialSyncRecord(true, 1, generation), confirmedAt: at, freshSince: at, detail: 'subjects' }
}

/** With arrays for typed arrays, so that two of them can be compared. */
export function plain(record: UserRecord | null | undefined) {
  if (record === null || record === undefined) return null
  const { timeline } = record
  return { ...record, timeline: timeline && { ...timeline, boundaries: [...timeline.boundaries] } }
}
