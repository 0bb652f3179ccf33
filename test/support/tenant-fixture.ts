/** A tenant over a real store, a clock that the test sets, and consumers of its view. */
import type { Test } from 'tap'
import { initialSyncRecord } from '../../src/domain/sync-state.ts'
import type { Timeline } from '../../src/domain/timeline.ts'
import { requireCursor } from '../../src/status/cursor.ts'
import type { Status } from '../../src/status/status-members.ts'
import { StatusService, type StatusServiceDeps } from '../../src/status/status-service.ts'
import { openLmdb } from '../../src/storage/lmdb/lmdb.ts'
import type { Store, User } from '../../src/storage/store.ts'
import { sampleCause } from '../contracts/store-samples.ts'
import { rulesWith } from './rule-fixtures.ts'
import { settableClock } from './settable-clock.ts'

export const START = Date.UTC(2026, 10, 23, 8)
export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const never = new AbortController().signal

export async function openTenant(t: Test) {
  const store = await openLmdb({ folder: t.testdir() })
  const clock = settableClock(START)
  const service = new StatusService({ store, defaultRules: rulesWith(), clock })
  t.teardown(async () => {
    service.close()
    await store.close()
  })
  await store.saveTenant({ id: 'acme', name: 'Acme', timeZone: 'Europe/Stockholm', language: 'sv' }, START)
  return { store, clock, service }
}

export const fixtureUser = (id: string): User => ({
  id,
  displayName: id.toUpperCase(),
  extension: '1070',
  numbers: ['+46701740605'],
  mailbox: { address: `${id}@acme.example` },
  syncEnabled: true,
  timeZone: null,
  triggers: [],
  owner: null,
  triggersSince: 0
})

export function fixtureTimeline(...pieces: [start: number, end: number, diversion: string][]): Timeline {
  return {
    boundaries: Float64Array.from(
      pieces.flatMap(([start, end]) => [START + start * MINUTE, START + end * MINUTE])
    ),
    causes: pieces.map(([, , diversion]) => sampleCause(0, { diversion })),
    truncatedAt: null,
    rulesVersion: 0
  }
}

export async function addUsers(store: Store, ...ids: string[]) {
  await addUsersAt(store, START, ids)
}

export async function addUsersAt(store: Store, at: number, ids: readonly string[]) {
  const users = ids.map((id) => ({ user: fixtureUser(id), sync: initialSyncRecord(true, at) }))
  await store.saveUsers('acme', users, at)
}

export async function saveTimeline(store: Store, id: string, calendar: Timeline, at: number, visible = true) {
  const sync = {
    ...initialSyncRecord(true, START),
    confirmedAt: at,
    freshSince: at,
    detail: 'subjects' as const
  }
  await store.saveReadings('acme', [{ user: id, sync, timeline: calendar, visible }], at)
}

/** Another replica's service, over the same store. */
export function openReplica(t: Test, needs: StatusServiceDeps) {
  const service = new StatusService(needs)
  t.teardown(() => service.close())
  return service
}

export async function readStatuses(
  service: StatusService
): Promise<{ at: string; cursor: string; statuses: Status[] }> {
  return JSON.parse(await statusesBytes(service))
}

export async function statusesBytes(service: StatusService): Promise<string> {
  const view = (await service.view('acme'))!
  return Buffer.concat((await view.statuses()).chunks).toString()
}

export async function fetchChanges(service: StatusService, cursor: string, wait = 0, signal = never) {
  const {
    cursor: next,
    changes,
    isCurrent
  } = (await service.changes('acme', requireCursor(cursor), { waitMs: wait, signal }))!
  return {
    cursor: next,
    changes: changes.map((json): Status & { removed?: true } => JSON.parse(json)),
    isCurrent
  }
}
