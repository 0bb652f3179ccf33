/** The plan of one batch: which of its targets are read, for which users, and by which rules. */
import type { Span } from '../../domain/calendar-event.ts'
import type { UserRecord } from '../../storage/store.ts'
import { type ReadTarget, userConfigHash } from '../targets/read-target.ts'
import type { TargetState } from '../targets/target-state.ts'
import type { BatchContext } from './batch-context.ts'
import type { PlannedTarget } from './planned-target.ts'

/** Asks the store at most once for the whole batch. */
export async function planBatch(
  context: BatchContext,
  keys: readonly string[],
  window: Span
): Promise<PlannedTarget[]> {
  const states = keys.flatMap((key) => {
    const state = context.targets.get(key)
    return state === undefined ? [] : [{ key, state, dirtySeq: state.dirtySeq }]
  })
  const ids = states.flatMap(({ state }) => [...state.users])
  const found = await findRecords(context, ids)
  return states.flatMap(({ key, state, dirtySeq }) => {
    const { target, records } = recordsOf(context, key, state, found)
    if (target === null) return []
    const hasTriggers = records.some(({ user }) => user.triggers.length > 0)
    const subjects = hasTriggers || context.rules.rules.triggers.length > 0
    const configHashes = records.map((record) => [record.user.id, userConfigHash(record)])
    const configHash = JSON.stringify([context.rules.version, subjects, configHashes])
    return {
      key,
      target,
      state,
      records,
      subjects,
      hasTimelines: records.every(({ timeline }) => timeline !== null),
      configHash,
      inputHash: `${window.start} ${configHash}`,
      reconcile: state.reconcilePending && !state.isDirty,
      dirtySeq
    }
  })
}

async function findRecords(
  { store, tenant, feed }: BatchContext,
  users: readonly string[]
): Promise<Map<string, UserRecord>> {
  const found = new Map<string, UserRecord>()
  const missing: string[] = []
  for (const user of users) {
    const saved = feed.savedRecords.get(user)
    if (saved === null) missing.push(user)
    else found.set(user, saved)
  }
  if (missing.length === 0) return found
  for (const record of await store.records(tenant, missing)) {
    if (record !== null) found.set(record.user.id, record)
  }
  return found
}

/** The users who still have this target. */
function recordsOf(
  { targetOf }: BatchContext,
  key: string,
  state: TargetState,
  found: ReadonlyMap<string, UserRecord>
): { target: ReadTarget | null; records: UserRecord[] } {
  let target: ReadTarget | null = null
  const records: UserRecord[] = []
  for (const user of state.users) {
    const record = found.get(user)
    if (record === undefined || !record.sync.enabled) continue
    const own = targetOf(record)
    if (own?.key !== key) continue
    target = own
    records.push(record)
  }
  return { target, records }
}
