/** A tenant over a real store, a clock that the test sets, and consumers of its view. */
import type { Test } from 'tap'
import { initialSyncRecord } from '../../src/domain/sync-state.ts'
import type { Timeline } from '../../src/domain/timeline.ts'
import { cursorFrom } from '../../src/status/cursor.ts'
import { openPresence, type Presence, type PresenceNeeds } from '../../src/status/status-service.ts'
import type { Status } from '../../src/status/user-state.ts'
import { openLmdb } from '../../src/storage/lmdb/lmdb.ts'
import type { Store, User } from '../../src/storage/store.ts'
import { rulesWith } from './rule-fixtures.ts'
import { handClock } from './settable-clock.ts'

export const START = Date.UTC(2026, 10, 23, 8)
export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const never = new AbortController().signal

export async function stage(t: Test) {
  const store = await openLmdb({ folder: t.testdir() })
  const clock = handClock(START)
  const presence = openPresence({ store, defaultRules: rulesWith(), clock })
  t.teardown(async () => {
    presence.close()
    await store.close()
  })
  await store.saveTenant({ id: 'acme', name: 'Acme', timeZone: 'Europe/Stockholm', language: 'sv' }, START)
  return { store, clock, presence }
}

export const user = (id: string): User => ({
  id,
  displayName: id.toUpperCase(),
  extension: '1070',
  numbers: ['+46701740605'],
  mailbox: { address: `${id}@acme.example` },
  syncEnabled: true,
  timeZone: null,
  triggers: [],
  triggersSince: 0
})

export function timeline(...pieces: [start: number, end: number, diversion: string][]): Timeline {
  return {
    boundaries: Float64Array.from(
      pieces.flatMap(([start, end]) => [START + start * MINUTE, START + end * MINUTE])
    ),
    causes: pieces.map(([, , diversion]) => ({
      diversion,
      phone: 'closed',
      from: 'tenant',
      index: 0,
      private: false
    })),
    truncatedAt: null,
    rulesVersion: 0
  }
}

export async function add(store: Store, ...ids: string[]) {
  await addAt(store, START, ids)
}

export async function addAt(store: Store, at: number, ids: readonly string[]) {
  const users = ids.map((id) => ({ user: user(id), sync: initialSyncRecord(true, at) }))
  await store.saveUsers('acme', users, at)
}

export async function read(store: Store, id: string, calendar: Timeline, at: number, visible = true) {
  const sync = {
    ...initialSyncRecord(true, START),
    confirmedAt: at,
    freshSince: at,
    saw: 'subjects' as const
  }
  await store.saveReadings('acme', [{ user: id, sync, timeline: calendar, visible }], at)
}

/** Another replica's presence, over the same store. */
export function replica(t: Test, needs: PresenceNeeds) {
  const presence = openPresence(needs)
  t.teardown(() => presence.close())
  return presence
}

export async function statuses(
  presence: Presence
): Promise<{ at: string; cursor: string; statuses: Status[] }> {
  return JSON.parse((await presence.view('acme'))!.statuses().body.toString())
}

export const bytesOf = async (presence: Presence) => (await presence.view('acme'))!.statuses().body.toString()

export async function changes(presence: Presence, cursor: string, wait = 0, signal = never) {
  const {
    cursor: next,
    changes,
    inTouch
  } = (await presence.changes('acme', cursorFrom(cursor), wait, signal))!
  return {
    cursor: next,
    changes: changes.map((json): Status & { removed?: true } => JSON.parse(json)),
    inTouch
  }
}
